# SPDX-License-Identifier: BSD-2-Clause
"""Root tasks print what they ask the kernel and what it answers: as the real kernel does, line by
line. `transcripts/KERNEL/PROGRAM.txt` was recorded from the real kernel of that configuration,
whose version its first line names."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SEL4EMU = str(Path(sys.executable).with_name("sel4emu"))
TRANSCRIPTS = sorted((HERE / "transcripts").glob("*/*.txt"))
#: The longest period that a scheduling context may have follows from the processor's time-stamp
#: counter; that of the recorded kernels, and of the virtual clock, counts 1000 in a microsecond.
LONGEST = re.compile(r"(?<=RangeError \[0x14 )0x[0-9a-f]{10,}(?=\])")
#: Programs that use up slices and budgets: on a busy host these end early by the real clock.
TIMED = ("budget", "domains", "domains_mcs", "schedule", "timeout")
#: Configurations of the kernel, and the options of `sel4emu run` for the machine that has it.
KERNELS: dict[str, list[str]] = {
    "classic": [],
    "classic-domains": ["--domains", "4"],
    "mcs": ["--mcs"],
    "mcs-domains": ["--mcs", "--domains", "4"],
}


def recorded(transcript: Path) -> list[str]:
    header, *lines = transcript.read_text(encoding="utf-8").splitlines()
    assert header.startswith("# The real kernel's answers: seL4 ")
    assert f" {transcript.parent.name}," in header
    return lines


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images")


def image(folder: Path, name: str, kernel: str) -> Path:
    """Compile a program of this folder, once for each of the two APIs."""
    mcs = ["--mcs"] if kernel.startswith("mcs") else []
    target = folder / "-".join([name, *mcs])
    if not target.exists():
        source = HERE / "programs" / f"{name}.c"
        command = [SEL4EMU, "cc", "--root", *mcs, "-O1", "-w", str(source)]
        subprocess.run([*command, "-o", str(target)], check=True, timeout=120)
    return target


def run(transcript: Path, images: Path, *options: str) -> list[str]:
    """Run a program on sel4emu; return what it prints."""
    name, kernel = transcript.stem, transcript.parent.name
    command = [SEL4EMU, "run", "--time-limit", "100", *KERNELS[kernel], *options]
    result = subprocess.run(
        [*command, image(images, name, kernel)],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=120,
        check=False,
    )
    sys.stderr.write(result.stderr)
    return [line for line in result.stdout.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_answers_are_those_of_the_real_kernel(
    transcript: Path, isolation: str, images: Path
) -> None:
    """Both gates and both clocks: the direct gate by the real one, where that can be."""
    printed, expected = [], recorded(transcript)
    if isolation == "process" or transcript.stem in TIMED:
        printed = run(transcript, images, "--isolation", isolation, "--clock", "virtual")
    else:
        printed = run(transcript, images, "--isolation", isolation, "--clock", "real")
        printed, expected = ([LONGEST.sub("longest", x) for x in t] for t in (printed, expected))
    assert printed == expected


def test_every_program_has_a_transcript() -> None:
    programs = {path.stem for path in (HERE / "programs").glob("*.c")}
    assert programs == {path.stem for path in TRANSCRIPTS}
