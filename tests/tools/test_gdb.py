# SPDX-License-Identifier: BSD-2-Clause
"""gdb on a running client: its threads by name, breakpoints, backtraces, and life afterwards."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sel4emu

Program = Callable[..., Path]
CALLS = 25
DEBUG = ["-g", "-O0"]

pytestmark = pytest.mark.skipif(shutil.which("gdb") is None, reason="no gdb: apt-get install gdb")


class Gdb:
    """A gdb in batch mode, attached to a process."""

    def __init__(self, pid: int, *commands: str, folder: Path) -> None:
        script = folder / "commands.gdb"
        script.write_text("\n".join(["set pagination off", "set confirm off", *commands, ""]))
        self.process = subprocess.Popen(
            ["gdb", "-nx", "-batch", "-p", str(pid), "-x", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []

    def wait_for(self, text: str) -> None:
        """Read its output until a line has this text."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return
        pytest.fail(f"gdb never said {text!r}:\n{''.join(self.lines)}")

    def finish(self) -> str:
        """Wait for its end; return all that it said."""
        output, _ = self.process.communicate(timeout=60)
        return "".join(self.lines) + output


@pytest.fixture
def attach(tmp_path: Path) -> Any:
    """Attach gdbs that end with the test."""
    made: list[Gdb] = []

    def start(pid: int, *commands: str) -> Gdb:
        made.append(Gdb(pid, *commands, folder=tmp_path))
        return made[-1]

    yield start
    for gdb in made:
        gdb.process.kill()
        gdb.process.communicate()


def test_info_threads_lists_seL4_threads_by_name(  # noqa: N802
    machine: sel4emu.Machine, program: Program, attach: Any
) -> None:
    caps: dict[str, Any] = {f"turn-{i}": machine.notification() for i in range(4)}
    for i in range(1, 4):
        caps |= {f"tcb-{i}": machine.tcb(), f"frame-{i}": machine.frame()}
    caps["ep"] = machine.endpoint("ep")
    path = program("threads", flags=DEBUG)
    client = machine.spawn(path, caps, args=["3", "stay"], name="boss", priority=150)
    caps["ep"].recv(timeout=20).reply()
    machine.wait_idle(10)
    output = attach(client.pid, "info threads", "thread apply all backtrace").finish()
    listed = re.findall(r'\(LWP \d+\) "([^"\n]+)" ', output)
    assert sorted(set(listed)) == ["adder", "boss", "brewer", "cutter", "sel4emu"], output
    for number in (1, 2, 3):
        assert f"in work (number={number})" in output, output
        assert f"in work_{number} ()" in output
    assert "in main (argc=3" in output
    # All of them go on: another round, and the end.
    caps["turn-1"].signal()
    assert client.wait(10) == 0


def test_a_breakpoint_in_a_server_fires_once_per_call(
    machine: sel4emu.Machine, make_service: Callable[..., Any], attach: Any
) -> None:
    service = make_service(machine, flags=DEBUG)
    gdb = attach(
        service.client.pid,
        "break handle_request",
        "commands",
        "silent",
        'printf "hit badge=%lu number=%lu\\n", badge, number',
        "backtrace",
        "continue",
        "end",
        "break finished",
        'printf "armed\\n"',
        "continue",
        "detach",
    )
    gdb.wait_for("armed")
    for _ in range(CALLS):
        service.ask()
    stopper = threading.Thread(target=service.endpoint.call, kwargs={"label": 2, "timeout": 60})
    stopper.start()
    output = gdb.finish()
    stopper.join(20)
    hits = re.findall(r"^hit badge=(\d+) number=(\d+)$", output, re.MULTILINE)
    assert hits == [("0", str(i)) for i in range(CALLS)], output
    for _, number in hits:
        assert f"handle_request (badge=0, number={number})" in output
    assert len(re.findall(r"#1 .* answer \(info=.*badge=0\)", output)) == CALLS
    assert len(re.findall(r"#2 .* main \(\)", output)) >= CALLS
    assert "finished ()" in output
    assert service.client.wait(10) == 0


def test_the_system_goes_on_after_a_detach(
    machine: sel4emu.Machine, service: Any, attach: Any, program: Program
) -> None:
    caller = machine.spawn(program("caller"), service.grant(5), args=["0"], name="caller")
    for _ in range(3):
        for client in (service.client, caller):
            output = attach(client.pid, "backtrace", "info registers rip", "detach").finish()
            assert "detached" in output, output
        service.ask()
    assert caller.poll() is None and service.client.poll() is None
    assert service.report()[1] == 0
    assert machine.panic == ""


def test_locals_and_callers_of_a_blocked_client_are_right(
    machine: sel4emu.Machine, program: Program, attach: Any
) -> None:
    endpoint = machine.endpoint("ep")
    path = program("caller", flags=DEBUG)
    client = machine.spawn(path, {"ep": endpoint}, args=["77"], name="caller")
    endpoint.recv(timeout=10).reply([1, 1])
    machine.wait_idle(10)
    output = attach(client.pid, "backtrace", "frame function main", "info locals").finish()
    assert re.search(r"call_server \(endpoint=\d+, number=1\)", output), output
    assert "main (argc=2" in output
    assert "calls = 77" in output
    assert re.search(r"^i = 1$", output, re.MULTILINE)


def test_stepping_over_a_call_returns_to_the_caller(
    machine: sel4emu.Machine, service: Any, program: Program, attach: Any
) -> None:
    caller = machine.spawn(
        program("caller", flags=DEBUG), service.grant(6), args=["0"], name="caller"
    )
    output = attach(
        caller.pid,
        "break call_server",
        "continue",
        "next",
        "next",
        "next",
        "info locals",
        "delete",
        "finish",
        "detach",
    ).finish()
    assert re.search(r"Value returned is .* = \d+", output), output
    service.ask()
    assert caller.poll() is None


def test_a_watchpoint_and_a_condition(machine: sel4emu.Machine, service: Any, attach: Any) -> None:
    gdb = attach(
        service.client.pid,
        "break handle_request if number == 10",
        'printf "armed\\n"',
        "continue",
        'printf "number is %lu\\n", number',
        "print total",
        "detach",
    )
    gdb.wait_for("armed")
    for _ in range(15):
        service.ask(timeout=60)
    output = gdb.finish()
    assert "number is 10" in output
    assert "= 10" in output


def test_whoever_waits_for_a_debugged_client_is_told(
    machine: sel4emu.Machine, service: Any, attach: Any
) -> None:
    gdb = attach(
        service.client.pid,
        "break handle_request",
        'printf "armed\\n"',
        "continue",
        'printf "stopped\\n"',
        "shell sleep 2",
        "detach",
    )
    gdb.wait_for("armed")
    with pytest.raises(sel4emu.Timeout, match=r"'server'.*(stopped|debugger)"):
        service.endpoint.call([0], timeout=1)
    gdb.finish()
    assert service.report()[0] == 1
