# SPDX-License-Identifier: BSD-2-Clause
"""Machines that boot as seL4 does: one program, the root task, owns everything.

The kernel makes the root task's address space, thread and capabilities; what it finds where is
seL4's boot contract. All else is up to the root task. Python holds no capability of such a machine
and has no thread in it, but can look inside: `threads()`, `cdt()`, `untypeds()`, `trace()`,
`pause()`.
"""

from __future__ import annotations

import os
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from . import _api
from .bootinfo import BootInfo
from .errors import MachineError, MachinePanic, Timeout
from .image import check_kernel, read_image
from .inspector import Inspector
from .machine import Machine
from .slots import SlotAllocator
from .views import CAUSES
from .words import PAGE

__all__ = ["Ending", "RootMachine"]

CNODE_BITS = 13
#: How long a wait for the end goes on before it looks whether the root task has faulted.
LOOK = 0.2
#: Trace records that are searched for the root task's last one.
REMEMBERED = 1000
CAUSE_LOST = CAUSES.index("lost")

CHUNK = struct.Struct("<QQ")
CHUNK_TSC_FREQUENCY = 5
MAX_UNTYPEDS = 230
#: What a machine has for Python to act in it, and this one has not.
HANDS = frozenset(("agents", "arena", "buddies", "cspace", "_asid_pools"))

HOW: TypeAlias = Literal["suspended", "fault", "deadlock", "halted", "time limit"]
STATUS: dict[HOW, int] = {"suspended": 0, "fault": 3, "deadlock": 4, "halted": 5, "time limit": 124}


@dataclass(frozen=True)
class Ending:
    """How a run of a root task ended."""

    #: "suspended": the root task stopped itself, which is how programs end; "fault": it faulted and
    #: nobody handles that; "deadlock": every thread waits for another; "halted": seL4_DebugHalt, or
    #: what a debug kernel halts for; "time limit".
    how: HOW
    #: The same in words, with particulars.
    text: str

    @property
    def status(self) -> int:
        """The exit status of `sel4emu run`."""
        return STATUS[self.how]

    def __str__(self) -> str:
        return self.text


class RootMachine(Machine):
    """A machine with a root task. Made by `Machine.boot(image)`; it waits until `start()`.

    Its options are those of Machine; here `memory` is 512 MiB by default, and the root CNode has
    2^13 slots.
    """

    def __init__(
        self,
        image: str | os.PathLike[str],
        memory: int | str = "512M",
        *,
        cnode_bits: int = CNODE_BITS,
        mcs: bool = False,
        **options: Any,
    ) -> None:
        #: The executable.
        self.root_image = read_image(image)
        check_kernel(self.root_image, mcs)
        self._image = (self.root_image.start, self.root_image.end, self.root_image.entry)
        self._started = False
        super().__init__(memory, cnode_bits=cnode_bits, mcs=mcs, **options)

    def _boot(self) -> None:
        core, image = self.core, self.root_image
        self.inspector = Inspector(self)
        self.slots = SlotAllocator(core.empty_start, core.empty_end, self._occupied)
        for root in _api.RootSlot:
            self.slots.pin(int(root), root.name)
        for address, data in image.segments:
            core.write(core.image + (address - image.start), data)
        extra = _extra_chunks(core.tsc_mhz)
        core.write(core.extra, extra)
        core.write(core.bootinfo, self._bootinfo(len(extra)).pack(self.kernel))

    def _bootinfo(self, extra_len: int) -> BootInfo:
        core = self.core
        untypeds = [
            (view.object, view.size_bits, view.device)
            for view in self.inspector.root_slots()
            if core.untyped_start <= view.index < core.untyped_end
        ]
        if len(untypeds) > MAX_UNTYPEDS:
            raise MachineError(
                f"boot information has room for {MAX_UNTYPEDS} untypeds, this memory makes "
                f"{len(untypeds)}: take a size that is a multiple of a larger power of two"
            )
        return BootInfo(
            ipc_buffer=self.root_image.end,
            cnode_bits=self.cnode_bits,
            empty=(core.empty_start, core.empty_end),
            untyped=(core.untyped_start, core.untyped_end),
            untypeds=untypeds,
            image_frames=(core.image_start, core.image_end),
            image_paging=(core.paging_start, core.paging_end),
            extra_pages=(core.extra_start, core.extra_end),
            sched_control=(core.sched_control, core.sched_control + bool(core.mcs)),
            extra_len=extra_len,
        )

    if not TYPE_CHECKING:  # type checkers shall go on finding names that do not exist

        def __getattr__(self, name):
            """Say why what other machines have for Python's own thread is not there."""
            if name in HANDS:
                raise MachineError(
                    "this machine belongs to its root task: Python has no capabilities in it, and "
                    "can only look. To act as a thread of a machine, make it with Machine()"
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # --- running -------------------------------------------------------------------------------

    def start(self) -> None:
        """Let the root task run."""
        if self._started:
            raise MachineError("the root task was started already")
        self._started = True
        self.core.resume()

    def run(self, time_limit: float | None = None) -> Ending:
        """Let the machine run until nothing in it can run any more, or its root task faulted.

        A root task that suspends itself while other threads run has only retired; that is not the
        end yet. Raises MachinePanic if the emulator has to give up.
        """
        if not self._started:
            self.start()
        deadline = None if time_limit is None else time.monotonic() + time_limit
        while True:
            left = LOOK if deadline is None else min(LOOK, deadline - time.monotonic())
            idle = self._is_idle(max(left, 0.0))
            ending = self._ending(idle)
            if ending is not None:
                return ending
            if left <= 0:
                return Ending(
                    "time limit", f"still running after {time_limit:g} s{self.inspector.blame()}"
                )

    def _is_idle(self, timeout: float) -> bool:
        try:
            self.core.wait_idle(timeout)
        except MachinePanic:
            raise
        except Timeout:
            return False
        return True

    def _ending(self, idle: bool) -> Ending | None:
        root = self.core.thread(self.core.root_tcb)
        if root is not None and root["state"] == "inactive" and root["fault"][0]:
            fault = self.inspector.thread(self.core.root_tcb).fault
            return Ending("fault", f"the root task faulted, and has no fault handler: {fault}")
        if not idle:
            return None
        if self.core.paused:
            return Ending("halted", "the machine was halted")
        if self._was_killed():
            return Ending("halted", "the root task's process was killed from outside")
        if root is None or root["state"] == "inactive":
            return Ending("suspended", "the root task suspended itself, and nobody else runs")
        return Ending("deadlock", self.inspector.deadlock())

    def _was_killed(self) -> bool:
        """Tell whether the root task's process ended, as far as the trace goes."""
        records = [r for r in self.core.trace(REMEMBERED) if r["tcb"] == self.core.root_tcb]
        return bool(records) and records[-1]["cause"] == CAUSE_LOST


def _extra_chunks(tsc_mhz: int) -> bytes:
    """Return the extra boot information: how fast the time-stamp counter counts."""
    frequency = struct.pack("<I", tsc_mhz)
    chunk = CHUNK.pack(CHUNK_TSC_FREQUENCY, CHUNK.size + len(frequency)) + frequency
    assert len(chunk) <= PAGE
    return chunk
