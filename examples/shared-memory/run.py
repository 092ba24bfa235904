#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A producer and a consumer share a frame; notifications say when to look at it."""

from __future__ import annotations

import argparse
import struct
import tempfile
from pathlib import Path

import sel4emu

HERE = Path(__file__).parent
NUMBERS = 1000


def main() -> int:
    """Run the example; the exit status is 0 if all went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isolation", choices=("direct", "process"), default="direct")
    isolation = parser.parse_args().isolation
    with tempfile.TemporaryDirectory() as folder, sel4emu.Machine(isolation=isolation) as machine:
        producer = sel4emu.compile(HERE / "producer.c", f"{folder}/producer")
        consumer = sel4emu.compile(HERE / "consumer.c", f"{folder}/consumer")
        frame = machine.frame("ring")
        caps = {name: machine.notification(name) for name in ("filled", "emptied")}
        clients = []
        for program, address, *more in ((producer, 0x10000000, NUMBERS), (consumer, 0x20000000)):
            arguments = [hex(address), *map(str, more)]
            client = machine.spawn(program, caps, args=arguments, stdout=sel4emu.PIPE, start=False)
            # One frame, but a capability for each mapping.
            client.vspace.map(frame.copy(), address)
            client.start()
            clients.append(client)
        for client in clients:
            print(client.output(), end="")
        # Python sees the frame, too: the producer's and the consumer's counters.
        head, tail = struct.unpack_from("QQ", frame.memory)
        print(f"in the frame: {tail} put, {head} taken")
        return int(any(client.wait() for client in clients))


if __name__ == "__main__":
    raise SystemExit(main())
