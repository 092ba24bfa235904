# SPDX-License-Identifier: BSD-2-Clause
"""Making kernel objects: the part of `Machine` that turns memory into capabilities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar, cast

from . import _api
from .capability import Capability, CNode, RootCNode, Untyped
from .device import IOPortControl, IRQControl
from .errors import DeleteFirst, MachineError, NotEnoughMemory
from .invocation import object_types
from .ipc import Endpoint, Notification, Reply
from .sched_context import DEFAULT_SLICE_US, SchedContext, SchedControl
from .thread import TCB, DomainSet
from .vspace import ASIDControl, ASIDPool, Frame, VSpace
from .words import bits_for, size_from

if TYPE_CHECKING:
    from ._core import Machine as Core
    from .inspector import Inspector
    from .machine import Machine
    from .untyped_memory import Arena, Block, Buddies

C = TypeVar("C", bound=Capability)
#: A scheduling context's own bytes, and those of a refill.
CONTEXT_BYTES, REFILL_BYTES = 96, 16
SLOT_BITS = _api.SIZES["SlotBits"]["classic"]


class ObjectMaker(ABC):
    """What a machine makes objects from, and how."""

    core: Core
    kernel: str
    inspector: Inspector
    cspace: RootCNode
    buddies: Buddies
    arena: Arena
    _asid_pools: list[ASIDPool]

    @abstractmethod
    def invoke(
        self,
        method: str,
        target: Capability | int,
        *,
        about: Capability | None = None,
        **arguments: Any,
    ) -> dict[str, Any]:
        """Invoke a method; see Machine."""

    @abstractmethod
    def capability_in(self, slot: int, name: str = "") -> Capability:
        """Return the capability object for a slot of the root CNode."""

    @abstractmethod
    def name_object(self, address: int, name: str) -> None:
        """Name an object."""

    @abstractmethod
    def forget_names(self, address: int, size: int) -> None:
        """Forget the names of objects in memory that becomes something else."""

    # --- memory for objects -----------------------------------------------------------------

    def object_type(self, kind: str) -> _api.ObjectType:
        """Return an object type of this kernel by its name."""
        types = object_types(self.kernel)
        if kind not in types:
            raise ValueError(f"there is no object type {kind!r}; there are {', '.join(types)}")
        return types[kind]

    def object_bits(self, kind: str, size_bits: int) -> int:
        """Return log2 of the bytes that an object takes."""
        fixed = self.object_type(kind).size_bits.get(self.kernel)
        if fixed is not None:
            return fixed
        return size_bits + SLOT_BITS if kind == "CNode" else size_bits

    def retype_into(self, untyped: int, kind: int, size_bits: int, slot: int, count: int) -> None:
        """Retype into slots of the root CNode, by numbers."""
        self.invoke(
            "Untyped_Retype",
            untyped,
            type=kind,
            size_bits=size_bits,
            root=self.cspace,
            node_index=0,
            node_depth=0,
            node_offset=slot,
            num_objects=count,
        )

    def take_block(self, bits: int) -> Block:
        """Take a piece of memory, looking for abandoned pieces if there is none."""
        try:
            block = self.buddies.take(bits)
        except NotEnoughMemory:
            self.arena.sweep()
            block = self.buddies.take(bits)
        self.forget_names(block.address, 1 << block.bits)
        return block

    def has_children(self, slot: int) -> bool:
        """Tell whether anything derives from the untyped in a slot of the root CNode."""
        return self.inspector.has_children(self.core.root_cnode, slot)

    def allocate(self, kind: str, size_bits: int = 0, *, name: str = "", count: int = 1) -> Any:
        """Make an object, or several, from the machine's memory.

        `kind` is the name of an object type, such as "Endpoint" or "Page"; `size_bits` counts for
        kinds whose size is chosen ("Untyped": log2 of bytes, "CNode": log2 of slots). Returns the
        capability, or for a count above 1 a list of them.
        """
        slot = self.arena.retype(kind, size_bits, count, name=name)
        made = [self.capability_in(slot + i, name) for i in range(count)]
        if name and kind != "Untyped":  # an untyped has the address of what is made from it
            for capability in made:
                self.name_object(capability.object, name)
        return made if count > 1 else made[0]

    def _make(self, kind: str, size_bits: int, name: str, expected: type[C]) -> C:
        made = self.allocate(kind, size_bits, name=name)
        assert isinstance(made, expected)
        return made

    def endpoint(self, name: str = "") -> Endpoint:
        """Make an endpoint."""
        return self._make("Endpoint", 0, name, Endpoint)

    def notification(self, name: str = "") -> Notification:
        """Make a notification."""
        return self._make("Notification", 0, name, Notification)

    def untyped(self, size: int | str, name: str = "") -> Untyped:
        """Make untyped memory of a size such as "1M", rounded up to a power of two."""
        return self._make("Untyped", bits_for(size_from(size)), name, Untyped)

    def cnode(self, bits: int = 8, name: str = "") -> CNode:
        """Make a CNode of 2^bits slots."""
        return self._make("CNode", bits, name, CNode)

    def tcb(self, name: str = "") -> TCB:
        """Make a thread."""
        tcb = self._make("TCB", 0, name, TCB)
        if name:
            tcb.thread_name = name
        return tcb

    def _check_mcs(self, what: str) -> None:
        if self.kernel != "mcs":
            raise MachineError(f"the classic kernel has no {what}: make Machine(mcs=True)")

    def reply_object(self, name: str = "") -> Reply:
        """Make a reply object (MCS)."""
        self._check_mcs("reply objects")
        return self._make("Reply", 0, name, Reply)

    def sched_context(
        self,
        name: str = "",
        *,
        budget_us: int = DEFAULT_SLICE_US,
        period_us: int | None = None,
        extra_refills: int = 0,
        badge: int = 0,
        sporadic: bool = False,
    ) -> SchedContext:
        """Make and configure a scheduling context (MCS); a budget of 0 leaves it unconfigured."""
        self._check_mcs("scheduling contexts")
        least = _api.SIZES["MinSchedContextBits"]["mcs"]
        bits = max(least, bits_for(CONTEXT_BYTES + REFILL_BYTES * (2 + extra_refills)))
        context = self._make("SchedContext", bits, name, SchedContext)
        if budget_us:
            context.configure(
                budget_us,
                period_us,
                extra_refills=extra_refills,
                badge=badge,
                sporadic=sporadic,
            )
        return context

    def frame(self, name: str = "", bits: int = 12) -> Frame:
        """Make a frame of 2^bits bytes: 12 (4 KiB), 21 (2 MiB) or 30 (1 GiB)."""
        kinds = {12: "Page", 21: "LargePage", 30: "HugePage"}
        if bits not in kinds:
            raise ValueError(f"frames have 2^12, 2^21 or 2^30 bytes, not 2^{bits}")
        return self._make(kinds[bits], 0, name, Frame)

    def vspace(self, name: str = "") -> VSpace:
        """Make an address space, in an ASID pool."""
        vspace = self._make("PML4", 0, name, VSpace)
        self.assign_asid(vspace)
        return vspace

    def assign_asid(self, vspace: Capability) -> None:
        """Put an address space in an ASID pool that has room, making another one if none has."""
        for pool in self._asid_pools:
            try:
                pool.assign(vspace)
                return
            except DeleteFirst:
                continue
        pool = self.asid_control.make_pool(self.untyped(4096), name="asid pool")
        self._asid_pools.append(pool)
        pool.assign(vspace)

    # --- what boot made -----------------------------------------------------------------------

    def _initial(self, root: _api.RootSlot, kind: type[C]) -> C:
        return kind(cast("Machine", self), int(root))

    @property
    def root_tcb(self) -> TCB:
        """The thread that this Python program is."""
        return self._initial(_api.RootSlot.InitThreadTCB, TCB)

    @property
    def root_vspace(self) -> VSpace:
        """The address space that the boot made; nothing runs in it."""
        return self._initial(_api.RootSlot.InitThreadVSpace, VSpace)

    @property
    def irq_control(self) -> IRQControl:
        """The authority over interrupts."""
        return self._initial(_api.RootSlot.IRQControl, IRQControl)

    @property
    def asid_control(self) -> ASIDControl:
        """The authority over ASID pools."""
        return self._initial(_api.RootSlot.ASIDControl, ASIDControl)

    @property
    def asid_pool(self) -> ASIDPool:
        """The ASID pool that the boot made."""
        return self._asid_pools[0]

    @property
    def io_port_control(self) -> IOPortControl:
        """The authority over I/O ports."""
        return self._initial(_api.RootSlot.IOPortControl, IOPortControl)

    @property
    def sched_control(self) -> SchedControl:
        """The authority to give scheduling contexts their time (MCS)."""
        self._check_mcs("SchedControl")
        return SchedControl(cast("Machine", self), self.core.sched_control)

    @property
    def domain_set(self) -> DomainSet:
        """The authority over domains."""
        return self._initial(_api.RootSlot.Domain, DomainSet)
