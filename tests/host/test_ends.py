# SPDX-License-Identifier: BSD-2-Clause
"""A client ends by itself, well or badly, while others wait on it: they go on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sel4emu

Program = Callable[..., Path]

WAYS = {
    "return": 2,
    "exit": 3,
    "_exit": 4,
    "exec": 5,
    "null": -signal.SIGSEGV,
    "abort": -signal.SIGABRT,
}


@pytest.mark.parametrize(("how", "code"), WAYS.items())
def test_its_return_code_is_told_and_others_go_on(
    machine: sel4emu.Machine, service: Any, program: Program, how: str, code: int
) -> None:
    other = machine.spawn(program("caller"), service.grant(7), args=["0"], name="other")
    endpoint = machine.endpoint()
    client = machine.spawn(program("ends"), {"ep": endpoint}, args=[how])
    endpoint.send(timeout=10)
    assert client.wait(10) == code == client.returncode == client.poll()
    service.ask()
    assert other.poll() is None
    assert machine.panic == ""
    machine.check()


@pytest.mark.parametrize("how", WAYS)
def test_who_waits_for_its_answer_can_stop_waiting(
    machine: sel4emu.Machine, service: Any, program: Program, how: str
) -> None:
    """As on seL4: the caller of a server that is gone stays blocked, until somebody stops it."""
    endpoint = machine.endpoint("abandoned")
    machine.spawn(program("ends"), {"ep": endpoint}, args=[how])
    with pytest.raises(sel4emu.Timeout):
        endpoint.call(timeout=0.5)
    service.ask()


def test_a_call_that_nobody_can_answer_any_more_is_a_deadlock(
    machine: sel4emu.Machine, program: Program
) -> None:
    endpoint = machine.endpoint("abandoned")
    machine.spawn(program("ends"), {"ep": endpoint}, args=["exit"], name="gone")
    with pytest.raises(sel4emu.DeadlockError, match="python"):
        endpoint.call()


def test_a_client_that_waits_for_one_that_is_gone_can_be_ended(
    machine: sel4emu.Machine, service: Any, program: Program
) -> None:
    endpoint = machine.endpoint()
    client = machine.spawn(program("ends"), {"ep": endpoint}, args=["exit"])
    caller = machine.spawn(program("caller"), {"ep": endpoint}, args=["1"], name="caller")
    assert client.wait(10) == 3
    with pytest.raises(sel4emu.DeadlockError, match="'caller' waits for a reply"):
        caller.wait()
    caller.kill()
    assert caller.wait(10) == -signal.SIGKILL
    service.ask()


def test_a_fault_in_seL4_memory_stops_the_thread_only(  # noqa: N802
    machine: sel4emu.Machine, service: Any, program: Program
) -> None:
    endpoint = machine.endpoint()
    client = machine.spawn(program("ends"), {"ep": endpoint}, args=["unmapped"], name="stuck")
    endpoint.send(timeout=10)
    service.ask()
    assert client.poll() is None
    with pytest.raises(sel4emu.DeadlockError, match="'stuck' is stopped"):
        client.wait()
    with pytest.raises(sel4emu.Timeout, match=r"'stuck' is stopped.*0x40000000"):
        client.wait(0.1)
    client.kill()
    assert client.wait(10) == -signal.SIGKILL


def test_a_crash_goes_to_the_fault_handler_first(
    machine: sel4emu.Machine, service: Any, program: Program
) -> None:
    endpoint, handler = machine.endpoint(), machine.endpoint("handler")
    client = machine.spawn(
        program("ends"), {"ep": endpoint}, args=["null"], fault_handler=(handler, {"badge": 9})
    )
    endpoint.send(timeout=10)
    received = handler.recv(timeout=10)
    fault = received.fault()
    assert received.badge == 9
    assert fault is not None and fault.name == "VMFault" and fault.words["Addr"] == 0
    service.ask()
    client.kill()
    assert client.wait(10) == -signal.SIGKILL


def test_memory_of_ended_clients_is_given_back(isolation: str, program: Program) -> None:
    with sel4emu.Machine("8M", isolation=isolation) as machine:
        endpoint = machine.endpoint()
        for _ in range(60):
            client = machine.spawn(program("ends"), {"ep": endpoint}, args=["exit"])
            endpoint.send(timeout=10)
            assert client.wait(10) == 3
        machine.check()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGKILL])
def test_a_signal_ends_it_wherever_it_is(
    machine: sel4emu.Machine, service: Any, program: Program, number: signal.Signals
) -> None:
    blocked = machine.spawn(program("caller"), {"ep": machine.endpoint()}, name="blocked")
    calling = machine.spawn(program("caller"), service.grant(1), args=["0"], name="calling")
    for client in (blocked, calling):
        client.send_signal(number)
        assert client.wait(10) == -number
    busy = machine.spawn(program("busy"), stdout=sel4emu.PIPE, priority=50)
    assert busy.stdout is not None and busy.stdout.readline() == "ready\n"
    busy.send_signal(number)
    assert busy.wait(10) == -number
    service.ask()


def test_a_stopped_client_is_named_by_who_waits_and_goes_on_afterwards(
    machine: sel4emu.Machine, service: Any
) -> None:
    os.kill(service.client.pid, signal.SIGSTOP)
    try:
        with pytest.raises(sel4emu.Timeout, match="server"):
            service.endpoint.call([0], timeout=0.5)
    finally:
        os.kill(service.client.pid, signal.SIGCONT)
    time.sleep(0.1)
    assert machine.panic == ""
    answered = service.report()
    assert answered[0] <= 1


def test_the_end_of_the_machine_ends_everybody(isolation: str, program: Program) -> None:
    with sel4emu.Machine(isolation=isolation) as machine:
        endpoint = machine.endpoint()
        clients = [
            machine.spawn(program("caller"), {"ep": endpoint}, name=f"c{i}") for i in range(5)
        ]
        clients.append(machine.spawn(program("busy"), stdout=sel4emu.PIPE))
        pids = [client.pid for client in clients]
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
