# SPDX-License-Identifier: BSD-2-Clause
"""interfaces/sel4_client.h: one function for each invocation method."""

from __future__ import annotations

from pathlib import Path

from emit_labels import MCS
from emit_stub import body, result_type
from spec import KERNELS, Method, Spec
from text import doc_comment, header

INCLUDES = [
    "sel4/config.h",
    "sel4/types.h",
    "sel4/sel4_arch/constants.h",
    "sel4/functions.h",
    "sel4/syscalls.h",
    "sel4/sel4_arch/syscalls.h",
    "sel4/invocation.h",
]

INVOKE = Path(__file__).with_name("invoke.h.in")


def result_struct(method: Method) -> str:
    """Return the struct of a method's results, if it has one."""
    name = f"seL4_{method.key}"
    fields = "".join(f"    {p.type.name} {p.name};\n" for p in method.results)
    return f"struct {name} {{\n    int error;\n{fields}}};\ntypedef struct {name} {name}_t;\n"


def signature(spec: Spec, method: Method) -> str:
    """Return the head of a method's function."""
    service = spec.raw["interfaces"][method.interface]["type"]
    args = [f"{service} _service"]
    for param in (*method.params, *(p for p in method.results if p.type.kind == "struct")):
        star = "*" if param.type.kind == "struct" else ""
        args.append(f"{param.type.name} {star}{param.name}")
    lines, line = [], f"seL4_{method.key}("
    for i, arg in enumerate(args):
        text = arg + (")" if i == len(args) - 1 else ",")
        if len(line) + len(text) > 79:
            lines.append(line.rstrip())
            line = "    "
        line += text + " "
    return f"LIBSEL4_INLINE {result_type(method)}\n" + "\n".join([*lines, line.rstrip()])


def comments(spec: Spec, method: Method) -> str:
    """Return the documentation of a method."""
    service = spec.raw["interfaces"][method.interface]["service"]
    paragraphs = [method.doc, f"@param _service {service}"]
    paragraphs += [f"@param {p.name} {p.doc}" for p in method.params]
    if result_type(method) == "seL4_Error":
        paragraphs += [f"@param {p.name} {p.doc}" for p in method.results]
        paragraphs.append("@return seL4_NoError or why not:")
    else:
        outs = "; ".join(f"{p.name}: {p.doc}" for p in method.results)
        paragraphs.append(f"@return error, seL4_NoError or why not; {outs}")
    common = spec.raw["common_errors"]
    paragraphs += [f"@retval seL4_{name} {why}" for name, why in common.items()]
    paragraphs += [f"@retval seL4_{name} {why}" for name, why in method.errors]
    return doc_comment(paragraphs)


def function(spec: Spec, method: Method) -> str:
    """Return a method's function, for the kernels that have it."""
    text = "\n".join([comments(spec, method), signature(spec, method), "{", *body(method), "}\n"])
    if method.when == KERNELS:
        return text
    return f"{MCS[method.when[0]]}\n{text}#endif\n"


def sizes(spec: Spec) -> list[str]:
    """Return assertions that C agrees with the description about types."""
    out = ["/* The layout of messages relies on these sizes. */"]
    for found in spec.types.values():
        size = (found.bits + 7) // 8
        out.append(
            f"SEL4_COMPILE_ASSERT(libsel4_size_of_{found.name},\n"
            f"                    sizeof({found.name}) == {size})"
        )
    return [*out, ""]


def emit(spec: Spec) -> str:
    """Write the header."""
    live = [m for m in spec.methods if m.feature is None]
    structs = {m.key: result_struct(m) for m in spec.methods if result_type(m) != "seL4_Error"}
    parts = [
        *sizes(spec),
        *structs.values(),
        INVOKE.read_text(encoding="utf-8"),
        *(function(spec, m) for m in live),
    ]
    return header("Stubs of all invocations.", spec.file, parts, INCLUDES)
