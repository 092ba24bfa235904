# SPDX-License-Identifier: BSD-2-Clause
"""SIGKILL at any moment: with the server gate, and outside the kernel core, nobody else notices.

With the direct gate a client may be killed while it is the kernel. Then the machine stops, within
a second, and says who it was and what he was doing.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sel4emu

Program = Callable[..., Path]

KILLS = 100
POLITE_KILLS = 300


def ended(client: sel4emu.Client) -> bool:
    """Wait for a client's end; false if the machine stopped meanwhile."""
    try:
        assert client.wait(10) == -signal.SIGKILL
    except (sel4emu.ClientError, sel4emu.MachinePanic):
        assert client.machine.panic
        return False
    return client.machine.panic == ""


def test_killed_from_outside_at_random_moments(
    isolation: str, program: Program, make_service: Callable[..., Any]
) -> None:
    chance = random.Random(1)
    done = stopped = 0
    while done < KILLS:
        with sel4emu.Machine(isolation=isolation, check=True) as machine:
            service = make_service(machine)
            other = machine.spawn(program("caller"), service.grant(1), args=["0"], name="other")
            badge = 2
            while done < KILLS:
                victim = machine.spawn(
                    program("caller"), service.grant(badge), args=["0"], name="victim"
                )
                time.sleep(chance.random() * 0.004)
                os.kill(victim.pid, signal.SIGKILL)
                done += 1
                badge += 1
                if not ended(victim) or machine.panic:
                    stopped += 1
                    assert isolation == "direct"
                    assert re.search("'victim'.*died inside the kernel", machine.panic)
                    break
                assert other.poll() is None
                service.ask()
                victim.close()
            else:
                assert service.report()[1] == 0
    assert stopped <= done if isolation == "direct" else stopped == 0


def test_kills_by_the_script_never_stop_the_machine(
    fast_machine: sel4emu.Machine, program: Program, make_service: Callable[..., Any]
) -> None:
    chance = random.Random(2)
    service = make_service(fast_machine)
    other = fast_machine.spawn(program("caller"), service.grant(1), args=["0"], name="other")
    for i in range(POLITE_KILLS):
        victim = fast_machine.spawn(
            program("caller"), service.grant(2 + i), args=["0"], name="victim"
        )
        if chance.random() < 0.5:
            time.sleep(chance.random() * 0.001)
        victim.kill()
        assert victim.wait(10) == -signal.SIGKILL
        victim.close()
        assert fast_machine.panic == ""
    service.ask()
    assert other.poll() is None
    assert service.report()[1] == 0
    fast_machine.check()


def test_killed_while_it_computes(machine: sel4emu.Machine, service: Any, program: Program) -> None:
    for _ in range(20):
        busy = machine.spawn(program("busy"), stdout=sel4emu.PIPE, priority=50)
        assert busy.stdout is not None and busy.stdout.readline() == "ready\n"
        os.kill(busy.pid, signal.SIGKILL)
        assert busy.wait(10) == -signal.SIGKILL
        service.ask()
    assert machine.panic == ""


def test_killed_while_it_is_blocked(
    machine: sel4emu.Machine, service: Any, program: Program
) -> None:
    endpoint = machine.endpoint()
    for _ in range(20):
        caller = machine.spawn(program("caller"), {"ep": endpoint})
        machine.wait_idle(10)
        os.kill(caller.pid, signal.SIGKILL)
        assert caller.wait(10) == -signal.SIGKILL
        service.ask()
    assert endpoint.nbrecv() is None
    assert machine.panic == ""


def test_the_server_is_killed_while_clients_call_it(
    machine: sel4emu.Machine, service: Any, make_service: Callable[..., Any], program: Program
) -> None:
    """Its callers stay blocked, as on seL4; everybody else goes on."""
    other = make_service(machine)
    callers = [
        machine.spawn(program("caller"), other.grant(i), args=["0"], name=f"caller-{i}")
        for i in range(1, 5)
    ]
    time.sleep(0.05)
    other.client.kill()
    assert other.client.wait(10) == -signal.SIGKILL
    for _ in range(10):
        service.ask()
    assert [caller.poll() for caller in callers] == [None] * 4
    assert machine.panic == ""


def killed_inside(client: sel4emu.Client, function: str) -> None:
    """Kill a client that calls, by gdb, where it enters a function of the kernel core."""
    if shutil.which("gdb") is None:
        pytest.skip("no gdb: apt-get install gdb")
    script = [f"break {function}", "continue", "kill", "quit"]
    command = ["gdb", "-nx", "-batch", "-p", str(client.pid)]
    for line in script:
        command += ["-ex", line]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert f"{function} (" in result.stdout, result.stdout + result.stderr


@pytest.mark.parametrize("function", ["kernel_enter", "handoff_thread", "lock_drop"])
def test_killed_on_its_way_in_or_out_of_the_kernel_core(
    program: Program, make_service: Callable[..., Any], function: str
) -> None:
    """It holds the lock, but the machine is whole: the monitor takes over, and others go on."""
    with sel4emu.Machine(isolation="direct", check=True) as machine:
        service = make_service(machine)
        other = machine.spawn(program("caller"), service.grant(1), args=["0"], name="other")
        victim = machine.spawn(program("caller"), service.grant(2), args=["0"], name="victim")
        killed_inside(victim, function)
        start = time.monotonic()
        service.ask()
        assert time.monotonic() - start < 1
        assert victim.wait(10) == -signal.SIGKILL
        assert other.poll() is None
        assert service.report()[1] == 0
        machine.check()


def test_killed_inside_the_kernel_core(program: Program, make_service: Callable[..., Any]) -> None:
    with sel4emu.Machine(isolation="direct") as machine:
        service = make_service(machine)
        victim = machine.spawn(program("caller"), service.grant(1), args=["0"], name="victim")
        killed_inside(victim, "syscall_handle")
        start = time.monotonic()
        with pytest.raises(sel4emu.MachinePanic) as raised:
            while time.monotonic() < start + 5:
                service.ask(timeout=0.2)
        assert time.monotonic() - start < 1
        doing = "during seL4_Call on capability 0x10"
        text = f"client 'victim' (pid {victim.pid}) died inside the kernel, {doing}"
        assert text in str(raised.value)
        assert text == machine.panic
        with pytest.raises(sel4emu.MachinePanic):
            machine.endpoint()
        with pytest.raises((sel4emu.ClientError, sel4emu.MachinePanic), match="died inside"):
            service.client.wait(10)


def test_killed_inside_the_kernel_core_is_noticed_without_a_call(
    program: Program, make_service: Callable[..., Any]
) -> None:
    """Nobody enters the kernel any more, and still it is noticed within a second."""
    with sel4emu.Machine(isolation="direct") as machine:
        service = make_service(machine)
        victim = machine.spawn(program("caller"), service.grant(1), args=["0"], name="victim")
        killed_inside(victim, "syscall_handle")
        start = time.monotonic()
        while not machine.panic:
            assert time.monotonic() - start < 1
            time.sleep(0.01)
        assert "'victim'" in machine.panic
