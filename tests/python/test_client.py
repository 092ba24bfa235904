# SPDX-License-Identifier: BSD-2-Clause
"""Clients: spawning them, what they are given, how they end, and that nothing is left of them."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import sel4emu
from sel4emu import DEVNULL, PIPE, STDOUT, Machine

Build = Callable[..., Path]

EXIT = """
#include <stdlib.h>
int main(int argc, char **argv) { return argc > 1 ? atoi(argv[1]) : 0; }
"""

ECHO = """
#include <sel4/sel4.h>
#include <sel4emu/client.h>
int main(void)
{
    seL4_CPtr ep = sel4emu_cap("ep");
    seL4_Word badge;
    seL4_Recv(ep, &badge);
    for (;;) {
        seL4_SetMR(0, seL4_GetMR(0) + 1);
        seL4_SetMR(1, badge);
        seL4_ReplyRecv(ep, seL4_MessageInfo_new(0, 0, 0, 2), &badge);
    }
}
"""

CALL = """
#include <stdio.h>
#include <sel4/sel4.h>
#include <sel4emu/client.h>
int main(void)
{
    seL4_SetMR(0, 41);
    seL4_Call(sel4emu_cap("ep"), seL4_MessageInfo_new(0, 0, 0, 1));
    printf("%lu\\n", seL4_GetMR(0));
    return 0;
}
"""

SHOW = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sel4/sel4.h>
#include <sel4emu/client.h>
int main(int argc, char **argv)
{
    char line[100], folder[1000];
    for (int i = 1; i < argc; i++)
        printf("arg %s\\n", argv[i]);
    printf("env %s\\n", getenv("SHOWN") ? getenv("SHOWN") : "-");
    printf("cwd %s\\n", getcwd(folder, sizeof(folder)));
    while (fgets(line, sizeof(line), stdin))
        printf("in %s", line);
    fflush(stdout);
    fprintf(stderr, "error\\n");
    return 0;
}
"""

BOOTINFO = """
#include <stdio.h>
#include <sel4/sel4.h>
#include <sel4runtime.h>
#include <sel4emu/client.h>
int main(void)
{
    seL4_BootInfo *info = sel4runtime_bootinfo();
    seL4_CPtr untyped = sel4emu_cap("untyped");
    if (!info) {
        printf("none\\n");
        return 0;
    }
    printf("buffer %d\\n", (void *)info->ipcBuffer == (void *)seL4_GetIPCBuffer());
    printf("bits %lu\\n", info->initThreadCNodeSizeBits);
    printf("empty %lu-%lu\\n", info->empty.start, info->empty.end);
    printf("untyped %lu-%lu at %lu, 2^%d, device %d\\n", info->untyped.start, info->untyped.end,
           untyped, info->untypedList[0].sizeBits, info->untypedList[0].isDevice);
    if (info->untyped.start != info->untyped.end) {
        int error = seL4_Untyped_Retype(info->untyped.start, seL4_EndpointObject, 0,
                                        seL4_CapInitThreadCNode, 0, 0, info->empty.start, 1);
        printf("retype %d\\n", error);
        error = seL4_Untyped_Retype(info->untyped.start, seL4_EndpointObject, 0,
                                    seL4_CapInitThreadCNode, 0, 0, info->empty.start, 1);
        printf("retype %d\\n", error);
    }
    seL4_CPtr me = seL4_CapInitThreadTCB;
    printf("priority %d\\n", seL4_TCB_SetPriority(me, me, 90));
    printf("priority %d\\n", seL4_TCB_SetPriority(me, me, 101));
    return 0;
}
"""

FAULT = """
#include <sel4/sel4.h>
int main(void) { *(volatile int *)0x12345678000 = 1; return 0; }
"""

SHARED = """
#include <sel4/sel4.h>
#include <sel4emu/client.h>
int main(void)
{
    volatile unsigned char *page = (void *)0x20000000;
    seL4_Word badge;
    for (int i = 0; i < 16; i++)
        page[16 + i] = page[i] + 1;
    seL4_Signal(sel4emu_cap("done"));
    seL4_Wait(sel4emu_cap("more"), &badge);
    return page[100];
}
"""

WAIT = """
#include <sel4/sel4.h>
#include <sel4emu/client.h>
int main(void) { seL4_Wait(sel4emu_cap("n"), 0); return 0; }
"""


@pytest.mark.parametrize("code", [0, 1, 77, 255])
def test_the_exit_status_is_the_return_code(
    machine: Machine, compile_client: Build, code: int
) -> None:
    client = machine.spawn(compile_client(EXIT), args=[str(code)])
    assert client.wait(10) == code
    assert (client.returncode, client.poll()) == (code, code)
    client.close()


def test_python_calls_a_server_in_c(machine: Machine, compile_client: Build) -> None:
    endpoint = machine.endpoint("ep")
    machine.spawn(compile_client(ECHO), {"ep": endpoint})
    badged = endpoint.mint(7)
    for i in range(100):
        assert badged.call([i], timeout=10).words == (i + 1, 7)


def test_a_client_in_c_calls_python(machine: Machine, compile_client: Build) -> None:
    endpoint = machine.endpoint("ep")
    client = machine.spawn(compile_client(CALL), {"ep": (endpoint, {"badge": 5})}, stdout=PIPE)
    with endpoint.recv(timeout=10) as request:
        assert (request.badge, request.words) == (5, (41,))
        request.reply([42])
    assert client.output(10) == "42\n"


def test_two_clients_talk_to_each_other(machine: Machine, compile_client: Build) -> None:
    endpoint = machine.endpoint("ep")
    server = machine.spawn(compile_client(ECHO), {"ep": endpoint}, name="server")
    clients = [machine.spawn(compile_client(CALL), {"ep": endpoint}, stdout=PIPE) for _ in range(3)]
    assert [c.output(10) for c in clients] == ["42\n"] * 3
    assert server.poll() is None
    assert server.tcb.state().state == "receive"
    assert "server" in machine.threads()["server"].name


def test_arguments_environment_folder_and_input_arrive(
    machine: Machine, compile_client: Build, tmp_path: Path
) -> None:
    client = machine.spawn(
        compile_client(SHOW),
        args=["one", "two words"],
        env={"SHOWN": "yes"},
        cwd=tmp_path,
        stdin=PIPE,
        stdout=PIPE,
        stderr=STDOUT,
    )
    assert client.stdin is not None
    client.stdin.write("a\nb\n")
    client.stdin.close()
    assert client.output(10).splitlines() == [
        "arg one",
        "arg two words",
        "env yes",
        f"cwd {tmp_path}",
        "in a",
        "in b",
        "error",
    ]


def test_the_streams_may_be_files(machine: Machine, compile_client: Build, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("text\n")
    with (tmp_path / "in").open() as given, (tmp_path / "out").open("w") as output:
        machine.spawn(compile_client(SHOW), stdin=given, stdout=output, stderr=DEVNULL).wait(10)
    assert "in text" in (tmp_path / "out").read_text()


def test_output_can_be_read_line_by_line_while_it_comes(
    machine: Machine, compile_client: Build
) -> None:
    program = compile_client("""
#include <stdio.h>
#include <sel4/sel4.h>
#include <sel4emu/client.h>
int main(void)
{
    setlinebuf(stdout);
    printf("first\\n");
    seL4_Wait(sel4emu_cap("go"), 0);
    printf("second\\n");
    return 0;
}""")
    go = machine.notification("go")
    client = machine.spawn(program, {"go": go}, stdout=PIPE)
    assert client.stdout is not None
    assert client.stdout.readline() == "first\n"
    assert client.output_so_far() == "first\n"
    go.signal()
    assert client.stdout.readline() == "second\n"
    assert client.stdout.read() == ""
    client.wait(10)


def test_much_output_never_blocks_a_client(machine: Machine, compile_client: Build) -> None:
    program = compile_client("""
#include <stdio.h>
int main(void)
{
    for (int i = 0; i < 100000; i++)
        printf("line %07d\\n", i);
    return 0;
}""")
    client = machine.spawn(program, stdout=PIPE)
    assert client.wait(20) == 0
    assert len(client.output(10)) == 13 * 100000


def test_capabilities_go_into_the_slots_that_were_asked_for(
    machine: Machine, compile_client: Build
) -> None:
    ep, n = machine.endpoint("ep"), machine.notification("n")
    client = machine.spawn(
        compile_client(EXIT),
        {20: ep, "n": n, "x": (ep, {"badge": 3, "rights": "w", "slot": 16})},
        start=False,
    )
    views = {c.slot: c.view for c in client.cspace if c.slot >= 16}
    assert sorted(views) == [16, 17, 20]
    assert (views[16].badge, views[16].rights) == (3, sel4emu.Rights.WRITE)
    assert client.slots == {"n": 17, "x": 16}
    assert views[17].slot_name == "n"
    assert client.cspace["x"].slot == 16
    client.start()
    assert client.wait(10) == 0


def test_the_cspace_of_a_client_is_a_tree_for_people(
    machine: Machine, compile_client: Build
) -> None:
    client = machine.spawn(
        compile_client(EXIT), {"ep": machine.endpoint("ep")}, name="x", start=False
    )
    text = str(client.cspace.tree())
    assert "├── [1] seL4_CapInitThreadTCB: TCB 'x'" in text
    assert "└── [16] endpoint 'ep' RWGP" in text
    assert "<svg" in client.cspace.tree().svg()


@pytest.mark.parametrize(
    ("caps", "text"),
    [
        ({1: "ep"}, "slot 1 holds seL4_CapInitThreadTCB"),
        ({0: "ep", "a": ("ep", {"slot": 4096})}, "the CNode has slots 1 to 4095"),
        ({20: "ep", "a": ("ep", {"slot": 20})}, "slot 20 is named twice"),
        ({"a": ("ep", {"bagde": 1})}, "unknown bagde"),
        ({"a=b": "ep"}, "must be printable"),
        ({"a": 17}, "a capability is needed"),
        ({None: "ep"}, "neither a name nor a slot"),
        ({"a": ("ep", {"map": 0x10000000})}, "only frames can be mapped"),
        ({"a": ("ep", {"rights": "z"})}, "none of the letters"),
    ],
)
def test_capabilities_that_make_no_sense_are_refused(
    machine: Machine, compile_client: Build, caps: dict[str | int, object], text: str
) -> None:
    endpoint = machine.endpoint("ep")
    free, slots = machine.buddies.free_bytes(), machine.slots.taken()

    def fill(value: object) -> object:
        if isinstance(value, tuple):
            return (endpoint, value[1])
        return endpoint if value == "ep" else value

    with pytest.raises((ValueError, TypeError), match=text):
        machine.spawn(compile_client(EXIT), {k: fill(v) for k, v in caps.items()})
    assert (machine.buddies.free_bytes(), machine.slots.taken()) == (free, slots)


def test_boot_information_describes_what_the_client_has(
    machine: Machine, compile_client: Build
) -> None:
    client = machine.spawn(
        compile_client(BOOTINFO), {"ep": machine.endpoint("ep")}, untyped="64K", stdout=PIPE
    )
    assert client.output(10).splitlines() == [
        "buffer 1",
        "bits 12",
        "empty 18-4096",
        "untyped 17-18 at 17, 2^16, device 0",
        "retype 0",
        "retype 8",
        "priority 0",
        "priority 4",
    ]


def test_a_client_can_do_without_boot_information(machine: Machine, compile_client: Build) -> None:
    client = machine.spawn(compile_client(BOOTINFO), bootinfo=False, stdout=PIPE)
    assert client.output(10) == "none\n"
    assert client.bootinfo is None


def test_a_fault_handler_in_python_sees_the_fault(machine: Machine, compile_client: Build) -> None:
    handler = machine.endpoint("faults")
    client = machine.spawn(compile_client(FAULT), fault_handler=(handler, {"badge": 3}), name="bad")
    message = handler.recv(timeout=10)
    fault = message.fault()
    assert message.badge == 3
    assert fault is not None and fault.name == "VMFault"
    assert fault.Addr == 0x12345678000
    assert fault.FSR & 2
    assert "page fault writing at 0x12345678000" in str(client.tcb.state())
    client.close()


def test_an_unhandled_fault_ends_the_client_like_any_process(
    machine: Machine, compile_client: Build
) -> None:
    program = compile_client("int main(void) { *(volatile int *)8 = 1; return 0; }")
    assert machine.spawn(program).wait(10) == -signal.SIGSEGV
    machine.check()


def test_an_unhandled_fault_where_frames_may_lie_stops_the_thread_as_in_the_real_kernel(
    isolation: str, compile_client: Build
) -> None:
    with Machine("16M", isolation=isolation, console="keep") as machine:  # type: ignore[arg-type]
        client = machine.spawn(compile_client(FAULT), name="bad")
        with pytest.raises(
            sel4emu.DeadlockError, match="'bad' is stopped: page fault writing at 0x12345678000"
        ):
            client.wait()
        assert "bad" in machine.console_text()


def test_memory_is_shared_with_python(machine: Machine, compile_client: Build) -> None:
    frame = machine.frame("page")
    done, more = machine.notification("done"), machine.notification("more")
    memory = frame.memory
    memory[:16] = bytes(range(16))
    client = machine.spawn(
        compile_client(SHARED),
        {"done": done.mint(1), "more": more, "page": (frame, {"map": 0x20000000})},
    )
    assert done.wait(timeout=10) == 1
    assert bytes(memory[16:32]) == bytes(range(1, 17))
    memory[100] = 55
    more.signal()
    assert client.wait(10) == 55


def test_frames_go_only_where_the_process_has_room(machine: Machine, compile_client: Build) -> None:
    frame = machine.frame("page")
    client = machine.spawn(compile_client(EXIT), start=False)
    client.map(frame, 0x20000000, "r")
    assert 0x20000000 in [m.vaddr for m in client.vspace.mappings()]
    with pytest.raises(ValueError, match="the rest belongs to Linux"):
        client.map(frame, 0x7000_0000_0000)
    client.close()


def test_a_client_started_later_waits_until_then(machine: Machine, compile_client: Build) -> None:
    client = machine.spawn(compile_client(EXIT), start=False)
    with pytest.raises(sel4emu.Timeout, match="still runs"):
        client.wait(0.1)
    client.start()
    with pytest.raises(sel4emu.MachineError, match="started already"):
        client.start()
    assert client.wait(10) == 0


def test_killing_ends_a_client_with_a_negative_return_code(
    machine: Machine, compile_client: Build
) -> None:
    client = machine.spawn(compile_client(WAIT), {"n": machine.notification("n")})
    client.kill()
    assert client.wait(10) == -signal.SIGKILL
    client.kill()
    other = machine.spawn(compile_client(WAIT), {"n": machine.notification("n")})
    other.terminate()
    assert other.wait(10) == -signal.SIGTERM
    machine.check()


def test_a_timeout_of_a_wait_tells_what_the_client_does(
    machine: Machine, compile_client: Build
) -> None:
    client = machine.spawn(compile_client(WAIT), {"n": machine.notification("bell")}, name="x")
    with pytest.raises(sel4emu.Timeout, match=r"still runs.*'x' waits for notification 'bell'"):
        client.wait(0.2)
    client.close()


def test_a_deadlock_is_an_error_that_names_who_waits_for_what(
    isolation: str, compile_client: Build
) -> None:
    with Machine("16M", isolation=isolation) as machine:  # type: ignore[arg-type]
        client = machine.spawn(compile_client(WAIT), {"n": machine.notification("bell")}, name="x")
        with pytest.raises(sel4emu.DeadlockError, match="'x' waits for notification 'bell'"):
            client.wait()
        endpoint = machine.endpoint("ep")
        with pytest.raises(sel4emu.DeadlockError, match="'x' waits for notification 'bell'"):
            endpoint.recv()


def test_a_missing_executable_is_a_file_not_found_error(machine: Machine) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        machine.spawn("/nowhere/at/all")
    assert isinstance(caught.value, sel4emu.SpawnError)
    assert caught.value.filename == "/nowhere/at/all"
    with pytest.raises(sel4emu.ExecutableNotFound):
        machine.spawn("/bin/true", wrapper=["no-such-program"])


def test_a_file_that_is_no_client_is_a_bad_executable(machine: Machine, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("not a program")
    text.chmod(0o755)
    for path in ("/bin/true", sys.executable, text, tmp_path):
        with pytest.raises((sel4emu.BadExecutable, OSError)):
            machine.spawn(path)


def test_failed_spawns_leave_nothing(machine: Machine, tmp_path: Path) -> None:
    free, slots = machine.buddies.free_bytes(), machine.slots.taken()
    for _ in range(20):
        with pytest.raises(sel4emu.SpawnError):
            machine.spawn("/nowhere/at/all", stdout=PIPE)
        with pytest.raises(sel4emu.SpawnError):
            machine.spawn("/bin/true", stdout=PIPE, untyped="64K")
    assert (machine.buddies.free_bytes(), machine.slots.taken()) == (free, slots)
    assert machine.client_count == 0


def test_a_hundred_clients_leave_nothing(isolation: str, compile_client: Build) -> None:
    program = compile_client(EXIT)
    with Machine("16M", isolation=isolation) as machine:  # type: ignore[arg-type]
        with machine.spawn(program) as client:
            client.wait(10)
        before = (
            machine.buddies.free_bytes(),
            machine.slots.taken(),
            len(list(Path("/proc/self/fd").iterdir())),
        )
        for _ in range(100):
            with machine.spawn(
                program, {"ep": machine.cspace.at(1).cnode}, untyped="64K", stdout=PIPE
            ) as client:
                client.wait(10)
        assert before == (
            machine.buddies.free_bytes(),
            machine.slots.taken(),
            len(list(Path("/proc/self/fd").iterdir())),
        )
        machine.check()


def test_forgotten_clients_are_reclaimed(machine: Machine, compile_client: Build) -> None:
    program = compile_client(EXIT)
    for _ in range(60):
        machine.spawn(program, cnode_bits=14).wait(10)
        gc.collect()
    assert len(machine.clients) <= 2


def test_a_client_may_run_while_nobody_refers_to_it(
    machine: Machine, compile_client: Build
) -> None:
    endpoint = machine.endpoint("ep")
    machine.spawn(compile_client(ECHO), {"ep": endpoint})
    gc.collect()
    machine.spawn(compile_client(EXIT)).wait(10)
    assert endpoint.call([1], timeout=10).words[0] == 2


def test_closing_a_client_ends_it(machine: Machine, compile_client: Build) -> None:
    with machine.spawn(compile_client(WAIT), {"n": machine.notification("n")}) as client:
        pid = client.pid
        assert Path(f"/proc/{pid}").exists()
    assert not Path(f"/proc/{pid}").exists()
    client.close()
    assert client not in machine.clients


def test_the_machine_waits_for_all_clients(machine: Machine, compile_client: Build) -> None:
    for code in (1, 2, 3):
        machine.spawn(compile_client(EXIT), args=[str(code)])
    # Machine.wait() is for clients that are still referred to, or still run.
    assert set(machine.wait(10)) <= {1, 2, 3}


def test_a_wrapper_runs_the_client(machine: Machine, compile_client: Build) -> None:
    client = machine.spawn(compile_client(EXIT), args=["5"], wrapper=["nice", "-n", "1"])
    assert client.wait(10) == 5


def test_stepping_goes_one_kernel_entry_at_a_time(machine: Machine, compile_client: Build) -> None:
    endpoint = machine.endpoint("ep")
    machine.spawn(compile_client(ECHO), {"ep": endpoint}, name="server")
    machine.wait_idle()
    client = machine.spawn(
        compile_client(CALL), {"ep": endpoint}, name="client", stdout=PIPE, start=False
    )
    with machine.paused():
        client.start()
        machine.step()
        assert machine.trace(1)[0].thread == "client"
        assert machine.trace(1)[0].syscall == "Call"
        assert client.tcb.state().state == "reply"
        machine.step()
        assert machine.trace(1)[0].thread == "server"
    assert client.output(10) == "42\n"


def test_clients_are_seen_from_other_python_threads(
    machine: Machine, compile_client: Build
) -> None:
    endpoint = machine.endpoint("ep")
    machine.spawn(compile_client(ECHO), {"ep": endpoint})
    results: list[int] = []

    def work(start: int) -> None:
        for i in range(start, start + 25):
            results.append(endpoint.call([i], timeout=10).words[0])

    threads = [threading.Thread(target=work, args=(n * 100,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == sorted(n * 100 + i + 1 for n in range(4) for i in range(25))


def test_a_client_ends_while_python_waits_for_it_to_answer(
    machine: Machine, compile_client: Build
) -> None:
    endpoint = machine.endpoint("ep")
    client = machine.spawn(
        compile_client("""
#include <sel4/sel4.h>
#include <sel4emu/client.h>
int main(void) { seL4_Word badge; seL4_Recv(sel4emu_cap("ep"), &badge); return 0; }
"""),
        {"ep": endpoint},
    )
    start = time.monotonic()
    with pytest.raises(sel4emu.DeadlockError):
        endpoint.call()
    assert time.monotonic() - start < 5
    assert client.wait(10) == 0


def test_a_client_that_halts_the_machine_ends_every_wait(
    isolation: str, compile_client: Build
) -> None:
    program = compile_client(
        "#include <sel4/sel4.h>\nint main(void) { seL4_DebugHalt(); return 0; }"
    )
    with Machine("16M", isolation=isolation, console="keep") as machine:  # type: ignore[arg-type]
        client = machine.spawn(program, name="halter")
        with pytest.raises(sel4emu.MachinePanic, match="seL4_DebugHalt"):
            client.wait(10)
        assert "halter" in machine.console_text()


def test_a_client_that_spins_can_be_paused_looked_at_and_killed(
    machine: Machine, compile_client: Build
) -> None:
    client = machine.spawn(compile_client("int main(void) { for (;;) { } }"), name="spinner")
    with pytest.raises(sel4emu.Timeout, match="still runs"):
        machine.wait_idle(0.1)
    with machine.paused():
        assert client.tcb.state().state == "running"
    with pytest.raises(sel4emu.Timeout, match="'spinner' runs"):
        client.wait(0.1)
    assert machine.endpoint("ep").mint(3).view.badge == 3
    client.kill()
    assert client.wait(10) == -signal.SIGKILL


def test_clients_can_be_spawned_from_several_python_threads(
    machine: Machine, compile_client: Build
) -> None:
    program = compile_client(EXIT)
    codes: list[int] = []

    def work(start: int) -> None:
        for code in range(start, start + 5):
            with machine.spawn(program, args=[str(code)], stdout=PIPE) as client:
                codes.append(client.wait(20))

    threads = [threading.Thread(target=work, args=(n * 10,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [n * 10 + i for n in range(4) for i in range(5)]
    machine.check()


def test_every_client_has_a_linux_process_of_its_own(
    machine: Machine, compile_client: Build
) -> None:
    program, bell = compile_client(WAIT), machine.notification("bell")
    clients = [machine.spawn(program, {"n": bell}) for _ in range(20)]
    assert len({c.pid for c in clients}) == 20
    for client in clients:
        assert client.name[:15] in Path(f"/proc/{client.pid}/comm").read_text()
        assert client.threads[0].name == client.name
