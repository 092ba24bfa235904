# SPDX-License-Identifier: BSD-2-Clause
"""Clients are ordinary Linux processes: their calls to Linux work beside those to seL4."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sel4emu

Program = Callable[..., Path]


def give_threads(machine: sel4emu.Machine, count: int) -> dict[str, Any]:
    """Return what thread.h needs to make threads."""
    caps: dict[str, Any] = {}
    for i in range(1, count + 1):
        caps[f"tcb-{i}"] = machine.tcb()
        caps[f"frame-{i}"] = machine.frame()
    return caps


def test_streams_files_sleep_threads_and_children(
    machine: sel4emu.Machine, service: Any, program: Program, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    client = machine.spawn(
        program("host_calls"),
        service.grant(1),
        args=[path],
        stdin=sel4emu.PIPE,
        stdout=sel4emu.PIPE,
        stderr=sel4emu.PIPE,
    )
    assert client.stdin is not None and client.stderr is not None
    client.stdin.write("word\n")
    client.stdin.close()
    assert client.wait(20) == 0
    assert client.output() == "out: word\n"
    assert client.stderr.read() == "err: word\n"
    assert path.read_text() == "written by a client\n"
    service.ask()


def test_arguments_environment_and_folder_are_its_own(
    machine: sel4emu.Machine, compile_client: Callable[..., Path], tmp_path: Path
) -> None:
    path = compile_client("""
        #include <stdio.h>
        #include <stdlib.h>
        #include <unistd.h>
        #include <sel4/sel4.h>
        int main(int argc, char **argv)
        {
            char folder[4096];
            printf("%d %s|%s|%s|%s", argc, argv[1], argv[2], getenv("WORD"),
                   getcwd(folder, sizeof(folder)));
            return getenv("SEL4EMU_SOCKET") != NULL;
        }
        """)
    client = machine.spawn(
        path, args=["a b", "ü"], env={"WORD": "x=y"}, cwd=tmp_path, stdout=sel4emu.PIPE
    )
    assert client.output(10) == f"3 a b|ü|x=y|{tmp_path}"
    assert client.returncode == 0


def test_a_socket_to_the_script(machine: sel4emu.Machine, service: Any, program: Program) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = machine.spawn(
            program("poller"), service.grant(1), stdin=theirs.fileno(), stdout=theirs.fileno()
        )
        theirs.close()
        ours.settimeout(10)
        for text in (b"a", b"hello", b"x" * 100):
            ours.sendall(text)
            assert ours.recv(200) == text.upper()
        ours.shutdown(socket.SHUT_WR)
        assert client.wait(10) == 0


def test_others_run_while_a_client_polls(
    machine: sel4emu.Machine, service: Any, program: Program
) -> None:
    client = machine.spawn(
        program("poller"), service.grant(1), stdin=sel4emu.PIPE, stdout=sel4emu.PIPE, priority=200
    )
    caller = machine.spawn(program("caller"), service.grant(2), args=["50"])
    assert caller.wait(10) == 0
    service.ask()
    assert client.stdin is not None and client.stdout is not None
    for text in ("one\n", "two\n"):
        client.stdin.write(text)
        client.stdin.flush()
        assert client.stdout.readline() == text.upper()
        service.ask()
    client.stdin.close()
    assert client.wait(10) == 0
    assert service.report()[1] == 0


def test_a_plain_read_occupies_the_processor(
    machine: sel4emu.Machine, service: Any, program: Program
) -> None:
    """Documented: others wait until it returns; whoever waits for them is told who it is."""
    client = machine.spawn(
        program("poller"),
        service.grant(1),
        args=["read"],
        name="reader",
        stdin=sel4emu.PIPE,
        stdout=sel4emu.PIPE,
        priority=200,
    )
    caller = machine.spawn(program("caller"), service.grant(2), args=["5"], name="other")
    with pytest.raises(sel4emu.Timeout, match="reader"):
        caller.wait(0.3)
    assert client.stdin is not None and client.stdout is not None
    client.stdin.write("go\n")
    client.stdin.close()
    assert client.wait(10) == 0
    assert caller.wait(10) == 0


def test_polling_clients_are_no_deadlock(machine: sel4emu.Machine, program: Program) -> None:
    client = machine.spawn(
        program("poller"),
        {"ep": machine.endpoint()},
        start=False,
        stdin=sel4emu.PIPE,
        stdout=sel4emu.PIPE,
    )
    client.close()
    ours, theirs = socket.socketpair()
    endpoint = machine.endpoint()
    with ours, theirs:
        client = machine.spawn(
            program("poller"), {"ep": endpoint}, stdin=theirs.fileno(), stdout=theirs.fileno()
        )
        endpoint.recv(timeout=10).reply([1])
        machine.wait_idle(10)
        with pytest.raises(sel4emu.Timeout):
            client.wait(0.5)
        ours.close()
        theirs.close()
        assert client.wait(10) == 0


def test_time_passes_for_a_poll_with_a_time_out(
    machine: sel4emu.Machine, compile_client: Callable[..., Path], service: Any
) -> None:
    path = compile_client("""
        #include <stddef.h>
        #include <sel4/sel4.h>
        #include <sel4emu/client.h>
        int main(void)
        {
            for (int i = 0; i < 5; i++) {
                if (sel4emu_poll(NULL, 0, 50) != 0)
                    return 1;
            }
            return 0;
        }
        """)
    start = time.monotonic()
    client = machine.spawn(path, priority=200)
    service.ask()
    assert client.wait(10) == 0
    assert 0.25 <= time.monotonic() - start < 2


def test_threads_share_malloc_and_stdio_under_preemption(isolation: str, program: Program) -> None:
    with sel4emu.Machine(isolation=isolation, tick_us=2000, slice_ticks=5) as machine:
        caps = {**give_threads(machine, 2), "never": machine.notification()}
        with machine.spawn(
            program("share"),
            caps,
            args=["2"],
            priority=100,
            stdout=sel4emu.DEVNULL,
            stderr=sel4emu.PIPE,
        ) as client:
            assert client.wait(30) == 0
            assert client.stderr is not None
            first, second = (int(word) for word in client.stderr.read().split())
        assert first > 10 and second > 10
        machine.check()


def test_seL4_threads_of_one_client_take_turns(  # noqa: N802
    machine: sel4emu.Machine, program: Program
) -> None:
    turns = {f"turn-{i}": machine.notification() for i in range(4)}
    client = machine.spawn(
        program("threads"), {**give_threads(machine, 3), **turns}, args=["100"], priority=150
    )
    assert client.wait(30) == 0


@pytest.mark.parametrize("cpu", [None, -1], ids=["one-cpu", "any-cpu"])
def test_a_process_may_end_while_its_other_threads_leave_the_kernel(
    isolation: str, program: Program, cpu: int | None
) -> None:
    """The last signal of a thread wakes the main thread, which ends the process at once."""
    with sel4emu.Machine(isolation=isolation, check=True, cpu=cpu) as machine:
        for _ in range(50):
            caps = give_threads(machine, 3)
            caps |= {f"turn-{i}": machine.notification() for i in range(4)}
            with machine.spawn(program("threads"), caps, args=["3"], priority=150) as client:
                assert client.wait(20) == 0
            for capability in caps.values():
                capability.delete()
        assert machine.panic == ""
