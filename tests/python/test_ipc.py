# SPDX-License-Identifier: BSD-2-Clause
"""Messages and signals between Python threads, as any two seL4 threads would exchange them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

import sel4emu
from sel4emu import Endpoint, Machine, Message, Received


@contextmanager
def running(target: Callable[[], None]) -> Iterator[None]:
    """Run a function in another thread; raise what it raised."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            target()
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join(20)
    assert not thread.is_alive()
    if errors:
        raise errors[0]


def test_a_call_gets_its_reply(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")

    def serve() -> None:
        request = endpoint.recv(timeout=10)
        assert (request.label, request.words, request.badge) == (5, (1, 2, 3), 7)
        request.reply([sum(request.words)], label=9)

    with running(serve):
        answer = endpoint.mint(7).call([1, 2, 3], label=5, timeout=10)
    assert (answer.label, answer.words) == (9, (6,))


@pytest.mark.parametrize("length", [0, 1, 4, 5, 119, 120])
def test_messages_of_any_length_arrive_whole(machine: Machine, length: int) -> None:
    endpoint = machine.endpoint("ep")
    words = tuple((i + 1) << 56 | i for i in range(length))
    with running(lambda: endpoint.send(words, timeout=10)):
        assert endpoint.recv(timeout=10).words == words


def test_a_message_that_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 120 words, not 121"):
        Message(words=[0] * 121)
    with pytest.raises(ValueError, match="52 bits"):
        Message(label=1 << 52)


def test_a_single_number_or_nothing_can_be_sent(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    for sent, received in ((7, (7,)), (None, ()), (Message(1, (2,)), (2,))):
        with running(lambda sent=sent: endpoint.send(sent, timeout=10)):  # type: ignore[misc]
            assert endpoint.recv(timeout=10).words == received


def test_nbsend_without_a_receiver_is_lost(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    endpoint.nbsend([1])
    assert endpoint.nbrecv() is None


def test_nbrecv_takes_a_message_that_waits(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    with running(lambda: endpoint.send(0, timeout=10)):
        while not endpoint.queue():
            time.sleep(0.001)
        received = endpoint.nbrecv()
    assert received is not None
    assert received.words == (0,)


def test_reply_recv_answers_and_receives(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    answers: list[int] = []

    def client() -> None:
        answers.extend(endpoint.call(i, timeout=10).words[0] for i in range(3))

    with running(client):
        request = endpoint.recv(timeout=10)
        for _ in range(2):
            request = endpoint.reply_recv(request.words[0] + 10, timeout=10)
        request.reply(request.words[0] + 10)
    assert answers == [10, 11, 12]


def test_serving_ends_when_nobody_calls_any_more(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    seen: list[int] = []

    def serve() -> None:
        for request in endpoint.serve(timeout=0.5):
            seen.append(request.badge)
            request.reply(request.badge * 2)

    with running(serve):
        assert [endpoint.mint(b).call(timeout=10).words[0] for b in (1, 2, 3)] == [2, 4, 6]
    assert seen == [1, 2, 3]


def test_a_message_can_be_answered_only_once(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    with running(lambda: endpoint.call(timeout=10) and None):
        request = endpoint.recv(timeout=10)
        request.reply()
        with pytest.raises(sel4emu.MachineError, match="answered already"):
            request.reply()


def test_only_the_thread_that_received_can_answer(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    with running(lambda: endpoint.call(timeout=10) and None):
        request = endpoint.recv(timeout=10)

        def answer_elsewhere() -> None:
            with pytest.raises(sel4emu.MachineError, match="save_caller"):
                request.reply()

        with running(answer_elsewhere):
            pass
        request.reply()


def test_a_saved_caller_is_answered_later_and_from_anywhere(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    answers: list[tuple[int, ...]] = []
    with running(lambda: answers.append(endpoint.call(timeout=10).words)):
        endpoint.recv(timeout=10)
        saved = machine.cspace.save_caller(name="caller")
        assert isinstance(saved, sel4emu.Reply)
        with running(lambda: saved.send([5])):
            pass
    assert answers == [(5,)]
    assert "caller" not in machine.cspace


def test_a_timeout_takes_the_call_back(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    for operation in (endpoint.recv, endpoint.send, endpoint.call):
        start = time.monotonic()
        with pytest.raises(sel4emu.Timeout, match=r"not complete after 0\.05 s"):
            operation(timeout=0.05)
        assert 0.04 < time.monotonic() - start < 2
        assert len(endpoint.queue()) == 0


def test_a_timeout_is_a_timeout_error(machine: Machine) -> None:
    with pytest.raises(TimeoutError):
        machine.endpoint("ep").recv(timeout=0)


@pytest.mark.parametrize("timeout", [-1, float("nan"), "soon"])
def test_a_timeout_that_makes_no_sense_is_refused(machine: Machine, timeout: float) -> None:
    with pytest.raises((ValueError, TypeError)):
        machine.endpoint("ep").recv(timeout=timeout)


def test_waiting_for_ever_alone_is_a_deadlock_not_a_hang(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    start = time.monotonic()
    with pytest.raises(sel4emu.DeadlockError, match="there are no clients"):
        endpoint.recv()
    assert time.monotonic() - start < 5
    with pytest.raises(sel4emu.DeadlockError):
        machine.notification("n").wait()
    machine.check()


def test_python_threads_that_do_not_know_the_machine_do_not_hide_a_deadlock(
    isolation: str,
) -> None:
    stop = threading.Event()
    bystander = threading.Thread(target=stop.wait)
    bystander.start()
    try:
        machine = Machine("16M", isolation=isolation)  # type: ignore[arg-type]
        with machine, pytest.raises(sel4emu.DeadlockError):
            machine.endpoint("ep").recv()
    finally:
        stop.set()
        bystander.join()


def test_a_python_thread_that_could_act_is_waited_for(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    with running(lambda: time.sleep(0.5) or endpoint.send(7, timeout=10)):
        assert endpoint.recv().words == (7,)


def test_a_capability_travels_into_a_slot_of_its_own(machine: Machine) -> None:
    endpoint, gift = machine.endpoint("ep"), machine.endpoint("gift")
    got: list[Received] = []

    def receive() -> None:
        got.append(endpoint.recv(timeout=10))
        got.append(endpoint.recv(timeout=10))

    with running(receive):
        endpoint.send([1], caps=[gift], timeout=10)
        endpoint.send([2], caps=[gift.mint(3)], timeout=10)
    first, second = (r.caps[0] for r in got)
    assert isinstance(first, Endpoint) and isinstance(second, Endpoint)
    assert first.object == second.object == gift.object
    assert first.slot != second.slot
    assert (first.view.badge, second.view.badge) == (0, 3)


def test_the_endpoint_itself_arrives_as_a_badge(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    with running(lambda: endpoint.send(caps=[endpoint.mint(9)], timeout=10)):
        received = endpoint.recv(timeout=10)
    assert (received.badges, received.caps) == ((9,), ())


def test_without_grant_no_capability_travels(machine: Machine) -> None:
    endpoint, gift = machine.endpoint("ep"), machine.endpoint("gift")
    weak = endpoint.copy(rights="w")
    with running(lambda: weak.send([1], caps=[gift], timeout=10)):
        received = endpoint.recv(timeout=10)
    assert (received.words, received.caps, received.badges) == ((1,), (), ())


def test_signals_add_their_badges(machine: Machine) -> None:
    notification = machine.notification("n")
    notification.mint(1).signal()
    notification.mint(4).signal()
    assert notification.state().badge == 5
    assert notification.wait(timeout=1) == 5
    assert notification.poll() == 0


def test_a_signal_wakes_who_waits(machine: Machine) -> None:
    notification = machine.notification("n")
    words: list[int] = []
    with running(lambda: words.append(notification.wait(timeout=10))):
        while not notification.state().threads:
            time.sleep(0.001)
        notification.mint(6).signal()
    assert words == [6]


def test_a_bound_notification_comes_in_by_the_endpoint(machine: Machine) -> None:
    endpoint, notification = machine.endpoint("ep"), machine.notification("n")
    machine.root_tcb.bind_notification(notification)
    notification.mint(8).signal()
    received = endpoint.recv(timeout=1)
    assert (received.is_signal, received.badge) == (True, 8)
    assert notification.state().bound_name == "python"
    machine.root_tcb.unbind_notification()


def test_receiving_without_the_right_is_a_fault_of_the_thread(machine: Machine) -> None:
    deaf = machine.endpoint("ep").copy(rights="w")
    with pytest.raises(
        sel4emu.AgentFault, match=r"seL4_Recv of thread 'python' faulted: .*no right to receive"
    ):
        deaf.recv()
    machine.endpoint("other").nbsend()
    machine.check()


def test_sending_without_the_right_does_nothing(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    endpoint.copy(rights="r").send(timeout=1)
    assert endpoint.nbrecv() is None


def test_the_queue_names_who_waits_in_order(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    threads = []
    for i in range(3):

        def wait() -> None:
            endpoint.recv(timeout=10)

        threads.append(threading.Thread(target=wait))
        threads[-1].start()
        while len(endpoint.queue()) != i + 1:
            time.sleep(0.001)
    queue = endpoint.queue()
    assert queue.state == "receive"
    assert [t.queue_position for t in queue] == [0, 1, 2]
    assert all(t.name.startswith("python-") for t in queue)
    assert "waits to receive" in str(queue)
    for _ in threads:
        endpoint.send(timeout=10)
    for thread in threads:
        thread.join()


def test_deleting_the_endpoint_ends_a_call(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    copy = endpoint.copy()
    answers: list[int] = []
    with running(lambda: answers.append(copy.call(timeout=10).label)):
        while not endpoint.queue():
            time.sleep(0.001)
        endpoint.revoke()
        endpoint.delete()
    assert answers == [int(sel4emu._api.Error.InvalidCapability)]


def test_a_thousand_calls_take_less_than_a_few_seconds(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")

    def serve() -> None:
        for _ in range(1000):
            endpoint.recv(timeout=10).reply()

    start = time.monotonic()
    with running(serve):
        for _ in range(1000):
            endpoint.call(timeout=10)
    assert time.monotonic() - start < 20


def test_messages_faults_and_queues_are_readable(machine: Machine) -> None:
    endpoint, notification = machine.endpoint("ep"), machine.notification("bell")
    with running(lambda: endpoint.mint(3).send([1, 2], label=5, timeout=10)):
        while not endpoint.queue():
            time.sleep(0.001)
        assert "waits to send" in str(endpoint.queue())
        received = endpoint.recv(timeout=10)
    assert repr(received) == "<message badge=0x3 label=0x5 words=[0x1, 0x2]>"
    notification.mint(4).signal()
    assert str(notification.state()) == "notification 'bell': active 0x4"
    with pytest.raises(TypeError, match="not both"):
        endpoint.nbsend(Message(1), label=2)


def test_a_fault_message_has_words_by_name() -> None:
    fault = sel4emu.Fault("VMFault", {"IP": 0x400000, "Addr": 8})
    assert fault.Addr == 8
    assert str(fault) == "VMFault(IP=0x400000 Addr=0x8)"
    with pytest.raises(AttributeError, match="VMFault has no word 'Address'"):
        fault.Address  # noqa: B018 - reading it is what is tested
