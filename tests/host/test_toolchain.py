# SPDX-License-Identifier: BSD-2-Clause
"""`sel4emu.toolchain`: what is added to a compiler's command line, and that programs come out."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from sel4emu import toolchain
from sel4emu.toolchain import ToolchainError

PROGRAM = """
#include <sel4/sel4.h>
int main(void)
{
    seL4_Yield();
    return 0;
}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "program.c"
    path.write_text(PROGRAM)
    return path


def run(*line: str | Path) -> str:
    return subprocess.run([*map(str, line)], capture_output=True, text=True, check=True).stdout


def note(program: Path) -> tuple[int, ...]:
    """Return abi version, MCS flag and kind from a client's ELF note."""
    raw = program.with_suffix(".note")
    run("objcopy", "-O", "binary", "--only-section=.note.sel4emu", program, raw)
    name_size, size, kind, name, *words = struct.unpack("<III8s3I", raw.read_bytes())
    assert (name_size, size, kind, name) == (8, 12, 1, b"sel4emu\0")
    return tuple(words)


@pytest.mark.parametrize(
    ("arguments", "compiles", "links"),
    [
        ("a.c", True, True),
        ("-g -O0 a.c -o a -Wall", True, True),
        ("-c a.c", True, False),
        ("-S a.c", True, False),
        ("-E a.c", True, False),
        ("-M a.c", True, False),
        ("-fsyntax-only a.c", True, False),
        ("-MMD -MF a.d -c a.c", True, False),
        ("-MMD -MF a.d a.c -o a", True, True),
        ("a.o b.o -o a", False, True),
        ("a.o lib.a -o a", False, True),
        ("a.o b.c -o a", True, True),
        ("-shared a.c -o a.so", True, False),
        ("-r a.o b.o -o c.o", False, False),
        ("-x c -", True, True),
        ("@arguments", True, True),
        ("--version", False, False),
        ("-v", False, False),
        ("-o a -I include -D NAME -isystem more", False, False),
        ("-print-file-name=libc.so", False, False),
        ("", False, False),
    ],
)
def test_parse_tells_what_the_compiler_will_do(arguments: str, compiles: bool, links: bool) -> None:
    found = toolchain.parse(arguments.split())
    assert (found.compiles, found.links) == (compiles, links)


def test_every_argument_is_kept_and_ours_come_last() -> None:
    given = ["-static", "-I.", "a.c", "-fsanitize=address", "-o", "a b", "-lm"]
    line = toolchain.command(given, cc="gcc -m64")
    assert line[: 2 + len(given)] == ["gcc", "-m64", *given]
    assert line[2 + len(given) :] == [*toolchain.cflags(), *toolchain.libs()]


def test_compile_only_gets_no_library() -> None:
    line = toolchain.command(["-c", "a.c"], cc="gcc")
    assert line == ["gcc", "-c", "a.c", *toolchain.cflags()]


def test_link_only_gets_no_include_folder() -> None:
    line = toolchain.command(["a.o", "-o", "a"], cc="gcc")
    assert line == ["gcc", "a.o", "-o", "a", *toolchain.libs()]


def test_mcs_is_a_define_and_another_library() -> None:
    assert "-DSEL4EMU_MCS" in toolchain.cflags(mcs=True)
    assert "-lsel4emu_mcs" in toolchain.libs(mcs=True)
    assert "-DSEL4EMU_MCS" not in toolchain.cflags()
    assert "-lsel4emu" in toolchain.libs()


def test_the_compiler_is_the_given_one_or_cc_or_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "env gcc")
    assert toolchain.find_compiler("c", "gcc -m64") == ["gcc", "-m64"]
    assert toolchain.find_compiler("c") == ["env", "gcc"]
    monkeypatch.delenv("CC")
    assert toolchain.find_compiler("c") in (["cc"], ["gcc"], ["clang"])
    monkeypatch.setenv("CC", " ")
    assert toolchain.find_compiler("c") in (["cc"], ["gcc"], ["clang"])


def test_a_missing_compiler_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolchainError, match="apt-get install gcc libc6-dev"):
        toolchain.find_compiler("c")
    with pytest.raises(ToolchainError, match=r"apt-get install g\+\+"):
        toolchain.find_compiler("c++")


def test_a_compiler_that_is_not_there_is_named_with_who_named_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ToolchainError, match="'no-such-cc', given by --cc"):
        toolchain.find_compiler("c", "no-such-cc -m64")
    monkeypatch.setenv("CC", "no-such-cc")
    with pytest.raises(ToolchainError, match="'no-such-cc', named by CC"):
        toolchain.find_compiler("c")
    with pytest.raises(ToolchainError, match="cannot be read"):
        toolchain.find_compiler("c", "gcc 'x")


def test_an_incomplete_installation_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(toolchain, "__file__", str(tmp_path / "toolchain.py"))
    with pytest.raises(ToolchainError, match="not complete"):
        toolchain.command(["a.c"], cc="gcc")


@pytest.mark.parametrize("mcs", [False, True], ids=["classic", "mcs"])
@pytest.mark.parametrize(
    "flags",
    ["-O0 -g", "-O3 -march=native", "-static", "-static-pie", "-no-pie", "-fsanitize=address"],
)
def test_a_program_is_built_and_its_note_survives(source: Path, flags: str, mcs: bool) -> None:
    program = toolchain.build(source, source.with_suffix(".out"), flags=flags.split(), mcs=mcs)
    assert note(program) == (1, int(mcs), 1)


def test_unused_code_may_be_dropped_by_the_linker(source: Path) -> None:
    flags = ["-ffunction-sections", "-Wl,--gc-sections", "-flto"]
    program = toolchain.build(source, source.with_suffix(".out"), flags=flags)
    assert note(program) == (1, 0, 1)
    assert "sel4emu_hosted_start" in run("nm", program)


def test_compile_and_link_may_be_two_steps(source: Path) -> None:
    compiled = source.with_suffix(".o")
    run(*toolchain.command(["-c", str(source), "-o", str(compiled)]))
    program = toolchain.build(compiled, source.with_suffix(".out"), flags=[])
    assert note(program) == (1, 0, 1)


def test_a_program_may_have_many_files(source: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.c"
    other.write_text("#include <sel4/sel4.h>\nvoid f(void)\n{\n    seL4_Yield();\n}\n")
    program = toolchain.build([source, other], tmp_path / "both")
    assert note(program) == (1, 0, 1)


@pytest.mark.parametrize("mcs", [False, True], ids=["classic", "mcs"])
def test_cxx_programs_can_be_clients(tmp_path: Path, mcs: bool) -> None:
    if shutil.which("c++") is None and shutil.which("g++") is None:
        pytest.skip("no C++ compiler: apt-get install g++")
    source = tmp_path / "program.cc"
    source.write_text(PROGRAM.replace("(void)", "()"))
    flags = ["-Wall", "-Wextra", "-Werror", "-std=c++17"]
    program = toolchain.build(source, tmp_path / "p", flags=flags, language="c++", mcs=mcs)
    assert note(program) == (1, int(mcs), 1)


@pytest.mark.parametrize("mcs", [False, True], ids=["classic", "mcs"])
@pytest.mark.parametrize("standard", ["c99", "gnu99", "c11", "gnu17"])
def test_headers_are_clean_under_strict_warnings(source: Path, standard: str, mcs: bool) -> None:
    flags = ["-Wall", "-Wextra", "-Werror", f"-std={standard}"]
    toolchain.build(source, source.with_suffix(".out"), flags=flags, mcs=mcs)


def test_clang_will_do_as_well(source: Path) -> None:
    if shutil.which("clang") is None:
        pytest.skip("no clang: apt-get install clang")
    program = toolchain.build(source, source.with_suffix(".out"), cc="clang")
    assert note(program) == (1, 0, 1)


def test_a_mistake_in_the_program_is_reported_in_the_compilers_words(source: Path) -> None:
    source.write_text("int main(void) { return nonsense; }\n")
    with pytest.raises(ToolchainError, match="nonsense"):
        toolchain.build(source, source.with_suffix(".out"))


@pytest.mark.parametrize("module", ["sel4emu", "sel4emu-mcs"])
def test_pkg_config(source: Path, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("pkg-config") is None:
        pytest.skip("no pkg-config: apt-get install pkg-config")
    monkeypatch.setenv("PKG_CONFIG_PATH", str(toolchain.pkg_config_dir()))
    flags = run("pkg-config", "--cflags", "--libs", module).split()
    program = source.with_suffix(".out")
    run(*toolchain.find_compiler(), source, "-o", program, *flags)
    assert note(program) == (1, int(module == "sel4emu-mcs"), 1)


CMAKE = """
cmake_minimum_required(VERSION 3.16)
project(example C)
find_package(sel4emu 0.1 REQUIRED)
add_executable(classic program.c)
target_link_libraries(classic PRIVATE sel4emu::sel4emu)
add_executable(mcs program.c)
target_link_libraries(mcs PRIVATE sel4emu::mcs)
"""


def test_cmake(source: Path) -> None:
    if shutil.which("cmake") is None:
        pytest.skip("no cmake: apt-get install cmake")
    folder = source.parent
    (folder / "CMakeLists.txt").write_text(CMAKE)
    build = folder / "build"
    run("cmake", "-S", folder, "-B", build, f"-Dsel4emu_DIR={toolchain.cmake_dir()}")
    run("cmake", "--build", build)
    assert note(build / "classic") == (1, 0, 1)
    assert note(build / "mcs") == (1, 1, 1)


def test_a_client_that_nobody_spawned_says_what_it_is(source: Path) -> None:
    program = toolchain.build(source, source.with_suffix(".out"))
    result = subprocess.run([program], capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "seL4 client" in result.stderr
    assert "spawn" in result.stderr
