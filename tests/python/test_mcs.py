# SPDX-License-Identifier: BSD-2-Clause
"""The MCS kernel from Python: scheduling contexts, reply objects, clients that run by them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sel4emu
from sel4emu import IllegalOperation, Machine, MachineError, RangeError

Compile = Callable[..., Path]

HEAD = """
#include <stdio.h>
#include <sel4/sel4.h>
#include <sel4emu/client.h>
"""
# Says that it is ready, and serves sums from then on.
SERVER = (
    HEAD
    + """
int main(void)
{
    seL4_CPtr ep = sel4emu_cap("ep"), reply = sel4emu_cap("reply");
    seL4_Word badge;
    seL4_MessageInfo_t info = seL4_MessageInfo_new(0, 0, 0, 0);

    seL4_Send(sel4emu_cap("ready"), info);
    info = seL4_Recv(ep, &badge, reply);
    while (seL4_MessageInfo_get_label(info) == 0) {
        seL4_SetMR(0, seL4_GetMR(0) + seL4_GetMR(1));
        info = seL4_ReplyRecv(ep, seL4_MessageInfo_new(0, 0, 0, 1), &badge, reply);
    }
    return 0;
}
"""
)
CLIENT = (
    HEAD
    + """
int main(void)
{
    seL4_Word total = 0;

    for (int i = 0; i < 100; i++) {
        seL4_SetMR(0, i);
        seL4_SetMR(1, 1);
        seL4_Call(sel4emu_cap("ep"), seL4_MessageInfo_new(0, 0, 0, 2));
        total += seL4_GetMR(0);
    }
    return total == 5050 ? 0 : 1;
}
"""
)
SPINNER = (
    HEAD
    + """
int main(void)
{
    for (volatile unsigned long n = 0;; n++)
        ;
}
"""
)
# Faults at once.
FAULTY = HEAD + 'int main(void) { seL4_Wait(sel4emu_cap("nothing"), NULL); return 0; }\n'


@pytest.fixture
def mcs(isolation: str) -> Iterator[Machine]:
    """An MCS machine that checks every invariant after every kernel entry."""
    with Machine(mcs=True, isolation=isolation, check=True) as machine:
        yield machine


def test_a_context_is_configured_within_limits(mcs: Machine) -> None:
    context = mcs.sched_context("sc", budget_us=1000, period_us=10_000)
    state = context.state()
    assert (state.budget, state.period, state.ready) == (1000, 10_000, 1000)
    assert str(state).startswith("scheduling context 'sc': 1000 us in 10000 us, nobody has it")
    with pytest.raises(RangeError) as refused:
        context.configure(19, 1000)
    assert refused.value.message_registers[0] == 20
    with pytest.raises(RangeError, match="longer than the period"):
        context.configure(2000, 1000)
    with pytest.raises(RangeError, match="no room for 1 extra refills, only for 0"):
        context.configure(1000, 2000, extra_refills=1)
    assert context.state() == state


def test_extra_refills_take_a_larger_object(mcs: Machine) -> None:
    context = mcs.sched_context(budget_us=1000, period_us=2000, extra_refills=9)
    assert context.state().refill_max == 11
    with pytest.raises(RangeError, match="only for 24"):
        context.configure(1000, 2000, extra_refills=25)


def test_a_context_is_bound_once(mcs: Machine) -> None:
    context, tcb, other = mcs.sched_context(), mcs.tcb("t"), mcs.tcb()
    context.bind(tcb)
    assert context.state().tcb_name == "t"
    with pytest.raises(IllegalOperation, match="bound to another already"):
        context.bind(other)
    with pytest.raises(IllegalOperation, match="has a scheduling context already"):
        mcs.sched_context().bind(tcb)
    context.unbind(tcb)
    assert context.state().tcb == 0
    with pytest.raises(IllegalOperation, match="is not bound to this object"):
        context.unbind(tcb)
    context.bind(mcs.notification())
    context.unbind()
    assert context.state().notification == 0


def test_python_answers_with_the_reply_object_that_it_names(mcs: Machine) -> None:
    ep, first, second = mcs.endpoint("ep"), mcs.reply_object("first"), mcs.reply_object("second")
    answers: list[int] = []

    def call(number: int) -> None:
        answers.append(ep.call(number).words[0])

    callers = [threading.Thread(target=call, args=(n,)) for n in (10, 20)]
    for caller in callers:
        caller.start()
    one = ep.recv(reply=first)
    two = ep.recv(reply=second)
    assert first.state().is_call
    second.send(two.words[0] + 1)
    first.send(one.words[0] + 1)
    for caller in callers:
        caller.join()
    assert sorted(answers) == [11, 21]
    assert str(first.state()) == "reply object 'first': free"


def test_a_passive_server_runs_by_its_clients_time(mcs: Machine, compile_client: Compile) -> None:
    ep, ready = mcs.endpoint("ep"), mcs.endpoint("ready")
    caps = {"ep": ep, "ready": ready, "reply": mcs.reply_object()}
    server = mcs.spawn(compile_client(SERVER, mcs=True), caps, name="server", priority=120)
    ready.recv()
    mcs.wait_idle()
    context = server.sched_context
    assert context is not None
    context.unbind(server.tcb)
    client = mcs.spawn(compile_client(CLIENT, mcs=True), {"ep": ep})
    assert client.wait(30) == 0
    assert server.tcb.state().sched_context == 0
    assert ep.call([1, 2]).words[0] == 3  # Python lends its own
    context.bind(server.tcb)
    ep.send(label=1)
    assert server.wait(30) == 0


def test_a_client_without_budget_does_not_run(mcs: Machine, compile_client: Compile) -> None:
    client = mcs.spawn(compile_client(CLIENT, mcs=True), {"ep": mcs.endpoint()}, budget_us=0)
    assert client.tcb.state().doing() == "could run, but has no scheduling context"
    with pytest.raises(sel4emu.DeadlockError, match="has no scheduling context"):
        client.wait()


def test_who_has_used_up_its_budget_lets_others_run(mcs: Machine, compile_client: Compile) -> None:
    hog = mcs.spawn(
        compile_client(SPINNER, mcs=True), priority=200, budget_us=1000, period_us=50_000
    )
    ep = mcs.endpoint("ep")
    ready = mcs.endpoint("ready")
    caps = {"ep": ep, "ready": ready, "reply": mcs.reply_object()}
    mcs.spawn(compile_client(SERVER, mcs=True), caps, priority=50)
    ready.recv(timeout=30)
    assert ep.call([20, 22], timeout=30).words[0] == 42
    assert hog.tcb.state().state in ("current", "refill")


def test_a_timeout_fault_is_a_message(mcs: Machine, compile_client: Compile) -> None:
    handler = mcs.endpoint("timeouts")
    hog = mcs.spawn(
        compile_client(SPINNER, mcs=True), budget_us=1000, period_us=1_000_000, start=False
    )
    assert hog.sched_context is not None
    hog.sched_context.configure(1000, 1_000_000, badge=77)
    hog.tcb.set_timeout_endpoint(handler)
    hog.start()
    fault = handler.recv(timeout=30)
    assert fault.label == 5
    assert fault.words[0] == 77
    assert 900 <= fault.words[1] <= 1_000_000


def test_faults_go_to_the_capability_in_the_tcb(mcs: Machine, compile_client: Compile) -> None:
    faults = mcs.endpoint("faults")
    program = compile_client(FAULTY, mcs=True)
    mcs.spawn(program, {"nothing": (mcs.untyped(4096))}, fault_handler=(faults, {"badge": 5}))
    fault = faults.recv(timeout=30)
    assert (fault.badge, fault.label) == (5, 1)


def test_what_only_the_other_kernel_has_is_refused(mcs: Machine) -> None:
    with pytest.raises(MachineError, match="the mcs kernel has no method seL4_CNode_SaveCaller"):
        mcs.cspace.save_caller()
    absent = pytest.raises(MachineError, match="the classic kernel has no scheduling contexts")
    with Machine("16M") as classic, absent:
        classic.sched_context()


def test_a_program_for_the_other_kernel_is_refused(mcs: Machine, compile_client: Compile) -> None:
    with pytest.raises(sel4emu.VersionMismatch, match="--mcs"):
        mcs.spawn(compile_client(FAULTY, mcs=False), {"nothing": mcs.endpoint()})
