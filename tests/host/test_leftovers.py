# SPDX-License-Identifier: BSD-2-Clause
"""Machines and clients come and go, and nothing of them is left."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

import sel4emu

Program = Callable[..., Path]
HERE = Path(__file__).parent


def images() -> int:
    """Return how many mappings of machines this process has."""
    return Path("/proc/self/maps").read_text(encoding="ascii").count("memfd:sel4emu")


def names() -> set[str]:
    """Return what lies in the folders for temporary files, and System V's shared memory."""
    found = {str(path) for folder in ("/tmp", "/dev/shm") for path in Path(folder).iterdir()}
    return {path for path in found if "sel4" in path.lower()}


def test_a_machine_leaves_nothing(isolation: str) -> None:
    before, mappings = names(), images()
    for _ in range(20):
        sel4emu.Machine(isolation=isolation).close()
    assert images() == mappings
    assert names() == before


def test_a_machine_that_is_only_forgotten_leaves_nothing(isolation: str, program: Program) -> None:
    mappings = images()
    for _ in range(5):
        machine = sel4emu.Machine(isolation=isolation)
        machine.spawn(program("caller"), {"ep": machine.endpoint()})
        del machine
        gc.collect()
    assert images() == mappings


def test_closing_twice_is_harmless(isolation: str) -> None:
    machine = sel4emu.Machine(isolation=isolation)
    machine.close()
    machine.close()
    assert machine.closed
    with pytest.raises(sel4emu.MachineClosed):
        machine.endpoint()


def test_a_client_can_be_closed_and_forgotten_in_any_state(
    machine: sel4emu.Machine, service: Any, program: Program
) -> None:
    endpoint = machine.endpoint()
    never_started = machine.spawn(program("caller"), {"ep": endpoint}, start=False)
    blocked = machine.spawn(program("caller"), {"ep": endpoint})
    busy = machine.spawn(program("busy"), stdout=sel4emu.DEVNULL, priority=50)
    ended = machine.spawn(program("busy"), args=["0"], stdout=sel4emu.DEVNULL)
    assert ended.wait(10) == 0
    for client in (never_started, blocked, busy, ended):
        client.close()
        client.close()
    service.ask()
    assert machine.client_count == 1


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_pipes_are_closed_with_their_client(
    machine: sel4emu.Machine, program: Program, stream: str
) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    options: dict[str, Any] = {stream: sel4emu.PIPE}
    if stream != "stdout":
        options["stdout"] = sel4emu.DEVNULL
    client = machine.spawn(program("busy"), args=["0"], **options)
    assert client.wait(10) == 0
    client.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_two_hundred_clients_come_and_go(isolation: str) -> None:
    """The churn script checks descriptors, threads, zombies, image mappings, and memory."""
    command = [sys.executable, HERE / "churn.py", "--cycles", "200", "--isolation", isolation]
    result = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "nothing left" in result.stdout
    assert "sel4emu:" not in result.stdout + result.stderr


def test_no_process_of_ours_is_left_by_this_test_run() -> None:
    children = psutil.Process().children(recursive=True)
    assert not [child for child in children if "client" in child.name()]
