# SPDX-License-Identifier: BSD-2-Clause
"""Operations at random: none may break an invariant of the kernel, which checks after each.

A failure names the seed; with it the same operations happen again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

import pytest

import sel4emu
from sel4emu import (
    PDPT,
    TCB,
    Capability,
    CNode,
    Endpoint,
    Frame,
    Machine,
    Notification,
    PageDirectory,
    PageTable,
    Slot,
    Untyped,
    VSpace,
)

C = TypeVar("C", bound=Capability)
STEPS = 400
KINDS = (
    ("Endpoint", 0),
    ("Notification", 0),
    ("TCB", 0),
    ("CNode", 3),
    ("CNode", 5),
    ("Untyped", 12),
    ("Untyped", 16),
    ("Page", 0),
    ("LargePage", 0),
    ("PageTable", 0),
    ("PageDirectory", 0),
    ("PDPT", 0),
    ("PML4", 0),
)
RIGHTS = (None, "r", "w", "rw", "rwg", "rwgp")
REFUSALS = (sel4emu.SeL4Error, sel4emu.AgentFault, sel4emu.StaleCapability, LookupError)


class Player:
    """Chooses an operation and what to do it with."""

    def __init__(self, machine: Machine, seed: int) -> None:
        self.machine = machine
        self.random = random.Random(seed)
        self.pool = machine.untyped("4M", "pool")
        self.box = machine.cnode(5, "box")
        self.vspace = machine.vspace("space")
        self.first = {c.slot for c in machine.cspace}  # these stay as they are
        self.done = self.refused = 0

    def any_capability(self) -> Capability:
        own = [c for c in self.machine.cspace if c.slot not in self.first]
        return self._one([*own, *self.box])

    def capability(self, kind: type[C]) -> C:
        found = [c for c in self.machine.cspace if isinstance(c, kind) and c.slot not in self.first]
        return self._one(found)

    def _one(self, found: list[C]) -> C:
        if not found:
            raise LookupError("there is none")
        return self.random.choice(found)

    def place(self) -> Slot | None:
        if self.random.random() < 0.7:
            return None
        return self.box.at(self.random.randrange(32))

    # --- the operations

    def retype(self) -> None:
        untyped = self.pool if self.random.random() < 0.8 else self.capability(Untyped)
        kind, bits = self.random.choice(KINDS)
        untyped.retype(kind, bits, self.random.choice((1, 1, 1, 2, 4)), into=self.place())

    def derive(self) -> None:
        capability, rights = self.any_capability(), self.random.choice(RIGHTS)
        badge = self.random.choice((0, 1, 5, 1 << 63, 3 << 6 | 7))
        if self.random.random() < 0.5:
            capability.copy(rights=rights, into=self.place())
        else:
            capability.mint(badge, rights, into=self.place())

    def move(self) -> None:
        capability = self.any_capability()
        if self.random.random() < 0.5:
            capability.move(into=self.place())
        else:
            capability.mutate(self.random.choice((0, 5 << 6 | 4, 7)), into=self.place())

    def rotate(self) -> None:
        self.any_capability().rotate(self.any_capability(), self.place())

    def delete(self) -> None:
        self.any_capability().delete()

    def revoke(self) -> None:
        self.any_capability().revoke()

    def cancel(self) -> None:
        self.any_capability().cancel_badged_sends()

    def map_frame(self) -> None:
        frame = self.capability(Frame)
        vaddr = self.random.randrange(64) << 12
        self._do(
            lambda: self.vspace.map(frame, vaddr),
            frame.unmap,
            lambda: frame.map(self.vspace, vaddr << 9, "r"),
        )

    def map_table(self) -> None:
        table = self.capability(self.random.choice((PageTable, PageDirectory, PDPT)))
        vaddr = self.random.randrange(4) << 21
        self._do(lambda: table.map(self.vspace, vaddr), table.unmap)

    def assign(self) -> None:
        self.machine.assign_asid(self.capability(VSpace))

    def thread(self) -> None:
        tcb = self.capability(TCB)
        self._do(
            lambda: tcb.configure(
                cspace=self.capability(CNode),
                vspace=self.vspace,
                buffer=self.random.choice((0, 4096, 5)),
                buffer_frame=self.capability(Frame),
                fault_ep=self.random.randrange(30),
            ),
            lambda: tcb.set_priority(self.random.randrange(256)),
            lambda: tcb.bind_notification(self.capability(Notification)),
            lambda: tcb.copy_registers(self.capability(TCB), suspend_source=True),
            lambda: tcb.write_registers({"rip": 5, "rsp": 7}),
            lambda: tcb.set_tls_base(self.random.getrandbits(64)),
            tcb.unbind_notification,
            tcb.suspend,
        )

    def message(self) -> None:
        words = [1] * self.random.randrange(8)
        self._do(
            lambda: self.capability(Endpoint).nbsend(words, caps=[self.capability(Endpoint)]),
            lambda: self.capability(Endpoint).nbsend(words),
            lambda: self.capability(Endpoint).nbrecv(),
            lambda: self.capability(Notification).signal(),
            lambda: self.capability(Notification).poll(),
        )

    def _do(self, *choices: Callable[[], object]) -> None:
        self.random.choice(choices)()

    def step(self) -> None:
        operations = (self.retype,) * 5 + (self.delete,) * 3 + (self.derive, self.message) * 2
        rest = (self.move, self.rotate, self.revoke, self.cancel, self.map_frame)
        others = (self.map_table, self.assign, self.thread)
        try:
            self.random.choice(operations + rest + others)()
            self.done += 1
        except REFUSALS:
            self.refused += 1
        except sel4emu.MachineError as error:
            if "full" not in str(error):
                raise
            self.pool.revoke()


@pytest.mark.parametrize("seed", range(5))
def test_no_sequence_of_operations_breaks_an_invariant(isolation: str, seed: int) -> None:
    made = Machine("16M", isolation=isolation, check=True, cnode_bits=9)  # type: ignore[arg-type]
    with made as machine:
        player = Player(machine, seed)
        for _ in range(STEPS):
            player.step()
        assert player.done > STEPS / 4, "most operations should be possible"
        player.pool.revoke()
        machine.check()
        assert not any(t.name.startswith("child") for t in machine.threads())
