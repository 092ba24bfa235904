#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A client makes threads of its own by seL4 calls, and gives them work by IPC."""

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
        program = sel4emu.compile(HERE / "threads.c", f"{folder}/threads")
        # All that it makes, it makes from this piece of memory.
        return machine.spawn(program, untyped="1M").wait()


if __name__ == "__main__":
    raise SystemExit(main())
