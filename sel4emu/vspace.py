# SPDX-License-Identifier: BSD-2-Clause
"""Address spaces: frames, paging structures, ASID pools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from . import _api
from .capability import Capability, Destination
from .errors import FailedLookup
from .words import Rights, rights_from

if TYPE_CHECKING:
    from .capability import Untyped
    from .untyped_memory import Arena
    from .views import MappingView

#: Paging structure that is missing, by what the kernel's answer says is left of the address.
MISSING = {
    _api.LIMITS["MappingLookupNoPDPT"]: "PDPT",
    _api.LIMITS["MappingLookupNoPD"]: "PageDirectory",
    _api.LIMITS["MappingLookupNoPT"]: "PageTable",
}


class Frame(Capability):
    """A page of memory of 4 KiB, 2 MiB or 1 GiB."""

    kind = "frame"

    def map(
        self,
        vspace: Capability,
        vaddr: int,
        rights: Rights | str | None = "rw",
        attributes: int = 0,
    ) -> None:
        """Map it, where the paging structures exist (seL4_X86_Page_Map).

        `vspace.map(frame, vaddr)` makes missing ones.
        """
        self.machine.invoke(
            "X86_Page_Map",
            self,
            vspace=vspace,
            vaddr=vaddr,
            rights=int(rights_from(rights)),
            attr=attributes,
        )

    def unmap(self) -> None:
        """Unmap it, if it is mapped (seL4_X86_Page_Unmap)."""
        self.machine.invoke("X86_Page_Unmap", self)

    @property
    def address(self) -> int:
        """Physical address (seL4_X86_Page_GetAddress)."""
        return int(self.machine.invoke("X86_Page_GetAddress", self)["paddr"])

    @property
    def size(self) -> int:
        """Size in bytes."""
        return 1 << self.view.size_bits

    @property
    def memory(self) -> memoryview:
        """The page itself: what Python writes there, clients that map it see, and vice versa.

        The view stays valid, and keeps the memory, even after the machine was closed.
        """
        view = self.view
        if view.device:
            raise ValueError(f"{self.describe()} is device memory, which holds nothing to look at")
        size = 1 << view.size_bits
        return memoryview(self.machine.core.memory(view.object, size, True))


class _PagingStructure(Capability):
    """A table below the top one."""

    _map_method = ""
    _vspace_parameter = "vspace"

    def map(self, vspace: Capability, vaddr: int, attributes: int = 0) -> None:
        """Map it; the address is rounded down to what it covers."""
        self.machine.invoke(
            f"{self._map_method}_Map",
            self,
            vaddr=vaddr,
            attr=attributes,
            **{self._vspace_parameter: vspace},
        )

    def unmap(self) -> None:
        """Unmap and empty it."""
        self.machine.invoke(f"{self._map_method}_Unmap", self)


class PageTable(_PagingStructure):
    """The lowest table: 512 frames of 4 KiB."""

    kind = "page_table"
    _map_method = "X86_PageTable"


class PageDirectory(_PagingStructure):
    """512 page tables or frames of 2 MiB."""

    kind = "page_directory"
    _map_method = "X86_PageDirectory"


class PDPT(_PagingStructure):
    """512 page directories or frames of 1 GiB."""

    kind = "pdpt"
    _map_method = "X86_PDPT"
    _vspace_parameter = "pml4"


class VSpace(Capability):
    """An address space: its top table, the PML4."""

    kind = "pml4"

    #: Where paging structures that map() makes come from; None: from the machine's memory.
    known_arena: Arena | None = None

    def map(
        self, frame: Frame, vaddr: int, rights: Rights | str | None = "rw", attributes: int = 0
    ) -> None:
        """Map a frame, making the paging structures that are missing."""
        while True:
            try:
                frame.map(self, vaddr, rights, attributes)
                return
            except FailedLookup as error:
                kind = MISSING.get(error.bits_left or 0)
                if kind is None or error.failure != "MissingCapability":
                    raise
            self._make(kind, vaddr)

    def _make(self, kind: str, vaddr: int) -> None:
        arena = self.known_arena or self.machine.arena
        slot = arena.retype(kind, name=f"{kind} {vaddr:#x}")
        table = self.machine.capability_in(slot)
        assert isinstance(table, _PagingStructure)
        table.map(self, vaddr)

    def unmap(self, frames: Iterable[Frame]) -> None:
        """Unmap frames."""
        for frame in frames:
            frame.unmap()

    def mappings(self) -> list[MappingView]:
        """Return what is mapped, by inspection."""
        return self.machine.inspector.mappings(self.object)


class ASIDPool(Capability):
    """A pool that up to 512 address spaces can be in."""

    kind = "asid_pool"

    def assign(self, vspace: Capability) -> None:
        """Put an address space in the pool; it can be used only then (seL4_X86_ASIDPool_Assign)."""
        self.machine.invoke("X86_ASIDPool_Assign", self, vspace=vspace)


class ASIDControl(Capability):
    """The authority over ASID pools."""

    kind = "asid_control"

    def make_pool(self, untyped: Untyped, into: Destination = None, name: str = "") -> ASIDPool:
        """Make a pool of 4 KiB of untyped memory (seL4_X86_ASIDControl_MakePool)."""
        with self.machine.destination(into, name) as slot:
            root, index, depth = slot.location()
            self.machine.invoke(
                "X86_ASIDControl_MakePool",
                self,
                untyped=untyped,
                root=root,
                index=index,
                depth=depth,
            )
        return self.machine.capability_at(slot, name, ASIDPool)
