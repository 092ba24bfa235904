#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Spawn and end clients over and over, and see that nothing is left of them.

    python tests/host/churn.py --cycles 10000 --isolation process

Each cycle spawns a client, calls it, and waits for its end; every fifth is killed instead. At the
end file descriptors, threads, child processes, mappings of the image and the machine's free memory
must be what they were after the first cycles, and this process's memory must have grown by no more
than --growth KiB. Exit status 0 if so.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from dataclasses import dataclass, fields
from pathlib import Path

import psutil

import sel4emu
from sel4emu import toolchain

CLIENT = Path(__file__).parent / "clients" / "ends.c"


@dataclass(frozen=True)
class Count:
    """What must be the same at the end."""

    descriptors: int
    threads: int
    children: int
    images: int
    free_bytes: int
    slots: int

    @staticmethod
    def now(machine: sel4emu.Machine) -> Count:
        gc.collect()
        process = psutil.Process()
        maps = Path("/proc/self/maps").read_text(encoding="utf-8")
        return Count(
            descriptors=len(list(Path("/proc/self/fd").iterdir())),
            threads=process.num_threads(),
            children=len(process.children(recursive=True)),
            images=maps.count("memfd:sel4emu"),
            free_bytes=machine.buddies.free_bytes(),
            slots=sum(1 for _ in machine.cspace),
        )


def memory_kib() -> int:
    """Return the resident memory that is this process's own, the image not counted."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise RuntimeError("no RssAnon in /proc/self/status: Linux 4.5 or later is needed")


def cycle(machine: sel4emu.Machine, path: Path, endpoint: sel4emu.Endpoint, number: int) -> None:
    """Spawn one client, and see it end."""
    with machine.spawn(path, {"ep": endpoint}, args=["exit"]) as client:
        if number % 5 == 0:
            client.kill()
            expected = -9
        else:
            endpoint.send(timeout=10)
            expected = 3
        code = client.wait(10)
        if code != expected:
            raise RuntimeError(f"cycle {number}: return code {code} instead of {expected}")


def run(machine: sel4emu.Machine, path: Path, options: argparse.Namespace) -> bool:
    """Make all cycles and report; tell whether nothing is left."""
    endpoint = machine.endpoint("ep")
    for number in range(1, options.warm_up + 1):
        cycle(machine, path, endpoint, number)
    before, memory, start = Count.now(machine), memory_kib(), time.monotonic()
    for number in range(1, options.cycles + 1):
        cycle(machine, path, endpoint, number)
    seconds = time.monotonic() - start
    after, growth = Count.now(machine), memory_kib() - memory
    left = {
        f.name: (getattr(before, f.name), getattr(after, f.name))
        for f in fields(Count)
        if getattr(before, f.name) != getattr(after, f.name)
    }
    machine.check()
    print(
        f"{options.cycles} cycles in {seconds:.1f} s, {1000 * seconds / options.cycles:.2f} ms "
        f"each, {machine.isolation} gate; memory grew by {growth} KiB"
    )
    if left:
        print("left, as (before, after):", left)
    elif growth > options.growth:
        print(f"more than {options.growth} KiB")
    else:
        print("nothing left")
    return not left and growth <= options.growth


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cycles", type=int, default=10000)
    parser.add_argument("--warm-up", type=int, default=50, metavar="CYCLES")
    parser.add_argument("--isolation", choices=["direct", "process"], default="direct")
    parser.add_argument("--growth", type=int, default=1024, metavar="KIB")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = toolchain.build(CLIENT, Path(folder) / "client")
        with sel4emu.Machine(isolation=options.isolation) as machine:
            return 0 if run(machine, path, options) else 1


if __name__ == "__main__":
    sys.exit(main())
