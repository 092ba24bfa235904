# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures for the tests of csrc/gen and libsel4: generated files, compilers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
GENERATE = ROOT / "csrc" / "gen" / "generate.py"
HEADERS = ROOT / "csrc" / "libsel4" / "include"
SOURCES = ROOT / "csrc" / "libsel4" / "src"
DATA = Path(__file__).resolve().parent / "data"
KERNELS = {"classic": [], "mcs": ["-DSEL4EMU_MCS"]}
WARNINGS = ["-Wall", "-Wextra", "-Werror"]

Generate = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Toolbox:
    """Compiles against the generated and the hand-written headers, and runs what comes out."""

    generated: Path
    scratch: Path

    @property
    def include(self) -> Path:
        return self.generated / "libsel4" / "include"

    def flags(self, kernel: str) -> list[str]:
        return [f"-I{HEADERS}", f"-I{self.include}", *KERNELS[kernel]]

    def check(self, kernel: str, *command: str | Path) -> None:
        """Let a compiler look at a file; what it complains about is the failure's message."""
        if shutil.which(str(command[0])) is None:
            pytest.skip(f"needs {command[0]}; Debian and Ubuntu have it: apt-get install g++")
        done = subprocess.run(
            [*command, "-fsyntax-only", *self.flags(kernel)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    def write(self, name: str, text: str) -> Path:
        path = self.scratch / name
        path.write_text(text, encoding="utf-8")
        return path

    def build(self, kernel: str, sources: Iterable[Path], *options: str) -> Path:
        program = self.scratch / f"program-{kernel}"
        command = ["gcc", "-std=gnu11", *options, *self.flags(kernel), "-o", program, *sources]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return program

    def run(self, program: Path) -> str:
        done = subprocess.run([program], capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def run_generator(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, GENERATE, *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="session")
def generate() -> Generate:
    return run_generator


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("generated")
    done = run_generator(out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def tools(generated: Path, tmp_path: Path) -> Toolbox:
    return Toolbox(generated, tmp_path)


@pytest.fixture(params=KERNELS)
def kernel(request: pytest.FixtureRequest) -> str:
    return str(request.param)
