# SPDX-License-Identifier: BSD-2-Clause
"""libsel4 at work: what stubs put into registers and IPC buffer, and what they take out."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Toolbox

DATA = Path(__file__).resolve().parent / "data"
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
SERVICE, ANSWER, BADGE, RANGE_ERROR = 0x5E7, 0xF1F2F3F4F5F6F700, 0xBAD9E, 4
BUFFER_MSG, BUFFER_CAPS, CONTEXT_WORDS = 1, 122, 20  # words of the IPC buffer, of a context
STUB = re.compile(r"(seL4_\w+)\s*\(seL4_\w+ _service([^)]*)\)\s*\{")


def stubs(kernel: str, tools: Toolbox) -> dict[str, list[tuple[str, str]]]:
    """Read the signatures out of the preprocessed header: name, then (type, argument)."""
    source = tools.write("client.c", "#include <interfaces/sel4_client.h>\n")
    command = ["gcc", "-E", "-P", *tools.flags(kernel), source]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {}
    for name, arguments in STUB.findall(text):
        parts = [a.strip().replace("*", "* ").split() for a in arguments.split(",") if a.strip()]
        found[name.removeprefix("seL4_")] = [("".join(p[:-1]), p[-1]) for p in parts]
    return found


def invocations(kernel: str) -> list[list[str]]:
    found = []
    for line in (DATA / "invocations.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            cells = [cell.strip() for cell in line.split("|")]
            del cells[3 if kernel == "classic" else 2]
            if cells[2] != "-":
                found.append(cells)
    return found


def argument(number: int, kind: str, name: str) -> tuple[str, int]:
    """Return an expression for an argument, and its value."""
    if name == "count":
        return str(CONTEXT_WORDS), CONTEXT_WORDS
    if kind == "seL4_CapRights_t":
        return "seL4_CapRights_new(0, 1, 0, 1)", 5
    if kind == "seL4_UserContext*":
        return "&context", 0
    bits = {"seL4_Bool": 1, "seL4_Uint8": 8, "seL4_Uint16": 16}.get(kind, 64)
    value = (0x8182838485868788 + 0x0101010101010101 * number) & ((1 << bits) - 1)
    if bits == 1:
        value = 1
    return f"({kind}){value:#x}ul", value


def spread(words: str, values: dict[str, int]) -> dict[int, int]:
    """Return the message words that data arguments make up."""
    found: dict[int, int] = {}
    for place, name in (part.split("=") for part in words.split()):
        match = re.fullmatch(r"MR(\d+)(?:\[(\d+):(\d+)\]|\.\.(\d+))?", place)
        assert match is not None
        first, low, _, last = (int(g) if g is not None else None for g in match.groups())
        assert first is not None
        if last is not None:
            found |= {first + i: 0xC700 + i for i in range(CONTEXT_WORDS)}
        else:
            found[first] = found.get(first, 0) | values[name] << (low or 0)
    return found


def call(cells: list[str], signature: list[tuple[str, str]]) -> tuple[str, str]:
    """Return C code that invokes one method, and the line that the gate should write."""
    function, _, label, length, caps, words, results = cells
    kinds = [kind for kind, _ in signature]
    made = [argument(i, kind, name) for i, (kind, name) in enumerate(signature)]
    values = {name: value for (_, name), (_, value) in zip(signature, made, strict=True)}
    expressions = ", ".join([f"{SERVICE:#x}", *(text for text, _ in made)])
    message = spread(words, values)
    registers = ",".join(f"{message.get(i, 0):x}" for i in range(4))
    info = int(label) << 12 | len(caps.split()) << 7 | int(length)
    buffer = {BUFFER_MSG + i: v for i, v in message.items() if i >= 4}
    buffer |= {BUFFER_CAPS + i: values[name] for i, name in enumerate(caps.split())}
    line = f"enter -1: cap={SERVICE:x} info={info:x} mr={registers} reply=0 dest=0"
    line += "".join(f" b{i}={v:x}" for i, v in sorted(buffer.items()))
    plain = [r.split("=")[1] for r in results.split()] if "seL4_UserContext*" not in kinds else []
    code = "    gate_reset(label);\n    {\n        "
    if plain:
        code += f"seL4_{function}_t made = seL4_{function}({expressions});\n"
        code += '        printf("error=%d", made.error);\n        if (!label)\n'
        shown = ", ".join(f"(seL4_Word)made.{name}" for name in plain)
        code += f'            printf("{" %lx" * len(plain)}", {shown});\n'
    else:
        code += f"seL4_Error error = seL4_{function}({expressions});\n"
        code += '        printf("error=%d", error);\n'
    return code + '        printf("\\n");\n    }\n    gate_show();\n', line


def program(body: str) -> str:
    return (
        '#include "gate.h"\n#include <stdio.h>\n\nstatic seL4_UserContext context;\n\n'
        f"static void all(seL4_Word label)\n{{\n    (void)label;\n{body}}}\n\n"
        "int main(void)\n{\n    seL4_Word *words = (seL4_Word *)&context;\n\n"
        f"    for (int i = 0; i < {CONTEXT_WORDS}; i++)\n        words[i] = 0xc700 + i;\n"
        f"    all(0);\n    all({RANGE_ERROR});\n    return 0;\n}}\n"
    )


def run(kernel: str, tools: Toolbox, body: str, *options: str) -> list[str]:
    source = tools.write("program.c", program(body))
    options = ("-O2", f"-I{DATA}", *options, *WARNINGS)
    return tools.run(tools.build(kernel, [source, DATA / "gate.c"], *options)).splitlines()


def test_every_invocation(kernel: str, tools: Toolbox) -> None:
    signatures = stubs(kernel, tools)
    lines = invocations(kernel)
    assert set(signatures) == {cells[0] for cells in lines}
    lines = [cells for cells in lines if cells[0] != "TCB_ReadRegisters"]  # has its own test
    calls = [call(cells, signatures[cells[0]]) for cells in lines]
    out = run(kernel, tools, "".join(code for code, _ in calls))
    assert len(out) == 2 * 3 * len(calls)
    failed = "".join(f" b{BUFFER_MSG + i}={ANSWER + i:x}" for i in range(4))
    answered = "".join(f" b{BUFFER_MSG + i}={ANSWER + i:x}" for i in range(4, 20))
    for i, (cells, (_, line)) in enumerate(zip(lines, calls, strict=True)):
        entered, result, after = out[3 * i : 3 * i + 3]
        assert entered == line, cells[0]
        expected = "error=0" + "".join(f" {v:x}" for v in answers(cells[6]))
        assert result == expected, cells[0]
        assert after.startswith(f"after:{answered}"), cells[0]
        entered, result, after = out[3 * (i + len(calls)) :][:3]
        assert entered == line, cells[0]
        assert result == f"error={RANGE_ERROR}", cells[0]
        assert after.startswith(f"after:{failed}{answered}"), cells[0]


def answers(results: str) -> list[int]:
    """Return what a stub should find in the gate's answer."""
    found = []
    for place in (part.split("=")[0] for part in results.split()):
        match = re.fullmatch(r"MR(\d+)(?:\[(\d+):(\d+)\])?", place)
        assert match is not None
        word, low, high = (int(g) if g else None for g in match.groups())
        value = ANSWER + (word or 0)
        found.append(
            value if high is None else value >> (low or 0) & (1 << high - (low or 0) + 1) - 1
        )
    return found


READ = """
    for (seL4_Word count = 0; count < 24; count += count == 5 ? 15 : 1) {
        seL4_UserContext regs = { 0 };
        const seL4_Word *words = (const seL4_Word *)&regs;
        int written = 0;

        gate_reset(label);
        if (seL4_TCB_ReadRegisters(1, 1, 0xff, count, &regs) != label)
            printf("wrong error\\n");
        while (written < 20 && words[written] == GATE_ANSWER + written)
            written++;
        for (int i = written; i < 20; i++)
            written += words[i] != 0;
        printf("%lu: %d\\n", count, written);
    }
"""


def test_read_registers_writes_as_many_as_asked(kernel: str, tools: Toolbox) -> None:
    out = [line for line in run(kernel, tools, READ) if not line.startswith("enter")]
    counts = [0, 1, 2, 3, 4, 5, 20, 21, 22, 23]
    assert out[: len(counts)] == [f"{n}: {min(n, 20)}" for n in counts]
    assert out[len(counts) :] == [f"{n}: 0" for n in counts]


WRITE = """
    for (seL4_Word count = 0; count < 24; count += count == 5 ? 15 : 1) {
        gate_reset(label);
        seL4_TCB_WriteRegisters(1, 0, 0, count, &context);
    }
"""


def test_write_registers_sends_as_many_as_asked(kernel: str, tools: Toolbox) -> None:
    for line, count in zip(
        run(kernel, tools, WRITE), [0, 1, 2, 3, 4, 5, 20, 21, 22, 23] * 2, strict=True
    ):
        words = [f"b{BUFFER_MSG + 2 + i}={0xC700 + i:x}" for i in range(2, min(count, 20))]
        assert line.split()[7:] == words
        assert f"mr=0,{count:x},c700,c701" in line


# Code, what the gate writes (with the system call's number by kernel), value of `seen` after.
INFO = "seL4_MessageInfo_new(0x42, 0, 1, 3)"
IN = "info=42083"
BUF = "mr=bb01,bb02,bb03,bb04"
CLASSIC = {
    "seL4_Send(5, i);": ("-3", f"cap=5 {IN} {BUF}"),
    "seL4_NBSend(5, i);": ("-4", f"cap=5 {IN} {BUF}"),
    "seL4_SendWithMRs(5, i, &a, 0, &c, &d);": ("-3", f"cap=5 {IN} mr=10,0,12,13"),
    "seL4_Call(5, i);": ("-1", f"cap=5 {IN} {BUF}"),
    "seL4_CallWithMRs(5, i, &a, 0, &c, &d);": ("-1", f"cap=5 {IN} mr=10,0,12,0"),
    "seL4_Signal(5);": ("-3", "cap=5 info=1"),
    "seL4_Yield();": ("-7", ""),
    "seL4_Reply(i);": ("-6", f"{IN} {BUF}"),
    "seL4_ReplyWithMRs(i, &a, &b, 0, 0);": ("-6", f"{IN} mr=10,11,0,0"),
    "seL4_Recv(5, &sender);": ("-5", "cap=5"),
    "seL4_NBRecv(5, 0);": ("-8", "cap=5"),
    "seL4_Wait(5, &sender);": ("-5", "cap=5"),
    "seL4_Poll(5, &sender);": ("-8", "cap=5"),
    "seL4_ReplyRecv(5, i, &sender);": ("-2", f"cap=5 {IN} {BUF}"),
    "seL4_ReplyRecvWithMRs(5, i, 0, &a, &b, &c, &d);": ("-2", f"cap=5 {IN} mr=10,11,12,0"),
    "seL4_DebugPutChar('x');": ("-9", "cap=78"),
    "seL4_DebugDumpScheduler();": ("-10", ""),
    "seL4_DebugHalt();": ("-11", ""),
    "sender = seL4_DebugCapIdentify(5);": ("-12", "cap=5"),
    "seL4_DebugSnapshot();": ("-13", ""),
    'seL4_DebugNameThread(5, "hello");': ("-14", "cap=5"),
    "seL4_SetTLSBase(5);": ("-30", "cap=5"),
}
MCS = {
    "seL4_Send(5, i);": ("-5", f"cap=5 {IN} {BUF}"),
    "seL4_NBSendWithMRs(5, i, &a, 0, &c, &d);": ("-6", f"cap=5 {IN} mr=10,0,12,13"),
    "seL4_Call(5, i);": ("-1", f"cap=5 {IN} {BUF}"),
    "seL4_Signal(5);": ("-5", "cap=5 info=1"),
    "seL4_Yield();": ("-11", ""),
    "seL4_Recv(5, &sender, 6);": ("-7", "cap=5 reply=6"),
    "seL4_RecvWithMRs(5, &sender, 0, 0, 0, 0, 6);": ("-7", "cap=5 reply=6"),
    "seL4_NBRecv(5, 0, 6);": ("-8", "cap=5 reply=6"),
    "seL4_Wait(5, &sender);": ("-9", "cap=5"),
    "seL4_WaitWithMRs(5, &sender, 0, 0, 0, 0);": ("-9", "cap=5"),
    "seL4_NBWait(5, &sender);": ("-10", "cap=5"),
    "seL4_Poll(5, &sender);": ("-10", "cap=5"),
    "seL4_ReplyRecv(5, i, &sender, 6);": ("-2", f"cap=5 {IN} {BUF} reply=6"),
    "seL4_NBSendRecv(7, i, 5, &sender, 6);": ("-3", f"cap=5 {IN} {BUF} reply=6 dest=7"),
    "seL4_NBSendRecvWithMRs(7, i, 5, &sender, &a, 0, 0, &d, 6);": (
        "-3",
        f"cap=5 {IN} mr=10,0,0,0 reply=6 dest=7",
    ),
    "seL4_NBSendWait(7, i, 5, &sender);": ("-4", f"cap=5 {IN} {BUF} reply=7"),
    # The real library's own: it replies through 7 and receives from it.
    "seL4_NBSendWaitWithMRs(7, i, 5, &sender, &a, &b, &c, &d);": (
        "-2",
        f"cap=7 {IN} mr=10,11,12,0 reply=7",
    ),
    "seL4_DebugPutChar('x');": ("-12", "cap=78"),
    'seL4_DebugNameThread(5, "hello");': ("-17", "cap=5"),
    "seL4_SetTLSBase(5);": ("-33", "cap=5"),
}
NO_ANSWER = ("Send", "Signal", "Yield", "Reply(", "ReplyW", "Halt", "Snapshot", "SetTLS", "Dump")


@pytest.mark.parametrize(
    ("name", "code"), [("classic", c) for c in CLASSIC] + [("mcs", c) for c in MCS]
)
def test_system_call(name: str, code: str, tools: Toolbox) -> None:
    number, expected = {"classic": CLASSIC, "mcs": MCS}[name][code]
    body = f"    seL4_MessageInfo_t i = {INFO};\n    seL4_Word sender = 0;\n"
    body += "    seL4_Word a = 16, b = 17, c = 18, d = 19;\n\n    (void)i, (void)sender;\n"
    body += "    (void)a, (void)b, (void)c, (void)d;\n"
    body += f'    gate_reset(label);\n    {code}\n    printf("sender=%lx a=%lx\\n", sender, a);\n'
    entered, values, after, *_ = run(name, tools, body + "    gate_show();\n")
    assert entered.startswith(f"enter {number}: ")
    for part in expected.split():
        assert f" {part}" in entered
    if "&sender" in code or "sender =" in code:
        assert f"sender={BADGE:x}" in values
    if "WithMRs" in code and "&a" in code and "Send" not in code[:14] and "ReplyWith" not in code:
        assert f"a={ANSWER:x}" in values
    elif any(word in code[: len("seL4_") + 8] for word in ("Call(", "Recv(", "Wait(", "Poll(")):
        assert f" b1={ANSWER:x} b2={ANSWER + 1:x}" in after


def test_long_thread_name_is_cut(kernel: str, tools: Toolbox) -> None:
    body = "    char name[2000];\n\n    for (int i = 0; i < 1999; i++)\n        name[i] = 'n';\n"
    body += "    name[1999] = 0;\n    gate_reset(label);\n    seL4_DebugNameThread(1, name);\n"
    entered = run(kernel, tools, body)[0].split(" b1=")[1].split()
    assert entered[0] == "6e" * 8
    assert entered[-1] == "b120=6e6e6e6e6e6e6e"  # ends with a zero, userData is untouched


SHARED = """
#include "gate.h"
#include <stdio.h>

static int flag;
static int seen = -1;

/* As another thread would, while this one is in the kernel. */
void sel4emu_syscall(sel4emu_word number, struct sel4emu_frame *frame)
{
    (void)number;
    (void)frame;
    seen = flag;
}

__thread seL4_IPCBuffer *__sel4_ipc_buffer;

int main(void)
{
    flag = 1;
    seL4_Signal(1);
    flag = 0;
    printf("%d\\n", seen);
    return 0;
}
"""


def test_stores_before_a_system_call_are_seen_by_others(kernel: str, tools: Toolbox) -> None:
    program = tools.build(kernel, [tools.write("shared.c", SHARED)], "-O3", f"-I{DATA}")
    assert tools.run(program) == "1\n"


def test_stubs_with_the_buffer_only(kernel: str, tools: Toolbox) -> None:
    """The same words reach the kernel; they lie in the buffer as well."""
    folder = tools.scratch / "config"
    folder.mkdir()
    text = "#pragma once\n#include <kernel/gen_config.h>\n#include <sel4/gen_config.h>\n"
    text += "#define CONFIG_LIB_SEL4_STUBS_USE_IPC_BUFFER_ONLY 1\n"
    (folder / "autoconf.h").write_text(text, encoding="utf-8")
    body = "    gate_reset(label);\n    seL4_CNode_Delete(5, 0x66, 7);\n    gate_show();\n"
    entered, after, *_ = run(kernel, tools, body, f"-I{folder}")
    assert " mr=66,7,0,0 " in entered
    assert entered.endswith("b1=66 b2=7 b3=0 b4=0")
    assert f"b1={ANSWER:x}" in after


@pytest.mark.parametrize("define", ["NDEBUG", "DEBUG"])
def test_value_that_does_not_fit_a_field(define: str, kernel: str, tools: Toolbox) -> None:
    body = '    printf("%lx\\n", seL4_MessageInfo_new(0, 0, 0, label + 0x81).words[0]);\n'
    source = tools.write("program.c", program(body))
    built = tools.build(kernel, [source, DATA / "gate.c"], f"-I{DATA}", f"-D{define}")
    done = subprocess.run([built], capture_output=True, text=True)
    if define == "NDEBUG":
        assert done.stdout == "1\n5\n"
    else:
        assert done.returncode != 0
        assert "seL4_MessageInfo_new" in done.stderr and "length" in done.stderr


RUNTIME = """
#include <sel4runtime.h>
#include <stdio.h>
#include <stdlib.h>

void sel4emu_syscall(sel4emu_word number, struct sel4emu_frame *frame)
{
    (void)number;
    (void)frame;
}

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static int before(int code)
{
    printf("before %d\\n", code);
    return code + 1;
}

static void leave(int code)
{
    printf("leave %d\\n", code);
    exit(0);
}

int main(void)
{
    static seL4_BootInfo info;

    printf("%d %s\\n", sel4runtime_argc(), sel4runtime_process_name());
    printf("%d\\n", sel4runtime_argv()[1] == 0 && sel4runtime_envp() != 0);
    printf("%d\\n", sel4runtime_bootinfo() == 0);
    seL4_InitBootInfo(&info);
    printf("%d\\n", sel4runtime_bootinfo() == &info && seL4_GetBootInfo() == &info);
    printf("%d\\n", sel4runtime_get_tls_base() > (unsigned long)&__sel4_ipc_buffer);
    printf("%d\\n", sel4runtime_set_pre_exit(before) == 0);
    printf("%d\\n", sel4runtime_set_exit(leave) == 0);
    sel4runtime_exit(7);
}
"""


def test_runtime_of_hosted_programs(kernel: str, tools: Toolbox) -> None:
    library = DATA.parents[2] / "csrc" / "libsel4" / "src"
    sources = [tools.write("runtime.c", RUNTIME), *sorted(library.glob("*.c"))]
    out = tools.run(tools.build(kernel, sources, *WARNINGS)).splitlines()
    assert out == [f"1 program-{kernel}", *["1"] * 6, "before 7", "leave 8"]


OWN_BOOTINFO = """
#include <sel4runtime.h>

seL4_BootInfo *bootinfo;

void sel4emu_syscall(sel4emu_word number, struct sel4emu_frame *frame)
{
    (void)number;
    (void)frame;
}

int main(void)
{
    static seL4_BootInfo info;

    bootinfo = &info;
    return sel4runtime_bootinfo() != &info;
}
"""


def test_program_with_a_variable_named_bootinfo(kernel: str, tools: Toolbox) -> None:
    library = DATA.parents[2] / "csrc" / "libsel4" / "src"
    sources = [tools.write("own.c", OWN_BOOTINFO), *sorted(library.glob("*.c"))]
    tools.run(tools.build(kernel, sources, *WARNINGS))
