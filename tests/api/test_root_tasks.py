# SPDX-License-Identifier: BSD-2-Clause
"""Root tasks: what they find when they begin, and how their runs end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sel4emu import BadExecutable, ExecutableNotFound, Machine, MachineError, VersionMismatch
from sel4emu import toolchain
from sel4emu.boot import RootMachine

SEL4EMU = Path(sys.executable).with_name("sel4emu")
PROGRAMS = Path(__file__).parent / "programs"
CompileRoot = Callable[[str], Path]

# What each run ends with, by what main() does: words, exit status.
ENDINGS = {
    "return 0;": ("suspended", 0),
    "*(volatile int *)16 = 1;": ("fault", 3),
    "__builtin_trap();": ("fault", 3),
    "seL4_Recv(seL4_CapInitThreadVSpace, 0);": ("fault", 3),
    "seL4_Recv(make(seL4_EndpointObject, 0), 0);": ("deadlock", 4),
    "seL4_DebugHalt();": ("halted", 5),
    'for (;;) { __asm__ volatile(""); }': ("time limit", 124),
    "seL4_CNode_Delete(ROOT, SELF, 64); for (;;) { }": ("suspended", 0),
}

BOOT = """
#include "transcript.h"

int initialised = 0x1234;
int zero[5000];
__thread int local = 0x5678;
extern char __executable_start[], _end[];

int main(void)
{
    seL4_BootInfo *b = sel4runtime_bootinfo();
    seL4_Word image = ((seL4_Word)_end - (seL4_Word)__executable_start + 4095) / 4096;
    seL4_BootInfoHeader *extra = (seL4_BootInfoHeader *)((char *)b + 4096);
    seL4_Word next = seL4_NumInitialCaps, bytes = 0, aligned = 1;

    say("data %x %x %x", (seL4_Word)initialised, (seL4_Word)zero[4999], (seL4_Word)local);
    say("buffer %d, info %d", (seL4_Word)b->ipcBuffer == ((seL4_Word)_end + 4095) / 4096 * 4096,
        (char *)b == (char *)b->ipcBuffer + 4096);
    say("nodes %u %u iommu %x domain %u cnode %u", b->nodeID, b->numNodes, b->numIOPTLevels,
        b->initThreadDomain, b->initThreadCNodeSizeBits);
    say("paging %d", b->userImagePaging.start == next && b->userImagePaging.end == next + 3);
    say_slots("its kinds", next, 3);
    say("extra %d", b->extraBIPages.start == next + 3 && b->extraBIPages.end == next + 4);
    say("frames %d %d", b->userImageFrames.start == next + 4,
        b->userImageFrames.end - b->userImageFrames.start == image);
    say("untyped %d, empty %d", b->untyped.start == b->userImageFrames.end,
        b->empty.start == b->untyped.end && b->empty.end == 8192);
    for (seL4_CPtr i = 0; i < b->untyped.end - b->untyped.start; i++) {
        seL4_UntypedDesc *d = &b->untypedList[i];

        aligned = aligned && d->paddr % (1ul << d->sizeBits) == 0;
        bytes += d->isDevice ? 0 : 1ul << d->sizeBits;
        if (seL4_DebugCapIdentify(b->untyped.start + i) != 2)
            say("no untyped: %u", i);
    }
    say("aligned %u, memory %u MiB", aligned, (bytes + (1ul << 20)) >> 20);
    say("extra %u: id %u length %u, ticks %d", b->extraLen, extra->id, extra->len,
        *(seL4_Uint32 *)(extra + 1) > 100);
    SLOTS(0, 16);
    INVOKE(b->userImageFrames.start, X86PageMap, CAPS(VSPACE), (seL4_Word)__executable_start, ALL,
           0);
    INVOKE(seL4_CapInitThreadIPCBuffer, X86PageMap, CAPS(VSPACE), 0x1000, ALL, 0);
    INVOKE(b->userImagePaging.start, X86PDPTMap, CAPS(VSPACE), 0, 0);
    return 0;
}
"""

BOOT_LINES = """\
| data 0x1234 0x0 0x5678
| buffer 1, info 1
| nodes 0 1 iommu 0xffffffffffffffff domain 0 cnode 13
| paging 1
| its kinds: 7 5 3
| extra 1
| frames 1 1
| untyped 1, empty 1
| aligned 1, memory 63 MiB
| extra 20: id 5 length 20, ticks 1
| slots 0: 0 12 10 9 14 11 13 31 0 1 1 20 0 0 0 0
| X86PageMap(b->userImageFrames.start; CAPS(VSPACE); (seL4_Word)__executable_start, ALL, 0) -> ok
| X86PageMap(seL4_CapInitThreadIPCBuffer; CAPS(VSPACE); 0x1000, ALL, 0) -> InvalidArgument [0x0]
| X86PDPTMap(b->userImagePaging.start; CAPS(VSPACE); 0, 0) -> InvalidCapability [0x0]
"""


@pytest.fixture(scope="session")
def compile_root(tmp_path_factory: pytest.TempPathFactory) -> CompileRoot:
    """Build a root task of C text, each text once."""
    folder = tmp_path_factory.mktemp("roots")
    made: dict[str, Path] = {}

    def build(text: str) -> Path:
        if text not in made:
            source = folder / f"root{len(made)}.c"
            source.write_text(text, encoding="utf-8")
            target = source.with_suffix("")
            flags = ("-g", "-O1", "-w", f"-I{PROGRAMS}")
            made[text] = toolchain.build(source, target, flags=flags, root=True)
        return made[text]

    return build


def program(body: str) -> str:
    return f'#include "transcript.h"\nint main(void)\n{{\n{body}\nreturn 0;\n}}\n'


@pytest.fixture
def booted(isolation: str, compile_root: CompileRoot) -> Iterator[Callable[[str], RootMachine]]:
    machines: list[RootMachine] = []

    def boot(text: str) -> RootMachine:
        options = {"isolation": isolation, "check": True, "console": "keep"}
        machines.append(Machine.boot(compile_root(text), "64M", **options))
        return machines[-1]

    yield boot
    for machine in machines:
        machine.close()


def test_a_root_task_finds_what_the_boot_contract_names(
    booted: Callable[[str], RootMachine],
) -> None:
    machine = booted(BOOT)
    assert machine.run(20).how == "suspended"
    machine.check()
    assert machine.console_text() == BOOT_LINES


@pytest.mark.parametrize("body", ENDINGS)
def test_a_run_says_how_it_ended(body: str, booted: Callable[[str], RootMachine]) -> None:
    ending = booted(program(body)).run(0.5 if "for" in body else 20)
    assert (ending.how, ending.status) == ENDINGS[body]
    assert ending.text


def test_a_retired_root_task_does_not_end_the_run_of_others(
    booted: Callable[[str], RootMachine],
) -> None:
    text = """
#include "transcript.h"
static void work(seL4_Word tcb) { say("after it"); stop(tcb); }
int main(void)
{
    struct thread t = thread_new(100);
    thread_go(&t, work, t.tcb);
    say("before");
    return 0;
}
"""
    machine = booted(text)
    assert machine.run(20).how == "suspended"
    assert machine.console_text() == "| before\n| after it\n"


def test_python_can_look_but_has_no_hands(booted: Callable[[str], RootMachine]) -> None:
    machine = booted(program("seL4_Recv(make(seL4_EndpointObject, 0), 0);"))
    machine.run(20)
    [thread] = machine.threads()
    assert (thread.name, thread.state, thread.priority) == ("rootserver", "receive", 255)
    assert len(machine.untypeds()) > 50
    with pytest.raises(MachineError, match="belongs to its root task"):
        machine.endpoint()
    with pytest.raises(MachineError, match="started already"):
        machine.start()


def test_images_that_are_no_root_tasks_are_refused(
    tmp_path: Path, compile_root: CompileRoot
) -> None:
    with pytest.raises(ExecutableNotFound):
        Machine.boot(tmp_path / "nothing")
    text = tmp_path / "text"
    text.write_text("int main;")
    with pytest.raises(BadExecutable, match="no ELF"):
        Machine.boot(text)
    with pytest.raises(BadExecutable, match="static"):
        Machine.boot("/bin/ls")
    root = compile_root(program(""))
    with pytest.raises(VersionMismatch, match="classic"):
        Machine.boot(root, mcs=True)
    damaged = tmp_path / "damaged"
    damaged.write_bytes(root.read_bytes()[:70])
    with pytest.raises(BadExecutable, match="damaged"):
        Machine.boot(damaged)
    client = toolchain.build([_source(tmp_path)], tmp_path / "client")
    with pytest.raises(BadExecutable, match="is a client"):
        Machine.boot(client)
    with pytest.raises(MachineError, match="too small"):
        Machine.boot(root, "4M", cnode_bits=17)


def _source(folder: Path) -> Path:
    path = folder / "client.c"
    path.write_text("#include <sel4/sel4.h>\nint main(void) { return 0; }\n")
    return path


def test_the_command_says_how_the_run_ended(compile_root: CompileRoot, isolation: str) -> None:
    def run(body: str, *options: str) -> subprocess.CompletedProcess[str]:
        line = [SEL4EMU, "run", "--isolation", isolation, *options, compile_root(program(body))]
        return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)

    good = run('put("hello");')
    assert (good.stdout, good.stderr, good.returncode) == ("hello", "", 0)
    bad = run("__builtin_trap();")
    assert bad.returncode == 3
    assert (
        bad.stderr == "sel4emu: the root task faulted, and has no fault handler: exception 6, "
        "code 0x0\n"
    )
    assert run("for (;;) { }", "--time-limit", "0.3").returncode == 124
    assert "error" in run("", "--memory", "x").stderr.lower()
