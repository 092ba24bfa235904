# SPDX-License-Identifier: BSD-2-Clause
"""Who may include whom, and what the compiled kernel core leans on.

    abi <- kernel <- gate <- client            what runs inside a client
                     gate <- host <- python    the monitor, the extension
    abi <- libsel4                             what programs include

No arrow goes back.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from sel4emu import toolchain

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

FREESTANDING = {
    "float.h",
    "limits.h",
    "stdalign.h",
    "stdarg.h",
    "stdbool.h",
    "stddef.h",
    "stdint.h",
}
# Folder: what it may include of the others; a name with .h means that header alone.
ALLOWED: dict[str, tuple[str, ...]] = {
    "abi": (),
    "kernel": ("abi",),
    "gate": ("abi", "kernel/kernel.h"),
    "client": ("abi", "gate", "kernel/kernel.h", "libsel4"),
    "host": ("abi", "gate", "kernel/kernel.h"),
    "python": ("abi", "host", "kernel"),
    "libsel4": ("abi",),
    "root": ("abi", "libsel4"),
}
MEMORY_FUNCTIONS = {"memcpy", "memmove", "memset", "memcmp"}
KERNEL_FLAGS = ["-std=gnu11", "-O2", "-fno-pie", "-ffreestanding", "-fno-builtin"]
KERNEL_FLAGS += ["-fno-stack-protector", "-mgeneral-regs-only"]


@dataclass(frozen=True)
class Include:
    source: Path
    quoted: bool
    name: str


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that follow from the API description."""
    folder = tmp_path_factory.mktemp("generated")
    subprocess.run([sys.executable, CSRC / "gen" / "generate.py", folder], check=True)
    return folder


def includes(folder: Path) -> Iterator[Include]:
    for source in sorted(p for p in folder.rglob("*") if p.suffix in (".c", ".h", ".S")):
        for mark, name in INCLUDE.findall(source.read_text(encoding="utf-8")):
            yield Include(source, mark == '"', name)


def resolve(include: Include, generated: Path) -> str | None:
    """Return the path below csrc (or below the generated files) that is meant; None: a system's.

    Public headers are libsel4's, whether they are written or generated.
    """
    tops = (CSRC, generated)
    roots = [(top / "libsel4" / "include", "libsel4/include/") for top in tops]
    if include.quoted:
        own = include.source.parent
        top = CSRC if CSRC in own.parents else generated
        roots = [(own, f"{own.relative_to(top)}/"), (CSRC, ""), (generated, ""), *roots]
    for root, prefix in roots:
        if (root / include.name).is_file():
            return prefix + include.name
    return None


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_folder_includes_only_what_stands_below_it(folder: str, generated: Path) -> None:
    for include in includes(CSRC / folder):
        found = resolve(include, generated)
        if found is None:
            assert not include.quoted, f"{include.source}: {include.name} does not exist"
            continue
        allowed = found in ALLOWED[folder] or found.split("/")[0] in (folder, *ALLOWED[folder])
        assert allowed, f"{include.source}: {folder}/ must not include {found}"


def test_the_core_needs_no_system_header(generated: Path) -> None:
    for folder in ("abi", "kernel"):
        for include in includes(CSRC / folder):
            if resolve(include, generated) is None:
                assert include.name in FREESTANDING, f"{include.source}: <{include.name}>"


def test_only_the_extension_sees_python() -> None:
    for include in includes(CSRC):
        if include.name == "Python.h":
            assert include.source.parent.name == "python", include.source


def test_no_header_includes_itself_by_detours(generated: Path) -> None:
    graph: dict[str, set[str]] = {}
    for root in (CSRC, generated):
        for include in includes(root):
            found = resolve(include, generated)
            if found is not None:
                graph.setdefault(str(include.source.relative_to(root)), set()).add(found)

    def visit(node: str, path: tuple[str, ...]) -> None:
        assert node not in path, " includes ".join([*path, node])
        if node not in done:
            for below in sorted(graph.get(node, ())):
                visit(below, (*path, node))
            done.add(node)

    done: set[str] = set()
    for node in sorted(graph):
        visit(node, ())


def nm(*arguments: str | Path) -> list[list[str]]:
    line = ["nm", *map(str, arguments)]
    out = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    return [words for words in map(str.split, out.splitlines()) if len(words) >= 2]


@pytest.fixture(scope="module")
def core(generated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kernel core alone, linked into one object, compiled as for a client."""
    folder = tmp_path_factory.mktemp("core")
    compiler = toolchain.find_compiler()
    sources = sorted((CSRC / "kernel").rglob("*.c"))
    objects = [folder / f"{i}.o" for i in range(len(sources))]

    def compile_one(pair: tuple[Path, Path]) -> None:
        paths = [f"-I{CSRC}", f"-I{generated}", "-c", str(pair[0]), "-o", str(pair[1])]
        subprocess.run([*compiler, *KERNEL_FLAGS, *paths], check=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(compile_one, zip(sources, objects, strict=True)))
    subprocess.run(["ld", "-r", "-o", folder / "core.o", *objects], check=True)
    return folder / "core.o"


def test_the_core_needs_nothing_from_outside(core: Path) -> None:
    missing = {words[-1] for words in nm("-u", core)} - {"_GLOBAL_OFFSET_TABLE_"}
    assert missing <= MEMORY_FUNCTIONS


def test_the_core_has_no_state_of_its_own(core: Path) -> None:
    """Everything hangs off struct kernel; two machines in one process must work."""
    assert [words for words in nm(core) if words[-2] in "bBdDcC"] == []


def section_headers(archive: Path) -> list[list[str]]:
    line = ["readelf", "--sections", "--wide", str(archive)]
    out = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^\s*\[ *\d+\] (\.\S+)\s+\S+\s+\S+ \S+ (\S+) \S+\s+([A-Za-z]*)", out, re.M)
    return [list(row) for row in rows]


@pytest.fixture(scope="module", params=["sel4emu", "sel4emu_mcs"])
def inside(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The part of the installed client library that runs inside the gates."""
    folder = tmp_path_factory.mktemp("inside")
    archive = toolchain.lib_dir() / f"lib{request.param}.a"
    subprocess.run(["ar", "x", archive, f"{request.param}.o"], cwd=folder, check=True)
    return folder / f"{request.param}.o"


def test_all_code_inside_the_gates_lies_in_one_section(inside: Path) -> None:
    rows = section_headers(inside)
    code = {name for name, size, flags in rows if "X" in flags and int(size, 16) > 0}
    assert code == {".text.sel4emu"}


def test_programs_see_only_our_public_names(inside: Path) -> None:
    names = {words[-1] for words in nm("--extern-only", "--defined-only", inside)}
    assert "sel4emu_hosted_start" in names
    assert all(name.startswith("sel4emu_") for name in names), names


def test_memory_functions_inside_the_gates_are_our_own(inside: Path) -> None:
    """The program's own may be a sanitizer's, and may use registers that a gate must not touch."""
    assert {words[-1] for words in nm("-u", inside)} & MEMORY_FUNCTIONS == set()


def test_only_the_package_imports_the_extension() -> None:
    for folder in ("examples", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert "sel4emu._core" not in modules, path
