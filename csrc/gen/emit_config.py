# SPDX-License-Identifier: BSD-2-Clause
"""autoconf.h and the two gen_config.h: the CONFIG_ macros of the default machine.

User code tests them by #ifdef, and by macros that need the value 1; so an option that is off
stays undefined.
"""

from __future__ import annotations

from spec import KERNELS, Option, Spec
from text import header

# For each kernel, how a header tests for it before CONFIG_KERNEL_MCS is defined.
TESTS = {"classic": "#ifndef SEL4EMU_MCS", "mcs": "#ifdef SEL4EMU_MCS"}


def option(found: Option) -> str:
    """Return the definition of one option, or say that it is off."""
    if found.value is False:
        return f"/* off: CONFIG_{found.key}: {found.doc} */"
    if found.value is True:
        return f"#define CONFIG_{found.key} 1 /* {found.doc} */"
    return f"#define CONFIG_{found.key} {found.value} /* {found.doc} */"


def options(spec: Spec, name: str) -> list[str]:
    """Return all options of one header."""
    out = []
    for found in spec.options:
        if found.header != name:
            continue
        if found.when == KERNELS:
            out.append(option(found))
        else:
            out += [TESTS[found.when[0]], option(found), "#endif"]
    return out


def kernel(spec: Spec) -> str:
    """Write kernel/gen_config.h."""
    about = (
        "Configuration of the kernel. A program for a machine with the MCS kernel is "
        "compiled with -DSEL4EMU_MCS."
    )
    return header(about, spec.file, options(spec, "kernel"))


def sel4(spec: Spec) -> str:
    """Write sel4/gen_config.h."""
    return header("Configuration of libsel4.", spec.file, options(spec, "sel4"))


def autoconf(spec: Spec) -> str:
    """Write autoconf.h."""
    return header(
        "Configuration of kernel and libsel4.",
        spec.file,
        [],
        ["kernel/gen_config.h", "sel4/gen_config.h"],
    )
