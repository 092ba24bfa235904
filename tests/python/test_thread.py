# SPDX-License-Identifier: BSD-2-Clause
"""Threads as Python sees and sets them: registers, priorities, spaces, names."""

from __future__ import annotations

import pytest

import sel4emu
from sel4emu import Machine


def test_a_new_thread_is_stopped_and_named(machine: Machine) -> None:
    tcb = machine.tcb("worker")
    assert tcb.thread_name == "worker"
    assert (tcb.state().state, tcb.state().doing()) == ("inactive", "is stopped")
    tcb.thread_name = "other"
    assert machine.threads()["other"].tcb == tcb.object


def test_registers_are_written_and_read_by_name(machine: Machine) -> None:
    tcb = machine.tcb("t")
    tcb.write_registers({"rip": 0x400000, "rsp": 0x7000, "rdi": 42})
    registers = tcb.read_registers()
    assert (registers["rip"], registers["rsp"], registers["rdi"]) == (0x400000, 0x7000, 42)
    assert list(registers)[:3] == ["rip", "rsp", "rflags"]
    tcb.write_registers({"rdi": 43})
    assert tcb.read_registers()["rsp"] == 0x7000
    assert len(tcb.read_registers(3)) == 3


def test_an_unknown_register_is_refused(machine: Machine) -> None:
    with pytest.raises(ValueError, match="no such register: eax"):
        machine.tcb("t").write_registers({"eax": 1})


def test_registers_can_be_copied(machine: Machine) -> None:
    one, other = machine.tcb("one"), machine.tcb("other")
    one.write_registers({"rip": 0x1000, "rbx": 5})
    other.copy_registers(one)
    assert other.read_registers()["rbx"] == 5


def test_python_cannot_read_its_own_registers(machine: Machine) -> None:
    with pytest.raises(sel4emu.IllegalOperation, match="own registers"):
        machine.root_tcb.read_registers()


def test_priorities_are_bounded_by_the_authority(machine: Machine) -> None:
    weak, tcb = machine.tcb("weak"), machine.tcb("t")
    weak.set_mcpriority(50)
    tcb.set_priority(200)
    assert tcb.state().priority == 200
    with pytest.raises(sel4emu.RangeError) as caught:
        tcb.set_priority(60, authority=weak)
    assert caught.value.maximum == 50
    tcb.set_sched_params(priority=30, mcp=40, authority=weak)
    assert (tcb.state().priority, tcb.state().mcp) == (30, 40)


def test_configuring_sets_spaces_and_ipc_buffer(machine: Machine) -> None:
    tcb, frame, vspace = machine.tcb("t"), machine.frame("buffer"), machine.vspace("v")
    cnode = machine.cnode(4, "c")
    tcb.configure(cspace=cnode, vspace=vspace, buffer=0x1000, buffer_frame=frame)
    state = tcb.state()
    assert (state.cspace, state.vspace) == (cnode.object, vspace.object)
    assert state.ipc_buffer == 0x1000
    with pytest.raises(sel4emu.AlignmentError):
        tcb.set_ipc_buffer(0x1001, frame)
    tcb.set_space(cspace=cnode, vspace=vspace, fault_ep=3)
    assert tcb.state().fault_handler == 3


def test_a_vspace_without_an_asid_is_refused(machine: Machine) -> None:
    vspace = machine.allocate("PML4")
    with pytest.raises(sel4emu.IllegalOperation, match="ASID"):
        machine.tcb("t").configure(cspace=machine.cspace, vspace=vspace)


def test_flags_are_set_and_cleared(machine: Machine) -> None:
    tcb = machine.tcb("t")
    assert tcb.set_flags(set=1) == 1
    assert tcb.set_flags(clear=1) == 0


def test_threads_can_be_put_into_the_only_domain(machine: Machine) -> None:
    tcb = machine.tcb("t")
    machine.domain_set.set(tcb, 0)
    with pytest.raises(sel4emu.InvalidArgument):
        machine.domain_set.set(tcb, 1)


def test_a_table_of_threads_is_a_sequence_with_names(machine: Machine) -> None:
    machine.tcb("worker")
    threads = machine.threads()
    assert threads["worker"] in list(threads)
    assert "worker" in str(threads)
    assert threads.as_dict()[0]["name"] == threads[0].name
    with pytest.raises(KeyError, match="no thread named"):
        threads["nobody"]
