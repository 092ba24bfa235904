# SPDX-License-Identifier: BSD-2-Clause
"""abi/sel4_api.h: the numbers of the API for the kernel core and the host, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from emit_layout import defines, faults, layouts, plain, words
from spec import KERNELS, Spec, per_kernel
from text import NONE, enum, header, name_parts, table, table_per_kernel, upper_snake

LABELS = 64
SYSCALLS = 40
OBJECTS = 16


def unique(names: Iterable[str]) -> list[str]:
    """Drop repetitions, keeping the order."""
    return list(dict.fromkeys(names))


def method_names(spec: Spec) -> list[str]:
    """Enumerators of every method of either kernel, in order."""
    found = {k: spec.live_methods(k) for k in KERNELS}
    live = [m for m in spec.methods if any(m in found[k] for k in KERNELS)]
    return unique(f"METHOD_{name_parts(m.key)}" for m in live)


def offered(spec: Spec) -> list[str]:
    """Names of the system calls that some configuration of sel4emu offers."""
    return unique(s.name for s in spec.syscalls if s.feature is None)


def methods(spec: Spec) -> list[str]:
    """Methods, and the table from labels to them."""
    names = method_names(spec)
    cells = []
    for kernel in KERNELS:
        live = spec.live_methods(kernel)
        row = ["METHOD_INVALID", *(f"METHOD_{name_parts(m.key)}" for m in live)]
        cells.append(row + ["METHOD_INVALID"] * (LABELS - len(row)))
    counts = (str(len(spec.live_methods(k)) + 1) for k in KERNELS)
    labels = [label_row(spec, k, names) for k in KERNELS]
    return [
        "/* Invocations, whatever their labels in one kernel or the other. */",
        enum("sel4_method", {"METHOD_INVALID": 0} | dict.fromkeys([*names, "METHOD_COUNT"])),
        f"#define SEL4_LABELS_MAX {LABELS}",
        "/* Method of a label; labels from SEL4_LABEL_COUNT on are invalid too. */",
        table_per_kernel("uint8_t sel4_method_of_label[2][SEL4_LABELS_MAX]", cells),
        table("uint8_t SEL4_LABEL_COUNT[2]", counts),
        "/* Label of a method; 0 where the kernel does not have it. */",
        table_per_kernel("uint8_t sel4_label_of_method[2][METHOD_COUNT]", labels),
    ]


def label_row(spec: Spec, kernel: str, names: list[str]) -> list[str]:
    """Labels of all methods in one kernel."""
    keys = [f"METHOD_{name_parts(m.key)}" for m in spec.live_methods(kernel)]
    return ["0", *(str(keys.index(n) + 1) if n in keys else "0" for n in names)]


def syscalls(spec: Spec) -> list[str]:
    """System calls, the table from numbers to them, and the options they need."""
    names = offered(spec)
    members = ["SYS_UNKNOWN", *(f"SYS_{upper_snake(n)}" for n in names), "SYS_COUNT"]
    cells = []
    for kernel in KERNELS:
        row = ["SYS_UNKNOWN"] * SYSCALLS
        for number, syscall in spec.numbered_syscalls(kernel):
            if syscall.feature is None:
                row[-number] = f"SYS_{upper_snake(syscall.name)}"
        cells.append(row)
    needed = {s.name: s.needs for s in spec.syscalls}
    options = unique(need for s in spec.syscalls for need in s.needs)
    bits = {f"SEL4_NEEDS_{o}": 1 << i for i, o in enumerate(options)}
    masks = [" | ".join(f"SEL4_NEEDS_{o}" for o in needed[n]) or "0" for n in names]
    return [
        "/* System calls, whatever their numbers in one kernel or the other. */",
        enum("sel4_sys", {"SYS_UNKNOWN": 0} | dict.fromkeys(members[1:])),
        f"#define SEL4_SYSCALLS_MAX {SYSCALLS}",
        "/* System call of a negated number. */",
        table_per_kernel("uint8_t sel4_sys_of_number[2][SEL4_SYSCALLS_MAX]", cells),
        "/* Kernel options without which a system call is an unknown one. */",
        enum("sel4_needs", dict(bits)),
        table("uint8_t sel4_sys_needs[SYS_COUNT]", ["0", *masks]),
    ]


def objects(spec: Spec) -> list[str]:
    """Object types, and the tables between them and their numbers."""
    names = unique(f"OBJECT_{upper_snake(o.name)}" for o in spec.objects)
    members = {n: i for i, n in enumerate(names)} | {"OBJECT_COUNT": None}
    forth, back = [], []
    for kernel in KERNELS:
        row = [f"OBJECT_{upper_snake(o.name)}" for o in spec.live_objects(kernel)]
        forth.append(row + [NONE] * (OBJECTS - len(row)))
        back.append([str(row.index(n)) if n in row else NONE for n in names])
    counts = (str(len(spec.live_objects(k))) for k in KERNELS)
    sizes = [object_sizes(spec, k) for k in KERNELS]
    device = ["1" if o.device else "0" for o in spec.objects]
    return [
        "/* Object types, whatever their numbers in one kernel or the other. */",
        enum("sel4_object", members),
        f"#define SEL4_OBJECTS_MAX {OBJECTS}",
        "/* Object type of a number, and back; 0xff where the kernel has none. */",
        table_per_kernel("uint8_t sel4_object_of_number[2][SEL4_OBJECTS_MAX]", forth),
        table_per_kernel("uint8_t sel4_number_of_object[2][OBJECT_COUNT]", back),
        table("uint8_t SEL4_OBJECT_TYPE_COUNT[2]", counts),
        "/* Size of an object as a power of two; 0 where its maker chooses it. */",
        table_per_kernel("uint8_t sel4_object_bits[2][OBJECT_COUNT]", sizes),
        "/* Whether an object can be made from device memory. */",
        table("uint8_t sel4_object_device[OBJECT_COUNT]", device),
    ]


def object_sizes(spec: Spec, kernel: str) -> list[str]:
    """Sizes of all object types in one kernel."""
    sizes = {name: per_kernel(value).get(kernel, 0) for name, value in spec.raw["sizes"].items()}
    return [str(sizes.get(o.size, 0)) for o in spec.objects]


def emit(spec: Spec) -> str:
    """Write the header."""
    raw = spec.raw
    slots = {n: s["slot"] for n, s in raw["root_slots"].items()}
    failures = {n: f["value"] for n, f in raw["lookup_failures"].items()}
    body = [
        "/* Tables with two rows: [0] the classic kernel, [1] MCS. */\n",
        f'#define SEL4_API_VERSION "{raw["api"]["version"]}"\n',
        *methods(spec),
        *syscalls(spec),
        *objects(spec),
        *plain("Results of invocations.", "sel4_error", "SEL4_", raw["errors"]),
        *plain("Why a lookup failed.", "sel4_lookup_failure", "SEL4_LOOKUP_", failures),
        *faults(spec),
        words("Register", raw["user_context"]["words"]),
        *plain("Slots of the root CNode.", "sel4_root_slot", "SEL4_", slots),
        *plain(
            "Kinds of extra boot information.",
            "sel4_bootinfo_id",
            "SEL4_BOOTINFO_",
            raw["bootinfo_ids"],
        ),
        *plain(
            "Cache attributes of mappings.", "sel4_vm_attributes", "SEL4_VM_", raw["vm_attributes"]
        ),
        *plain("Flags of threads.", "sel4_tcb_flag", "SEL4_TCB_FLAG_", raw["tcb_flags"]),
        *plain(
            "Flags of scheduling contexts.",
            "sel4_sched_context_flag",
            "SEL4_SCHED_CONTEXT_FLAG_",
            raw["sched_context_flags"],
        ),
        *defines("Sizes, as powers of two unless the name says otherwise.", raw["sizes"]),
        *defines("Limits.", raw["limits"]),
        *layouts(spec),
    ]
    about = "The numbers of the seL4 API, for the kernel core and the host."
    return header(about, spec.file, body, ["stdint.h"])
