# SPDX-License-Identifier: BSD-2-Clause
"""Capabilities: copying, minting, moving, deleting, revoking; CNodes; and what errors say."""

from __future__ import annotations

import pickle

import pytest

import sel4emu
from sel4emu import TCB, CNode, Endpoint, Frame, Machine, Notification, Rights, Untyped


def test_a_new_endpoint_has_all_rights_and_no_badge(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    assert isinstance(endpoint, Endpoint)
    assert endpoint.view.rights == Rights.ALL
    assert endpoint.view.badge == 0
    assert endpoint.name == "ep"
    assert machine.cspace["ep"] == endpoint


def test_minting_sets_badge_and_rights(machine: Machine) -> None:
    view = machine.endpoint("ep").mint(7, "rw").view
    assert (view.badge, view.rights) == (7, Rights.RW)
    assert str(view).endswith("endpoint 'ep' badge 0x7 RW")


def test_rights_may_be_letters_flags_or_a_word(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    for rights in ("wg", "GW", Rights.WRITE | Rights.GRANT, 5):
        assert endpoint.mint(1, rights).view.rights == Rights.WRITE | Rights.GRANT
    with pytest.raises(ValueError, match="'X' is none of the letters"):
        endpoint.mint(1, "rx")


def test_copying_reduces_rights_and_never_adds_any(machine: Machine) -> None:
    weak = machine.endpoint("ep").copy(rights="r")
    assert weak.copy(rights="rw").view.rights == Rights.READ


def test_a_copy_can_go_to_a_chosen_slot(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    cnode = machine.cnode(4, "box")
    for into in (cnode.at(5), cnode):
        copy = endpoint.copy(into=into)
        assert copy.cnode == cnode
    assert {c.slot for c in cnode} == {0, 5}


def test_moving_leaves_the_old_slot_empty(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    moved = endpoint.move()
    assert moved.name == "ep"
    assert moved.view.kind == "endpoint"
    with pytest.raises(sel4emu.StaleCapability):
        endpoint.nbsend()


def test_mutating_an_endpoint_is_illegal_and_a_cnode_gets_a_guard(machine: Machine) -> None:
    with pytest.raises(sel4emu.IllegalOperation):
        machine.endpoint("ep").mutate(3)
    cnode = machine.cnode(4)
    assert cnode.mutate(0b101 << 6 | 3).shape == (4, 0b101, 3)


def test_a_cnode_copy_with_a_guard_reaches_the_same_slots(machine: Machine) -> None:
    cnode = machine.cnode(4)
    guarded = cnode.with_guard(0x2A, 8)
    machine.endpoint("ep").copy(into=guarded.at(3))
    assert cnode[3].view.kind == "endpoint"
    assert guarded.slot_address(3)[1:] == (0x2A << 4 | 3, 12)


def test_rotating_moves_two_capabilities_at_once(machine: Machine) -> None:
    box = machine.cnode(4)
    tcb = machine.tcb("t").copy(into=box.at(1))
    frame = machine.frame("f").copy(into=box.at(2))
    tcb.rotate(frame, box.at(3))
    assert {c.slot: type(c) for c in box} == {2: TCB, 3: Frame}


def test_rotating_without_a_destination_swaps(machine: Machine) -> None:
    box = machine.cnode(4)
    tcb = machine.tcb("t").copy(into=box.at(1))
    frame = machine.frame("f").copy(into=box.at(2))
    tcb.rotate(frame)
    assert {c.slot: type(c) for c in box} == {1: Frame, 2: TCB}


def test_rotating_an_endpoint_is_illegal_since_its_badge_cannot_be_set_again(
    machine: Machine,
) -> None:
    box = machine.cnode(4)
    endpoint = machine.endpoint("ep").copy(into=box.at(1))
    frame = machine.frame("f").copy(into=box.at(2))
    with pytest.raises(sel4emu.IllegalOperation):
        endpoint.rotate(frame)


def test_revoking_deletes_what_derives_and_keeps_the_capability(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    copies = [endpoint.copy(), endpoint.mint(1)]
    copies.append(copies[1].copy())
    endpoint.revoke()
    assert [c.view.kind for c in copies] == ["", "", ""]
    assert endpoint.view.kind == "endpoint"


def test_deleting_frees_the_slot_for_others(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    slot = endpoint.slot
    endpoint.delete()
    assert machine.notification("n").slot == slot


def test_a_deleted_capability_never_means_the_next_one_in_its_slot(machine: Machine) -> None:
    old = machine.endpoint("old")
    old.delete()
    new = machine.endpoint("new")
    assert new.slot == old.slot
    assert new != old
    with pytest.raises(sel4emu.StaleCapability, match="deleted"):
        old.nbsend()
    with pytest.raises(sel4emu.StaleCapability):
        old.delete()


def test_slots_that_revoking_has_emptied_are_found_again() -> None:
    with Machine("16M", cnode_bits=8) as machine:
        untyped = machine.untyped("64K")
        for _ in range(20):
            untyped.retype("Endpoint", count=100)
            untyped.revoke()


def test_a_full_cspace_is_an_error_that_names_the_remedy() -> None:
    with Machine("16M", cnode_bits=8) as machine:
        endpoint = machine.endpoint("ep")
        with pytest.raises(sel4emu.MachineError, match=r"full.*cnode_bits=9"):
            for _ in range(256):
                endpoint.copy()
        machine.check()


def test_a_cnode_behaves_like_a_container(machine: Machine) -> None:
    box = machine.cnode(4, "box")
    assert isinstance(box, CNode)
    assert len(box) == 16
    box[3] = machine.endpoint("ep")
    machine.notification("n").copy(into=box.at(7), name="bell")
    assert 3 in box and 4 not in box
    assert isinstance(box["bell"], Notification)
    assert [c.slot for c in box] == [3, 7]
    assert box[-9].slot == 7
    del box["bell"]
    assert "bell" not in box
    with pytest.raises(KeyError, match="empty"):
        box[7]
    with pytest.raises(KeyError, match="no slot named 'bell'"):
        box["bell"]
    with pytest.raises(IndexError):
        box[16]


def test_capabilities_elsewhere_are_copied_to_be_invoked(machine: Machine) -> None:
    box = machine.cnode(4, "box")
    inside = machine.endpoint("ep").copy(into=box.at(1))
    with pytest.raises(ValueError, match=r"not in the root CNode.*copy"):
        inside.nbsend()
    inside.copy().nbsend()


def test_iterating_over_the_root_cnode_gives_typed_capabilities(machine: Machine) -> None:
    machine.endpoint("ep")
    kinds = {type(c) for c in machine.cspace}
    assert {Endpoint, Untyped, CNode} - kinds <= {CNode}


def test_a_badged_capability_cannot_be_minted_again(machine: Machine) -> None:
    badged = machine.endpoint("ep").mint(7, name="client")
    with pytest.raises(sel4emu.IllegalOperation) as caught:
        badged.mint(8)
    error = caught.value
    assert error.method == "CNode_Mint"
    assert error.capability == badged
    assert error.slot == badged.slot
    assert error.arguments["badge"] == 8
    assert "badge 0x7 already" in error.reason
    assert "endpoint 'client' (cspace[" in str(error)
    assert "Try:" in str(error)


def test_an_occupied_destination_is_a_delete_first(machine: Machine) -> None:
    one, other = machine.endpoint("one"), machine.endpoint("other")
    with pytest.raises(sel4emu.DeleteFirst, match="holds a capability"):
        one.copy(into=other.slot)
    assert other.view.name == "other"


def test_a_range_error_tells_the_bounds(machine: Machine) -> None:
    with pytest.raises(sel4emu.RangeError) as caught:
        machine.invoke("CNode_Delete", machine.cspace, index=1, depth=0)
    assert (caught.value.minimum, caught.value.maximum) == (1, 64)


def test_a_failed_lookup_tells_why(machine: Machine) -> None:
    with pytest.raises(sel4emu.FailedLookup) as caught:
        machine.invoke("CNode_Delete", machine.cspace, index=1, depth=60)
    assert caught.value.failure in ("DepthMismatch", "GuardMismatch")
    assert caught.value.reason


def test_an_empty_slot_cannot_be_invoked(machine: Machine) -> None:
    with pytest.raises(sel4emu.InvalidCapability) as caught:
        machine.invoke("TCB_Suspend", 4000)
    assert caught.value.culprit == "service"
    assert "empty slot" in caught.value.reason


def test_the_wrong_kind_of_capability_is_named(machine: Machine) -> None:
    tcb = machine.tcb("t")
    with pytest.raises(sel4emu.InvalidCapability) as caught:
        machine.invoke("TCB_SetPriority", tcb, authority=machine.endpoint("ep"), priority=1)
    assert caught.value.culprit == "authority"


def test_arguments_are_checked_before_the_kernel_sees_them(machine: Machine) -> None:
    tcb = machine.tcb("t")
    with pytest.raises(TypeError, match="missing authority"):
        machine.invoke("TCB_SetPriority", tcb, priority=1)
    with pytest.raises(TypeError, match="has no argument prio"):
        machine.invoke("TCB_SetPriority", tcb, authority=1, priority=1, prio=1)
    with pytest.raises(ValueError, match="does not fit into 64 bits"):
        machine.invoke("TCB_SetPriority", tcb, authority=1, priority=1 << 64)


def test_a_method_of_another_kernel_is_refused(machine: Machine) -> None:
    with pytest.raises(sel4emu.MachineError, match="classic kernel has no method"):
        machine.invoke("SchedContext_Unbind", 4)


def test_errors_can_be_pickled(machine: Machine) -> None:
    with pytest.raises(sel4emu.DeleteFirst) as caught:
        machine.endpoint("ep").copy(into=1)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is sel4emu.DeleteFirst
    assert copy.reason == caught.value.reason


def test_every_error_of_the_api_has_a_class_and_a_hint() -> None:
    from sel4emu._api import Error
    from sel4emu.errors import ERRORS

    assert {Error(code) for code in ERRORS} == set(Error) - {Error.NoError}
    assert all(kind.hint for kind in ERRORS.values())


def test_a_capability_of_another_machine_is_refused(machine: Machine) -> None:
    with Machine("16M") as other:
        foreign = other.endpoint("foreign")
        with pytest.raises(ValueError, match="belongs to another machine"):
            machine.invoke("CNode_Delete", foreign, index=1, depth=64)
        with pytest.raises(ValueError, match="belongs to another machine"):
            machine.invoke("TCB_BindNotification", machine.tcb("t"), notification=foreign)
        with pytest.raises(ValueError, match="belongs to another machine"):
            machine.endpoint("ep").nbsend(caps=[foreign])
        with pytest.raises(ValueError, match="belongs to another machine"):
            machine.spawn("/bin/true", {"ep": foreign})
