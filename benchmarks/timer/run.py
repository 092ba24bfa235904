#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How late the machine's timer is: for a thread that runs, and for one that sleeps.

Beside that, how late Linux wakes a program of its own on the same CPU. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sel4emu import Machine, toolchain
from sel4emu.views import CAUSES

HERE = Path(__file__).resolve().parent
GATES = {"direct": "direct gate", "process": "server gate"}
TICK_NS = 2_000_000
PERIOD_NS = 5_000_000
BUDGET_NS = 1_000_000
INTERRUPT, SYSCALL = CAUSES.index("interrupt"), CAUSES.index("syscall")


@dataclass(frozen=True)
class Programs:
    """The compiled programs."""

    spinner: Path
    periodic: Path
    yardstick: Path


def compile_programs(folder: Path) -> Programs:
    """Build everything with optimization."""
    flags = ["-O2", "-Wall", "-Wextra"]
    yardstick = folder / "yardstick"
    linux = [*toolchain.find_compiler(), *flags, "-D_GNU_SOURCE", str(HERE / "yardstick.c")]
    subprocess.run([*linux, "-o", str(yardstick)], check=True)
    spinner = toolchain.build(HERE / "spinner.c", folder / "spinner", flags=flags)
    periodic = toolchain.build(HERE / "periodic.c", folder / "periodic", flags=flags, mcs=True)
    return Programs(spinner, periodic, yardstick)


def late_linux(programs: Programs, cpu: int, times: int) -> list[int]:
    """Let a program of Linux's own sleep."""
    line = [str(programs.yardstick), str(times), str(PERIOD_NS), str(cpu)]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    return [int(number) for number in done.stdout.split()]


def late_running(programs: Programs, isolation: str, cpu: int, times: int) -> list[int]:
    """Two threads compute; each tick interrupts the current one."""
    with Machine(isolation=isolation, cpu=cpu, check=False) as machine:
        for _ in range(2):
            machine.spawn(programs.spinner)
        start = machine.core.trace_count
        while machine.core.trace_count < start + times:
            os.sched_yield()
        entries = [e for e in machine.core.trace(times) if e["cause"] == INTERRUPT]
    ends = [entry["time_ns"] for entry in entries]
    return [end - (before // TICK_NS + 1) * TICK_NS for before, end in pairwise(ends)]


def late_sleeping(programs: Programs, isolation: str, cpu: int, times: int) -> list[int]:
    """A thread of the MCS kernel sleeps until its next period, and nobody else is there."""
    with Machine(isolation=isolation, cpu=cpu, mcs=True, check=False) as machine:
        client = machine.spawn(
            programs.periodic,
            args=[str(times)],
            budget_us=BUDGET_NS // 1000,
            period_us=PERIOD_NS // 1000,
        )
        client.wait(60 + times * PERIOD_NS / 1e8)
        calls = [e["time_ns"] for e in machine.core.trace(times) if e["cause"] == SYSCALL]
    intervals = [end - before for before, end in pairwise(calls)]
    # Who was very late may have some of its budget left.
    return [interval - PERIOD_NS for interval in intervals if interval > PERIOD_NS // 2]


@contextmanager
def burner(cpu: int, wanted: bool) -> Iterator[None]:
    """Keep a CPU busy meanwhile."""
    if not wanted:
        yield
        return
    busy = subprocess.Popen(
        ["/bin/sh", "-c", "while :; do :; done"],
        start_new_session=True,
        preexec_fn=lambda: os.sched_setaffinity(0, [cpu]),
    )
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=1000, help="deadlines of each kind")
    parser.add_argument("--cpu", type=int, default=0, help="CPU that everybody is on")
    parser.add_argument("--burner", action="store_true", help="beside a program that computes")
    given = parser.parse_args()
    table = Table(title=f"late by how many us, {given.times} deadlines", box=None)
    for heading in ("", "median", "90 %", "99 %", "maximum"):
        table.add_column(heading, justify="right" if heading else "left")

    def add(label: str, late: list[int]) -> None:
        late.sort()
        marks = [late[int(len(late) * share)] for share in (0.5, 0.9, 0.99)]
        table.add_row(label, *(f"{ns / 1000:.0f}" for ns in (*marks, late[-1])))

    with tempfile.TemporaryDirectory() as folder, burner(given.cpu, given.burner):
        programs = compile_programs(Path(folder))
        common = (given.cpu, given.times)
        add("a sleeping program of Linux", late_linux(programs, *common))
        for isolation, label in GATES.items():
            add(f"running, {label}", late_running(programs, isolation, *common))
            add(f"sleeping, {label}", late_sleeping(programs, isolation, *common))
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main()
