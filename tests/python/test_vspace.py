# SPDX-License-Identifier: BSD-2-Clause
"""Address spaces and frames as Python sees and sets them."""

from __future__ import annotations

import gc

import pytest

import sel4emu
from sel4emu import Frame, Machine, Rights

ADDRESS = 0x1234_5678_9000


def test_mapping_makes_the_missing_paging_structures(machine: Machine) -> None:
    vspace, frame = machine.vspace("v"), machine.frame("f")
    vspace.map(frame, ADDRESS)
    (mapping,) = vspace.mappings()
    assert (mapping.vaddr, mapping.frame, mapping.size_bits) == (ADDRESS, frame.address, 12)
    assert mapping.rights == Rights.RW
    assert "RW" in str(mapping)


def test_without_paging_structures_a_frame_cannot_be_mapped(machine: Machine) -> None:
    vspace, frame = machine.vspace("v"), machine.frame("f")
    with pytest.raises(sel4emu.FailedLookup) as caught:
        frame.map(vspace, ADDRESS)
    assert caught.value.bits_left == 39


def test_paging_structures_can_be_mapped_by_hand(machine: Machine) -> None:
    vspace, frame = machine.vspace("v"), machine.frame("f")
    for kind in ("PDPT", "PageDirectory", "PageTable"):
        machine.allocate(kind).map(vspace, ADDRESS)
    frame.map(vspace, ADDRESS, "r")
    assert vspace.mappings()[0].rights == Rights.READ
    frame.unmap()
    assert vspace.mappings() == []


def test_large_frames_need_fewer_structures(machine: Machine) -> None:
    vspace, frame = machine.vspace("v"), machine.frame("f", 21)
    vspace.map(frame, 0x4000_0000)
    assert vspace.mappings()[0].size_bits == 21
    with pytest.raises(ValueError, match=r"2\^12, 2\^21 or 2\^30"):
        machine.frame("f", 13)


def test_a_misaligned_address_is_refused(machine: Machine) -> None:
    vspace, frame = machine.vspace("v"), machine.frame("f")
    vspace.map(machine.frame("other"), ADDRESS)
    with pytest.raises(sel4emu.AlignmentError):
        vspace.map(frame, ADDRESS + 4096 + 8)


def test_a_frame_moves_only_by_unmapping(machine: Machine) -> None:
    vspace, frame = machine.vspace("v"), machine.frame("f")
    vspace.map(frame, ADDRESS)
    with pytest.raises(sel4emu.InvalidArgument) as caught:
        frame.map(vspace, ADDRESS + 4096)
    assert caught.value.culprit == "vaddr"
    vspace.map(frame, ADDRESS, "r")
    assert vspace.mappings()[0].rights == Rights.READ


def test_python_reads_and_writes_a_frame(machine: Machine) -> None:
    frame = machine.frame("f")
    memory = frame.memory
    assert len(memory) == 4096
    assert not memory.readonly
    memory[:5] = b"hello"
    assert machine.read(frame.address, 5) == b"hello"
    machine.write(frame.address, b"HE")
    assert bytes(frame.memory[:5]) == b"HEllo"


def test_a_view_of_memory_outlives_the_machine() -> None:
    with Machine("16M") as machine:
        memory = machine.frame("f").memory
        memory[0] = 7
    gc.collect()
    assert memory[0] == 7
    memory[1] = 8
    memory.release()


def test_new_frames_are_zero(machine: Machine) -> None:
    untyped = machine.untyped("4K")
    frame = untyped.retype("Page")
    assert isinstance(frame, Frame)
    frame.memory[:] = b"\xff" * 4096
    untyped.revoke()
    assert bytes(untyped.retype("Page").memory) == bytes(4096)


def test_there_are_more_vspaces_than_one_asid_pool_holds() -> None:
    with Machine("64M", cnode_bits=13) as machine:
        for i in range(600):
            machine.vspace(f"v{i}")
        machine.check()


def test_a_vspace_that_is_deleted_gives_its_asid_back() -> None:
    with Machine("16M") as machine:
        for _ in range(1500):
            machine.vspace("v").delete()
