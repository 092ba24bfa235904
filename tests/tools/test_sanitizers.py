# SPDX-License-Identifier: BSD-2-Clause
"""Clients that are built with a sanitizer: their errors are reported, others go on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sel4emu

Program = Callable[..., Path]
SOURCE = Path(__file__).parents[1] / "host" / "clients" / "memory.c"
LINE = next(
    number for number, line in enumerate(SOURCE.read_text().splitlines(), 1) if "planted" in line
)
FLAGS = ["-g", "-O1", "-fno-omit-frame-pointer"]
ADDRESS = [*FLAGS, "-fsanitize=address"]
UNDEFINED = [*FLAGS, "-fsanitize=undefined", "-fno-sanitize-recover=undefined"]


def test_asan_reports_an_out_of_bounds_write_at_its_line(
    machine: sel4emu.Machine, service: Any, program: Program
) -> None:
    other = machine.spawn(program("caller"), service.grant(1), args=["0"], name="other")
    client = machine.spawn(
        program("memory", flags=ADDRESS), service.grant(2), args=["wrong"], stderr=sel4emu.PIPE
    )
    assert client.stderr is not None
    code = client.wait(30)
    text = client.stderr.read()
    assert code == 1, text
    assert "ERROR: AddressSanitizer: heap-buffer-overflow" in text
    assert re.search(rf"#0 0x\w+ in fill .*memory\.c:{LINE}", text), text
    assert "located 0 bytes" in text and "100-byte region" in text
    assert other.poll() is None
    service.ask()
    assert service.report()[1] == 0


def test_an_asan_client_without_errors_ends_well(
    machine: sel4emu.Machine, service: Any, program: Program
) -> None:
    client = machine.spawn(program("memory", flags=ADDRESS), service.grant(1), stderr=sel4emu.PIPE)
    assert client.stderr is not None
    assert client.wait(30) == 0, client.stderr.read()
    assert client.stderr.read() == ""
    service.ask()


def test_asan_with_several_threads(machine: sel4emu.Machine, program: Program) -> None:
    caps: dict[str, Any] = {f"turn-{i}": machine.notification() for i in range(4)}
    for i in range(1, 4):
        caps |= {f"tcb-{i}": machine.tcb(), f"frame-{i}": machine.frame()}
    client = machine.spawn(
        program("threads", flags=ADDRESS), caps, args=["50"], priority=150, stderr=sel4emu.PIPE
    )
    assert client.stderr is not None
    assert client.wait(30) == 0, client.stderr.read()
    assert client.stderr.read() == ""


@pytest.mark.parametrize("how", ["null", "abort"])
def test_asan_reports_a_crash_itself(
    machine: sel4emu.Machine, service: Any, program: Program, how: str
) -> None:
    endpoint = machine.endpoint()
    client = machine.spawn(
        program("ends", flags=ADDRESS),
        {"ep": endpoint},
        args=[how],
        env={"ASAN_OPTIONS": "handle_abort=1"},
        stderr=sel4emu.PIPE,
    )
    endpoint.send(timeout=10)
    assert client.stderr is not None
    assert client.wait(30) == 1
    text = client.stderr.read()
    assert "AddressSanitizer: " + ("SEGV" if how == "null" else "ABRT") in text
    assert re.search(r"in end .*ends\.c", text), text
    service.ask()


def test_ubsan(machine: sel4emu.Machine, service: Any, compile_client: Callable[..., Path]) -> None:
    path = compile_client(
        """
        #include <limits.h>
        #include <sel4/sel4.h>
        int main(int argc, char **argv)
        {
            int most = INT_MAX;
            (void)argv;
            seL4_Yield();
            return most + argc > 0;
        }
        """,
        flags=UNDEFINED,
    )
    client = machine.spawn(path, stderr=sel4emu.PIPE)
    assert client.stderr is not None
    assert client.wait(30) == 1
    assert "signed integer overflow" in client.stderr.read()
    service.ask()
