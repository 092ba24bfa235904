# SPDX-License-Identifier: BSD-2-Clause
"""Linux refuses something: a clear error, nothing leaked, and the next attempt works."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Program = Callable[..., Path]
Python = Callable[..., Any]

# Try with room for one more descriptor each time, until it works.
DESCRIPTORS = """
import errno, os, resource, sys
import sel4emu
isolation, path, what = sys.argv[1:4]

def used():
    return len(os.listdir("/proc/self/fd"))

def attempt_machine():
    sel4emu.Machine(isolation=isolation).close()

with sel4emu.Machine(isolation=isolation) as machine:
    endpoint = machine.endpoint()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

    def attempt_spawn():
        with machine.spawn(path, {"ep": endpoint}, args=["exit"], stdin=sel4emu.PIPE,
                           stdout=sel4emu.PIPE) as client:
            endpoint.send(timeout=10)
            assert client.wait(10) == 3

    attempt = attempt_machine if what == "machine" else attempt_spawn
    attempt()
    before, free = used(), machine.buddies.free_bytes()
    top = max(map(int, os.listdir("/proc/self/fd")))
    failures = 0
    for limit in range(top, top + 40):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        try:
            attempt()
            error = None
        except OSError as caught:
            error = caught
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        assert used() == before, (limit, used(), before)
        assert machine.buddies.free_bytes() == free
        assert machine.client_count == 0
        machine.check()
        if error is not None:
            failures += 1
            assert error.errno == errno.EMFILE, error
            assert "Too many open files" in str(error), error
    attempt()
    print("failures", failures)
"""


@pytest.mark.parametrize("what", ["machine", "client"])
def test_no_descriptor_is_free(isolation: str, program: Program, python: Python, what: str) -> None:
    with python(DESCRIPTORS, isolation, program("ends"), what) as process:
        output, errors = process.communicate(timeout=100)
    assert process.returncode == 0, output + errors
    name, failures = output.split()
    assert name == "failures" and 1 <= int(failures) <= 30


MEMORY = """
import resource, sys
import sel4emu
hard = resource.getrlimit(resource.RLIMIT_AS)[1]
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, hard))
try:
    sel4emu.Machine("4G", isolation=sys.argv[1])
except OSError as error:
    print(error)
with sel4emu.Machine("64M", isolation=sys.argv[1]) as machine:
    print(machine.endpoint().name)
"""


def test_no_room_for_the_image(isolation: str, python: Python) -> None:
    with python(MEMORY, isolation) as process:
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "image" in output and "Cannot allocate memory" in output


# Fail the n-th of the monitor's calls to Linux, for every n until all goes well.
CALLS = """
import os, sys
import ctypes
import sel4emu
isolation, path, what = sys.argv[1:4]
shim = ctypes.CDLL(None)
failed = 0

def used():
    return len(os.listdir("/proc/self/fd"))

def attempt_machine():
    shim.fail_call(n)
    try:
        sel4emu.Machine(isolation=isolation).close()
    finally:
        shim.fail_call(0)

with sel4emu.Machine(isolation=isolation) as machine:
    endpoint = machine.endpoint()

    def attempt_spawn():
        shim.fail_call(n)
        try:
            with machine.spawn(path, {"ep": endpoint}, args=["exit"], timeout=5) as client:
                try:
                    endpoint.send(timeout=1)
                except sel4emu.Timeout:
                    client.wait(5)
                    raise
                assert client.wait(10) == 3
        finally:
            shim.fail_call(0)

    attempt = attempt_machine if what == "machine" else attempt_spawn
    n = 0
    attempt()
    before, free = used(), machine.buddies.free_bytes()
    for n in range(1, 100):
        try:
            attempt()
        except (OSError, sel4emu.MachineError) as caught:
            print(n, type(caught).__name__, caught)
            failed += 1
        done = shim.call_failed()
        assert used() == before, (n, used(), before)
        assert machine.buddies.free_bytes() == free, n
        assert machine.client_count == 0
        machine.check()
        if not done:
            break
    n = 0
    attempt()
    assert failed >= 3, failed
    print("good after", n)
"""


@pytest.mark.parametrize("what", ["machine", "client"])
def test_the_nth_call_to_linux_fails(
    isolation: str, program: Program, python: Python, tmp_path: Path, what: str
) -> None:
    shim = tmp_path / "shim.so"
    source = Path(__file__).parent / "clients" / "failing.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", shim, source], check=True)
    environment = {**os.environ, "LD_PRELOAD": str(shim)}
    with python(CALLS, isolation, program("ends"), what, env=environment) as process:
        output, errors = process.communicate(timeout=100)
    assert process.returncode == 0, output + errors
    assert "good after" in output
    if what == "client":
        assert "could not make a thread of it: No buffer space available" in output
        assert "could not be welcomed: No buffer space available" in output
