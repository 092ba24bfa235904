# SPDX-License-Identifier: BSD-2-Clause
"""Threads (TCBs), their registers, and domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import _api
from .capability import Capability, CNode

if TYPE_CHECKING:
    from .ipc import Endpoint, Notification
    from .sched_context import SchedContext
    from .views import ThreadView
    from .vspace import Frame, VSpace

REGISTERS = tuple(_api.REGISTERS)


class TCB(Capability):
    """A thread."""

    kind = "tcb"

    @property
    def thread_name(self) -> str:
        """Name of the thread itself, as its Linux thread and gdb show it; it can be set."""
        return self.machine.name_of(self.object)

    @thread_name.setter
    def thread_name(self, name: str) -> None:
        self.machine.core.set_name(self.object, name)

    def _authority(self, authority: TCB | None) -> Any:
        return authority if authority is not None else _api.RootSlot.InitThreadTCB

    def configure(
        self,
        *,
        cspace: CNode,
        vspace: VSpace | int,
        fault_ep: int = 0,
        cspace_data: int = 0,
        buffer: int = 0,
        buffer_frame: Frame | None = None,
    ) -> None:
        """Set CSpace, VSpace, IPC buffer and fault endpoint (seL4_TCB_Configure).

        `fault_ep` is a capability pointer in the thread's own CSpace. The MCS kernel has none here:
        there set_sched_params() or set_space() sets the fault handler.
        """
        if fault_ep and self.machine.kernel == "mcs":
            raise ValueError("fault_ep: in the MCS kernel, set_sched_params(fault_ep=...) sets it")
        arguments: dict[str, Any] = {
            "cspace_root": cspace,
            "cspace_root_data": cspace_data,
            "vspace_root": vspace,
            "vspace_root_data": 0,
            "buffer": buffer,
            "bufferFrame": buffer_frame or 0,
        }
        if self.machine.kernel == "classic":
            arguments["fault_ep"] = fault_ep
        self.machine.invoke("TCB_Configure", self, **arguments)

    def set_space(
        self,
        *,
        cspace: CNode,
        vspace: VSpace | int,
        fault_ep: Endpoint | int = 0,
        cspace_data: int = 0,
    ) -> None:
        """Set CSpace, VSpace and fault endpoint (seL4_TCB_SetSpace).

        `fault_ep` is a capability pointer in the thread's own CSpace; in the MCS kernel it is a
        capability of the caller's.
        """
        self.machine.invoke(
            "TCB_SetSpace",
            self,
            fault_ep=fault_ep,
            cspace_root=cspace,
            cspace_root_data=cspace_data,
            vspace_root=vspace,
            vspace_root_data=0,
        )

    def set_ipc_buffer(self, buffer: int, frame: Frame) -> None:
        """Set address and frame of the IPC buffer (seL4_TCB_SetIPCBuffer)."""
        self.machine.invoke("TCB_SetIPCBuffer", self, buffer=buffer, bufferFrame=frame)

    def set_priority(self, priority: int, *, authority: TCB | None = None) -> None:
        """Set the priority, 0 to 255 (seL4_TCB_SetPriority)."""
        self.machine.invoke(
            "TCB_SetPriority", self, authority=self._authority(authority), priority=priority
        )

    def set_mcpriority(self, mcp: int, *, authority: TCB | None = None) -> None:
        """Set the maximum priority that it may give to others (seL4_TCB_SetMCPriority)."""
        self.machine.invoke(
            "TCB_SetMCPriority", self, authority=self._authority(authority), mcp=mcp
        )

    def set_sched_params(
        self,
        *,
        priority: int,
        mcp: int,
        authority: TCB | None = None,
        sched_context: SchedContext | None = None,
        fault_ep: Endpoint | None = None,
    ) -> None:
        """Set priority and maximum controlled priority (seL4_TCB_SetSchedParams).

        In the MCS kernel also scheduling context and fault handler: without one, it has none.
        """
        arguments: dict[str, Any] = {
            "authority": self._authority(authority),
            "mcp": mcp,
            "priority": priority,
        }
        if self.machine.kernel == "mcs":
            arguments["sched_context"] = sched_context or 0
            arguments["fault_ep"] = fault_ep or 0
        self.machine.invoke("TCB_SetSchedParams", self, **arguments)

    def set_timeout_endpoint(self, endpoint: Endpoint | None) -> None:
        """Set who is told when its budget is used up (seL4_TCB_SetTimeoutEndpoint, MCS)."""
        self.machine.invoke("TCB_SetTimeoutEndpoint", self, timeout_fault_ep=endpoint or 0)

    def suspend(self) -> None:
        """Stop it (seL4_TCB_Suspend)."""
        self.machine.invoke("TCB_Suspend", self)

    def resume(self) -> None:
        """Let it run; a blocked one repeats its system call (seL4_TCB_Resume)."""
        self.machine.invoke("TCB_Resume", self)

    def read_registers(
        self, count: int = len(REGISTERS), *, suspend: bool = False
    ) -> dict[str, int]:
        """Read its first `count` registers, by name (seL4_TCB_ReadRegisters)."""
        answer = self.machine.invoke(
            "TCB_ReadRegisters", self, suspend_source=suspend, arch_flags=0, count=count
        )
        return dict(zip(REGISTERS, answer["regs"][:count], strict=False))

    def write_registers(self, registers: Mapping[str, int], *, resume: bool = False) -> None:
        """Set registers by name (seL4_TCB_WriteRegisters).

        The kernel writes a row of registers from the first one on; those before the last one named
        here, and not named, are read first and written back.
        """
        unknown = registers.keys() - set(REGISTERS)
        if unknown:
            raise ValueError(
                f"no such register: {', '.join(sorted(unknown))}; there are {', '.join(REGISTERS)}"
            )
        count = max((REGISTERS.index(r) + 1 for r in registers), default=0)
        values = self.read_registers() if set(registers) != set(REGISTERS[:count]) else {}
        values.update(registers)
        words = [values.get(r, 0) for r in REGISTERS]
        self.machine.invoke(
            "TCB_WriteRegisters", self, resume_target=resume, arch_flags=0, count=count, regs=words
        )

    def copy_registers(
        self,
        source: TCB,
        *,
        suspend_source: bool = False,
        resume: bool = False,
        frame: bool = True,
        integer: bool = True,
    ) -> None:
        """Copy registers from another thread (seL4_TCB_CopyRegisters)."""
        self.machine.invoke(
            "TCB_CopyRegisters",
            self,
            source=source,
            suspend_source=suspend_source,
            resume_target=resume,
            transfer_frame=frame,
            transfer_integer=integer,
            arch_flags=0,
        )

    def bind_notification(self, notification: Notification) -> None:
        """Let it get this notification's signals in any receive (seL4_TCB_BindNotification)."""
        self.machine.invoke("TCB_BindNotification", self, notification=notification)

    def unbind_notification(self) -> None:
        """Undo bind_notification() (seL4_TCB_UnbindNotification)."""
        self.machine.invoke("TCB_UnbindNotification", self)

    def set_tls_base(self, address: int) -> None:
        """Set the base of its thread-local storage (seL4_TCB_SetTLSBase)."""
        self.machine.invoke("TCB_SetTLSBase", self, tls_base=address)

    def set_flags(self, *, clear: int = 0, set: int = 0) -> int:  # noqa: A002 - seL4's name
        """Change its flags; return the new ones (seL4_TCB_SetFlags)."""
        answer = self.machine.invoke("TCB_SetFlags", self, clear=clear, set=set)
        return int(answer["flags"])

    def state(self) -> ThreadView:
        """Return what it does, by inspection."""
        return self.machine.inspector.thread(self.object)


class DomainSet(Capability):
    """The authority over domains."""

    kind = "domain"

    def set(self, tcb: TCB, domain: int) -> None:
        """Put a thread into a domain (seL4_DomainSet_Set)."""
        self.machine.invoke("DomainSet_Set", self, domain=domain, thread=tcb)
