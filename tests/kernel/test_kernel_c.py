# SPDX-License-Identifier: BSD-2-Clause
"""The kernel core's own tests: each C program here, linked with the core under the sanitizers."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sel4emu import toolchain

HERE = Path(__file__).resolve().parent
CSRC = HERE.parent.parent / "csrc"
PROGRAMS = sorted(HERE.glob("test_*.c"))

WARNINGS = ["-Wall", "-Wextra", "-Werror"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
COMMON = ["-g", "-O1", *WARNINGS, *SANITIZERS]
CORE_FLAGS = ["-std=c11", "-ffreestanding", "-mgeneral-regs-only", *COMMON]
TEST_FLAGS = ["-std=gnu11", *COMMON]
# The core allocates nothing, and the leak checker cannot run where the tests are traced.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}


def run(*arguments: str | Path) -> None:
    line = list(map(str, arguments))
    done = subprocess.run(line, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def includes(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Where headers are: the core's, the generated ones, and those of the tests."""
    generated = tmp_path_factory.mktemp("generated")
    run(sys.executable, CSRC / "gen" / "generate.py", generated)
    return [f"-I{path}" for path in (CSRC, generated, HERE)]


@pytest.fixture(scope="module")
def core(includes: list[str], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The object files of the core."""
    folder = tmp_path_factory.mktemp("core")
    compiler = toolchain.find_compiler()
    sources = sorted((CSRC / "kernel").rglob("*.c"))
    objects = [folder / f"{number}-{path.stem}.o" for number, path in enumerate(sources)]

    def compile_one(pair: tuple[Path, Path]) -> None:
        run(*compiler, *CORE_FLAGS, *includes, "-c", pair[0], "-o", pair[1])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(compile_one, zip(sources, objects, strict=True)))
    return objects


def build(target: Path, program: Path, includes: list[str], objects: list[Path]) -> Path:
    run(*toolchain.find_compiler(), *TEST_FLAGS, *includes, program, *objects, "-o", target)
    return target


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_the_core_behaves(
    program: Path, core: list[Path], includes: list[str], tmp_path: Path
) -> None:
    run(build(tmp_path / program.stem, program, includes, core))


@pytest.mark.parametrize("kernel", ["classic", "mcs"])
def test_random_programs_break_no_invariant(
    kernel: str, core: list[Path], includes: list[str], tmp_path: Path
) -> None:
    target = build(tmp_path / "fuzz_volume", HERE / "fuzz" / "fuzz_volume.c", includes, core)
    run(target, "-k", kernel, "-n", "60000")


def test_a_fault_of_the_core_is_found_and_told_in_a_few_steps(
    core: list[Path], includes: list[str], tmp_path: Path
) -> None:
    """Break a copy of one file: a thread is not told that its notification has gone."""
    source = (CSRC / "kernel" / "notification.c").read_text()
    line = "    tcb_at(k, n->bound_tcb)->bound_notification = 0;\n"
    assert source.count(line) == 1
    broken = tmp_path / "notification.c"
    broken.write_text(source.replace(line, "    (void)k;\n"))
    compiler = toolchain.find_compiler()
    run(*compiler, *CORE_FLAGS, *includes, "-c", broken, "-o", tmp_path / "broken.o")
    objects = [path for path in core if not path.name.endswith("-notification.o")]
    objects.append(tmp_path / "broken.o")
    target = build(tmp_path / "fuzz_volume", HERE / "fuzz" / "fuzz_volume.c", includes, objects)

    command = [target, "-k", "classic", "-o", tmp_path / "program"]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 1
    story = done.stdout[done.stdout.index("steps are enough") :].splitlines()
    assert "thread-bound" in story[-1]
    assert len(story) < 20
    replay = subprocess.run([target, "-k", "classic", tmp_path / "program"], capture_output=True)
    assert replay.returncode == 1
