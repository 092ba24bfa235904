# SPDX-License-Identifier: BSD-2-Clause
"""The stub of the extension says what the extension has, and the package keeps to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import sel4emu

pytest.importorskip("mypy")
PACKAGE = Path(sel4emu.__file__).parent


def run(*arguments: str, folder: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def check(folder: Path, *what: str) -> None:
    """Run mypy in a folder that has the package, installed or not, and nothing else."""
    (folder / "sel4emu").symlink_to(PACKAGE)
    run("mypy", "--strict", "--cache-dir", str(folder / "cache"), *what, folder=folder)


@pytest.mark.timeout(300)
def test_the_stub_agrees_with_the_extension(tmp_path: Path) -> None:
    # Types of C have __buffer__ in Python 3.12 and later; before, there is no name for it.
    allowed = tmp_path / "allowed"
    allowed.write_text(r"sel4emu\._core\.Memory\.__buffer__" + "\n")
    run(
        "mypy.stubtest",
        "sel4emu._core",
        "--ignore-disjoint-bases",
        "--allowlist",
        str(allowed),
        "--ignore-unused-allowlist",
        folder=tmp_path,
    )


@pytest.mark.timeout(300)
def test_the_package_is_strictly_typed(tmp_path: Path) -> None:
    check(tmp_path, "-p", "sel4emu")


@pytest.mark.timeout(300)
def test_users_get_types(tmp_path: Path) -> None:
    (tmp_path / "use.py").write_text("""
import sel4emu
with sel4emu.Machine("16M") as machine:
    endpoint: sel4emu.Endpoint = machine.endpoint("ep").mint(7, "rw", name="x")
    received: sel4emu.Received = endpoint.recv(timeout=1.0)
    words: tuple[int, ...] = received.words
    client: sel4emu.Client = machine.spawn("x", {"ep": endpoint, 20: (endpoint, {"badge": 3})})
    code: int = client.wait()
""")
    check(tmp_path, "use.py")
