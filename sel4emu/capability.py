# SPDX-License-Identifier: BSD-2-Clause
"""Capabilities as Python objects.

A `Capability` names a slot: usually one of the root CNode, which is the CSpace of Python's agents;
then it can be invoked. Capabilities in other CNodes can be copied, moved and deleted, and copied
into the root CNode to be invoked, as a root task written in C would do it.

A capability is deleted when `delete()` says so, never by Python's garbage collection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias

from . import _api
from .errors import StaleCapability
from .words import Rights, guard_word, rights_from

if TYPE_CHECKING:
    from .machine import Machine
    from .views import CapView, CSpaceTree, Tree

ROOT = _api.RootSlot.InitThreadCNode


@dataclass(frozen=True, eq=False)
class Slot:
    """A place for a capability: a CNode and an index in it."""

    cnode: CNode
    index: int

    def location(self) -> tuple[int, int, int]:
        """Return what invocations take: CNode capability, index, depth."""
        return self.cnode.slot_address(self.index)

    def __repr__(self) -> str:
        return f"{self.cnode.path()}[{self.index}]"


#: Where a new capability goes: None for a free slot of the root CNode, a slot, a CNode (its next
#: free slot), or an index of the root CNode.
Destination: TypeAlias = "Slot | CNode | int | None"


class Capability:
    """A slot that holds a capability."""

    #: Kind, as inspection names it; the key under which subclasses are found.
    kind: ClassVar[str] = ""
    _kinds: ClassVar[dict[str, type[Capability]]] = {}

    def __init__(
        self, machine: Machine, slot: int, *, name: str = "", cnode: CNode | None = None
    ) -> None:
        self.machine = machine
        #: Index of the slot in its CNode.
        self.slot = int(slot)
        #: CNode that the slot is in; None for the root CNode.
        self.cnode = cnode
        self._generation = 0
        if cnode is None:
            self._generation = machine.slots.settle(slot)
            if name:
                machine.slots.rename(slot, name)
        elif name:
            cnode.names[slot] = name

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "kind" in cls.__dict__:
            Capability._kinds[cls.kind] = cls

    @staticmethod
    def class_of(kind: str) -> type[Capability]:
        """Return the class for a kind of capability."""
        return Capability._kinds.get(kind, Capability)

    # --- who it is -----------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name of the slot; it can be set."""
        if self.cnode is None:
            return self.machine.slots.name(self.slot)
        return self.cnode.names.get(self.slot, "")

    @name.setter
    def name(self, name: str) -> None:
        if self.cnode is None:
            self.machine.slots.rename(self.slot, name)
        else:
            self.cnode.names[self.slot] = name

    def path(self) -> str:
        """Where the slot is, readably: `cspace[20]`, or `cspace[31][3]` in another CNode."""
        return f"{self.cnode.path() if self.cnode else 'cspace'}[{self.slot}]"

    def describe(self) -> str:
        """Path and name, for messages."""
        name = self.name
        kind = self.kind or "capability"
        return f"{kind} {name!r} ({self.path()})" if name else f"{kind} {self.path()}"

    def __repr__(self) -> str:
        return f"<{self.describe()}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Capability):
            return NotImplemented
        same = self.machine is other.machine and self.slot == other.slot
        return same and self.path() == other.path() and self._generation == other._generation

    def __hash__(self) -> int:
        return hash((id(self.machine), self.path(), self._generation))

    def __int__(self) -> int:
        """Return the capability pointer (CPtr) that invokes it."""
        return self.cptr

    __index__ = __int__

    @property
    def cptr(self) -> int:
        """Capability pointer (CPtr) in the CSpace of Python's agents."""
        self._check_alive()
        if self.cnode is not None:
            raise ValueError(
                f"{self.describe()} is not in the root CNode, so Python cannot invoke it: "
                "make a copy there with .copy()"
            )
        return self.slot

    def location(self) -> tuple[int, int, int]:
        """Return what CNode invocations take: CNode capability, index, depth."""
        self._check_alive()
        return (self.cnode or self.machine.cspace).slot_address(self.slot)

    def check_machine(self, machine: Machine) -> None:
        """Raise ValueError if it belongs to another machine."""
        if self.machine is not machine:
            raise ValueError(
                f"{self.describe()} belongs to another machine: capabilities have a meaning only "
                "where they were made"
            )

    def _check_alive(self) -> None:
        if self.cnode is None and self.machine.slots.generation(self.slot) != self._generation:
            raise StaleCapability(
                f"{self.kind or 'capability'} in cspace[{self.slot}] was deleted, and its slot was "
                "given back: this object cannot be used any more"
            )

    @property
    def view(self) -> CapView:
        """What the slot holds now, by inspection."""
        self._check_alive()
        return self.machine.inspector.capability(self)

    def cdt(self) -> Tree:
        """Return the part of the derivation tree that begins with this capability."""
        self._check_alive()
        return self.machine.inspector.derivation(self)

    @property
    def object(self) -> int:
        """Physical address of the object, 0 if it has none."""
        return self.view.object

    # --- CNode operations ------------------------------------------------------------------

    def invoke(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Invoke a method by its API name, e.g. "TCB_SetPriority"; return the results by name."""
        return self.machine.invoke(method, self, **arguments)

    def copy(
        self, *, rights: Rights | str | None = None, into: Destination = None, name: str = ""
    ) -> Self:
        """Copy the capability, with fewer rights if wanted (seL4_CNode_Copy)."""
        return self._derive("CNode_Copy", into, name, rights=int(rights_from(rights)))

    def mint(
        self,
        badge: int = 0,
        rights: Rights | str | None = None,
        into: Destination = None,
        name: str = "",
    ) -> Self:
        """Copy the capability with a badge and fewer rights (seL4_CNode_Mint)."""
        return self._derive("CNode_Mint", into, name, rights=int(rights_from(rights)), badge=badge)

    def move(self, into: Destination = None, name: str = "") -> Self:
        """Move the capability to another slot; this object is stale then (seL4_CNode_Move)."""
        moved = self._derive("CNode_Move", into, name or self.name)
        self._forget()
        return moved

    def mutate(self, badge: int, into: Destination = None, name: str = "") -> Self:
        """Move the capability and set its badge or guard word (seL4_CNode_Mutate)."""
        moved = self._derive("CNode_Mutate", into, name or self.name, badge=badge)
        self._forget()
        return moved

    def _derive(self, method: str, into: Destination, name: str, **arguments: int) -> Self:
        root, index, depth = self.location()
        with self.machine.destination(into, name) as slot:
            dest_root, dest_index, dest_depth = slot.location()
            self.machine.invoke(
                method,
                dest_root,
                about=self,
                dest_index=dest_index,
                dest_depth=dest_depth,
                src_root=root,
                src_index=index,
                src_depth=depth,
                **arguments,
            )
        return self._at(slot, name)

    def _at(self, slot: Slot, name: str = "") -> Self:
        """Another object of this class, for another slot."""
        made = object.__new__(type(self))
        cnode = None if slot.cnode is self.machine.cspace else slot.cnode
        made.__dict__.update({k: v for k, v in self.__dict__.items() if k.startswith("known_")})
        Capability.__init__(made, self.machine, slot.index, name=name, cnode=cnode)
        return made

    def rotate(
        self, pivot: Capability, into: Destination = None, *, badge: int = 0, pivot_badge: int = 0
    ) -> Self:
        """Move this capability to the pivot's slot, and the pivot's to `into` (seL4_CNode_Rotate).

        `into` may be this capability's own slot: then the two change places.
        """
        machine = self.machine
        root, index, depth = self.location()
        pivot_root, pivot_index, pivot_depth = pivot.location()
        own = Slot(self.cnode or machine.cspace, self.slot)
        with machine.destination(own if into is None else into, pivot.name) as slot:
            dest_root, dest_index, dest_depth = slot.location()
            machine.invoke(
                "CNode_Rotate",
                dest_root,
                about=self,
                dest_index=dest_index,
                dest_depth=dest_depth,
                dest_badge=pivot_badge,
                pivot_root=pivot_root,
                pivot_index=pivot_index,
                pivot_depth=pivot_depth,
                pivot_badge=badge,
                src_root=root,
                src_index=index,
                src_depth=depth,
            )
        return self._at(Slot(pivot.cnode or machine.cspace, pivot.slot), self.name)

    def _at_slot(self, method: str) -> None:
        root, index, depth = self.location()
        self.machine.invoke(method, root, about=self, index=index, depth=depth)

    def revoke(self) -> None:
        """Delete every capability that derives from this one (seL4_CNode_Revoke)."""
        self._at_slot("CNode_Revoke")

    def delete(self) -> None:
        """Delete the capability; its slot is free then (seL4_CNode_Delete)."""
        self._at_slot("CNode_Delete")
        self._forget()

    def cancel_badged_sends(self) -> None:
        """Restart the senders that are queued with this badge (seL4_CNode_CancelBadgedSends)."""
        self._at_slot("CNode_CancelBadgedSends")

    def _forget(self) -> None:
        if self.cnode is None:
            self.machine.slots.free(self.slot)
        else:
            self.cnode.names.pop(self.slot, None)


class Untyped(Capability):
    """Memory that other objects are made from."""

    kind = "untyped"

    def retype(
        self,
        kind: str,
        size_bits: int = 0,
        count: int = 1,
        *,
        into: Destination = None,
        name: str = "",
    ) -> Any:
        """Make objects (seL4_Untyped_Retype).

        `kind` is the name of an object type, such as "Endpoint" or "Page"; `size_bits` counts for
        kinds whose size is chosen ("Untyped", "CNode"). Returns the capability, or for a count
        above 1 a list of them.
        """
        machine = self.machine
        number = machine.object_type(kind).numbers[machine.kernel]
        with machine.destination(into, name, count) as slot:
            machine.invoke(
                "Untyped_Retype",
                self,
                type=number,
                size_bits=size_bits,
                root=slot.cnode,
                node_index=0,
                node_depth=0,
                node_offset=slot.index,
                num_objects=count,
            )
        made = [machine.capability_at(Slot(slot.cnode, slot.index + i), name) for i in range(count)]
        return made if count > 1 else made[0]

    @property
    def size_bits(self) -> int:
        """Size, as a power of two."""
        return self.view.size_bits

    @property
    def free_bytes(self) -> int:
        """Bytes behind the last object; freed objects count only when all are gone."""
        return self.view.free_bytes

    @property
    def is_device(self) -> bool:
        """Whether it is device memory, which only frames can be made from."""
        return self.view.device

    def revoke(self) -> None:
        """Delete everything that was made from this memory."""
        super().revoke()
        view = self.view
        self.machine.forget_names(view.object, 1 << view.size_bits)


class CNode(Capability):
    """A table of capability slots.

    `cnode[3]` is the capability in a slot, `cnode["name"]` the one of that name; assigning copies
    a capability into a slot, `del` deletes it, and iterating gives the capabilities that are there.
    """

    kind = "cnode"

    def __init__(
        self, machine: Machine, slot: int, *, name: str = "", cnode: CNode | None = None
    ) -> None:
        super().__init__(machine, slot, name=name, cnode=cnode)
        self._shape: tuple[int, int, int] | None = None

    def _at(self, slot: Slot, name: str = "") -> Self:
        made = super()._at(slot, name)
        made._shape = None
        return made

    @property
    def names(self) -> dict[int, str]:
        """Names of its slots; they belong to the object, so all capabilities to it share them."""
        return self.machine.slot_names(self.object)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Radix (log2 of the number of slots), guard and guard size, in bits."""
        if self._shape is None:
            view = self.view
            self._shape = (view.radix, view.guard, view.guard_size)
        return self._shape

    @property
    def radix(self) -> int:
        """Logarithm of the number of slots."""
        return self.shape[0]

    def slot_address(self, index: int) -> tuple[int, int, int]:
        """Return CNode capability, index with guard, and depth of one of its slots."""
        radix, guard, guard_size = self.shape
        if not 0 <= index < 1 << radix:
            raise IndexError(f"{self.describe()} has slots 0 to {(1 << radix) - 1}, not {index}")
        return self.cptr, guard << radix | index, guard_size + radix

    def at(self, index: int) -> Slot:
        """Return the place of a slot, for the `into` of CNode operations."""
        self.slot_address(index)
        return Slot(self, index)

    def with_guard(
        self, guard: int, guard_size: int, *, into: Destination = None, name: str = ""
    ) -> Self:
        """Make a copy with another guard (seL4_CNode_Mint with guard data)."""
        return self.mint(guard_word(guard, guard_size), into=into, name=name)

    def free_slot(self, start: int = 0) -> Slot:
        """Return the first empty slot from `start` on."""
        used = self._used()
        for index in range(start, len(self)):
            if index not in used:
                return Slot(self, index)
        raise IndexError(f"{self.describe()} has no empty slot from {start} on")

    def _used(self) -> set[int]:
        return {view.index for view in self.machine.inspector.slots(self.object, self.radix)}

    def _index(self, key: int | str) -> int:
        if isinstance(key, str):
            for index, name in self.items_by_name():
                if name == key:
                    return index
            raise KeyError(f"{self.describe()} has no slot named {key!r}")
        return range(len(self))[key]

    def items_by_name(self) -> Iterator[tuple[int, str]]:
        """Yield index and name of the slots that have a name."""
        yield from sorted(self.names.items())

    def __len__(self) -> int:
        return 1 << self.radix

    def __getitem__(self, key: int | str) -> Capability:
        index = self._index(key)
        found = self.machine.capability_at(Slot(self, index))
        if not found.kind:
            raise KeyError(f"slot {index} of {self.describe()} is empty")
        return found

    def __setitem__(self, key: int, capability: Capability) -> None:
        capability.copy(into=Slot(self, self._index(key)))

    def __delitem__(self, key: int | str) -> None:
        self[key].delete()

    def __contains__(self, key: object) -> bool:
        if isinstance(key, str):
            return any(name == key for _, name in self.items_by_name())
        return key in self._used()

    def __iter__(self) -> Iterator[Capability]:
        for index in sorted(self._used()):
            yield self.machine.capability_at(Slot(self, index))

    def save_caller(self, into: Destination = None, name: str = "") -> Capability:
        """Save the right to answer the last caller in a slot (seL4_CNode_SaveCaller).

        Only for slots of this CNode; without `into` in a free one.
        """
        machine = self.machine
        slot = self.free_slot(1) if into is None and self is not machine.cspace else into
        with machine.destination(slot, name) as place:
            root, index, depth = place.location()
            machine.invoke("CNode_SaveCaller", root, index=index, depth=depth)
        return machine.capability_at(place, name)

    def tree(self) -> CSpaceTree:
        """Return the capabilities in it, and in the CNodes below, for printing."""
        return self.machine.inspector.cspace(self)


class RootCNode(CNode):
    """The CSpace of Python's agents."""

    @property
    def names(self) -> dict[int, str]:
        """Names of its slots, as the slot allocator has them."""
        return self.machine.slots.names()

    def path(self) -> str:
        """`cspace`."""
        return "cspace"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Radix, guard and guard size: together all 64 bits, so that CPtrs are slot numbers."""
        bits = self.machine.cnode_bits
        return bits, 0, 64 - bits

    def _index(self, key: int | str) -> int:
        if isinstance(key, str):
            found = self.machine.slots.find(key)
            if found is None:
                raise KeyError(f"the root CNode has no slot named {key!r}")
            return found
        return super()._index(key)

    def free_slot(self, start: int = 0) -> Slot:
        """Take a free slot."""
        del start
        return Slot(self, self.machine.slots.take())
