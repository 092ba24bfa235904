# SPDX-License-Identifier: BSD-2-Clause
"""The seL4_BootInfo page of a client or of a root task.

A client's page describes only what it was given. Everything that speaks of devices, of its image
and of other cores is empty.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

#: Fields of the page in order; each is one word, a region (start, end) two.
WORDS = ("extraLen", "nodeID", "numNodes", "numIOPTLevels", "ipcBuffer")
REGIONS = (
    "empty",
    "sharedFrames",
    "userImageFrames",
    "userImagePaging",
    "ioSpaceCaps",
    "extraBIPages",
)
NO_IOMMU = (1 << 64) - 1


@dataclass
class BootInfo:
    """What a client is told about itself."""

    ipc_buffer: int
    cnode_bits: int
    empty: tuple[int, int]
    #: Slots of its untypeds, one after the other.
    untyped: tuple[int, int] = (0, 0)
    #: Physical address, log2 of the size, and whether it is device memory, of each.
    untypeds: Sequence[tuple[int, int, bool]] = field(default_factory=list)
    domain: int = 0
    #: MCS: slots of the SchedControl capabilities.
    sched_control: tuple[int, int] = (0, 0)
    #: Root tasks: slots of their frames, their paging structures, and of extra boot information.
    image_frames: tuple[int, int] = (0, 0)
    image_paging: tuple[int, int] = (0, 0)
    extra_pages: tuple[int, int] = (0, 0)
    #: Bytes of extra boot information.
    extra_len: int = 0

    def pack(self, kernel: str) -> bytes:
        """Return the bytes of the page."""
        values = {
            "extraLen": self.extra_len,
            "numNodes": 1,
            "numIOPTLevels": NO_IOMMU,
            "ipcBuffer": self.ipc_buffer,
        }
        regions = {
            "empty": self.empty,
            "userImageFrames": self.image_frames,
            "userImagePaging": self.image_paging,
            "extraBIPages": self.extra_pages,
        }
        words = [values.get(name, 0) for name in WORDS]
        for name in REGIONS:
            words += regions.get(name, (0, 0))
        words += [self.cnode_bits, self.domain]
        if kernel == "mcs":
            words += self.sched_control
        words += self.untyped
        page = struct.pack(f"<{len(words)}Q", *words)
        return page + b"".join(struct.pack("<QBB6x", *u) for u in self.untypeds)
