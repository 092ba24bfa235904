# SPDX-License-Identifier: BSD-2-Clause
"""Interrupts and I/O ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .capability import Capability, Destination

if TYPE_CHECKING:
    from .ipc import Notification


class IRQHandler(Capability):
    """The handler of one interrupt."""

    kind = "irq_handler"

    def ack(self) -> None:
        """Let the next interrupt come (seL4_IRQHandler_Ack)."""
        self.machine.invoke("IRQHandler_Ack", self)

    def set_notification(self, notification: Notification) -> None:
        """Set what the interrupt signals (seL4_IRQHandler_SetNotification)."""
        self.machine.invoke("IRQHandler_SetNotification", self, notification=notification)

    def clear(self) -> None:
        """Undo set_notification() (seL4_IRQHandler_Clear)."""
        self.machine.invoke("IRQHandler_Clear", self)


class IRQControl(Capability):
    """The authority over interrupts."""

    kind = "irq_control"

    def get_ioapic(
        self,
        pin: int,
        vector: int,
        *,
        ioapic: int = 0,
        level: int = 0,
        polarity: int = 0,
        into: Destination = None,
        name: str = "",
    ) -> IRQHandler:
        """Make a handler for a pin of an IOAPIC (seL4_IRQControl_GetIOAPIC)."""
        with self.machine.destination(into, name) as slot:
            root, index, depth = slot.location()
            self.machine.invoke(
                "IRQControl_GetIOAPIC",
                self,
                root=root,
                index=index,
                depth=depth,
                ioapic=ioapic,
                pin=pin,
                level=level,
                polarity=polarity,
                vector=vector,
            )
        return self.machine.capability_at(slot, name, IRQHandler)

    def get_msi(
        self,
        vector: int,
        *,
        bus: int = 0,
        device: int = 0,
        function: int = 0,
        handle: int = 0,
        into: Destination = None,
        name: str = "",
    ) -> IRQHandler:
        """Make a handler for a message-signalled interrupt (seL4_IRQControl_GetMSI)."""
        with self.machine.destination(into, name) as slot:
            root, index, depth = slot.location()
            self.machine.invoke(
                "IRQControl_GetMSI",
                self,
                root=root,
                index=index,
                depth=depth,
                pci_bus=bus,
                pci_dev=device,
                pci_func=function,
                handle=handle,
                vector=vector,
            )
        return self.machine.capability_at(slot, name, IRQHandler)


class IOPort(Capability):
    """A range of I/O ports."""

    kind = "io_port"

    def read(self, port: int, bits: int = 8) -> int:
        """Read 8, 16 or 32 bits from a port (seL4_X86_IOPort_In8, ...)."""
        return int(self.machine.invoke(f"X86_IOPort_In{_width(bits)}", self, port=port)["result"])

    def write(self, port: int, value: int, bits: int = 8) -> None:
        """Write 8, 16 or 32 bits to a port (seL4_X86_IOPort_Out8, ...)."""
        self.machine.invoke(f"X86_IOPort_Out{_width(bits)}", self, port=port, data=value)


def _width(bits: int) -> int:
    if bits not in (8, 16, 32):
        raise ValueError(f"ports are read and written with 8, 16 or 32 bits, not {bits}")
    return bits


class IOPortControl(Capability):
    """The authority over I/O ports."""

    kind = "io_port_control"

    def issue(self, first: int, last: int, *, into: Destination = None, name: str = "") -> IOPort:
        """Make a capability to ports `first` to `last` (seL4_X86_IOPortControl_Issue)."""
        with self.machine.destination(into, name) as slot:
            root, index, depth = slot.location()
            self.machine.invoke(
                "X86_IOPortControl_Issue",
                self,
                first_port=first,
                last_port=last,
                root=root,
                index=index,
                depth=depth,
            )
        return self.machine.capability_at(slot, name, IOPort)
