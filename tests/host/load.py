#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Many clients call one server at once; no call may be lost, doubled or mixed up.

    python tests/host/load.py --calls 1000000 --clients 100 --isolation process

Each client numbers its calls and checks the number in each answer; the server checks the numbers
of each client, told apart by badge, and counts. Exit status 0 if everything agrees.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import sel4emu
from sel4emu import toolchain

CLIENTS = Path(__file__).parent / "clients"
REPORT = 1  # label of server.c


def run(machine: sel4emu.Machine, folder: Path, options: argparse.Namespace) -> bool:
    """Start everybody, wait for the end, compare the counts."""
    server = toolchain.build(CLIENTS / "server.c", folder / "server")
    caller = toolchain.build(CLIENTS / "caller.c", folder / "caller")
    each, more = divmod(options.calls, options.clients)
    endpoint = machine.endpoint("ep")
    machine.spawn(server, {"ep": endpoint}, name="server")
    callers = [
        machine.spawn(
            caller,
            {"ep": (endpoint, {"badge": i + 1})},
            args=[str(each + (i < more))],
            name=f"caller-{i}",
            start=False,
        )
        for i in range(options.clients)
    ]
    start = time.monotonic()
    for client in callers:
        client.start()
    codes = [client.wait(options.timeout) for client in callers]
    seconds = time.monotonic() - start
    counted, errors, badges = endpoint.call(label=REPORT, timeout=10).words[:3]
    print(
        f"{options.calls} calls of {options.clients} clients in {seconds:.2f} s: "
        f"{options.calls / seconds:.0f} calls/s, {machine.isolation} gate"
    )
    print(
        f"the server counted {counted} calls of {badges} clients, {errors} out of sequence; "
        f"{sum(code != 0 for code in codes)} clients got a wrong answer"
    )
    return (counted, errors, badges) == (options.calls, 0, options.clients) and not any(codes)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=1000000)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--isolation", choices=["direct", "process"], default="direct")
    parser.add_argument("--timeout", type=float, default=600, metavar="SECONDS")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        sel4emu.Machine(isolation=options.isolation, check=False, trace=False) as machine,
    ):
        return 0 if run(machine, Path(folder), options) else 1


if __name__ == "__main__":
    sys.exit(main())
