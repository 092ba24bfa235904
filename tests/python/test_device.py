# SPDX-License-Identifier: BSD-2-Clause
"""Interrupts, I/O ports and device memory as Python sees and sets them."""

from __future__ import annotations

import pytest

import sel4emu
from sel4emu import IOPort, IRQHandler, Machine, Untyped


def test_a_handler_for_a_pin_is_made_acknowledged_and_cleared(machine: Machine) -> None:
    handler = machine.irq_control.get_ioapic(5, 3, name="pin 5")
    assert isinstance(handler, IRQHandler)
    handler.set_notification(machine.notification("n"))
    handler.ack()
    handler.clear()
    assert "IRQ handler" in str(handler.view)
    assert machine.cspace["pin 5"] == handler


def test_a_handler_for_a_message_of_a_device(machine: Machine) -> None:
    handler = machine.irq_control.get_msi(7, bus=1, device=2, function=3, handle=4)
    handler.ack()
    assert f"IRQ handler {handler.view.irq}" in str(handler.view)


def test_a_vector_has_one_handler_at_a_time(machine: Machine) -> None:
    handler = machine.irq_control.get_ioapic(5, 3)
    with pytest.raises(sel4emu.RevokeFirst):
        machine.irq_control.get_ioapic(6, 3)
    handler.delete()
    machine.irq_control.get_ioapic(6, 3)


@pytest.mark.parametrize(
    "arguments", [(24, 0), (0, 108), (0, 0, {"ioapic": 1}), (0, 0, {"level": 2})]
)
def test_pins_and_vectors_that_do_not_exist_are_refused(
    machine: Machine, arguments: tuple[int, int, dict[str, int]] | tuple[int, int]
) -> None:
    pin, vector, *rest = arguments
    slots = machine.slots.taken()
    with pytest.raises(sel4emu.RangeError):
        machine.irq_control.get_ioapic(pin, vector, **(rest[0] if rest else {}))
    assert machine.slots.taken() == slots


def test_revoking_the_control_removes_all_handlers(machine: Machine) -> None:
    handlers = [machine.irq_control.get_ioapic(pin, pin) for pin in range(3)]
    machine.irq_control.revoke()
    assert [h.view.kind for h in handlers] == ["", "", ""]


def test_ports_are_issued_once_and_bound_to_their_range(machine: Machine) -> None:
    ports = machine.io_port_control.issue(0x3F8, 0x3FF, name="serial")
    assert isinstance(ports, IOPort)
    assert "0x3f8-0x3ff" in str(ports.view)
    for bits in (8, 16, 32):
        assert 0 <= ports.read(0x3F8, bits) < 1 << bits
        ports.write(0x3F8, 0, bits)
    with pytest.raises(sel4emu.IllegalOperation):
        ports.read(0x3F7)
    with pytest.raises(sel4emu.IllegalOperation):
        ports.write(0x3FF, 0, 16)
    with pytest.raises(sel4emu.RevokeFirst):
        machine.io_port_control.issue(0x3FF, 0x400)
    with pytest.raises(sel4emu.InvalidArgument):
        machine.io_port_control.issue(5, 4)
    with pytest.raises(ValueError, match="8, 16 or 32 bits, not 64"):
        ports.read(0x3F8, 64)


def test_frames_of_device_memory_have_nothing_to_look_at(machine: Machine) -> None:
    device = next(
        c for c in machine.cspace if isinstance(c, Untyped) and c.is_device and c.size_bits == 20
    )
    frame = device.retype("Page")
    assert frame.address == device.object
    with pytest.raises(ValueError, match="device memory"):
        frame.memory  # noqa: B018 - reading it is what is tested
    with pytest.raises(sel4emu.InvalidArgument, match="device memory"):
        device.retype("Endpoint")
    vspace = machine.vspace("v")
    vspace.map(frame, 0x1000_0000)
    assert vspace.mappings()[0].device


def test_an_asid_pool_is_made_of_a_page_of_untyped_memory(machine: Machine) -> None:
    pool = machine.asid_control.make_pool(machine.untyped("4K"), name="pool")
    vspace = machine.allocate("PML4")
    pool.assign(vspace)
    assert vspace.view.mapped
    with pytest.raises(sel4emu.InvalidCapability):
        pool.assign(vspace)
    with pytest.raises(sel4emu.InvalidCapability):
        machine.asid_control.make_pool(machine.untyped("8K"))
