# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures for tests with real processes: clients by name, and a server that must keep answering.

tests/tools uses them, too.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import sel4emu

CLIENTS = Path(__file__).resolve().parents[1] / "host" / "clients"
REPORT, STOP = 1, 2  # labels of server.c

Program = Callable[..., Path]


class Service:
    """The server of server.c, with Python as one of its callers: is everybody still served?"""

    def __init__(self, machine: sel4emu.Machine, path: Path, **options: Any) -> None:
        self.machine = machine
        self.endpoint = machine.endpoint("ep")
        self.client = machine.spawn(path, {"ep": self.endpoint}, name="server", **options)
        self.calls = 0

    def ask(self, timeout: float = 20) -> None:
        """Call the server, and check its answer."""
        answer = self.endpoint.call([self.calls], timeout=timeout)
        self.calls += 1
        assert answer.words[:2] == (self.calls, self.calls)

    def grant(self, badge: int) -> dict[str, Any]:
        """Return the `caps` of a caller of its own badge."""
        return {"ep": (self.endpoint, {"badge": badge})}

    def report(self) -> tuple[int, int, int]:
        """Return the number of requests, of those out of sequence, and of badges."""
        requests, errors, badges = self.endpoint.call(label=REPORT, timeout=20).words[:3]
        return requests, errors, badges

    def stop(self) -> None:
        """Have the server end by itself."""
        self.endpoint.call(label=STOP, timeout=20)
        assert self.client.wait(20) == 0


@pytest.fixture
def program(compile_client: Callable[..., Path]) -> Program:
    """Compile a client by its name in tests/host/clients."""

    def build(name: str, **options: Any) -> Path:
        return compile_client(CLIENTS / f"{name}.c", **options)

    return build


@pytest.fixture
def service(machine: sel4emu.Machine, program: Program) -> Service:
    """A server on the machine."""
    return Service(machine, program("server"))


@pytest.fixture
def make_service(program: Program) -> Callable[..., Service]:
    """Start a server on any machine; `flags` are the compiler's."""

    def make(machine: sel4emu.Machine, flags: Any = None, **options: Any) -> Service:
        path = program("server", flags=flags) if flags else program("server")
        return Service(machine, path, **options)

    return make


@pytest.fixture
def fast_machine(isolation: str) -> Iterator[sel4emu.Machine]:
    """A machine that does not check its invariants after every entry."""
    with sel4emu.Machine(isolation=isolation, check=False) as made:
        yield made


@pytest.fixture
def python() -> Callable[..., Any]:
    """Run a Python script in a process of its own, as a context manager: a Popen."""

    @contextmanager
    def run(script: str, *arguments: object, **options: Any) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-u", "-c", script, *map(str, arguments)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    return run
