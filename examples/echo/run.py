#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A client sends text to a server over an endpoint and prints what comes back."""

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
        server = sel4emu.compile(HERE / "server.c", f"{folder}/server")
        client = sel4emu.compile(HERE / "client.c", f"{folder}/client")
        endpoint = machine.endpoint("echo")
        machine.spawn(server, {"endpoint": endpoint})
        texts = ["hello", "a text that needs more words than the four that fit into registers"]
        status = machine.spawn(client, {"endpoint": endpoint}, args=texts).wait()
        # Python can be a client, too.
        print("python:", list(endpoint.call([1, 2, 3]).words))
        return status


if __name__ == "__main__":
    raise SystemExit(main())
