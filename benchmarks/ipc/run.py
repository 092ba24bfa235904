#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Round trips between two processes: seL4_Call and its reply on both gates, next to Linux's own.

Everything is measured in the same run, alternately, as figures of a shared or virtual machine move
by tens of per cent from minute to minute. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sel4emu import Machine, toolchain

HERE = Path(__file__).resolve().parent
LINUX = {"futex": "futexes, one CPU", "socket": "Unix socket, one CPU"}
GATES = {"direct": "seL4_Call, direct gate", "process": "seL4_Call, server gate"}


@dataclass(frozen=True)
class Result:
    """Nanoseconds of a round trip in the batches of one process."""

    minimum: float
    median: float
    maximum: float

    @staticmethod
    def parse(line: str) -> Result:
        """Read the line that measure.h prints."""
        return Result(*map(float, line.split()[3:6]))


@dataclass(frozen=True)
class Programs:
    """The compiled programs."""

    caller: Path
    server: Path
    yardstick: Path


def compile_programs(folder: Path) -> Programs:
    """Build everything with optimization."""
    flags = ["-O2", "-Wall", "-Wextra"]
    yardstick = folder / "yardstick"
    compiler = toolchain.find_compiler()
    linux = [*compiler, *flags, "-D_GNU_SOURCE", str(HERE / "yardstick.c"), "-o", str(yardstick)]
    subprocess.run(linux, check=True)
    caller, server = (
        toolchain.build(HERE / f"{name}.c", folder / name, flags=flags)
        for name in ("caller", "server")
    )
    return Programs(caller, server, yardstick)


def run_linux(programs: Programs, name: str, sizes: list[str]) -> Result:
    """Measure one of Linux's own ways."""
    line = [str(programs.yardstick), name, *sizes]
    return Result.parse(subprocess.run(line, capture_output=True, text=True, check=True).stdout)


def run_gate(programs: Programs, isolation: str, sizes: list[str]) -> Result:
    """Measure a caller and a server on a machine of their own."""
    with Machine(isolation=isolation, trace=False, check=False) as machine:
        ep = machine.endpoint("ep")
        machine.spawn(programs.server, {"ep": ep})
        caller = machine.spawn(
            programs.caller, {"ep": ep}, args=[isolation, *sizes], stdout=subprocess.PIPE
        )
        return Result.parse(caller.output(timeout=300))


def show(results: dict[str, list[Result]], repeats: int) -> None:
    """Print a table; the median is the one of the repeats' medians."""
    yardstick = statistics.median(r.median for r in results["socket"])
    table = Table(title=f"ns per round trip, {repeats} repeats", box=None)
    for heading in ("", "best batch", "median", "worst batch", "to the socket"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, label in {**LINUX, **GATES}.items():
        median = statistics.median(r.median for r in results[name])
        best = min(r.minimum for r in results[name])
        worst = max(r.maximum for r in results[name])
        table.add_row(
            label, f"{best:.0f}", f"{median:.0f}", f"{worst:.0f}", f"{median / yardstick:.2f}x"
        )
    Console(highlight=False).print(table)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--batches", type=int, default=50, help="batches of a process")
    parser.add_argument("--rounds", type=int, default=1000, help="round trips in a batch")
    parser.add_argument("--repeats", type=int, default=3, help="processes of each kind")
    given = parser.parse_args()
    sizes = [str(given.batches), str(given.rounds)]
    results: dict[str, list[Result]] = {}
    with tempfile.TemporaryDirectory() as folder:
        programs = compile_programs(Path(folder))
        for _ in range(given.repeats):
            for name in LINUX:
                results.setdefault(name, []).append(run_linux(programs, name, sizes))
            for name in GATES:
                results.setdefault(name, []).append(run_gate(programs, name, sizes))
    show(results, given.repeats)


if __name__ == "__main__":
    main()
