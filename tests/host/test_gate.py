# SPDX-License-Identifier: BSD-2-Clause
"""Parts of the gate that a C program can try by itself: the lock of a machine, and its clock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sel4emu import toolchain

HERE = Path(__file__).resolve().parent
CSRC = HERE.parents[1] / "csrc"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs are built; the generated headers are there."""
    made = tmp_path_factory.mktemp("gate")
    subprocess.run([sys.executable, CSRC / "gen" / "generate.py", made], check=True)
    return made


def build(folder: Path, name: str, part: str) -> Path:
    """Build a test program with the part of the gate that it tries."""
    flags = ["-g", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{CSRC}", f"-I{folder}", "-pthread"]
    sources = [HERE / f"{name}.c", CSRC / "gate" / f"{part}.c"]
    program = folder / name
    subprocess.run([*toolchain.find_compiler(), *flags, *sources, "-o", program], check=True)
    return program


def run(*command: Path | str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def lock(folder: Path) -> Path:
    """The tests of lock.c as one program."""
    return build(folder, "lock", "lock")


@pytest.mark.parametrize("test", ["fair", "exclusive", "timeout", "reserved", "seized"])
def test_the_lock_is(lock: Path, test: str) -> None:
    run(lock, test)


def test_no_time_passes_while_linux_makes_a_thread(folder: Path) -> None:
    run(build(folder, "gate_clock", "clock"))
