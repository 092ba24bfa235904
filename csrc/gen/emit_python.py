# SPDX-License-Identifier: BSD-2-Clause
"""sel4emu/_api.py: the API description for Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from marshal_rule import places
from spec import KERNELS, Method, Param, Spec, per_kernel

LINE = 100
HEAD = Path(__file__).with_name("api_head.py.in")


def enumeration(name: str, doc: str, members: Mapping[str, int]) -> str:
    """Return an IntEnum."""
    lines = [f"\nclass {name}(IntEnum):", f'    """{doc}"""\n']
    return "\n".join([*lines, *(f"    {m} = {v}" for m, v in members.items()), ""])


def nested(items: Iterable[str], indent: str) -> str:
    """Return a tuple with an item to a line."""
    found = list(items)
    if not found:
        return "()"
    return "(\n" + "".join(f"{indent}    {i},\n" for i in found) + f"{indent})"


def params(found: Iterable[Param], caps: Iterable[Param], words: Iterable[Param]) -> str:
    """Return the arguments or results of a method."""
    where = {p.param.name: (p.word, p.shift, p.param.type.bits) for p in places(list(words))[0]}
    where |= {p.name: (i, 0, 0) for i, p in enumerate(caps)}
    indent = " " * 8
    return nested(
        (
            f"Param({p.name!r}, {p.type.name!r}, {', '.join(map(str, where[p.name]))},\n"
            f"{indent}          {p.doc!r})"
            for p in found
        ),
        indent,
    )


def method(found: Method, labels: Mapping[str, int]) -> str:
    """Return one method."""
    errors = nested((f"({e!r},\n             {why!r})" for e, why in found.errors), " " * 8)
    return "\n".join(
        [
            "    Method(",
            f"        name={found.key!r},",
            f"        interface={found.interface!r},",
            f"        enumerator={found.label!r},",
            f"        labels={dict(labels)!r},",
            f"        doc={found.doc!r},"
            if len(found.doc) < LINE - 15
            else f"        doc=(\n            {found.doc!r}\n        ),",
            f"        params={params(found.params, found.caps, found.words)},",
            f"        results={params(found.results, (), found.results)},",
            f"        errors={errors},",
            "    ),\n",
        ]
    )


def methods(spec: Spec) -> str:
    """Return all methods, and those that sel4emu does not have."""
    live = {k: spec.live_methods(k) for k in KERNELS}
    out = ["\nMETHODS: tuple[Method, ...] = (\n"]
    for found in spec.methods:
        labels = {k: live[k].index(found) + 1 for k in KERNELS if found in live[k]}
        if labels:
            out.append(method(found, labels))
    out.append(")\n\n# Methods of kernels with a feature that sel4emu does not offer.\n")
    out.append("UNSUPPORTED: dict[str, str] = {\n")
    out += [f"    {m.key!r}: {m.feature!r},\n" for m in spec.methods if m.feature]
    return "".join([*out, "}\n"])


def dictionary(name: str, kind: str, pairs: Mapping[str, object]) -> str:
    """Return a dictionary with an item to a line."""
    lines = []
    for key, value in pairs.items():
        line = f"    {key!r}: {value!r},"
        lines.append(line if len(line) <= LINE else f"    {key!r}:\n        {value!r},")
    return "\n".join([f"\n{name}: {kind} = {{", *lines, "}", ""])


def others(spec: Spec) -> str:
    """Return system calls, object types and faults."""
    numbers = {k: {s.name: n for n, s in spec.numbered_syscalls(k)} for k in KERNELS}
    calls = {s.name: s for s in spec.syscalls if s.feature is None}
    out = ["\nSYSCALLS: tuple[Syscall, ...] = (\n"]
    for name, found in calls.items():
        own = {k: numbers[k][name] for k in KERNELS if name in numbers[k]}
        out.append(
            f"    Syscall({name!r}, {own!r},\n            {found.needs!r},\n"
            f"            {found.doc!r}),\n"
        )
    out.append(")\n\nOBJECTS: tuple[ObjectType, ...] = (\n")
    live = {k: [o.name for o in spec.live_objects(k)] for k in KERNELS}
    for made in spec.objects:
        own = {k: live[k].index(made.name) for k in KERNELS if made.name in live[k]}
        size = {} if made.size == "given" else per_kernel(spec.raw["sizes"][made.size])
        out.append(
            f"    ObjectType({made.name!r}, {made.enumerator!r}, {own!r},\n"
            f"               {size!r}, {made.device!r},\n               {made.doc!r}),\n"
        )
    out.append(")\n\nFAULTS: tuple[Fault, ...] = (\n")
    for fault in spec.faults:
        if fault.feature is None:
            words = nested((repr(w) for w in fault.words), "          ")
            out.append(
                f"    Fault({fault.name!r}, {dict(fault.labels)!r},\n          {words},\n"
                f"          {fault.doc!r}),\n"
            )
    return "".join([*out, ")\n"])


def emit(spec: Spec) -> str:
    """Write the module."""
    raw = spec.raw
    sizes = {n: per_kernel(v) for n, v in raw["sizes"].items()}
    failures = {n: f["value"] for n, f in raw["lookup_failures"].items()}
    slots = {n.removeprefix("Cap"): s["slot"] for n, s in raw["root_slots"].items()}
    lookup_words = {n: tuple(f["words"]) for n, f in raw["lookup_failures"].items()}
    error_words = {n: tuple(w) for n, w in raw["error_words"].items()}
    head = HEAD.read_text(encoding="utf-8").replace("{file}", spec.file)
    return "".join(
        [
            head.replace("{version}", raw["api"]["version"]),
            enumeration("Error", "Result of an invocation: seL4_Error.", raw["errors"]),
            "\n",
            enumeration("LookupFailure", "Why a lookup failed: seL4_LookupFailureType.", failures),
            "\n",
            enumeration("RootSlot", "Slot of the root CNode: seL4_Cap...", slots),
            "\n",
            enumeration("BootInfoId", "Kind of extra boot information.", raw["bootinfo_ids"]),
            "\n",
            dictionary("ERROR_DOCS", "dict[str, str]", raw["error_docs"]),
            dictionary("COMMON_ERRORS", "dict[str, str]", raw["common_errors"]),
            dictionary("ERROR_WORDS", "dict[str, tuple[str, ...]]", error_words),
            dictionary("LOOKUP_WORDS", "dict[str, tuple[str, ...]]", lookup_words),
            dictionary("SIZES", "dict[str, dict[str, int]]", sizes),
            dictionary("LIMITS", "dict[str, int]", raw["limits"]),
            dictionary(
                "REGISTERS",
                "dict[str, int]",
                {r: i for i, r in enumerate(raw["user_context"]["words"])},
            ),
            methods(spec),
            others(spec),
        ]
    )
