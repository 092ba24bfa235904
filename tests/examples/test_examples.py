# SPDX-License-Identifier: BSD-2-Clause
"""Every example, as a user would run it: on both gates it prints what its expected.txt says."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(script.parent.name for script in EXAMPLES.glob("*/run.py"))
PR_SET_CHILD_SUBREAPER = 36


def descendants() -> set[int]:
    """Return this process's children, whoever started them."""
    tasks = Path("/proc/self/task").iterdir()
    return {int(pid) for task in tasks for pid in (task / "children").read_text().split()}


@pytest.fixture
def subreaper() -> Iterator[None]:
    """Make this process the parent of every orphan below it, so that none goes unseen."""
    prctl = ctypes.CDLL(None).prctl
    assert prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    yield
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def test_there_are_examples() -> None:
    assert len(NAMES) >= 8


@pytest.mark.parametrize("name", NAMES)
def test_folder_is_complete(name: str) -> None:
    folder = EXAMPLES / name
    assert (folder / "README.md").read_text(encoding="utf-8").startswith(f"# {name}\n")
    assert list(folder.glob("*.c"))
    assert os.access(folder / "run.py", os.X_OK)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("subreaper")
def test_prints_what_is_expected(name: str, isolation: str, tmp_path: Path) -> None:
    before = descendants()
    result = subprocess.run(
        [sys.executable, EXAMPLES / name / "run.py", "--isolation", isolation],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path), "SEL4EMU_CHECK": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == (EXAMPLES / name / "expected.txt").read_text(encoding="utf-8")
    assert not descendants() - before, "processes are left behind"
    assert not list(tmp_path.iterdir()), "files are left behind"
