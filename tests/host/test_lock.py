# SPDX-License-Identifier: BSD-2-Clause
"""The lock of a machine: whoever waits gets it, whoever holds it may die."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sel4emu import toolchain

HERE = Path(__file__).resolve().parent
CSRC = HERE.parents[1] / "csrc"


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tests of lock.c as one program."""
    folder = tmp_path_factory.mktemp("lock")
    subprocess.run([sys.executable, CSRC / "gen" / "generate.py", folder], check=True)
    flags = ["-g", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{CSRC}", f"-I{folder}", "-pthread"]
    sources = [HERE / "lock.c", CSRC / "gate" / "lock.c"]
    program = folder / "lock"
    subprocess.run([*toolchain.find_compiler(), *flags, *sources, "-o", program], check=True)
    return program


@pytest.mark.parametrize("test", ["fair", "exclusive", "timeout", "reserved", "seized"])
def test_the_lock_is(lock: Path, test: str) -> None:
    done = subprocess.run([lock, test], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
