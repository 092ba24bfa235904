# SPDX-License-Identifier: BSD-2-Clause
"""A machine: how it is made, what it costs, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import sel4emu
from sel4emu import Machine


def test_a_machine_is_a_context_manager_that_closes_itself() -> None:
    with Machine("16M") as machine:
        assert not machine.closed
        assert "16M" in repr(machine)
    assert machine.closed
    assert repr(machine) == "<Machine (closed)>"


def test_closing_twice_does_nothing() -> None:
    machine = Machine("16M")
    machine.close()
    machine.close()


def test_a_closed_machine_says_so() -> None:
    with Machine("16M") as machine:
        endpoint = machine.endpoint("ep")
    with pytest.raises(sel4emu.MachineClosed, match="closed"):
        endpoint.nbsend()
    with pytest.raises(sel4emu.MachineClosed):
        machine.threads()


def test_memory_may_be_a_number_or_text() -> None:
    with Machine(8 << 20) as machine:
        assert machine.memory_size == 8 << 20
    with Machine("8 MiB") as machine:
        assert machine.memory_size == 8 << 20


@pytest.mark.parametrize("memory", ["", "64X", "-1M", 0, "0M", "1.5G"])
def test_a_size_that_makes_no_sense_is_refused(memory: int | str) -> None:
    with pytest.raises(ValueError, match="size"):
        Machine(memory)


@pytest.mark.parametrize("memory", ["64K", "2T"])
def test_too_little_and_too_much_memory_is_refused(memory: str) -> None:
    with pytest.raises(ValueError, match="memory"):
        Machine(memory)


def test_a_large_machine_costs_only_what_it_touches() -> None:
    with Machine("64G") as machine:
        assert machine.buddies.free_bytes() > 60 << 30
        machine.endpoint("ep").nbsend()


def test_isolation_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEL4EMU_ISOLATION", "process")
    with Machine("16M") as machine:
        assert machine.isolation == "process"
    monkeypatch.setenv("SEL4EMU_ISOLATION", "none")
    with pytest.raises(ValueError, match="SEL4EMU_ISOLATION='none': must be 'direct' or 'process'"):
        Machine("16M")


def test_the_argument_isolation_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEL4EMU_ISOLATION", "process")
    with Machine("16M", isolation="direct") as machine:
        assert machine.isolation == "direct"


def test_machines_are_independent_of_each_other() -> None:
    with Machine("16M") as one, Machine("16M") as other:
        one.endpoint("ep")
        assert "ep" in one.cspace
        assert "ep" not in other.cspace


def test_a_hundred_machines_come_and_go() -> None:
    for _ in range(100):
        with Machine("16M") as machine:
            machine.endpoint()


def test_every_invariant_holds_after_boot(machine: Machine) -> None:
    machine.check()


def test_python_is_a_thread_of_the_machine(machine: Machine) -> None:
    threads = {t.name: t for t in machine.threads()}
    assert threads["python"].agent
    assert threads["python"].doing() == "is Python"


def test_threads_of_python_get_agents_of_their_own(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    badges: list[int] = []

    def send(badge: int) -> None:
        endpoint.mint(badge).send(timeout=10)

    threads = [threading.Thread(target=send, args=(badge,)) for badge in range(1, 9)]
    for thread in threads:
        thread.start()
    for _ in threads:
        badges.append(endpoint.recv(timeout=10).badge)
    for thread in threads:
        thread.join()
    assert sorted(badges) == list(range(1, 9))
    machine.check()


def test_agents_are_used_again_when_their_python_threads_have_ended(machine: Machine) -> None:
    notification = machine.notification("n")
    for _ in range(50):
        thread = threading.Thread(target=notification.signal)
        thread.start()
        thread.join()
    assert len(machine.threads()) <= 4


def test_closing_wakes_python_threads_that_wait() -> None:
    machine = Machine("16M")
    endpoint = machine.endpoint("ep")
    errors: list[BaseException] = []

    def wait() -> None:
        try:
            endpoint.recv(timeout=60)
        except sel4emu.MachineClosed as error:
            errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    while len(endpoint.queue()) == 0:
        time.sleep(0.001)
    start = time.monotonic()
    machine.close()
    thread.join()
    assert len(errors) == 1
    assert time.monotonic() - start < 5


def test_ctrl_c_ends_a_wait_and_takes_the_call_back(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        endpoint.recv(timeout=60)
    assert time.monotonic() - start < 5
    assert len(endpoint.queue()) == 0


def test_a_forked_child_cannot_use_the_machine_and_does_not_harm_it() -> None:
    program = """
import os, sel4emu
with sel4emu.Machine("16M") as machine:
    endpoint = machine.endpoint("ep")
    pid = os.fork()
    if pid == 0:
        try:
            endpoint.nbsend()
        except sel4emu.MachineClosed:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    endpoint.nbsend()
    machine.check()
print("fine")
"""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.stdout == "fine\n", result.stderr


def test_a_machine_left_open_is_closed_at_exit() -> None:
    program = """
import sel4emu
machine = sel4emu.Machine("16M")
machine.endpoint("ep")
print("fine")
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "fine\n", "")


def test_pausing_nests_and_unpaused_machines_cannot_be_resumed(machine: Machine) -> None:
    with machine.paused(), machine.paused():
        assert machine.core.paused == 2
    assert machine.core.paused == 0
    with pytest.raises(ValueError, match="not paused"):
        machine.resume()


def test_only_a_paused_machine_can_be_stepped(machine: Machine) -> None:
    with pytest.raises(ValueError, match="paused"):
        machine.step()


def test_an_idle_machine_is_idle_at_once(machine: Machine) -> None:
    machine.wait_idle(timeout=1)


def test_physical_memory_can_be_read_and_written(machine: Machine) -> None:
    frame = machine.frame("page")
    machine.write(frame.address + 5, b"hello")
    assert machine.read(frame.address, 12) == b"\0\0\0\0\0hello\0\0"
    with pytest.raises(ValueError, match="beyond"):
        machine.read(machine.memory_size - 1, 2)


def test_the_trace_tells_what_python_did(machine: Machine) -> None:
    machine.endpoint("ep").mint(3)
    record = machine.trace(last=1)[0]
    assert (record.thread, record.method, record.error) == ("python", "CNode_Mint", "")
    assert len(machine.trace(last=5)) == 5


def test_without_a_trace_there_are_no_records() -> None:
    with Machine("16M", trace=False) as machine:
        machine.endpoint("ep")
        assert len(machine.trace()) == 0


def test_a_broken_kernel_object_stops_the_machine_and_says_where(isolation: str) -> None:
    with Machine("16M", isolation=isolation, check=True) as machine:  # type: ignore[arg-type]
        endpoint, tcb = machine.endpoint("ep"), machine.tcb("t")
        machine.write(tcb.object + 200, b"\xff" * 200)
        with pytest.raises(sel4emu.MachinePanic, match="thread"):
            endpoint.mint(4)
        assert machine.panic
        with pytest.raises(sel4emu.MachinePanic):
            endpoint.nbsend()
        assert len(machine.threads()) > 0  # looking at the remains is possible
        with pytest.raises(sel4emu.MachineError, match="invariant"):
            machine.check()


def test_without_memory_a_new_python_thread_is_told_so() -> None:
    with Machine("4M", cnode_bits=8) as machine:
        notification = machine.notification("n")
        while True:
            try:
                machine.cspace[1].copy()
            except sel4emu.MachineError:
                break
        errors: list[BaseException] = []
        start, go = threading.Barrier(3), threading.Event()

        def work() -> None:
            start.wait(10)
            try:
                notification.signal()
            except sel4emu.MachineError as error:
                errors.append(error)
            go.wait(20)  # keep the agent

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        start.wait(10)
        end = time.monotonic() + 15
        while not errors and time.monotonic() < end:
            time.sleep(0.01)
        go.set()
        for thread in threads:
            thread.join()
        assert len(errors) == 1
        assert "no agent is left" in str(errors[0])
