# SPDX-License-Identifier: BSD-2-Clause
"""A hundred clients of one server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sel4emu

Program = Callable[..., Path]
HERE = Path(__file__).parent


def test_a_hundred_clients_lose_no_call(isolation: str) -> None:
    command = [
        sys.executable,
        HERE / "load.py",
        "--calls",
        "20000",
        "--isolation",
        isolation,
        "--timeout",
        "60",
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "counted 20000 calls of 100 clients, 0 out of sequence; 0 clients" in result.stdout


def test_every_invariant_holds_under_load(
    machine: sel4emu.Machine, service: Any, program: Program
) -> None:
    callers = [
        machine.spawn(program("caller"), service.grant(i), args=["20"], name=f"caller-{i}")
        for i in range(1, 26)
    ]
    assert [caller.wait(60) for caller in callers] == [0] * 25
    assert service.report() == (500, 0, 25)
    service.stop()


def test_python_calls_among_them(
    fast_machine: sel4emu.Machine, make_service: Callable[..., Any], program: Program
) -> None:
    service = make_service(fast_machine)
    callers = [
        fast_machine.spawn(program("caller"), service.grant(i), args=["500"], name=f"caller-{i}")
        for i in range(1, 11)
    ]
    for _ in range(500):
        service.ask()
    assert [caller.wait(60) for caller in callers] == [0] * 10
    assert service.report() == (5500, 0, 11)
