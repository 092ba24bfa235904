# SPDX-License-Identifier: BSD-2-Clause
"""The machine's time: that of the host, and a virtual one that makes runs repeatable."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

import sel4emu
from sel4emu import Machine, boot

HERE = Path(__file__).resolve().parent
SEL4EMU = Path(sys.executable).with_name("sel4emu")
SECONDS = 60  # what a wait may take on a busy computer
TICK = 2_000_000
HOUR = 3600 * 10**9

Compile = Callable[..., Path]
Isolation = Literal["direct", "process"]

HEAD = """
#include <sel4/sel4.h>
#include <sel4emu/client.h>
"""
# Of two of these, each waits for a word from the other without a system call.
PARTNER = (
    HEAD
    + """
#include <stdlib.h>
int main(int argc, char **argv)
{
    volatile int *words = (volatile int *)0x10000000;
    int me = atoi(argv[1]);

    for (int round = 1; round <= 3; round++) {
        words[me] = round;
        while (words[!me] < round)
            ;
    }
    return argc - 2;
}
"""
)
SPINNER = HEAD + 'int main(void) { for (;;) __asm__ volatile(""); }\n'
# Gives the machine's timer away, as a program does that closes what it does not know.
CLOSER = (
    HEAD
    + """
#include <string.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
    char path[64], name[64];

    for (int fd = 3; fd < 64; fd++) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        memset(name, 0, sizeof(name));
        if (readlink(path, name, sizeof(name) - 1) > 0 && strstr(name, "timerfd"))
            close(fd);
    }
    seL4_Signal(sel4emu_cap("ready"));
    for (;;)
        __asm__ volatile("");
}
"""
)
# MCS: its turn comes once in a period.
PERIODIC = (
    HEAD
    + """
int main(void)
{
    for (int i = 0; i < 60; i++)
        seL4_Yield();
    return 0;
}
"""
)
POLLER = (
    HEAD
    + """
int main(void)
{
    for (int i = 0; i < 5; i++)
        sel4emu_poll(0, 0, 20);
    return 0;
}
"""
)
# Makes many objects, and deletes them all at once.
REVOKER = (
    HEAD
    + """
int main(void)
{
    seL4_CPtr root = seL4_CapInitThreadCNode, memory = sel4emu_cap("memory");

    for (seL4_Word i = 0; i < 100; i++) {
        if (seL4_Untyped_Retype(memory, seL4_EndpointObject, 0, root, 0, 0, 4096 + 256 * i, 256))
            return 1;
    }
    return seL4_CNode_Revoke(root, memory, 64);
}
"""
)


def spin_together(machine: Machine, program: Path) -> None:
    """Two clients of one priority that make progress only if both get their turns."""
    frame = machine.frame()
    for number in (0, 1):
        caps = {"frame": (frame, {"map": 0x10000000})}
        machine.spawn(program, caps, args=[str(number)], name=f"partner {number}", start=False)
    for client in machine.clients:
        client.start()
    for client in machine.clients:
        assert client.wait(SECONDS) == 0


def root_task(folder: Path, name: str) -> Path:
    """Compile a root task."""
    target = folder / name
    source = HERE / "clients" / f"{name}.c"
    command = [str(SEL4EMU), "cc", "--root", "-O1", "-w", str(source), "-o", str(target)]
    subprocess.run(command, check=True, timeout=120)
    return target


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


def state(pid: int) -> str:
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    return text.rpartition(")")[2].split()[0]


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- both clocks ---------------------------------------------------------------------------------


@pytest.fixture(params=["real", "virtual"])
def clock(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_programs_of_one_priority_take_turns(
    isolation: Isolation, clock: Any, compile_client: Compile
) -> None:
    with Machine(isolation=isolation, clock=clock, check=True) as machine:
        spin_together(machine, compile_client(PARTNER))


def test_nobody_but_real_and_virtual_clocks(isolation: Isolation) -> None:
    clock: Any = "sundial"
    with pytest.raises(ValueError, match="clock='sundial': must be 'real' or 'virtual'"):
        Machine(isolation=isolation, clock=clock)
    with pytest.raises(ValueError, match="clock is neither real nor virtual"):
        sel4emu._core.Machine(1 << 26, clock=2)


def test_time_stands_still_while_the_machine_is_paused(
    isolation: Isolation, clock: Any, compile_client: Compile
) -> None:
    with Machine(isolation=isolation, clock=clock) as machine:
        for _ in range(2):
            machine.spawn(compile_client(SPINNER))
        before = machine.time
        wait_until(lambda: machine.time > before)
        machine.pause()
        stopped = machine.time
        time.sleep(0.03)
        assert machine.time == stopped
        machine.resume()
        wait_until(lambda: machine.time > stopped)


def test_time_stands_still_while_the_current_thread_is_held(
    isolation: Isolation, clock: Any, compile_client: Compile
) -> None:
    with Machine(isolation=isolation, clock=clock) as machine:
        clients = [machine.spawn(compile_client(SPINNER)) for _ in range(2)]
        for client in clients:  # whichever is current, with all of its threads
            client.send_signal(signal.SIGSTOP)
        seen = [0]

        def stands_still() -> bool:
            time.sleep(0.04)
            seen.append(machine.time)
            return seen[-1] == seen[-2]

        wait_until(stands_still)
        time.sleep(0.1)
        assert machine.time == seen[-1]
        for client in clients:
            client.send_signal(signal.SIGCONT)
        wait_until(lambda: machine.time > seen[-1] + TICK)


def test_an_idle_machine_uses_no_cpu(
    isolation: Isolation, clock: Any, compile_client: Compile
) -> None:
    with Machine(isolation=isolation, clock=clock, domains=2) as machine:
        endpoint, spinner = machine.endpoint(), compile_client(SPINNER)
        waiter = machine.spawn(
            compile_client(HEAD + 'int main(void) { seL4_Wait(sel4emu_cap("ep"), 0); return 0; }'),
            {"ep": endpoint},
        )
        for _ in range(2):  # have made the machine use its timer
            machine.spawn(spinner)
        wait_until(lambda: machine.time > 5 * TICK)
        for client in machine.clients:
            if client != waiter:
                client.kill()
                client.wait(SECONDS)
        machine.wait_idle()
        entries, used = machine.core.trace_count, time.process_time() + cpu_seconds(waiter.pid)
        time.sleep(0.5)
        assert machine.core.trace_count == entries
        assert time.process_time() + cpu_seconds(waiter.pid) - used < 0.1


def test_a_busy_machine_is_closed(
    isolation: Isolation, clock: Any, compile_client: Compile
) -> None:
    with Machine(isolation=isolation, clock=clock, mcs=True) as machine:
        clients = [machine.spawn(compile_client(SPINNER, mcs=True)) for _ in range(3)]
        pids = [client.pid for client in clients]
        clients[0].send_signal(signal.SIGSTOP)
        wait_until(lambda: machine.time > 0)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists() and state(pid) not in "ZX"]


# --- the real clock ------------------------------------------------------------------------------


def test_the_real_clock_is_that_of_the_host(machine: Machine) -> None:
    before, here = machine.time, time.monotonic_ns()
    time.sleep(0.1)
    between, there = machine.time, time.monotonic_ns()
    after = machine.time
    assert between - before <= (there - here) * 1.001 + 100_000
    assert after - before >= 100_000_000 * 0.999 - 100_000


def test_a_turn_lasts_its_ticks(machine: Machine, compile_client: Compile) -> None:
    for _ in range(2):
        machine.spawn(compile_client(SPINNER))
    start = machine.core.trace_count

    def switches() -> list[int]:
        entries = machine.core.trace()[start:]
        return [e["time_ns"] // TICK for e in entries if e["tcb"] != e["next"]]

    wait_until(lambda: len(switches()) > 5)
    turns = [after - before for before, after in itertools.pairwise(switches()[1:])]
    assert min(turns) >= 5


def test_the_timer_works_for_who_has_closed_it(
    isolation: Isolation, compile_client: Compile
) -> None:
    with Machine(isolation=isolation, check=True) as machine:
        ready = machine.notification()
        for _ in range(2):
            machine.spawn(compile_client(CLOSER), {"ready": ready})
            ready.wait(timeout=SECONDS)
        start = machine.core.trace_count
        wait_until(lambda: machine.core.trace_count > start + 20)


def test_a_long_revoke_is_interrupted(isolation: Isolation, compile_client: Compile) -> None:
    with Machine(isolation=isolation, tick_us=200, slice_ticks=1) as machine:
        machine.spawn(compile_client(SPINNER))
        revoker = machine.spawn(
            compile_client(REVOKER), {"memory": machine.untyped("1M")}, cnode_bits=16
        )
        assert revoker.wait(SECONDS) == 0
        revokes = [r for r in machine.trace(10_000) if r.method == "CNode_Revoke"]
        assert len(revokes) > 1


# --- the virtual clock ---------------------------------------------------------------------------


@contextmanager
def booted(image: Path, isolation: Isolation, **options: Any) -> Iterator[boot.RootMachine]:
    """Run a root task to its end."""
    with Machine.boot(image, isolation=isolation, console="keep", **options) as machine:
        assert machine.run(SECONDS).how == "suspended"
        yield machine


def test_a_run_repeats_exactly_whatever_the_gate(tmp_path: Path) -> None:
    image = root_task(tmp_path, "turns")
    gates: list[Isolation] = ["direct", "process", "direct"]
    runs = []
    for gate in gates:
        with booted(image, gate, clock="virtual", tick_us=100, slice_ticks=2) as machine:
            trace = [
                (
                    r["time_ns"],
                    r["tcb"],
                    r["cause"],
                    r["system_call"],
                    r["cap"],
                    r["info"],
                    r["next"],
                )
                for r in machine.core.trace()
                if r["cause"] != boot.CAUSE_LOST
            ]
            runs.append((machine.console_text(), trace))
    assert runs[0] == runs[1] == runs[2]
    turns = [1 for one, following in itertools.pairwise(runs[0][1]) if one[1] != following[1]]
    assert len(turns) > 10


def test_the_counter_counts_nanoseconds_of_virtual_time(
    tmp_path: Path, isolation: Isolation
) -> None:
    image = root_task(tmp_path, "counter")
    with booted(image, isolation, clock="virtual") as machine:
        lines = machine.console_text().splitlines()
    assert lines == ["| MHz 1000", "| cpu 0", "| before 2000", "| took 1000 and 1000"]


def test_the_counter_of_a_real_clock_is_the_processors(
    tmp_path: Path, isolation: Isolation
) -> None:
    image = root_task(tmp_path, "counter")
    with booted(image, isolation) as machine:
        text = machine.console_text()
        assert f"| MHz {machine.core.tsc_mhz}\n" in text
    found = re.search(r"before (\d+)\n\| took (\d+) and (\d+)", text)
    assert found is not None
    assert int(found[1]) > 0


def test_virtual_time_jumps_to_what_is_waited_for(
    isolation: Isolation, compile_client: Compile
) -> None:
    with Machine(isolation=isolation, clock="virtual", mcs=True, check=True) as machine:
        client = machine.spawn(
            compile_client(PERIODIC, mcs=True), budget_us=1000, period_us=60_000_000
        )
        assert client.wait(SECONDS) == 0
        assert machine.time > 59 * HOUR / 60


def test_virtual_time_does_not_jump_over_who_waits_for_the_host(
    isolation: Isolation, compile_client: Compile
) -> None:
    with Machine(isolation=isolation, clock="virtual", mcs=True, check=True) as machine:
        poller = machine.spawn(compile_client(POLLER, mcs=True))
        machine.spawn(compile_client(PERIODIC, mcs=True), budget_us=1000, period_us=HOUR // 1000)
        assert poller.wait(SECONDS) == 0
        woken = [r.time for r in machine.trace(1000) if r.cause == "host wake"]
    assert len(woken) == 5
    # Four more polls, of 20 ms each; a server gate may have been told late of their beginning.
    assert 20_000_000 < woken[4] - woken[0] < HOUR


def test_sel4emu_run_has_a_virtual_clock(tmp_path: Path, isolation: Isolation) -> None:
    image = root_task(tmp_path, "counter")
    command = [str(SEL4EMU), "run", "--clock", "virtual", "--isolation", isolation, str(image)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    assert "| MHz 1000\n" in done.stdout
