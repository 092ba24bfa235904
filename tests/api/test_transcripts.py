# SPDX-License-Identifier: BSD-2-Clause
"""Root tasks print what they ask the kernel and what it answers: as the real kernel does, line by
line. The transcripts were recorded from the real kernel, whose version their first line names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SEL4EMU = Path(sys.executable).with_name("sel4emu")
TRANSCRIPTS = sorted((HERE / "transcripts").glob("*.txt"))
#: Options of `sel4emu run` that make the machine that a program was recorded on.
OPTIONS = {"domains": ["--domains", "4"]}


def recorded(transcript: Path) -> list[str]:
    header, *lines = transcript.read_text(encoding="utf-8").splitlines()
    assert header.startswith("# The real kernel's answers: seL4 ")
    return lines


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images")


def image(folder: Path, name: str) -> Path:
    """Compile a program of this folder, once."""
    target = folder / name
    if not target.exists():
        source = HERE / "programs" / f"{name}.c"
        command = [SEL4EMU, "cc", "--root", "-O1", "-w", source, "-o", target]
        subprocess.run(command, check=True, timeout=120)
    return target


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda path: path.stem)
def test_answers_are_those_of_the_real_kernel(
    transcript: Path, isolation: str, images: Path
) -> None:
    name = transcript.stem
    command = [SEL4EMU, "run", "--isolation", isolation, "--time-limit", "100"]
    result = subprocess.run(
        [*command, *OPTIONS.get(name, []), image(images, name)],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=120,
        check=False,
    )
    printed = [line for line in result.stdout.splitlines() if line.startswith("| ")]
    assert printed == recorded(transcript), result.stderr


def test_every_program_has_a_transcript() -> None:
    programs = {path.stem for path in (HERE / "programs").glob("*.c")}
    assert programs == {path.stem for path in TRANSCRIPTS}
