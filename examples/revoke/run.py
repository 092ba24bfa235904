#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A capability is lent in a message, used, and revoked under its holder."""

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
        owner = sel4emu.compile(HERE / "owner.c", f"{folder}/owner")
        holder = sel4emu.compile(HERE / "holder.c", f"{folder}/holder")
        service, inbox = machine.endpoint("service"), machine.endpoint("inbox")
        clients = [
            machine.spawn(holder, {"inbox": inbox}),
            # Only a capability with the grant right can pass capabilities on.
            machine.spawn(owner, {"service": service, "holder": (inbox, {"rights": "wg"})}),
        ]
        return int(any(client.wait() for client in clients))


if __name__ == "__main__":
    raise SystemExit(main())
