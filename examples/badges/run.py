#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Three clients of one server, told apart by the badges of their capabilities."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import sel4emu

HERE = Path(__file__).parent
BALANCE, REFUSED = 2, 3  # labels, see bank.h
DEPOSITS = {1: [10, 20, 30], 2: [5], 3: [1000, 1]}


def main() -> int:
    """Run the example; the exit status is 0 if all went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isolation", choices=("direct", "process"), default="direct")
    isolation = parser.parse_args().isolation
    with tempfile.TemporaryDirectory() as folder, sel4emu.Machine(isolation=isolation) as machine:
        server = sel4emu.compile(HERE / "server.c", f"{folder}/server")
        client = sel4emu.compile(HERE / "client.c", f"{folder}/client")
        endpoint = machine.endpoint("bank")
        machine.spawn(server, {"endpoint": (endpoint, {"rights": "r"})})
        # They run side by side: each may send and be answered, with a badge of its own.
        customers = [
            machine.spawn(
                client,
                {"bank": (endpoint, {"badge": badge, "rights": "wp"})},
                args=[str(amount) for amount in amounts],
                stdout=sel4emu.PIPE,
            )
            for badge, amounts in DEPOSITS.items()
        ]
        for badge, customer in zip(DEPOSITS, customers, strict=True):
            print(f"badge {badge}: {customer.output()}", end="")
        # The unbadged capability is nobody's account.
        refused = endpoint.call(label=BALANCE).label == REFUSED
        print("without a badge:", "refused" if refused else "served")
        return int(any(customer.wait() for customer in customers))


if __name__ == "__main__":
    raise SystemExit(main())
