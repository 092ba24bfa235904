# SPDX-License-Identifier: BSD-2-Clause
"""Untyped memory, and where the objects that Python makes come from."""

from __future__ import annotations

from itertools import pairwise

import pytest

import sel4emu
from sel4emu import Endpoint, Frame, Machine, Untyped


def test_retyping_makes_objects_of_every_kind(machine: Machine) -> None:
    untyped = machine.untyped("1M", "pool")
    for kind, bits in (
        ("Endpoint", 0),
        ("Notification", 0),
        ("TCB", 0),
        ("CNode", 4),
        ("Untyped", 12),
        ("Page", 0),
        ("PageTable", 0),
        ("PML4", 0),
    ):
        made = untyped.retype(kind, bits)
        assert made.view.kind != ""


def test_retyping_several_gives_a_list_in_neighbouring_slots(machine: Machine) -> None:
    made = machine.untyped("4K").retype("Endpoint", count=10)
    assert [type(c) for c in made] == [Endpoint] * 10
    assert [c.slot - made[0].slot for c in made] == list(range(10))


def test_an_untyped_tells_its_use(machine: Machine) -> None:
    untyped = machine.untyped("64K", "pool")
    assert (untyped.size_bits, untyped.free_bytes, untyped.is_device) == (16, 1 << 16, False)
    untyped.retype("Page")
    assert untyped.free_bytes == (1 << 16) - 4096


def test_a_full_untyped_says_how_much_is_left(machine: Machine) -> None:
    untyped = machine.untyped("4K")
    untyped.retype("Page")
    with pytest.raises(sel4emu.NotEnoughMemory) as caught:
        untyped.retype("Endpoint")
    assert caught.value.bytes_left == 0
    assert "do not fit" in caught.value.reason


def test_revoking_an_untyped_starts_it_anew(machine: Machine) -> None:
    untyped = machine.untyped("4K")
    frame = untyped.retype("Page", name="page")
    untyped.revoke()
    assert frame.view.kind == ""
    assert isinstance(untyped.retype("Page"), Frame)


def test_an_unknown_kind_lists_the_known_ones(machine: Machine) -> None:
    with pytest.raises(ValueError, match=r"no object type 'Tcb'.*TCB"):
        machine.untyped("4K").retype("Tcb")
    with pytest.raises(ValueError, match="no object type"):
        machine.allocate("Nothing")


def test_memory_comes_back_when_an_arena_is_released(machine: Machine) -> None:
    from sel4emu.untyped_memory import Arena

    free, slots = machine.buddies.free_bytes(), machine.slots.taken()
    for _ in range(3):
        arena = Arena(machine, 14)
        for _ in range(10):
            arena.retype("Page")
        assert machine.buddies.free_bytes() < free
        arena.release()
        assert machine.buddies.free_bytes() == free
        assert machine.slots.taken() == slots
    machine.check()


def test_deleted_objects_make_room_for_new_ones() -> None:
    with Machine("4M") as machine:
        for _ in range(2000):
            machine.frame("page").delete()


def test_a_machine_without_memory_left_says_so() -> None:
    with Machine("4M") as machine:
        with pytest.raises(sel4emu.NotEnoughMemory, match=r"4K of untyped|in one piece") as caught:
            for _ in range(2000):
                machine.frame()
        assert "memory=" in str(caught.value)


def test_pieces_of_any_size_fit_together(machine: Machine) -> None:
    pieces = [machine.untyped(size) for size in ("1M", 4096, "16K", 16, "256K", 64, "2M")]
    ranges = sorted((u.object, u.object + (1 << u.size_bits)) for u in pieces)
    assert all(end <= start for (_, end), (start, _) in pairwise(ranges))


def test_the_machine_lists_its_untyped_memory(machine: Machine) -> None:
    machine.untyped("1M", "pool")
    table = machine.untypeds()
    assert any("pool" in u.slot and u.size_bits == 20 for u in table)
    assert "children" in str(table)
    assert not any(u.device for u in table)
    devices = machine.untypeds(devices=True)
    assert sum(1 << u.size_bits for u in devices if u.device) > 1 << 40


def test_boot_untypeds_are_typed_capabilities(machine: Machine) -> None:
    slot = machine.core.untyped_start
    untyped = machine.cspace[slot]
    assert isinstance(untyped, Untyped)
    assert untyped.is_device
