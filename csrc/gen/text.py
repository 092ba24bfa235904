# SPDX-License-Identifier: BSD-2-Clause
"""Small helpers to write C text: names in other cases, headers, enumerations, tables."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence

LINE = 80
NONE = "0xff"  # in a table of small numbers: there is none
# Words whose capitals do not mark where the next word starts.
WHOLE = {"CNode": "Cnode", "VSpace": "Vspace", "CSpace": "Cspace"}
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+[0-9]*|[A-Z]+[0-9]*|[0-9]+")


def upper_snake(name: str) -> str:
    """Turn CamelCase into UPPER_SNAKE: SetMCPriority becomes SET_MC_PRIORITY."""
    for whole, plain in WHOLE.items():
        name = name.replace(whole, plain)
    return "_".join(WORD.findall(name)).upper()


def name_parts(name: str) -> str:
    """Turn a name with underscores into UPPER_SNAKE, part by part: X86_Page_Map, CNode_Copy."""
    return "_".join(upper_snake(part) for part in name.split("_"))


def comment(text: str, indent: str = "") -> str:
    """Return a C comment, wrapped, on one line if it fits."""
    if len(indent) + len(text) + 6 <= LINE:
        return f"{indent}/* {text} */"
    lines = textwrap.wrap(text, LINE - len(indent) - 3)
    return f"{indent}/*\n" + "\n".join(f"{indent} * {line}" for line in lines) + f"\n{indent} */"


def doc_comment(paragraphs: Iterable[str]) -> str:
    """Return a documentation comment of several paragraphs, each wrapped."""
    out = ["/**"]
    for paragraph in paragraphs:
        hang = "    " if paragraph.startswith("@") else ""
        out += [f" * {line}" for line in textwrap.wrap(paragraph, LINE - 3, subsequent_indent=hang)]
    return "\n".join([*out, " */"])


def header(about: str, source: str, body: Sequence[str], includes: Sequence[str] = ()) -> str:
    """Return a whole header: licence, what it is about, include guard, body."""
    lines = ["/* SPDX-License-Identifier: BSD-2-Clause */"]
    lines.append(comment(f"{about} Generated from {source}; do not edit."))
    lines.append("#pragma once\n")
    if includes:
        lines += [f"#include <{name}>" for name in includes]
        lines.append("")
    return "\n".join([*lines, *body]).rstrip("\n") + "\n"


def enum(name: str, members: Mapping[str, int | None]) -> str:
    """Return an enumeration; a member without a value follows the one before it."""
    lines = [f"enum {name} {{"]
    for member, value in members.items():
        lines.append(f"    {member}," if value is None else f"    {member} = {value},")
    return "\n".join([*lines, "};\n"])


def table(declaration: str, cells: Iterable[str]) -> str:
    """Return a one-dimensional static table."""
    return f"static const {declaration} = {{\n{rows(cells, '    ')}\n}};\n"


def table_per_kernel(declaration: str, kernels: Iterable[Iterable[str]]) -> str:
    """Return a table whose first index is 0 for the classic kernel, 1 for MCS."""
    blocks = [f"    {{\n{rows(cells, '        ')}\n    }}," for cells in kernels]
    return f"static const {declaration} = {{\n" + "\n".join(blocks) + "\n};\n"


def rows(cells: Iterable[str], indent: str) -> str:
    """Return initializers, as many to a line as fit."""
    lines, line = [], indent
    for cell in cells:
        if len(line) + len(cell) + 2 > LINE and line != indent:
            lines.append(line.rstrip())
            line = indent
        line += f"{cell}, "
    return "\n".join([*lines, line.rstrip()])


def quoted(text: str | None) -> str:
    """Return a C string literal, or a null pointer."""
    if text is None:
        return "0"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
