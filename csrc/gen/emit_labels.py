# SPDX-License-Identifier: BSD-2-Clause
"""sel4/invocation.h, its two arch parts and sel4/syscall.h, under the names libsel4 has."""

from __future__ import annotations

from collections.abc import Iterable

from spec import Spec
from text import header

MCS = {"classic": "#ifndef CONFIG_KERNEL_MCS", "mcs": "#ifdef CONFIG_KERNEL_MCS"}
# Name and closing enumerator of each group's enumeration.
ENUMS = {
    "general": ("invocation_label", "nInvocationLabels"),
    "sel4_arch": ("sel4_arch_invocation_label", "nSeL4ArchInvocationLabels"),
    "arch": ("arch_invocation_label", "nArchInvocationLabels"),
}
ABOUT = "Labels of invocations. Methods of features that sel4emu lacks have none."


def group_labels(spec: Spec, group: str, kernel: str) -> list[str]:
    """Return the enumerators of one group in one kernel, each group from its own number on."""
    live = spec.live_methods(kernel)
    found = [f"    {m.label} = {i}," for i, m in enumerate(live, 1) if m.group == group]
    last = max(i for i, m in enumerate(live, 1) if m.group == group)
    return [*found, f"    {ENUMS[group][1]} = {last + 1}"]


def labels(spec: Spec, group: str) -> list[str]:
    """Return the enumeration of one group of labels."""
    first = ["    InvalidInvocation = 0,"] if group == "general" else []
    return [
        f"enum {ENUMS[group][0]} {{",
        *first,
        MCS["mcs"],
        *group_labels(spec, group, "mcs"),
        "#else",
        *group_labels(spec, group, "classic"),
        "#endif",
        "};",
    ]


def invocation(spec: Spec) -> str:
    """Write sel4/invocation.h."""
    body = [
        *labels(spec, "general"),
        "",
        "#include <sel4/sel4_arch/invocation.h>",
        "#include <sel4/arch/invocation.h>",
    ]
    return header(ABOUT, spec.file, body, ["autoconf.h"])


def sel4_arch(spec: Spec) -> str:
    """Write sel4/sel4_arch/invocation.h."""
    return header(ABOUT, spec.file, labels(spec, "sel4_arch"), ["autoconf.h"])


def arch(spec: Spec) -> str:
    """Write sel4/arch/invocation.h."""
    return header(ABOUT, spec.file, labels(spec, "arch"), ["autoconf.h"])


def condition(needs: Iterable[str]) -> str:
    """Return the test for kernel options."""
    return " && ".join(f"defined(CONFIG_{need})" for need in needs)


def numbers(spec: Spec, kernel: str) -> list[str]:
    """Return the system call enumerators of one kernel."""
    lines = []
    for number, found in spec.numbered_syscalls(kernel):
        if found.feature is not None:
            continue
        line = f"    seL4_Sys{found.name} = {number},"
        lines += [f"#if {condition(found.needs)}", line, "#endif"] if found.needs else [line]
    return lines


def syscall(spec: Spec) -> str:
    """Write sel4/syscall.h."""
    body = [
        "typedef enum {",
        MCS["mcs"],
        *numbers(spec, "mcs"),
        "#else",
        *numbers(spec, "classic"),
        "#endif",
        "    SEL4_FORCE_LONG_ENUM(seL4_Syscall_ID)",
        "} seL4_Syscall_ID;",
    ]
    return header("Numbers of system calls.", spec.file, body, ["autoconf.h", "sel4/macros.h"])
