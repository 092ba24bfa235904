# SPDX-License-Identifier: BSD-2-Clause
"""sel4/shared_types_gen.h: words of bit fields.

Each field has a getter and a setter on values, and the same again on pointers. A value that does
not fit its field is a failed seL4_DebugAssert; without assertions it is cut.
"""

from __future__ import annotations

from collections.abc import Sequence

from spec import Bitfield, Spec
from text import LINE, comment, header

INCLUDES = ["sel4/config.h", "sel4/simple_types.h", "sel4/debug_assert.h"]


def function(attribute: str, result: str, name: str, args: Sequence[str], body: str) -> str:
    """Return an inline function; arguments go one to a line if they do not fit on one."""
    head = f"LIBSEL4_INLINE_FUNC {result}{' ' + attribute if attribute else ''}"
    line = f"{name}({', '.join(args) or 'void'})"
    if len(line) > LINE:
        line = f"{name}(\n    " + (",\n    ".join(args)) + ")"
    return f"{head}\n{line}\n{{\n{body}}}\n"


def struct(name: str, words: int) -> str:
    """Return the type of a bit field."""
    made = f"struct {name} {{\n    seL4_Uint64 words[{words}];\n}};\n"
    return f"{made}typedef struct {name} {name}_t;\n"


def word_new(field: Bitfield) -> list[str]:
    """Return the two constructors of a word of fields."""
    name, args = field.name, [f"seL4_Uint64 {n}" for n, _, _ in field.fields]
    checks = "".join(
        f"    seL4_DebugAssert(({n} & ~{mask(b)}) == 0);\n" for n, _, b in field.fields
    )
    parts = " |\n        ".join(f"({n} & {mask(b)}) << {low}" for n, low, b in field.fields)
    value = (
        f"    {name}_t made;\n\n{checks}    made.words[0] =\n        {parts};\n    return made;\n"
    )
    names = ", ".join(n for n, _, _ in field.fields)
    pointer = f"    *{name}_ptr =\n        {name}_new({names});\n"
    return [
        function("CONST", f"{name}_t", f"{name}_new", args, value),
        function("", "void", f"{name}_ptr_new", [f"{name}_t *{name}_ptr", *args], pointer),
    ]


def mask(bits: int) -> str:
    """Return the mask of a field's value."""
    return f"{(1 << bits) - 1:#x}ull"


def word_field(name: str, field: str, low: int, bits: int) -> list[str]:
    """Return the four accessors of one field of a word."""
    value, pointer, v64 = f"{name}_t {name}", f"{name}_t *{name}_ptr", "seL4_Uint64 v64"
    clear = f"~({mask(bits)} << {low})"
    check = f"    seL4_DebugAssert((v64 & ~{mask(bits)}) == 0);\n"
    put = f"    {{0}} =\n        ({{0}} & {clear}) |\n        (v64 & {mask(bits)}) << {low};\n"
    own, there = f"{name}.words[0]", f"{name}_ptr->words[0]"
    return [
        function(
            "CONST",
            "seL4_Uint64",
            f"{name}_get_{field}",
            [value],
            f"    return ({own} >> {low}) & {mask(bits)};\n",
        ),
        function(
            "CONST",
            f"{name}_t",
            f"{name}_set_{field}",
            [value, v64],
            f"{check}{put.format(own)}    return {name};\n",
        ),
        function(
            "PURE",
            "seL4_Uint64",
            f"{name}_ptr_get_{field}",
            [pointer],
            f"    return ({there} >> {low}) & {mask(bits)};\n",
        ),
        function(
            "", "void", f"{name}_ptr_set_{field}", [pointer, v64], f"{check}{put.format(there)}"
        ),
    ]


def emit(spec: Spec) -> str:
    """Write sel4/shared_types_gen.h."""
    body = []
    for field in spec.bitfields:
        body += [comment(f"{field.name}_t: {field.doc}."), struct(field.name, 1)]
        body += word_new(field)
        for name, low, bits in field.fields:
            body += word_field(field.name, name, low, bits)
    return header("Words of bit fields.", spec.file, body, INCLUDES)
