#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A process repairs the page faults of another one."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import sel4emu

HERE = Path(__file__).parent


def main() -> int:
    """Run the example; the exit status is 0 if all went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isolation", choices=("direct", "process"), default="direct")
    isolation = parser.parse_args().isolation
    with tempfile.TemporaryDirectory() as folder, sel4emu.Machine(isolation=isolation) as machine:
        program = sel4emu.compile(HERE / "program.c", f"{folder}/program")
        handler = sel4emu.compile(HERE / "handler.c", f"{folder}/handler")
        faults = machine.endpoint("faults")
        faulting = machine.spawn(
            program,
            args=["0x40000000", "0x40001000", "0x200000000000"],
            fault_handler=faults,
            start=False,
        )
        # The handler may map pages into the other's address space, and has memory to make them of.
        caps = {"faults": faults, "program": faulting.vspace}
        machine.spawn(handler, caps, untyped="1M")
        faulting.start()
        return faulting.wait()


if __name__ == "__main__":
    raise SystemExit(main())
