#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A TCP service whose requests travel over seL4 IPC; this script is its TCP client."""

from __future__ import annotations

import argparse
import socket
import tempfile
from pathlib import Path
from typing import IO

import sel4emu

HERE = Path(__file__).parent


def ask(name: str, stream: IO[str], request: str) -> None:
    """Send a line, and print it with the line that comes back."""
    print(request, file=stream, flush=True)
    print(f"{name}: {request} -> {stream.readline().strip()}")


def main() -> int:
    """Run the example; the exit status is 0 if all went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isolation", choices=("direct", "process"), default="direct")
    isolation = parser.parse_args().isolation
    with tempfile.TemporaryDirectory() as folder, sel4emu.Machine(isolation=isolation) as machine:
        front = sel4emu.compile(HERE / "front.c", f"{folder}/front")
        back = sel4emu.compile(HERE / "back.c", f"{folder}/back")
        store, ready = machine.endpoint("store"), machine.endpoint("ready")
        machine.spawn(back, {"endpoint": (store, {"rights": "r"})})
        machine.spawn(front, {"store": (store, {"rights": "wp"}), "ready": ready})
        # The front end tells its port by a message; TCP is for everybody else.
        address = ("127.0.0.1", ready.recv(timeout=10).words[0])
        with (
            socket.create_connection(address, timeout=10) as one,
            socket.create_connection(address, timeout=10) as two,
            one.makefile("rw") as anna,
            two.makefile("rw") as ben,
        ):
            ask("anna", anna, "put colour green")
            ask("ben", ben, "get colour")
            ask("ben", ben, "put colour blue")
            ask("anna", anna, "get colour")
            ask("anna", anna, "get taste")
            ask("ben", ben, "hello?")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
