#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One process serves a folder of Linux files; others have only an endpoint to it."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import sel4emu

HERE = Path(__file__).parent
OPEN, CLOSE = 1, 4  # labels, see files.h


def words(text: str) -> list[int]:
    """Pack text into message words, with a zero byte at its end."""
    data = text.encode() + bytes(8 - len(text.encode()) % 8)
    return [int.from_bytes(data[i : i + 8], "little") for i in range(0, len(data), 8)]


class Runner:
    """Runs the client program, with a badge of its own for each client."""

    def __init__(self, machine: sel4emu.Machine, program: Path, endpoint: sel4emu.Endpoint) -> None:
        self.machine, self.program, self.endpoint = machine, program, endpoint

    def run(self, badge: int, *arguments: str) -> None:
        """Run it once, and print what it says."""
        files = (self.endpoint, {"badge": badge, "rights": "wp"})
        with self.machine.spawn(
            self.program, {"files": files}, args=arguments, stdout=sel4emu.PIPE
        ) as c:
            print(f"client {badge}: {arguments[0]} {arguments[1]}: {c.output()[:40].strip()}")


def main() -> int:
    """Run the example; the exit status is 0 if all went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isolation", choices=("direct", "process"), default="direct")
    isolation = parser.parse_args().isolation
    with tempfile.TemporaryDirectory() as folder, sel4emu.Machine(isolation=isolation) as machine:
        server = sel4emu.compile(HERE / "server.c", f"{folder}/server")
        client = sel4emu.compile(HERE / "client.c", f"{folder}/client")
        shared = Path(folder, "shared")
        shared.mkdir()
        endpoint = machine.endpoint("files")
        machine.spawn(server, {"endpoint": endpoint}, args=[shared])
        clients = Runner(machine, client, endpoint)
        clients.run(1, "put", "greeting", "hello from client 1")
        clients.run(2, "get", "greeting")
        clients.run(2, "put", "long", "0123456789" * 500)
        clients.run(1, "get", "long")
        clients.run(1, "get", "nothing")
        clients.run(1, "get", "../server")
        # A handle is good only with the badge that opened it: Python opens a file as client 3.
        files = endpoint.mint(3, "wp")
        handle = files.call([0, *words("greeting")], label=OPEN).words[0]
        clients.run(1, "peek", str(handle))
        print("client 3: close:", "ok" if files.call(handle, label=CLOSE).label == 0 else "refused")
        print("in the folder:", *sorted(path.name for path in shared.iterdir()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
