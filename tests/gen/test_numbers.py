# SPDX-License-Identifier: BSD-2-Clause
"""Numbers, sizes and layouts, stated here as facts and not taken from the description."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Toolbox

DATA = Path(__file__).resolve().parent / "data"
KERNELS = ("classic", "mcs")
WARNINGS = ["-Wall", "-Wextra", "-Werror"]

# "expression value" for both kernels, or "expression classic mcs" ("-": only the other has it).
FACTS = """
sizeof(seL4_Word) 8
sizeof(seL4_CPtr) 8
sizeof(seL4_Time) 8
sizeof(seL4_Bool) 1
((seL4_Bool)-1<0) 1
sizeof(seL4_Error) 4
sizeof(seL4_X86_VMAttributes) 8
sizeof(seL4_UserContext) 160
offsetof(seL4_UserContext,rip) 0
offsetof(seL4_UserContext,rsp) 8
offsetof(seL4_UserContext,rflags) 16
offsetof(seL4_UserContext,r8) 80
offsetof(seL4_UserContext,r15) 136
offsetof(seL4_UserContext,fs_base) 144
offsetof(seL4_UserContext,gs_base) 152
sizeof(seL4_IPCBuffer) 1024
_Alignof(seL4_IPCBuffer) 1024
offsetof(seL4_IPCBuffer,tag) 0
offsetof(seL4_IPCBuffer,msg) 8
offsetof(seL4_IPCBuffer,userData) 968
offsetof(seL4_IPCBuffer,caps_or_badges) 976
offsetof(seL4_IPCBuffer,receiveCNode) 1000
offsetof(seL4_IPCBuffer,receiveIndex) 1008
offsetof(seL4_IPCBuffer,receiveDepth) 1016
sizeof(seL4_Fault_t) 160
sizeof(seL4_BootInfo) 3848 3864
offsetof(seL4_BootInfo,extraLen) 0
offsetof(seL4_BootInfo,nodeID) 8
offsetof(seL4_BootInfo,numNodes) 16
offsetof(seL4_BootInfo,numIOPTLevels) 24
offsetof(seL4_BootInfo,ipcBuffer) 32
offsetof(seL4_BootInfo,empty) 40
offsetof(seL4_BootInfo,sharedFrames) 56
offsetof(seL4_BootInfo,userImageFrames) 72
offsetof(seL4_BootInfo,userImagePaging) 88
offsetof(seL4_BootInfo,ioSpaceCaps) 104
offsetof(seL4_BootInfo,extraBIPages) 120
offsetof(seL4_BootInfo,initThreadCNodeSizeBits) 136
offsetof(seL4_BootInfo,initThreadDomain) 144
offsetof(seL4_BootInfo,schedcontrol) - 152
offsetof(seL4_BootInfo,untyped) 152 168
offsetof(seL4_BootInfo,untypedList) 168 184
sizeof(seL4_UntypedDesc) 16
offsetof(seL4_UntypedDesc,sizeBits) 8
offsetof(seL4_UntypedDesc,isDevice) 9
sizeof(((seL4_BootInfo*)0)->untypedList)/sizeof(seL4_UntypedDesc) 230
sizeof(seL4_BootInfoHeader) 16
sizeof(seL4_X86_BootInfo_mmap_t) 1220
offsetof(seL4_X86_BootInfo_mmap_t,mmap) 20
sizeof(seL4_X86_mb_mmap_t) 24
sizeof(seL4_X86_BootInfo_VBE) 800
SEL4_BOOTINFO_HEADER_X86_MBMMAP 2
SEL4_BOOTINFO_HEADER_X86_TSC_FREQ 5
SEL4_BOOTINFO_HEADER_FDT 6
seL4_UntypedObject 0
seL4_TCBObject 1
seL4_EndpointObject 2
seL4_NotificationObject 3
seL4_CapTableObject 4
seL4_SchedContextObject - 5
seL4_ReplyObject - 6
seL4_X86_PDPTObject 5 7
seL4_X64_PML4Object 6 8
seL4_X64_HugePageObject 7 9
seL4_X86_4K 8 10
seL4_X86_LargePageObject 9 11
seL4_X86_PageTableObject 10 12
seL4_X86_PageDirectoryObject 11 13
seL4_ObjectTypeCount 12 14
seL4_SlotBits 5
seL4_EndpointBits 4
seL4_NotificationBits 5 6
seL4_ReplyBits - 5
seL4_TCBBits 11
seL4_PageBits 12
seL4_PageTableBits 12
seL4_PageDirBits 12
seL4_PDPTBits 12
seL4_PML4Bits 12
seL4_LargePageBits 21
seL4_HugePageBits 30
seL4_ASIDPoolBits 12
seL4_ASIDPoolIndexBits 9
seL4_NumASIDPoolsBits 3
seL4_MinUntypedBits 4
seL4_MaxUntypedBits 47
seL4_MinSchedContextBits - 7
seL4_CoreSchedContextBytes - 128
seL4_RefillSizeBytes - 16
seL4_UserTop 0x00007ffffffff000
IRQ_OFFSET 0x30
VECTOR_MIN 0
VECTOR_MAX 109
seL4_MsgMaxLength 120
seL4_MsgMaxExtraCaps 3
seL4_FastMessageRegisters 4
seL4_MaxPrio 255
seL4_UntypedRetypeMaxObjects 256
seL4_NoError 0
seL4_InvalidArgument 1
seL4_InvalidCapability 2
seL4_IllegalOperation 3
seL4_RangeError 4
seL4_AlignmentError 5
seL4_FailedLookup 6
seL4_TruncatedMessage 7
seL4_DeleteFirst 8
seL4_RevokeFirst 9
seL4_NotEnoughMemory 10
seL4_NumErrors 11
seL4_NoFailure 0
seL4_InvalidRoot 1
seL4_MissingCapability 2
seL4_DepthMismatch 3
seL4_GuardMismatch 4
seL4_Fault_NullFault 0
seL4_Fault_CapFault 1
seL4_Fault_UnknownSyscall 2
seL4_Fault_UserException 3
seL4_Fault_Timeout - 5
seL4_Fault_VMFault 5 6
seL4_CapFault_BitsLeft 4
seL4_CapFault_DepthMismatch_BitsFound 5
seL4_CapFault_GuardMismatch_GuardFound 5
seL4_CapFault_GuardMismatch_BitsFound 6
seL4_UnknownSyscall_RBP 6
seL4_UnknownSyscall_FaultIP 15
seL4_UnknownSyscall_FLAGS 17
seL4_UnknownSyscall_Syscall 18
seL4_UnknownSyscall_Length 19
seL4_UserException_Number 3
seL4_UserException_Length 5
seL4_VMFault_Addr 1
seL4_VMFault_PrefetchFault 2
seL4_VMFault_FSR 3
seL4_VMFault_Length 4
seL4_Timeout_Length - 2
seL4_TimeoutReply_Length - 19
SEL4_MAPPING_LOOKUP_NO_PT 21
SEL4_MAPPING_LOOKUP_NO_PD 30
SEL4_MAPPING_LOOKUP_NO_PDPT 39
seL4_X86_Default_VMAttributes 0
seL4_X86_WriteThrough 1
seL4_X86_CacheDisabled 2
seL4_X86_WriteCombining 4
seL4_TCBFlag_fpuDisabled 1
seL4_TCBFlag_MASK 1
seL4_CapInitThreadTCB 1
seL4_CapInitThreadVSpace 3
seL4_CapIOPortControl 7
seL4_CapInitThreadIPCBuffer 10
seL4_CapDomain 11
seL4_CapInitThreadSC 14
seL4_NumInitialCaps 16
seL4_SysCall -1
seL4_SysReplyRecv -2
seL4_SysNBSendRecv - -3
seL4_SysNBSendWait - -4
seL4_SysSend -3 -5
seL4_SysNBSend -4 -6
seL4_SysRecv -5 -7
seL4_SysReply -6 -
seL4_SysYield -7 -11
seL4_SysNBRecv -8
seL4_SysWait - -9
seL4_SysNBWait - -10
seL4_SysDebugPutChar -9 -12
seL4_SysDebugDumpScheduler -10 -13
seL4_SysDebugHalt -11 -14
seL4_SysDebugCapIdentify -12 -15
seL4_SysDebugSnapshot -13 -16
seL4_SysDebugNameThread -14 -17
seL4_SysSetTLSBase -30 -33
nInvocationLabels 33 39
nArchInvocationLabels 53 59
CONFIG_RETYPE_FAN_OUT_LIMIT 256
CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS 230
CONFIG_NUM_PRIORITIES 256
CONFIG_ROOT_CNODE_SIZE_BITS 13
CONFIG_TIME_SLICE 5 -
CONFIG_TIMER_TICK_MS 2 -
CONFIG_BOOT_THREAD_TIME_SLICE - 5
"""
# Values that only a function tells.
CALLS = """
    assert(seL4_MessageInfo_new(0x123, 5, 2, 0x55).words[0] == 0x123b55);
    assert(seL4_CapRights_new(1, 0, 0, 0).words[0] == 8);
    assert(seL4_CanGrant.words[0] == 4 && seL4_CanRead.words[0] == 2);
    assert(seL4_CanWrite.words[0] == 1 && seL4_AllRights.words[0] == 15);
    assert(seL4_CNode_CapData_new(3, 8).words[0] == (3 << 6 | 8));
    assert(seL4_Fault_get_seL4_FaultType(seL4_Fault_VMFault_new(1, 2, 3, 4)) ==
           seL4_Fault_VMFault);
"""
MCS_CALLS = """
    assert(seL4_MaxExtraRefills(7) == 0 && seL4_MaxExtraRefills(8) == 8);
    assert(seL4_MaxExtraRefills(9) == 24 && seL4_MaxExtraRefills(10) == 56);
"""


def facts(kernel: str) -> list[tuple[str, str]]:
    """Return the expressions and values of one kernel."""
    found = []
    for line in FACTS.split("\n")[1:-1]:
        name, *values = line.split()
        value = values[KERNELS.index(kernel)] if len(values) > 1 else values[0]
        if value != "-":
            found.append((name, value))
    return found


def invocations(kernel: str) -> list[list[str]]:
    """Return the lines of data/invocations.txt that one kernel has, label as third cell."""
    found = []
    for line in (DATA / "invocations.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            cells = [cell.strip() for cell in line.split("|")]
            label = cells.pop(3 if kernel == "classic" else 2)
            if cells[2] != "-":
                found.append(cells)
            assert label
    return found


def test_public_numbers(kernel: str, tools: Toolbox) -> None:
    text = "#include <assert.h>\n#include <stddef.h>\n#include <sel4/sel4.h>\n"
    text += "#include <sel4/arch/bootinfo_types.h>\n#include <sel4/arch/mapping.h>\n"
    for name, value in facts(kernel):
        text += f'_Static_assert({name} == {value}, "{name}");\n'
    for cells in invocations(kernel):
        text += f'_Static_assert({cells[1]} == {cells[2]}, "{cells[1]}");\n'
    calls = CALLS + (MCS_CALLS if kernel == "mcs" else "")
    text += "__thread seL4_IPCBuffer *__sel4_ipc_buffer;\n"
    text += "void sel4emu_syscall(sel4emu_word n, struct sel4emu_frame *f)\n{\n"
    text += f"    (void)n;\n    (void)f;\n}}\nint main(void)\n{{\n{calls}    return 0;\n}}\n"
    tools.run(tools.build(kernel, [tools.write("numbers.c", text)], *WARNINGS))


def test_names_of_the_other_kernel_are_absent(kernel: str, tools: Toolbox) -> None:
    """A program can test for a kernel by #ifdef, and misses what the kernel lacks."""
    other = KERNELS[1 - KERNELS.index(kernel)]
    mine = {name for name, _ in facts(kernel)}
    macros = [n for n, _ in facts(other) if n not in mine and n.startswith(("CONFIG_", "seL4_Rep"))]
    assert macros
    text = "#include <sel4/sel4.h>\n"
    for name in [*macros, "CONFIG_VTX", "CONFIG_IOMMU", "CONFIG_ENABLE_SMP_SUPPORT"]:
        text += f"#ifdef {name}\n#error {name}\n#endif\n"
    tools.check(kernel, "gcc", tools.write("absent.c", text))


def test_headers_agree_with_the_description(kernel: str, tools: Toolbox) -> None:
    source = tools.generated / "libsel4" / "check.c"
    tools.check(kernel, "gcc", "-std=gnu11", *WARNINGS, source)


TABLES = """
#include <assert.h>
#include <string.h>
#include "abi/sel4_names.h"

static void check_labels(int mcs)
{
    for (int label = 0; label < SEL4_LABELS_MAX; label++) {
        int method = sel4_method_of_label[mcs][label];

        assert((method != METHOD_INVALID) == (label > 0 && label < SEL4_LABEL_COUNT[mcs]));
        if (method != METHOD_INVALID) {
            assert(sel4_label_of_method[mcs][method] == label);
            assert(sel4_method_params[mcs][method]);
        }
    }
    for (int method = 1; method < METHOD_COUNT; method++) {
        int label = sel4_label_of_method[mcs][method];

        assert(sel4_method_name[method]);
        assert(label == 0 || sel4_method_of_label[mcs][label] == method);
        assert(!label == !sel4_method_params[mcs][method]);
    }
}

static void check_objects(int mcs)
{
    for (int number = 0; number < SEL4_OBJECTS_MAX; number++) {
        int type = sel4_object_of_number[mcs][number];

        assert((type != 0xff) == (number < SEL4_OBJECT_TYPE_COUNT[mcs]));
        assert(type == 0xff || sel4_number_of_object[mcs][type] == number);
    }
    assert(sel4_object_bits[mcs][OBJECT_TCB] == 11 && !sel4_object_bits[mcs][OBJECT_CNODE]);
    assert(sel4_object_bits[mcs][OBJECT_NOTIFICATION] == 5 + mcs);
    assert(sel4_object_device[OBJECT_PAGE] && !sel4_object_device[OBJECT_TCB]);
}
"""


def test_tables_of_the_core(generated: Path, tools: Toolbox) -> None:
    """Freestanding C and C++ can include them, and they lead back to where they came from."""
    body = "int main(void)\n{\n    check_labels(0);\n    check_labels(1);\n"
    body += "    check_objects(0);\n    check_objects(1);\n"
    for mcs, name in enumerate(KERNELS):
        for function, _, label, *_ in invocations(name):
            body += f"    assert(!strcmp(sel4_method_name[sel4_method_of_label[{mcs}][{label}]],\n"
            body += f'                   "{function}"));\n'
    source = tools.write("tables.c", TABLES + body + "    return 0;\n}\n")
    include = f"-I{generated}"
    tools.check("classic", "g++", include, *WARNINGS, "-x", "c++", source)
    tools.run(tools.build("classic", [source], include, *WARNINGS))
    bare = tools.write("bare.c", '#include "abi/sel4_api.h"\n#include "abi/sel4_names.h"\n')
    tools.check("classic", "gcc", "-std=c11", "-ffreestanding", include, *WARNINGS, bare)


@pytest.fixture(scope="module")
def api(generated: Path) -> ModuleType:
    path = generated / "sel4emu" / "_api.py"
    spec = importlib.util.spec_from_file_location("generated_api", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look there
    spec.loader.exec_module(module)
    monkeypatch.undo()
    return module


@pytest.mark.parametrize("name", KERNELS)
def test_python_knows_every_method(name: str, api: ModuleType) -> None:
    methods = {m.labels[name]: m for m in api.METHODS if name in m.labels}
    lines = invocations(name)
    assert len(methods) == len(lines)
    for function, enumerator, label, _, caps, words, results in lines:
        method = methods[int(label)]
        assert (method.name, method.enumerator) == (function, enumerator)
        assert [p.name for p in method.params if p.is_cap] == caps.split()
        assert [place(p) for p in method.params if not p.is_cap] == words.split()
        assert [place(p) for p in method.results] == results.split()


def place(param: object) -> str:
    """Write a parameter as data/invocations.txt does."""
    index, shift, bits, name = (getattr(param, n) for n in ("index", "shift", "bits", "name"))
    if bits > 64:
        return f"MR{index}..{index + bits // 64 - 1}={name}"
    if bits == 64:
        return f"MR{index}={name}"
    return f"MR{index}[{shift}:{shift + bits - 1}]={name}"


def test_python_knows_the_other_numbers(api: ModuleType) -> None:
    syscalls = {s.name: s.numbers for s in api.SYSCALLS}
    objects = {o.enumerator: o.numbers for o in api.OBJECTS}
    faults = {f.name: f.labels for f in api.FAULTS}
    for kernel in KERNELS:
        for name, value in facts(kernel):
            if name.startswith("seL4_Sys"):
                assert syscalls[name.removeprefix("seL4_Sys")][kernel] == int(value)
            elif name.startswith("seL4_Fault_"):
                assert faults[name.removeprefix("seL4_Fault_")][kernel] == int(value)
            elif name in objects:
                assert objects[name][kernel] == int(value)
    assert api.Error.NotEnoughMemory == 10
    assert set(api.ERROR_DOCS) == {e.name for e in api.Error}
    assert api.LookupFailure.GuardMismatch == 4
    assert api.UNSUPPORTED["X86_Page_MapIO"] == "IOMMU"
