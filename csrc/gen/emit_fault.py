# SPDX-License-Identifier: BSD-2-Clause
"""sel4/sel4_arch/types_gen.h: a fault message as a value, with accessors for its words.

Each field has a getter and a setter on values, and the same again on pointers. Those of another
kind of fault than the value holds are a failed seL4_DebugAssert.
"""

from __future__ import annotations

from textwrap import fill

from emit_bitfield import INCLUDES, function, mask, struct
from emit_labels import MCS
from spec import KERNELS, Fault, Spec
from text import LINE, header

FAULT_WORDS = 20
TAG_BITS = 4


def tags(spec: Spec) -> list[str]:
    """Return the enumeration of fault tags."""
    lines = ["enum seL4_Fault_tag {"]
    for fault in spec.faults:
        if fault.feature is not None:
            continue
        if len(set(fault.labels.values())) == 1 and set(fault.labels) == set(KERNELS):
            lines.append(f"    seL4_Fault_{fault.name} = {fault.labels[KERNELS[0]]},")
            continue
        for kernel, label in fault.labels.items():
            lines += [MCS[kernel], f"    seL4_Fault_{fault.name} = {label},", "#endif"]
    return [*lines, "};", "typedef enum seL4_Fault_tag seL4_Fault_tag_t;\n"]


def tag_functions() -> list[str]:
    """Return what reads the tag of a fault."""
    tag = f"words[0] & {mask(TAG_BITS)}"
    value, pointer = "seL4_Fault_t seL4_Fault", "seL4_Fault_t *seL4_Fault_ptr"
    return [
        function(
            "CONST",
            "seL4_Uint64",
            "seL4_Fault_get_seL4_FaultType",
            [value],
            f"    return seL4_Fault.{tag};\n",
        ),
        function(
            "CONST",
            "int",
            "seL4_Fault_seL4_FaultType_equals",
            [value, "seL4_Uint64 seL4_Fault_type_tag"],
            f"    return (seL4_Fault.{tag}) == seL4_Fault_type_tag;\n",
        ),
        function(
            "PURE",
            "seL4_Uint64",
            "seL4_Fault_ptr_get_seL4_FaultType",
            [pointer],
            f"    return seL4_Fault_ptr->{tag};\n",
        ),
    ]


def fault_new(fault: Fault) -> list[str]:
    """Return the two constructors of one kind of fault."""
    name, args = f"seL4_Fault_{fault.name}", [f"seL4_Uint64 {f}" for f in fault.fields]
    count = len(fault.fields)
    cells = "".join(f"    made.words[{count - i}] = {f};\n" for i, f in enumerate(fault.fields))
    value = (
        f"    seL4_Fault_t made = {{ {{ 0 }} }};\n\n    made.words[0] = {name};\n"
        f"{cells}    return made;\n"
    )
    values = fill(", ".join(fault.fields), LINE - 8).replace("\n", "\n        ")
    pointer = f"    *seL4_Fault_ptr = {name}_new(\n        {values});\n"
    where = "seL4_Fault_t *seL4_Fault_ptr"
    return [
        function("CONST", "seL4_Fault_t", f"{name}_new", args, value),
        function("", "void", f"{name}_ptr_new", [where, *args], pointer),
    ]


def fault_field(fault: str, field: str, word: int) -> list[str]:
    """Return the four accessors of one field of a fault."""
    name = f"seL4_Fault_{fault}"
    value, pointer = "seL4_Fault_t seL4_Fault", "seL4_Fault_t *seL4_Fault_ptr"
    v64 = "seL4_Uint64 v64"
    check = "    seL4_DebugAssert({0} ==\n                     {1});\n"
    own = check.format("seL4_Fault_get_seL4_FaultType(seL4_Fault)", name)
    there = check.format("seL4_Fault_ptr_get_seL4_FaultType(seL4_Fault_ptr)", name)
    return [
        function(
            "CONST",
            "seL4_Uint64",
            f"{name}_get_{field}",
            [value],
            f"{own}    return seL4_Fault.words[{word}];\n",
        ),
        function(
            "CONST",
            "seL4_Fault_t",
            f"{name}_set_{field}",
            [value, v64],
            f"{own}    seL4_Fault.words[{word}] = v64;\n    return seL4_Fault;\n",
        ),
        function(
            "PURE",
            "seL4_Uint64",
            f"{name}_ptr_get_{field}",
            [pointer],
            f"{there}    return seL4_Fault_ptr->words[{word}];\n",
        ),
        function(
            "",
            "void",
            f"{name}_ptr_set_{field}",
            [pointer, v64],
            f"{there}    seL4_Fault_ptr->words[{word}] = v64;\n",
        ),
    ]


def emit(spec: Spec) -> str:
    """Write sel4/sel4_arch/types_gen.h."""
    about = "seL4_Fault_t: a fault message as a value; its fields are the message words."
    body = [struct("seL4_Fault", FAULT_WORDS), *tags(spec), *tag_functions()]
    for fault in spec.faults:
        if fault.feature is not None:
            continue
        part = fault_new(fault)
        for i, field in enumerate(fault.fields):
            part += fault_field(fault.name, field, len(fault.fields) - i)
        body += part if fault.when == KERNELS else [MCS[fault.when[0]], *part, "#endif"]
    return header(about, spec.file, body, INCLUDES)
