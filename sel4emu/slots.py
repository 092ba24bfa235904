# SPDX-License-Identifier: BSD-2-Clause
"""Which slots of the root CNode are free.

The kernel does not keep that: whoever owns a CNode does. A slot that is taken has an owner's name
and a generation; both end when it is freed, so a capability object of Python whose slot was freed
and taken again notices it.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable

from .errors import MachineError


class SlotAllocator:
    """Free slots of the root CNode, lowest first."""

    def __init__(self, start: int, end: int, occupied: Callable[[], set[int]]) -> None:
        self._start, self._next, self._end = start, start, end
        self._freed: list[int] = []
        self._names: dict[int, str] = {}
        self._settled: set[int] = set()
        self._generation: dict[int, int] = {}
        self._occupied = occupied
        self._lock = threading.RLock()

    def take(self, name: str = "") -> int:
        """Take a free slot."""
        with self._lock:
            if not self._freed and self._next == self._end:
                self._sweep()
            if self._freed:
                slot = heapq.heappop(self._freed)
            elif self._next < self._end:
                slot, self._next = self._next, self._next + 1
            else:
                raise self._full()
            self._names[slot] = name
            return slot

    def take_run(self, count: int, name: str = "") -> int:
        """Take neighbouring slots; return the first."""
        if count == 1:
            return self.take(name)
        with self._lock:
            first = self._run_of_freed(count)
            if first is None and self._end - self._next < count:
                self._sweep()
                first = self._run_of_freed(count)
            if first is None:
                if self._end - self._next < count:
                    raise self._full()
                first, self._next = self._next, self._next + count
            for slot in range(first, first + count):
                self._names[slot] = name
            return first

    def _run_of_freed(self, count: int) -> int | None:
        freed = sorted(self._freed)
        for i in range(len(freed) - count + 1):
            if freed[i + count - 1] - freed[i] == count - 1:
                self._freed = freed[:i] + freed[i + count :]  # sorted, hence a heap
                return freed[i]
        return None

    def free(self, slot: int) -> None:
        """Give a slot back that is empty now."""
        with self._lock:
            if slot in self._names and slot >= self._start:
                del self._names[slot]
                self._settled.discard(slot)
                self._generation[slot] = self.generation(slot) + 1
                heapq.heappush(self._freed, slot)

    def settle(self, slot: int) -> int:
        """Note that a taken slot has been filled; return its generation.

        From now on it counts as free as soon as it is found empty.
        """
        with self._lock:
            self._settled.add(slot)
            return self.generation(slot)

    def generation(self, slot: int) -> int:
        """Return how often a slot has been freed."""
        return self._generation.get(slot, 0)

    def name(self, slot: int) -> str:
        """Return the name that a taken slot has."""
        return self._names.get(slot, "")

    def rename(self, slot: int, name: str) -> None:
        """Name a slot."""
        with self._lock:
            self._names[slot] = name

    def find(self, name: str) -> int | None:
        """Return the slot of a name, the lowest one if there are several."""
        with self._lock:
            return min((s for s, n in self._names.items() if n == name), default=None)

    def names(self) -> dict[int, str]:
        """Return the names of all slots that have one."""
        with self._lock:
            return {s: n for s, n in self._names.items() if n}

    def pin(self, slot: int, name: str) -> None:
        """Name a slot that is not for the allocator to hand out."""
        with self._lock:
            self._names[slot] = name

    def taken(self) -> int:
        """Return how many slots are taken."""
        return len(self._names)

    def _sweep(self) -> None:
        """Free the slots that revoking, or somebody else, has emptied."""
        occupied = self._occupied()
        for slot in [s for s in self._settled if s not in occupied]:
            self.free(slot)

    def _full(self) -> MachineError:
        bits = self._end.bit_length()
        return MachineError(
            f"the root CNode is full: all {self._end} slots are taken. "
            f"Delete capabilities, or make the machine with cnode_bits={bits} or more"
        )
