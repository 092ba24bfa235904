# SPDX-License-Identifier: BSD-2-Clause
"""The part of abi/sel4_api.h that is about data: faults, enumerations, limits, layouts."""

from __future__ import annotations

from collections.abc import Iterable

from spec import KERNELS, Fault, Spec, per_kernel
from text import NONE, enum, name_parts, table_per_kernel, upper_snake


def live_faults(spec: Spec) -> list[Fault]:
    """Faults that sel4emu can raise."""
    return [f for f in spec.faults if f.feature is None]


def fault_name(name: str) -> str:
    """Upper snake case of a fault, less the word "fault"."""
    return upper_snake(name.removesuffix("Fault"))


def faults(spec: Spec) -> list[str]:
    """Faults, their labels, and the message words of each."""
    live = live_faults(spec)
    names = {f"SEL4_FAULT_{fault_name(f.name)}": None for f in live}
    rows = [[str(f.labels.get(k, NONE)) for f in live] for k in KERNELS]
    out = [
        "/* Faults, and their message labels; 0xff where the kernel has none. */",
        enum("sel4_fault", names | {"SEL4_FAULT_COUNT": None}),
        table_per_kernel("uint8_t sel4_fault_label[2][SEL4_FAULT_COUNT]", rows),
    ]
    for fault in live:
        if fault.words:
            out.append(words(f"{upper_snake(fault.name)}", fault.words))
    out.append(words("TimeoutReply", spec.raw["timeout_reply"]["words"]))
    return out


def words(name: str, members: Iterable[str]) -> str:
    """Enumerate the words of a message or register file."""
    prefix = f"SEL4_{upper_snake(name) if not name.isupper() else name}"
    names = [f"{prefix}_{name_parts(m)}" for m in members]
    return enum(prefix.lower(), dict.fromkeys([*names, f"{prefix}_LENGTH"]))


def plain(title: str, tag: str, prefix: str, values: dict[str, int]) -> list[str]:
    """An enumeration straight from a table of the description."""
    members: dict[str, int | None] = {f"{prefix}{name_parts(n)}": v for n, v in values.items()}
    return [f"/* {title} */", enum(tag, members)]


def defines(title: str, values: dict[str, object]) -> list[str]:
    """Constants; one that differs between the kernels is a table of two."""
    out = [f"/* {title} */"]
    for name, value in values.items():
        per = per_kernel(value)
        if len(set(per.values())) == 1 and len(per) == len(KERNELS):
            number = per[KERNELS[0]]
            text = str(number) if number < 1 << 31 else f"{number:#x}u"
            out.append(f"#define SEL4_{upper_snake(name)} {text}")
        else:
            cells = ", ".join(str(per.get(k, 0)) for k in KERNELS)
            out.append(f"static const uint16_t SEL4_{upper_snake(name)}[2] = {{ {cells} }};")
    return [*out, ""]


def layouts(spec: Spec) -> list[str]:
    """Byte offsets of the IPC buffer and the boot information, shifts of the bit fields."""
    out = ["/* Byte offsets in the IPC buffer and, by kernel, in the boot information. */"]
    at = 0
    for text in spec.raw["ipc_buffer"]["words"]:
        name, size = text.split()
        out.append(f"#define SEL4_IPC_BUFFER_{name_parts(name)} {at}")
        at += 8 * int(size)
    out.append(f"#define SEL4_IPC_BUFFER_BYTES {at}")
    offsets = dict.fromkeys(KERNELS, 0)
    for text in [*spec.raw["boot_info"]["words"], "bytes 0"]:
        name, size, *when = text.split()
        cells = ", ".join(str(offsets[k]) if not when or k in when else "0" for k in KERNELS)
        out.append(f"static const uint16_t SEL4_BOOT_INFO_{name_parts(name)}[2] = {{ {cells} }};")
        for kernel in when or KERNELS:
            offsets[kernel] += 8 * int(size)
    out += ["", "/* Bit fields: lowest bit and mask of the value. */"]
    for field in spec.bitfields:
        for name, low, bits in field.fields:
            prefix = f"SEL4_{name_parts(field.name.removeprefix('seL4_'))}_{upper_snake(name)}"
            out.append(f"#define {prefix}_SHIFT {low}")
            out.append(f"#define {prefix}_MASK {(1 << bits) - 1:#x}u")
    return [*out, ""]
