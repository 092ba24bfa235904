# SPDX-License-Identifier: BSD-2-Clause
"""The statements of an invocation stub: arguments into the message, answer out of it."""

from __future__ import annotations

from collections.abc import Sequence

from marshal_rule import Place, places
from spec import Method, Param
from text import LINE

REGISTERS = 4


def result_type(method: Method) -> str:
    """Return the C type of a method's result."""
    plain = [p for p in method.results if p.type.kind != "struct"]
    return f"seL4_{method.key}_t" if plain else "seL4_Error"


def value(place: Place) -> str:
    """Return the expression that puts a data argument in its place."""
    param = place.param
    if param.type.kind == "bitfield":
        return f"{param.name}.words[0]"
    if param.type.bits == 64:
        same = param.type.name == "seL4_Word"
        return param.name if same else f"(seL4_Word){param.name}"
    text = f"(seL4_Word){param.name} & {place.mask:#x}"
    return f"({text}) << {place.shift}" if place.shift else text


def word_values(found: Sequence[Place], count: int) -> list[str]:
    """Return an expression for each message word; those of structures stay empty."""
    words: list[list[str]] = [[] for _ in range(count)]
    for place in found:
        if place.param.type.kind != "struct":
            words[place.word].append(value(place))
    return [w[0] if len(w) == 1 else together(w) for w in words]


def together(parts: Sequence[str]) -> str:
    """Return the expression for a word that several arguments share."""
    line = " | ".join(f"({e})" for e in parts)
    return line if len(line) <= LINE - 10 else line.replace(" | ", " |\n            ")


def struct_in(place: Place) -> tuple[dict[int, str], list[str]]:
    """Return register words and statements that send the first `count` words of a structure."""
    name, first = place.param.name, place.word
    inline = {first + i: f"words_of_{name}[{i}]" for i in range(REGISTERS - first)}
    start = len(inline)
    return inline, [
        f"    for (seL4_Word i = {start}; i < count && i < {place.words}; i++) {{",
        f"        seL4_SetMR((int)i + {first}, words_of_{name}[i]);",
        "    }",
    ]


def struct_out(param: Param) -> list[str]:
    """Return statements that receive the first `count` words of a structure."""
    return [
        "    if (error == seL4_NoError) {",
        f"        seL4_Word *to = (seL4_Word *){param.name};",
        "",
        f"        for (seL4_Word i = 0; i < count && i < {param.type.bits // 64}; i++) {{",
        f"            to[i] = i < {REGISTERS} ? mr[i] : seL4_GetMR((int)i);",
        "        }",
        "    }",
        "    return error;",
    ]


def array(declaration: str, values: Sequence[str]) -> list[str]:
    """Return the definition of an array, on one line if it fits."""
    line = f"    {declaration} = {{ {', '.join(values)} }};"
    if len(line) <= LINE:
        return [line]
    return [f"    {declaration} = {{", *(f"        {v}," for v in values), "    };"]


def results(method: Method) -> list[str]:
    """Return statements that take a method's results out of the answer."""
    lines = ["    if (result.error == seL4_NoError) {"]
    for place in places(method.results)[0]:
        word = f"mr[{place.word}]" if place.word < REGISTERS else f"seL4_GetMR({place.word})"
        if place.shift:
            word = f"({word} >> {place.shift})"
        cut = "" if place.param.type.bits == 64 else f" & {place.mask:#x}"
        text = f"({place.param.type.name})({word}{cut})" if cut else word
        lines.append(f"        result.{place.param.name} = {text};")
    return [*lines, "    }", "    return result;"]


def body(method: Method) -> list[str]:
    """Return the statements of a method's function."""
    found, count = places(method.words)
    words = word_values(found, count)
    before: list[str] = []
    sends: list[str] = []
    for place in found:
        if place.param.type.kind == "struct":
            name = place.param.name
            before.append(f"    const seL4_Word *words_of_{name} = (const seL4_Word *){name};")
            inline, sends = struct_in(place)
            for index, text in inline.items():
                words[index] = text
    caps = [f"    seL4_SetCap({i}, {p.name});" for i, p in enumerate(method.caps)]
    late = [f"    seL4_SetMR({i}, {w});" for i, w in enumerate(words) if i >= REGISTERS and w]
    first = [words[i] if i < count else "0" for i in range(REGISTERS)]
    tag = f"seL4_MessageInfo_new({method.label}, 0, {len(method.caps)}, {count})"
    lines = [*before, *array("seL4_Word mr[4]", first), f"    seL4_MessageInfo_t tag = {tag};"]
    call = "libsel4_invoke(_service, tag, mr)"
    returns = result_type(method)
    if returns != "seL4_Error":
        zeros = ", ".join("0" for _ in range(len(method.results) + 1))
        return [
            *lines,
            f"    {returns} result = {{ {zeros} }};",
            "",
            *caps,
            *late,
            f"    result.error = {call};",
            *results(method),
        ]
    if method.results:
        return [
            *lines,
            "    seL4_Error error;",
            "",
            *caps,
            *late,
            *sends,
            f"    error = {call};",
            *struct_out(method.results[0]),
        ]
    return [*lines, "", *caps, *late, *sends, f"    return {call};"]
