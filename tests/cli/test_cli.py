# SPDX-License-Identifier: BSD-2-Clause
"""The command `sel4emu`: exit statuses, and what it prints for people and for build systems."""

from __future__ import annotations

import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sel4emu import toolchain
from sel4emu.cli import doctor, sel4emu

PROGRAM = "#include <sel4/sel4.h>\nint main(void)\n{\n    seL4_Yield();\n    return 0;\n}\n"


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(sel4emu, arguments)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "program.c"
    path.write_text(PROGRAM)
    return path


def test_help_names_every_command() -> None:
    text = invoke("--help").output
    for command in ("cc", "c++", "config", "demo", "doctor"):
        assert f"  {command} " in text


def test_version() -> None:
    assert version("sel4emu") in invoke("--version").output


def test_show_prints_a_command_that_can_be_pasted() -> None:
    result = invoke("cc", "--show", "--cc", "gcc", "a b.c", "-o", "out", "-g", "-O0", "-DX='1 2'")
    assert result.exit_code == 0
    assert shlex.split(result.output) == toolchain.command(
        ["a b.c", "-o", "out", "-g", "-O0", "-DX='1 2'"], cc="gcc"
    )


@pytest.mark.parametrize(
    "flags",
    [
        "-g -c -E -S -static -fsanitize=address -O0 -Wl,-z,now -pthread -m64 -std=gnu11",
        "-Wall -Wextra -pedantic --param x=1 -x c -D A=1 -Iinclude -L. -lfoo -pipe -v",
        "--sysroot=/ -march=native -fPIC -save-temps -dM -nostdlib -rdynamic -s --verbose",
    ],
)
def test_options_that_are_not_ours_reach_the_compiler_unchanged(flags: str) -> None:
    result = invoke("cc", "--show", "--cc=gcc", *flags.split(), "a.c")
    assert result.output.split()[1 : 2 + len(flags.split())] == [*flags.split(), "a.c"]


def test_our_options_may_stand_anywhere() -> None:
    result = invoke("cc", "a.c", "-g", "--mcs", "-o", "a", "--show", "--cc", "gcc")
    assert shlex.split(result.output) == toolchain.command(
        ["a.c", "-g", "-o", "a"], cc="gcc", mcs=True
    )


def test_cc_builds_a_program(source: Path) -> None:
    program = source.with_suffix(".out")
    assert invoke("cc", str(source), "-o", str(program), "-Wall").exit_code == 0
    assert program.is_file()


def test_cc_reports_the_compilers_own_status(source: Path) -> None:
    source.write_text("nonsense\n")
    assert invoke("cc", str(source), "-o", str(source.with_suffix(".out"))).exit_code == 1


def test_cc_without_a_compiler_is_one_clear_line() -> None:
    result = invoke("cc", "--cc", "no-such-compiler", "a.c")
    assert result.exit_code == 1
    assert result.output.startswith("sel4emu: error: the compiler 'no-such-compiler'")
    assert len(result.output.splitlines()) == 1


def test_config_prints_what_was_asked_for() -> None:
    assert invoke("config", "--version").output.strip() == version("sel4emu")
    assert invoke("config", "--cflags").output.split() == toolchain.cflags()
    assert invoke("config", "--libs", "--mcs").output.split() == toolchain.libs(mcs=True)
    folders = invoke("config", "--include-dir", "--lib-dir", "--cmake-dir", "--pkg-config-dir")
    assert [Path(line).is_dir() for line in folders.output.splitlines()] == [True] * 4


def test_config_flags_are_all_a_makefile_needs(source: Path) -> None:
    flags = invoke("config", "--cflags", "--libs").output.split()
    program = source.with_suffix(".out")
    line = [*toolchain.find_compiler(), str(source), "-o", str(program), *flags]
    subprocess.run(line, check=True)


def test_config_without_a_question_names_everything() -> None:
    lines = invoke("config").output.splitlines()
    assert [line.partition(":")[0] for line in lines][:3] == ["version", "cflags", "libs"]


def test_doctor_finds_this_host_fit() -> None:
    result = invoke("doctor")
    assert result.exit_code == 0, result.output
    assert "missing" not in result.output


def test_doctor_fails_if_something_essential_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = doctor.Finding("memfd", "missing", "not there", "get it")
    monkeypatch.setattr(doctor, "QUESTIONS", (lambda: bad,))
    result = invoke("doctor")
    assert result.exit_code == 1
    assert "get it" in result.output


def test_an_unknown_command_is_refused() -> None:
    result = invoke("nonsense")
    assert result.exit_code == 2
    assert "nonsense" in result.output


def test_the_module_can_be_run() -> None:
    code = "import sys; from sel4emu.cli import main; sys.argv[1:] = ['--version']; main()"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0
    assert version("sel4emu") in run.stdout
