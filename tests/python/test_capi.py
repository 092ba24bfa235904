# SPDX-License-Identifier: BSD-2-Clause
"""libsel4 by its real names, from Python, against the same machine."""

from __future__ import annotations

import threading

import pytest

import sel4emu
from sel4emu import Machine, _api, capi


def test_constants_and_enumerators_are_those_of_the_api() -> None:
    lib = capi.lib
    for error in _api.Error:
        assert getattr(lib, f"seL4_{error.name}") == error
    for slot in _api.RootSlot:
        assert getattr(lib, f"seL4_Cap{slot.name}") == slot
    for kind in _api.OBJECTS:
        if "classic" in kind.numbers:
            assert getattr(lib, kind.enumerator) == kind.numbers["classic"]
    assert lib.seL4_PageBits == 12
    assert lib.seL4_MsgMaxLength == 120


def test_types_have_the_sizes_of_the_api() -> None:
    assert capi.ffi.sizeof("seL4_IPCBuffer") == 1024
    assert capi.ffi.sizeof("seL4_UserContext") == 160
    assert capi.ffi.offsetof("seL4_BootInfo", "untypedList") == 168
    assert capi.ffi.sizeof("seL4_Word") == 8


def test_every_method_of_the_classic_kernel_has_its_function() -> None:
    for method in _api.METHODS:
        if "classic" in method.labels:
            assert callable(getattr(capi.lib, f"seL4_{method.name}"))


def test_invocations_act_on_the_machine(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    slot = machine.slots.take("copy")
    with machine.capi() as lib:
        rights = lib.seL4_CapRights_new(0, 1, 0, 1)
        mint = (2, slot, 64, 2, endpoint.slot, 64, rights, 77)
        assert lib.seL4_CNode_Mint(*mint) == lib.seL4_NoError
        assert lib.seL4_CNode_Mint(*mint) == lib.seL4_DeleteFirst
    view = machine.cspace[slot].view
    assert (view.badge, view.rights) == (77, sel4emu.Rights.WRITE | sel4emu.Rights.GRANT)


def test_results_come_back_as_structures(machine: Machine) -> None:
    frame = machine.frame("f")
    with machine.capi() as lib:
        result = lib.seL4_X86_Page_GetAddress(frame.slot)
    assert (result.error, result.paddr) == (0, frame.address)


def test_messages_travel_in_the_ipc_buffer(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    badged = endpoint.mint(5)
    got: list[tuple[int, ...]] = []

    def serve() -> None:
        with machine.capi() as lib:
            badge = lib.ffi.new("seL4_Word *")
            info = lib.seL4_Recv(endpoint.slot, badge)
            length = lib.seL4_MessageInfo_get_length(info)
            got.append((badge[0], *(lib.seL4_GetMR(i) for i in range(length))))
            lib.seL4_SetMR(0, 99)
            lib.seL4_Reply(lib.seL4_MessageInfo_new(4, 0, 0, 1))

    thread = threading.Thread(target=serve)
    thread.start()
    with machine.capi() as lib:
        for i in range(10):
            lib.seL4_SetMR(i, i * i)
        info = lib.seL4_Call(badged.slot, lib.seL4_MessageInfo_new(0, 0, 0, 10))
        assert lib.seL4_MessageInfo_get_label(info) == 4
        assert lib.seL4_GetMR(0) == 99
    thread.join()
    assert got == [(5, *(i * i for i in range(10)))]


def test_signals_and_polls(machine: Machine) -> None:
    notification = machine.notification("n")
    badged = notification.mint(6)
    with machine.capi() as lib:
        lib.seL4_Signal(badged.slot)
        badge = lib.ffi.new("seL4_Word *")
        lib.seL4_Poll(notification.slot, badge)
        assert badge[0] == 6


def test_without_a_machine_a_function_says_what_to_do() -> None:
    with pytest.raises(sel4emu.MachineError, match=r"inside `with machine\.capi"):
        capi.lib.seL4_Signal(1)


def test_bindings_nest(machine: Machine) -> None:
    with Machine("16M") as other, machine.capi() as lib:
        mine = machine.endpoint("mine")
        with other.capi():
            assert lib.seL4_TCB_Suspend(mine.slot) == lib.seL4_InvalidCapability
        assert lib.seL4_TCB_Suspend(machine.tcb("t").slot) == lib.seL4_NoError


def test_a_call_that_can_never_complete_is_an_exception(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    with machine.capi() as lib, pytest.raises(sel4emu.DeadlockError, match="seL4_Call"):
        lib.seL4_Call(endpoint.slot, lib.seL4_MessageInfo_new(0, 0, 0, 0))


def test_a_fault_is_an_exception(machine: Machine) -> None:
    with machine.capi() as lib, pytest.raises(sel4emu.AgentFault, match="seL4_Recv"):
        lib.seL4_Recv(4000, lib.ffi.NULL)


def test_threads_can_be_named(machine: Machine) -> None:
    tcb = machine.tcb("t")
    with machine.capi() as lib:
        lib.seL4_DebugNameThread(tcb.slot, b"renamed")
    assert tcb.thread_name == "renamed"


def test_the_names_are_listed() -> None:
    names = dir(capi.lib)
    assert {"seL4_CNode_Mint", "seL4_Call", "seL4_EndpointObject", "ffi"} <= set(names)


def test_an_mcs_machine_has_the_stubs_of_mcs_programs(isolation: str) -> None:
    with Machine("16M", mcs=True, isolation=isolation, check=True) as machine:
        notification = machine.notification()
        context = machine.sched_context()
        with machine.capi() as lib:
            assert not hasattr(lib, "seL4_Reply")
            assert lib.ffi.offsetof("seL4_BootInfo", "untypedList") == 184
            lib.seL4_Signal(int(notification))
            badge = lib.ffi.new("seL4_Word *", 7)
            lib.seL4_Wait(int(notification), badge)
            assert badge[0] == 0
            answer = lib.seL4_SchedContext_Consumed(int(context))
            assert (answer.error, answer.consumed) == (lib.seL4_NoError, 0)
