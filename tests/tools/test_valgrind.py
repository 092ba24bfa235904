# SPDX-License-Identifier: BSD-2-Clause
"""valgrind's memcheck runs clients and finds their errors."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sel4emu

Program = Callable[..., Path]
SOURCE = Path(__file__).parents[1] / "host" / "clients" / "memory.c"
# Memory of threads that live to the end of the process is "possibly lost" in any program.
LEAKS = ["--leak-check=full", "--errors-for-leak-kinds=definite"]
WRAPPER = ["valgrind", "--error-exitcode=99"]
LINE = next(
    number for number, line in enumerate(SOURCE.read_text().splitlines(), 1) if "planted" in line
)

pytestmark = pytest.mark.skipif(
    shutil.which("valgrind") is None, reason="no valgrind: apt-get install valgrind"
)


def test_a_clean_client_has_no_errors(service: Any, program: Program) -> None:
    client = service.machine.spawn(
        program("memory"),
        service.grant(1),
        wrapper=[*WRAPPER, *LEAKS],
        timeout=60,
        stderr=sel4emu.PIPE,
    )
    assert client.wait(60) == 0, client.stderr.read()
    text = client.stderr.read()
    assert "ERROR SUMMARY: 0 errors" in text
    assert "definitely lost: 0 bytes" in text
    assert "switching stacks" not in text
    service.ask()


def test_a_planted_invalid_write_is_found_at_its_line(service: Any, program: Program) -> None:
    client = service.machine.spawn(
        program("memory", flags=["-g", "-O0"]),
        service.grant(1),
        args=["wrong"],
        wrapper=WRAPPER,
        timeout=60,
        stderr=sel4emu.PIPE,
    )
    assert client.wait(60) == 99
    text = client.stderr.read()
    assert "Invalid write of size 1" in text
    assert re.search(rf"at 0x\w+: fill \(memory\.c:{LINE}\)", text), text
    assert "0 bytes after a block of size 100 alloc'd" in text
    service.ask()


def test_a_client_with_several_seL4_threads(  # noqa: N802
    machine: sel4emu.Machine, program: Program
) -> None:
    caps: dict[str, Any] = {f"turn-{i}": machine.notification() for i in range(4)}
    for i in range(1, 4):
        caps |= {f"tcb-{i}": machine.tcb(), f"frame-{i}": machine.frame()}
    client = machine.spawn(
        program("threads"),
        caps,
        args=["20"],
        wrapper=WRAPPER,
        timeout=60,
        priority=150,
        stderr=sel4emu.PIPE,
    )
    assert client.stderr is not None
    assert client.wait(60) == 0, client.stderr.read()
    assert "ERROR SUMMARY: 0 errors" in client.stderr.read()


def test_others_run_natively_beside_it(service: Any, program: Program) -> None:
    caller = service.machine.spawn(
        program("caller"), service.grant(1), args=["200"], wrapper=["valgrind", "-q"], timeout=60
    )
    native = service.machine.spawn(program("caller"), service.grant(2), args=["200"])
    assert native.wait(60) == 0
    assert caller.wait(60) == 0
    assert service.report() == (400, 0, 2)


def test_killing_the_client_ends_valgrind(service: Any, program: Program) -> None:
    client = service.machine.spawn(
        program("caller"), service.grant(1), args=["0"], wrapper=["valgrind", "-q"], timeout=60
    )
    service.ask()
    client.kill()
    assert client.wait(10) == -9
    service.ask()
