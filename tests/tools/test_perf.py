# SPDX-License-Identifier: BSD-2-Clause
"""perf sees a client's functions and its seL4 threads."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import sel4emu

Program = Callable[..., Path]
RECORD = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "500"]


def usable() -> str:
    """Return why perf cannot be used here, or nothing."""
    if shutil.which("perf") is None:
        return "no perf: apt-get install linux-perf"
    result = subprocess.run(
        [*RECORD, "-o", "/dev/null", "true"], capture_output=True, text=True, check=False
    )
    return "" if result.returncode == 0 else f"perf may not record: {result.stderr.strip()[:200]}"


PROBLEM = usable()
pytestmark = pytest.mark.skipif(bool(PROBLEM), reason=PROBLEM or "usable")


def report(data: Path, sort: str) -> str:
    command = ["perf", "report", "--stdio", "-i", data, "--sort", sort]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return result.stdout


def test_a_client_started_by_perf(
    machine: sel4emu.Machine, program: Program, tmp_path: Path
) -> None:
    data = tmp_path / "perf.data"
    client = machine.spawn(
        program("busy"),
        args=["0.5"],
        name="burner",
        stdout=sel4emu.DEVNULL,
        wrapper=[*RECORD, "-o", str(data), "--"],
    )
    assert client.wait(30) == 0
    lines = report(data, "comm,symbol").splitlines()
    top = next(line for line in lines if "%" in line and not line.startswith("#"))
    assert "burner" in top and "burn_cycles" in top
    assert float(top.split("%")[0]) > 50


def test_a_running_client(machine: sel4emu.Machine, program: Program, tmp_path: Path) -> None:
    data = tmp_path / "perf.data"
    client = machine.spawn(program("busy"), name="burner", stdout=sel4emu.DEVNULL)
    command = [*RECORD, "-o", str(data), "-p", str(client.pid), "--", "sleep", "0.5"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert "burn_cycles" in report(data, "symbol")
    assert client.poll() is None
    client.kill()


def test_calls_are_attributed_to_client_and_server(
    fast_machine: sel4emu.Machine, program: Program, tmp_path: Path
) -> None:
    machine = fast_machine
    data = tmp_path / "perf.data"
    endpoint = machine.endpoint("ep")
    server = machine.spawn(program("server"), {"ep": endpoint}, name="the-server")
    machine.spawn(
        program("caller"), {"ep": (endpoint, {"badge": 1})}, args=["0"], name="the-caller"
    )
    command = [*RECORD, "-o", str(data), "-p", str(server.pid), "--", "sleep", "0.5"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    text = report(data, "comm")
    assert "the-server" in text and "the-caller" not in text
