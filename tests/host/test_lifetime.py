# SPDX-License-Identifier: BSD-2-Clause
"""Machines and the Python process around them: several, forked, interrupted, killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sel4emu

Program = Callable[..., Path]
Python = Callable[..., Any]

START = """
import os, signal, sys, threading, time
import sel4emu
isolation, server, caller = sys.argv[1:4]
machine = sel4emu.Machine(isolation=isolation)
endpoint = machine.endpoint("ep")
clients = [machine.spawn(server, {"ep": endpoint}, name="server")]
clients += [machine.spawn(caller, {"ep": (endpoint, {"badge": i})}, args=["0"], name=f"c{i}")
            for i in range(1, 4)]
print(*(client.pid for client in clients))
"""


def alive(pids: list[int]) -> list[int]:
    """Return which of these processes are there, zombies of somebody else not counted."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state[0] not in "ZX":
            found.append(pid)
    return found


def gone(pids: list[int], seconds: float = 5) -> bool:
    """Wait until none of these processes is there."""
    end = time.monotonic() + seconds
    while alive(pids) and time.monotonic() < end:
        time.sleep(0.01)
    return not alive(pids)


def arguments(isolation: str, program: Program) -> tuple[str, Path, Path]:
    return isolation, program("server"), program("caller")


def read_pids(process: Any) -> list[int]:
    line = process.stdout.readline()
    assert line, process.stderr.read()
    pids = [int(pid) for pid in line.split()]
    assert alive(pids) == pids
    return pids


# --- several machines -----------------------------------------------------------------


def test_machines_in_one_process_do_not_see_each_other(
    isolation: str, make_service: Callable[..., Any], program: Program
) -> None:
    with sel4emu.Machine(isolation=isolation) as a, sel4emu.Machine(isolation=isolation) as b:
        services = [make_service(a), make_service(b)]
        clients = [
            machine.spawn(program("caller"), service.grant(1), args=["200"])
            for machine, service in zip((a, b), services, strict=True)
        ]
        for service in services:
            service.ask()
        assert [client.wait(20) for client in clients] == [0, 0]
        assert [service.report() for service in services] == [(201, 0, 2)] * 2
        a.close()
        services[1].ask()
        assert b.client_count == 1


def test_a_panic_stops_only_its_own_machine(
    isolation: str, make_service: Callable[..., Any]
) -> None:
    with sel4emu.Machine(isolation=isolation) as a, sel4emu.Machine(isolation=isolation) as b:
        services = [make_service(a), make_service(b)]
        services[0].client.kill()
        with pytest.raises(sel4emu.DeadlockError):
            services[0].endpoint.call([0])
        services[1].ask()


def test_both_gates_side_by_side(make_service: Callable[..., Any]) -> None:
    with (
        sel4emu.Machine(isolation="direct") as direct,
        sel4emu.Machine(isolation="process") as server,
    ):
        services = [make_service(machine) for machine in (direct, server)]
        for _ in range(10):
            for service in services:
                service.ask()


def test_a_capability_of_another_machine_is_refused(isolation: str, program: Program) -> None:
    with sel4emu.Machine(isolation=isolation) as a, sel4emu.Machine(isolation=isolation) as b:
        with pytest.raises((ValueError, sel4emu.MachineError), match="another machine"):
            a.spawn(program("caller"), {"ep": b.endpoint()})
        assert a.client_count == 0


# --- the Python process ends ----------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_no_client_outlives_its_script(
    isolation: str, program: Program, python: Python, number: signal.Signals
) -> None:
    script = START + "time.sleep(60)"
    with python(script, *arguments(isolation, program)) as process:
        pids = read_pids(process)
        process.send_signal(number)
        assert process.wait(10) == -number
        assert gone(pids)


@pytest.mark.parametrize(
    ("end", "code"), [("", 0), ("sys.exit(3)", 3), ("os._exit(4)", 4), ("1 / 0", 1)]
)
def test_no_client_outlives_a_script_that_ends_without_close(
    isolation: str, program: Program, python: Python, end: str, code: int
) -> None:
    with python(START + end, *arguments(isolation, program)) as process:
        output = process.stdout.readline()
        assert process.wait(20) == code, process.stderr.read()
        assert gone([int(pid) for pid in output.split()])


def test_the_thread_that_made_the_machine_may_end(
    isolation: str, make_service: Callable[..., Any]
) -> None:
    """Clients are tied to the process, not to the Python thread that spawned them."""
    made: list[Any] = []

    def make() -> None:
        machine = sel4emu.Machine(isolation=isolation)
        made.extend((machine, make_service(machine)))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    machine, service = made
    try:
        time.sleep(0.1)
        service.ask()
    finally:
        machine.close()


# --- fork -----------------------------------------------------------------------------

FORK = (
    START
    + """
child = os.fork()
if child == 0:
    try:
        endpoint.call([0], timeout=5)
    except sel4emu.MachineError as error:
        print(type(error).__name__, error, flush=True)
    try:
        clients[0].kill()
    except sel4emu.MachineError as error:
        print("closed" if machine.closed else "open", flush=True)
    with sel4emu.Machine(isolation=isolation) as own:
        ep = own.endpoint()
        client = own.spawn(server, {"ep": ep})
        print(*ep.call([0], timeout=5).words, flush=True)
    sys.exit(0)
print(os.waitpid(child, 0)[1])
print(*endpoint.call([0], timeout=5).words[:1])
print([client.poll() for client in clients])
machine.close()
"""
)


def test_a_forked_child_is_told_that_the_machine_is_not_its_own(
    isolation: str, program: Program, python: Python
) -> None:
    with python(FORK, *arguments(isolation, program)) as process:
        output, errors = process.communicate(timeout=60)
    lines = output.splitlines()
    assert process.returncode == 0, output + errors
    assert lines[1].startswith("MachineClosed") and "fork" in lines[1]
    assert lines[2] == "closed"
    assert lines[3] == "1 1"
    assert lines[4:] == ["0", "1", "[None, None, None, None]"]


MULTIPROCESSING = """
import multiprocessing, sys
import sel4emu
def work(isolation, server):
    with sel4emu.Machine(isolation=isolation) as machine:
        ep = machine.endpoint()
        machine.spawn(server, {"ep": ep})
        return ep.call([0], timeout=10).words[0]
if __name__ == "__main__":
    with sel4emu.Machine(isolation=sys.argv[1]) as machine:
        ep = machine.endpoint()
        machine.spawn(sys.argv[2], {"ep": ep})
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(*pool.starmap(work, [sys.argv[1:3]] * 4))
        print(ep.call([0], timeout=10).words[0])
"""


def test_machines_in_forked_workers(isolation: str, program: Program, python: Python) -> None:
    with python(MULTIPROCESSING, isolation, program("server")) as process:
        output, errors = process.communicate(timeout=60)
    assert output.split() == ["1"] * 5, output + errors


def test_a_child_that_only_executes_a_program_disturbs_nothing(
    machine: sel4emu.Machine, service: Any
) -> None:
    for _ in range(20):
        assert os.system("true") == 0
        service.ask()


# --- Ctrl-C ---------------------------------------------------------------------------

WAITS = {
    "recv": "machine.endpoint().recv()",
    "recv with a time-out": "machine.endpoint().recv(timeout=50)",
    "call": "machine.endpoint().call()",
    "send": "machine.endpoint().send()",
    "notification": "machine.notification().wait()",
    "wait for a client": "clients[1].wait()",
    "wait for all": "machine.wait()",
    "wait_idle": "machine.wait_idle(50)",
    "spawn": "machine.spawn(sys.argv[4], timeout=50)",
}
INTERRUPT = (
    START
    + """
def interrupt():
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
start = time.monotonic()
try:
    WAIT
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - start < 1)
print(*endpoint.call([0], timeout=5).words[:1])
machine.check()
machine.close()
print(len(os.listdir("/proc/self/fd")))
"""
)


@pytest.mark.parametrize("what", WAITS)
def test_ctrl_c_ends_a_wait_and_leaves_nothing(
    isolation: str, program: Program, python: Python, what: str
) -> None:
    script = INTERRUPT.replace("WAIT", WAITS[what])
    with python(script, *arguments(isolation, program), program("silent")) as process:
        pids = read_pids(process)
        output, errors = process.communicate(timeout=60)
    assert output.split() == ["interrupted", "True", "1", "4"], output + errors
    assert gone(pids)


def test_ctrl_c_without_a_handler_ends_script_and_clients(
    isolation: str, program: Program, python: Python
) -> None:
    script = START + "machine.endpoint().recv()"
    with python(script, *arguments(isolation, program)) as process:
        pids = read_pids(process)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in errors
    assert process.returncode != 0
    assert gone(pids)


def test_ctrl_c_on_the_terminal_reaches_clients_too(
    isolation: str, program: Program, python: Python
) -> None:
    """The whole foreground group gets the signal; nothing hangs and nothing is left."""
    script = START + "machine.endpoint().recv()"
    with python(script, *arguments(isolation, program), start_new_session=True) as process:
        pids = read_pids(process)
        time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in errors
    assert gone(pids)
