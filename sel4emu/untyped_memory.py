# SPDX-License-Identifier: BSD-2-Clause
"""Where the memory for new objects comes from.

Untyped memory can only be used up, front to back; it starts anew when none of its children is
left. So memory that shall be given back must have an untyped of its own. `Buddies` cuts the
machine's untypeds into halves until a piece fits, and joins halves that are both free again.
An `Arena` makes objects from pieces that it takes as it needs them; releasing an arena revokes
its pieces, and whatever was made from them is gone.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import _api
from .errors import NotEnoughMemory
from .invocation import object_types
from .words import size_text

if TYPE_CHECKING:
    from .machine import Machine

MIN_BITS = _api.SIZES["MinUntypedBits"]["classic"]
PAGE_BITS = 12


@dataclass(eq=False)
class Block:
    """An untyped capability that is free, in use, or cut into two."""

    slot: int
    bits: int
    address: int
    parent: Block | None = None
    halves: list[Block] = field(default_factory=list)
    free: bool = True


class Buddies:
    """The machine's memory, in pieces that are powers of two."""

    def __init__(self, machine: Machine, blocks: list[Block]) -> None:
        self.machine = machine
        self._free: dict[int, list[Block]] = {}
        self._lock = threading.RLock()
        for block in sorted(blocks, key=lambda b: b.address, reverse=True):
            self._free.setdefault(block.bits, []).append(block)

    def take(self, bits: int) -> Block:
        """Take a piece of 2^bits bytes."""
        bits = max(bits, MIN_BITS)
        with self._lock:
            fits = [b for b, blocks in self._free.items() if b >= bits and blocks]
            if not fits:
                raise self._exhausted(bits)
            block = self._free[min(fits)].pop()
            while block.bits > bits:
                block = self._halve(block)
            block.free = False
            return block

    def _halve(self, block: Block) -> Block:
        """Cut a piece; the first half is returned, the second is free."""
        bits = block.bits - 1
        try:
            slot = self.machine.slots.take_run(2, "memory")
        except BaseException:
            self._free.setdefault(block.bits, []).append(block)
            raise
        kind = object_types(self.machine.kernel)["Untyped"].numbers[self.machine.kernel]
        self.machine.retype_into(block.slot, kind, bits, slot, 2)
        block.free = False
        block.halves = [Block(slot + i, bits, block.address + (i << bits), block) for i in range(2)]
        self._free.setdefault(bits, []).append(block.halves[1])
        return block.halves[0]

    def give(self, block: Block) -> None:
        """Take a piece back that nothing derives from any more."""
        with self._lock:
            block.free = True
            parent = block.parent
            while parent is not None and all(h.free for h in parent.halves):
                for half in parent.halves:
                    if half is not block:
                        self._free[half.bits].remove(half)
                    self.machine.delete_slot(half.slot)
                parent.halves, parent.free = [], True
                block, parent = parent, parent.parent
            self._free.setdefault(block.bits, []).append(block)

    def free_bytes(self) -> int:
        """Return how much memory is in free pieces."""
        with self._lock:
            return sum(len(blocks) << bits for bits, blocks in self._free.items())

    def _exhausted(self, bits: int) -> NotEnoughMemory:
        largest = max((b for b, blocks in self._free.items() if blocks), default=0)
        left = 1 << largest if largest else 0
        memory = size_text(self.machine.memory_size)
        return NotEnoughMemory(
            "Untyped_Retype",
            message_registers=(left,),
            reason=f"{size_text(1 << bits)} of untyped memory in one piece are needed; the largest "
            f"free piece of this machine's {memory} has {size_text(left)}",
        )


class Arena:
    """Objects that are made one by one and go together."""

    def __init__(self, machine: Machine, block_bits: int, shared: bool = False) -> None:
        self.machine = machine
        self.block_bits = block_bits
        self.blocks: list[Block] = []
        self.shared = shared  # its objects go one by one, too
        self.slots: list[int] = []  # taken for its objects, to be freed with them
        self._lock = threading.RLock()

    def retype(
        self,
        kind: str,
        size_bits: int = 0,
        count: int = 1,
        slot: int | None = None,
        name: str = "",
    ) -> int:
        """Make objects; their capabilities go into neighbouring slots, the first is returned."""
        object_type = object_types(self.machine.kernel).get(kind)
        if object_type is None:
            known = ", ".join(object_types(self.machine.kernel))
            raise ValueError(f"there is no object type {kind!r}; there are {known}")
        bits = self.machine.object_bits(kind, size_bits) + (count - 1).bit_length()
        number = object_type.numbers[self.machine.kernel]
        own = slot is None
        first = self.machine.slots.take_run(count, name) if slot is None else slot
        try:
            with self._lock:
                self._retype(number, size_bits, bits, first, count)
        except BaseException:
            for s in range(first, first + count if own else first):
                self.machine.slots.free(s)
            raise
        if own and not self.shared:
            self.slots += range(first, first + count)
        return first

    def _retype(self, number: int, size_bits: int, bits: int, slot: int, count: int) -> None:
        fitting = [b for b in reversed(self.blocks) if b.bits >= bits]
        for block in fitting if self.shared else fitting[:1]:
            try:
                self.machine.retype_into(block.slot, number, size_bits, slot, count)
                return
            except NotEnoughMemory:
                continue
        block = self.machine.take_block(max(bits, self.block_bits))
        self.blocks.append(block)
        self.machine.retype_into(block.slot, number, size_bits, slot, count)

    def sweep(self) -> None:
        """Give pieces back of which nothing is left."""
        with self._lock:
            for block in list(self.blocks):
                if not self.machine.has_children(block.slot):
                    self.blocks.remove(block)
                    self.machine.buddies.give(block)

    def release(self) -> None:
        """Revoke all that was made here and give the memory back."""
        with self._lock:
            while self.blocks:
                block = self.blocks[-1]
                self.machine.revoke_slot(block.slot)
                self.blocks.pop()
                self.machine.buddies.give(block)
            while self.slots:
                self.machine.slots.free(self.slots.pop())
