# SPDX-License-Identifier: BSD-2-Clause
"""What CONTRIBUTING.md asks of every file, as far as a small program can tell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("csrc", "sel4emu", "tests", "examples", "benchmarks", "docs", "notebooks", ".ci")
PUBLIC = ROOT / "csrc" / "libsel4" / "include"  # its shape is given by the API
LICENCE = "SPDX-License-Identifier: BSD-2-Clause"
COLUMNS, FUNCTION_LINES, FILE_LINES, PARAMETERS = 100, 100, 700, 5

# Marks of unfinished work, and of the machine or the tracker where it was done.
UNWANTED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|(?<![\w.~-])/(work|home|root)/|\b[Ii]ssue #?\d")


def files(*suffixes: str) -> list[Path]:
    """Return the project's own files; build products are left out."""
    made = {ROOT / "sel4emu" / name for name in ("include", "lib", "_api.py")}
    found = [p for f in FOLDERS for p in sorted((ROOT / f).rglob("*")) if p.suffix in suffixes]
    found += [p for p in sorted(ROOT.glob("*")) if p.suffix in suffixes]
    return [p for p in found if not made & {p, *p.parents} and "__pycache__" not in p.parts]


C_FILES = files(".c", ".h", ".S")
PYTHON_FILES = files(".py", ".pyi")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@dataclass(frozen=True)
class Function:
    """A C function: brace in column 0, so it can be found without a parser."""

    line: int
    lines: int
    signature: str
    body: list[str]

    def parameters(self) -> int:
        """Count the commas between the outer parentheses behind the name."""
        text = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", "", self.signature)
        depth = commas = 0
        for i, letter in enumerate(text):
            depth += (letter == "(") - (letter == ")")
            commas += letter == "," and depth == 1
            if letter == ")" and depth == 0:
                inside = text[text.index("(") + 1 : i].strip()
                return 0 if inside in ("", "void") else commas + 1
        return 0


def functions(path: Path) -> Iterator[Function]:
    lines = path.read_text(encoding="utf-8").splitlines()
    start = 0
    for i, line in enumerate(lines):
        if line == "{":
            start = i
        elif line == "}" and start:
            first = start
            while first > 0 and re.match(r"[^}#/\s*]|\s+\S", lines[first - 1]):
                first -= 1
            signature = " ".join(lines[first:start])
            yield Function(start, i - start + 1, signature, lines[start : i + 1])
            start = 0


@pytest.mark.parametrize("path", C_FILES, ids=name)
def test_c_file_says_its_licence_and_then_what_it_is_about(path: Path) -> None:
    first, second, *_ = [*path.read_text(encoding="utf-8").splitlines(), "", ""]
    assert first == f"/* {LICENCE} */"
    assert second.startswith("/*"), "the second line begins a comment: what is this file about?"


@pytest.mark.parametrize("path", PYTHON_FILES, ids=name)
def test_python_file_says_its_licence_and_then_what_it_is_about(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines()[:2] if not line.startswith("#!")]
    assert lines and lines[0] == f"# {LICENCE}"
    assert ast.get_docstring(ast.parse(text)), "a module begins with its docstring"


@pytest.mark.parametrize("path", files(".c", ".h", ".S", ".py", ".pyi"), ids=name)
def test_lines_and_files_are_short(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    long = [i for i, line in enumerate(lines, 1) if len(line) > COLUMNS]
    assert not long, f"lines of more than {COLUMNS} columns: {long}"
    if PUBLIC not in path.parents:
        assert len(lines) <= FILE_LINES


@pytest.mark.parametrize("path", files(".c"), ids=name)
def test_c_functions_are_short(path: Path) -> None:
    for function in functions(path):
        where = f"{name(path)}:{function.line}"
        assert function.lines <= FUNCTION_LINES, f"{where}: {function.lines} lines"
        count = function.parameters()
        assert count <= PARAMETERS, f"{where}: {count} parameters"


@pytest.mark.parametrize("path", files(".c"), ids=name)
def test_no_conditional_compilation_inside_functions(path: Path) -> None:
    for function in functions(path):
        found = [line for line in function.body if re.match(r"\s*#\s*(if|el|endif)", line)]
        assert not found, f"{name(path)}:{function.line}: a variant is a table, a field or a file"


@pytest.mark.parametrize("path", PYTHON_FILES, ids=name)
def test_python_functions_are_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES, node.name


@pytest.mark.parametrize(
    "path", files(".c", ".h", ".S", ".py", ".pyi", ".md", ".toml", ".ipynb", ".in", ".sh"), ids=name
)
def test_nothing_unfinished_or_private_is_left(path: Path) -> None:
    if path == Path(__file__).resolve():
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = UNWANTED.search(line)
        assert found is None, f"{name(path)}:{number}: {found and found.group()}"


def test_the_function_finder_finds_functions(tmp_path: Path) -> None:
    source = tmp_path / "x.c"
    source.write_text(
        "/* c */\n#include <x.h>\n\n"
        "__attribute__((format(printf, 1, 2))) static void\nf(const char *s, ...)\n{\n}\n\n"
        "int g(int a, int (*b)(int, int),\n      int c)\n{\n    return 0;\n}\n\n"
        "void h(void)\n{\n}\n"
    )
    found = list(functions(source))
    assert [f.parameters() for f in found] == [2, 3, 0]
    assert [f.lines for f in found] == [2, 3, 2]
