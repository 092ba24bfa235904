# SPDX-License-Identifier: BSD-2-Clause
"""libsel4/check.c: a program without code that compiles only if libsel4 agrees with the spec.

The hand-written headers of libsel4 repeat numbers of the description, because people read them.
This file asserts that they are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emit_labels import MCS
from emit_layout import live_faults
from spec import KERNELS, Spec, per_kernel
from text import LINE, comment

# Names in libsel4 that are not "seL4_" and the name in the description; null: libsel4 has none.
OTHER = {
    "TCBBitsLargeXSave": None,
    "MaxBootInfoUntypeds": "CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS",
    "MultibootMaxMmapEntries": "SEL4_MULTIBOOT_MAX_MMAP_ENTRIES",
    "DomainDurationBits": None,
    "IRQOffset": "IRQ_OFFSET",
    "VectorMin": "VECTOR_MIN",
    "VectorMax": "VECTOR_MAX",
    "IRQUserMin": None,
    "IRQUserMax": None,
    "IRQTimer": None,
    "TrapMin": None,
    "IRQMax": None,
    "IOAPICCount": "CONFIG_MAX_NUM_IOAPIC",
    "IOAPICPins": None,
    "IOPortCount": None,
    "PCIBusMax": None,
    "PCIDevMax": None,
    "PCIFuncMax": None,
    "MappingLookupLevelMR": "SEL4_MAPPING_LOOKUP_LEVEL",
    "MappingLookupNoPT": "SEL4_MAPPING_LOOKUP_NO_PT",
    "MappingLookupNoPD": "SEL4_MAPPING_LOOKUP_NO_PD",
    "MappingLookupNoPDPT": "SEL4_MAPPING_LOOKUP_NO_PDPT",
}
INCLUDES = ("stddef.h", "sel4/sel4.h", "sel4/arch/bootinfo_types.h", "sel4/arch/mapping.h")


def equal(expression: str, value: int) -> str:
    """Return one assertion."""
    number = str(value) if value < 1 << 31 else f"{value:#x}"
    text = f'_Static_assert({expression} == {number}, "{expression}");'
    if len(text) <= LINE:
        return text
    return f'_Static_assert({expression} == {number},\n               "{expression}");'


def each(expressions: Mapping[str, object]) -> list[str]:
    """Return an assertion for each expression, in the kernels that have a value for it."""
    out = []
    for expression, value in expressions.items():
        per = per_kernel(value)
        if set(per) == set(KERNELS) and len(set(per.values())) == 1:
            out.append(equal(expression, per[KERNELS[0]]))
            continue
        for kernel, number in per.items():
            out += [MCS[kernel], equal(expression, number), "#endif"]
    return out


def named(prefix: str, values: Mapping[str, object]) -> dict[str, object]:
    """Return the libsel4 names of a table of the description."""
    names = {n: OTHER.get(n, f"{prefix}{n}") for n in values}
    return {name: values[n] for n, name in names.items() if name is not None}


def objects(spec: Spec) -> dict[str, object]:
    """Return the numbers of object types, by kernel."""
    live = {k: [o.name for o in spec.live_objects(k)] for k in KERNELS}
    return {
        o.enumerator: {k: live[k].index(o.name) for k in KERNELS if o.name in live[k]}
        for o in spec.objects
    }


def messages(spec: Spec) -> dict[str, object]:
    """Return the positions of words in fault messages."""
    found: dict[str, object] = {}
    for fault in live_faults(spec):
        where = dict.fromkeys(fault.when)
        ends = [] if fault.no_length or not fault.words else ["Length"]
        for i, word in enumerate([*fault.words, *ends]):
            found[f"seL4_{fault.name}_{word}"] = dict.fromkeys(where, i)
    for i, word in enumerate([*spec.raw["timeout_reply"]["words"], "Length"]):
        found[f"seL4_TimeoutReply_{word}"] = {"mcs": i}
    return found


def offsets(struct: str, words: Iterable[str]) -> dict[str, object]:
    """Return the offsets of a structure's fields, by kernel."""
    found: dict[str, object] = {}
    at = dict.fromkeys(KERNELS, 0)
    for text in words:
        name, size, *when = text.split()
        kernels = when or list(KERNELS)
        found[f"offsetof({struct}, {name})"] = {k: at[k] for k in kernels}
        for kernel in kernels:
            at[kernel] += 8 * int(size)
    found[f"sizeof({struct})"] = dict(at)
    return found


def emit(spec: Spec) -> str:
    """Write the file."""
    raw = spec.raw
    failures = {n: f["value"] for n, f in raw["lookup_failures"].items()}
    slots = {n: s["slot"] for n, s in raw["root_slots"].items()}
    registers = [f"{word} 1" for word in raw["user_context"]["words"]]
    checks = [
        *each(named("seL4_", raw["sizes"])),
        *each(named("seL4_", raw["limits"])),
        *each(named("seL4_", raw["errors"])),
        *each(named("seL4_", failures)),
        *each(named("seL4_", slots)),
        *each(named("SEL4_BOOTINFO_HEADER_", raw["bootinfo_ids"])),
        *each(named("seL4_X86_", raw["vm_attributes"])),
        *each(named("seL4_TCBFlag_", raw["tcb_flags"])),
        *each(
            {f"seL4_SchedContext_{n}": {"mcs": v} for n, v in raw["sched_context_flags"].items()}
        ),
        *each(objects(spec)),
        *each(messages(spec)),
        *each(offsets("seL4_UserContext", registers)),
        *each(offsets("seL4_IPCBuffer", raw["ipc_buffer"]["words"])),
        *each(offsets("seL4_BootInfo", raw["boot_info"]["words"])),
    ]
    about = f"libsel4 agrees with {spec.file}: this compiles. Generated; do not edit."
    return "\n".join(
        [
            "/* SPDX-License-Identifier: BSD-2-Clause */",
            comment(about),
            *(f"#include <{name}>" for name in INCLUDES),
            "",
            *checks,
            "",
        ]
    )
