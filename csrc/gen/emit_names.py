# SPDX-License-Identifier: BSD-2-Clause
"""abi/sel4_names.h: the names of everything in sel4_api.h, for trace text and error messages."""

from __future__ import annotations

from collections.abc import Iterable

from emit_api import method_names, offered
from emit_layout import live_faults
from marshal_rule import places
from spec import KERNELS, Method, Spec
from text import header, name_parts, quoted, table, table_per_kernel, upper_snake

STRUCT = """\
/*
 * One argument of an invocation. A data argument of up to 64 bits stands in
 * message word `index`, from bit `shift` on; one of more bits takes whole words
 * from `index` on. A capability (bits 0) is number `index` of those sent beside
 * the words. An array of them ends with a null name.
 */
struct sel4_param {
    const char *name;
    uint8_t index;
    uint8_t shift;
    uint16_t bits;
};
"""


def names(declaration: str, values: Iterable[str | None]) -> str:
    """Return a table of strings."""
    return table(f"char *const {declaration}", (quoted(v) for v in values))


def params(method: Method) -> list[str]:
    """Return the initializers of one method's arguments, in the stub's order."""
    where = {p.param.name: p for p in places(method.words)[0]}
    caps = [p.name for p in method.caps]
    cells = []
    for param in method.params:
        if param.name in where:
            place = where[param.name]
            numbers = f"{place.word}, {place.shift}, {param.type.bits}"
        else:
            numbers = f"{caps.index(param.name)}, 0, 0"
        cells.append(f"{{ {quoted(param.name)}, {numbers} }}")
    return [*cells, "{ 0, 0, 0, 0 }"]


def array_name(method: Method) -> str:
    """Name of the array of one method's arguments; the kernels may differ."""
    suffix = "" if len(method.when) > 1 else f"_{method.when[0]}"
    return f"sel4_params_{name_parts(method.key).lower()}{suffix}"


def param_tables(spec: Spec) -> list[str]:
    """Return the arguments of each method, and the table that leads to them."""
    out = []
    cells = []
    for method in spec.methods:
        if method.feature is None:
            out.append(table(f"struct sel4_param {array_name(method)}[]", params(method)))
    for kernel in KERNELS:
        live = {f"METHOD_{name_parts(m.key)}": array_name(m) for m in spec.live_methods(kernel)}
        cells.append(["0", *(live.get(n, "0") for n in method_names(spec))])
    pointer = "struct sel4_param *const sel4_method_params[2][METHOD_COUNT]"
    return [
        *out,
        "/* Arguments of a method in one kernel; null if it does not have it. */",
        table_per_kernel(pointer, cells),
    ]


def emit(spec: Spec) -> str:
    """Write the header."""
    methods = {f"METHOD_{name_parts(m.key)}": m.key for m in spec.methods}
    objects = {upper_snake(o.name): o.name for o in spec.objects}
    faults = live_faults(spec)
    body = [
        STRUCT,
        names(
            "sel4_method_name[METHOD_COUNT]", ["Invalid", *(methods[n] for n in method_names(spec))]
        ),
        names("sel4_sys_name[SYS_COUNT]", ["Unknown", *offered(spec)]),
        names("sel4_object_name[OBJECT_COUNT]", objects.values()),
        names("sel4_error_name[]", spec.raw["errors"]),
        names("sel4_lookup_failure_name[]", spec.raw["lookup_failures"]),
        names("sel4_fault_name[SEL4_FAULT_COUNT]", (f.name for f in faults)),
        *(
            names(f"sel4_{upper_snake(f.name).lower()}_word_name[]", f.words)
            for f in faults
            if f.words
        ),
        names("sel4_register_name[]", spec.raw["user_context"]["words"]),
        *param_tables(spec),
    ]
    about = "The names of the seL4 API, for trace text and error messages."
    return header(about, spec.file, body, ["stdint.h", "sel4_api.h"]).replace(
        "#include <sel4_api.h>", '#include "sel4_api.h"'
    )
