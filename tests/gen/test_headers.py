# SPDX-License-Identifier: BSD-2-Clause
"""libsel4's headers: each compiles alone, in C and C++, for both kernels, from assembly."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Toolbox

ROOT = Path(__file__).resolve().parent.parent.parent
HEADERS = ROOT / "csrc" / "libsel4" / "include"
SOURCES = sorted((ROOT / "csrc" / "libsel4" / "src").glob("*.c"))
WARNINGS = ["-Wall", "-Wextra", "-Werror"]

# Paths that programs include: they must exist, each under exactly this name.
NAMES = """
autoconf.h interfaces/sel4_client.h kernel/gen_config.h sel4/gen_config.h sel4/sel4.h
sel4/arch/bootinfo_types.h sel4/arch/constants.h sel4/arch/deprecated.h sel4/arch/invocation.h
sel4/arch/mapping.h sel4/arch/objecttype.h sel4/arch/simple_types.h sel4/arch/syscalls.h
sel4/arch/types.h sel4/arch/vmenter.h sel4/assert.h sel4/benchmark_track_types.h
sel4/benchmark_tracepoints_types.h sel4/benchmark_utilisation_types.h sel4/bootinfo.h
sel4/bootinfo_types.h sel4/config.h sel4/constants.h sel4/debug_assert.h sel4/deprecated.h
sel4/errors.h sel4/faults.h sel4/functions.h sel4/invocation.h sel4/macros.h sel4/mode/types.h
sel4/objecttype.h sel4/plat/api/constants.h sel4/sel4_arch/constants.h
sel4/sel4_arch/deprecated.h sel4/sel4_arch/faults.h sel4/sel4_arch/invocation.h
sel4/sel4_arch/mapping.h sel4/sel4_arch/objecttype.h sel4/sel4_arch/pfIPC.h
sel4/sel4_arch/simple_types.h
sel4/sel4_arch/syscalls.h sel4/sel4_arch/syscalls_syscall.h sel4/sel4_arch/types.h
sel4/sel4_arch/types_gen.h sel4/shared_types.h sel4/shared_types_gen.h sel4/simple_types.h
sel4/syscall.h sel4/syscalls.h sel4/types.h sel4/virtual_client.h sel4emu/gate.h sel4runtime.h
"""
PATHS = NAMES.split()
# Which of the two system call headers is right depends on the kernel.
BY_KERNEL = {"classic": "sel4/syscalls_master.h", "mcs": "sel4/syscalls_mcs.h"}
FOR_ASSEMBLY = ["sel4/constants.h", "sel4/arch/constants.h", "sel4/sel4_arch/constants.h"]
WITHOUT_LIBC = [
    p
    for p in PATHS
    if p not in ("sel4/arch/bootinfo_types.h", "sel4/benchmark_track_types.h")  # <stdint.h>
]


@pytest.mark.parametrize("path", PATHS)
def test_header_stands_alone(path: str, kernel: str, tools: Toolbox) -> None:
    for name, command in {
        "alone.c": ["gcc", "-std=gnu11"],
        "alone.cc": ["g++", "-std=gnu++17"],
    }.items():
        source = tools.write(name, f"#include <{path}>\n#include <{path}>\n")
        tools.check(kernel, *command, *WARNINGS, source)


def test_system_call_header_of_each_kernel(kernel: str, tools: Toolbox) -> None:
    text = f"#include <{BY_KERNEL[kernel]}>\n#include <sel4/sel4.h>\n"
    tools.check(kernel, "gcc", *WARNINGS, tools.write("alone.c", text))


@pytest.mark.parametrize("standard", ["gnu99", "c11", "gnu17", "gnu2x"])
def test_other_standards_of_c(standard: str, kernel: str, tools: Toolbox) -> None:
    source = tools.write("all.c", "#include <sel4/sel4.h>\n#include <sel4runtime.h>\n")
    tools.check(kernel, "gcc", f"-std={standard}", *WARNINGS, source)


@pytest.mark.parametrize("standard", ["gnu++11", "c++20"])
def test_other_standards_of_cxx(standard: str, kernel: str, tools: Toolbox) -> None:
    source = tools.write("all.cc", "#include <sel4/sel4.h>\n#include <sel4runtime.h>\n")
    tools.check(kernel, "g++", f"-std={standard}", *WARNINGS, source)


@pytest.mark.parametrize("define", ["NDEBUG", "_FORTIFY_SOURCE=2"])
def test_beside_the_c_library(define: str, kernel: str, tools: Toolbox) -> None:
    """Both orders: what the two declare twice has to agree."""
    libc = "#include <assert.h>\n#include <elf.h>\n#include <string.h>\n#include <stdio.h>\n"
    ours = "#include <sel4/assert.h>\n#include <sel4/sel4.h>\n#include <sel4runtime.h>\n"
    for i, text in enumerate([libc + ours, ours + libc]):
        for name, compiler in {f"both{i}.c": "gcc", f"both{i}.cc": "g++"}.items():
            source = tools.write(name, text)
            tools.check(kernel, compiler, "-O2", f"-D{define}", *WARNINGS, source)


def test_no_c_library_is_needed(kernel: str, tools: Toolbox) -> None:
    text = "".join(f"#include <{path}>\n" for path in WITHOUT_LIBC)
    tools.check(
        kernel,
        "gcc",
        "-std=gnu11",
        "-nostdinc",
        "-ffreestanding",
        *WARNINGS,
        tools.write("bare.c", text),
    )


@pytest.mark.parametrize("path", FOR_ASSEMBLY)
def test_constants_serve_assembly(path: str, kernel: str, tools: Toolbox) -> None:
    text = f"#include <{path}>\n#include <sel4/config.h>\n#include <sel4/macros.h>\n"
    text += "    .quad CONFIG_XSAVE_SIZE\n"
    if path.endswith("sel4_arch/constants.h"):
        text += "    .quad seL4_UserTop, seL4_PageBits, seL4_TCBBits\n"
    source = tools.write("constants.S", text)
    command = ["gcc", "-c", "-o", tools.scratch / "constants.o", *tools.flags(kernel), source]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_sources_compile(kernel: str, tools: Toolbox) -> None:
    for source in SOURCES:
        tools.check(kernel, "gcc", "-std=gnu11", "-O2", *WARNINGS, source)


# Options that change what the headers contain.
CONFIGURATIONS = {
    "benchmarks": "ENABLE_BENCHMARKS BENCHMARK_TRACK_UTILISATION BENCHMARK_TRACEPOINTS "
    "BENCHMARK_TRACK_KERNEL_ENTRIES KERNEL_X86_DANGEROUS_MSR",
    "error texts": "KERNEL_INVOCATION_REPORT_ERROR_IPC",
    "buffer only": "LIB_SEL4_STUBS_USE_IPC_BUFFER_ONLY",
    "public symbols": "LIB_SEL4_PUBLIC_SYMBOLS -LIB_SEL4_INLINE_INVOCATIONS",
    "weak symbols": "-LIB_SEL4_INLINE_INVOCATIONS",
    "no thread-locals": "-LIB_SEL4_USE_THREAD_LOCALS",
    "no debugging": "-DEBUG_BUILD -PRINTING",
    "no huge pages": "-HUGE_PAGE",
    "large registers": "-XSAVE_SIZE XSAVE_SIZE=832",
    "no TLS call": "-SET_TLS_BASE_SELF",
}


def configure(options: str, tools: Toolbox) -> Path:
    """Write another autoconf.h, as a build system would; "-KEY" switches off, "KEY=1" is on."""
    folder = tools.scratch / "config"
    folder.mkdir()
    text = "#pragma once\n#include <kernel/gen_config.h>\n#include <sel4/gen_config.h>\n"
    for option in options.split():
        key, _, value = option.partition("=")
        if key.startswith("-"):
            text += f"#undef CONFIG_{key[1:]}\n"
        else:
            text += f"#define CONFIG_{key} {value or 1}\n"
    (folder / "autoconf.h").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_configuration(name: str, kernel: str, tools: Toolbox) -> None:
    folder = configure(CONFIGURATIONS[name], tools)
    text = "".join(f"#include <{path}>\n" for path in PATHS if not path.endswith("gen_config.h"))
    for file, command in {"all.c": ["gcc", "-std=gnu11"], "all.cc": ["g++"]}.items():
        tools.check(kernel, *command, f"-I{folder}", *WARNINGS, tools.write(file, text))
    for source in SOURCES:
        tools.check(kernel, "gcc", "-std=gnu11", f"-I{folder}", *WARNINGS, source)


OLD_NAMES = """
#include <sel4/sel4.h>

seL4_CapRights rights;
seL4_FaultType type;
seL4_CapData_t data;
seL4_PageFaultIpcRegisters registers;

seL4_Word use(seL4_MessageInfo_t tag)
{
    seL4_SetTag(seL4_GetTag());
    seL4_ExceptIPC_Set(0, seL4_ExceptIPC_Get(1));
    return seL4_NoFault + seL4_CapFault + seL4_UnknownSyscall + seL4_UserException +
        seL4_VMFault + SEL4_PFIPC_LABEL + SEL4_PFIPC_FSR + SEL4_EXCEPT_IPC_LABEL +
        SEL4_USER_EXCEPTION_LENGTH + seL4_PF_FIP() + seL4_PF_Addr() +
        seL4_isPageFault_MSG() + seL4_isPageFault_Tag(tag) + seL4_isExceptIPC_Tag(tag) +
        seL4_IsArchSyscallFrom(tag) + seL4_IsArchExceptionFrom(tag) +
        seL4_CapData_Badge_new(1) + seL4_CapData_Guard_new(0, 8) +
        seL4_AsyncEndpointObject;
}
"""


# Functions, types and variables of OLD_NAMES; the others are macros.
NAMED = """
seL4_CapRights seL4_FaultType seL4_CapData_t seL4_PageFaultIpcRegisters seL4_SetTag seL4_GetTag
seL4_ExceptIPC_Set seL4_ExceptIPC_Get seL4_PF_FIP seL4_PF_Addr seL4_isPageFault_MSG
seL4_isPageFault_Tag seL4_isExceptIPC_Tag seL4_IsArchSyscallFrom seL4_IsArchExceptionFrom
seL4_CapData_Badge_new seL4_CapData_Guard_new seL4_AsyncEndpointObject
"""
MACROS = 9


def test_old_names_work_and_warn(kernel: str, tools: Toolbox) -> None:
    source = tools.write("old.c", OLD_NAMES)
    tools.check(kernel, "g++", "-x", "c++", source)
    command = ["gcc", "-Wall", "-fsyntax-only", *tools.flags(kernel), source]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"})
    assert done.returncode == 0, done.stderr
    warned = set(re.findall(r"warning: '(\w+)' is deprecated", done.stderr))
    assert warned == set(NAMED.split())
    assert done.stderr.count("warning: deprecated seL4 name") == MACROS
