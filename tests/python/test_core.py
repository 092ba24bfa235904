# SPDX-License-Identifier: BSD-2-Clause
"""The extension itself: what its methods take and refuse, and who may do what when."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator

import pytest

from sel4emu import AgentRetired, MachineClosed, Timeout, _core
from sel4emu.invocation import syscall_numbers

CLASSIC = syscall_numbers("classic")


@pytest.fixture
def core(isolation: str) -> Iterator[_core.Machine]:
    kind = _core.ISOLATION_DIRECT if isolation == "direct" else _core.ISOLATION_PROCESS
    made = _core.Machine(16 << 20, isolation=kind, check=True)
    yield made
    made.close()


def test_a_machine_ends_with_its_last_reference() -> None:
    core = _core.Machine(16 << 20)
    fd = core.image_fd
    assert fd > 2
    del core
    gc.collect()


def test_numbers_that_do_not_fit_are_overflow_errors(core: _core.Machine) -> None:
    with pytest.raises(OverflowError):
        core.read(1 << 64, 1)
    with pytest.raises(OverflowError):
        core.read(-1, 1)
    with pytest.raises(TypeError):
        core.read("0", 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments",
    [
        {"memory": 4096},
        {"memory": 16 << 20, "cnode_bits": 2},
        {"memory": 16 << 20, "domains": 0},
        {"memory": (16 << 20) + 1},
    ],
)
def test_configurations_that_cannot_be_are_value_errors(arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"."):
        _core.Machine(**arguments)  # type: ignore[arg-type]


def test_the_types_cannot_be_subclassed_or_changed() -> None:
    with pytest.raises(TypeError):
        type("Sub", (_core.Machine,), {})
    with pytest.raises(TypeError):
        _core.Memory()
    with pytest.raises(TypeError):
        _core.Machine.extra = 1  # type: ignore[attr-defined]


def test_boot_leaves_its_contract_in_the_properties(core: _core.Machine) -> None:
    assert core.untyped_start < core.untyped_end <= core.empty_start < core.empty_end == 4096
    assert core.memory_size == 16 << 20
    assert core.cnode_bits == 12
    assert core.panic == ""
    caps = {c["index"]: c["kind"] for c in core.slots(core.root_cnode, core.cnode_bits)}
    assert (caps[1], caps[2], caps[3]) == ("tcb", "cnode", "pml4")
    thread = core.thread(core.root_tcb)
    assert thread is not None and thread["agent"]


def test_a_machine_with_less_memory_than_the_lowest_devices_is_closed_after_use(
    core: _core.Machine,
) -> None:
    core.close()
    assert core.closed
    for operation in (core.threads, core.check, core.console, core.pause, core.resume):
        with pytest.raises(MachineClosed):
            operation()
    with pytest.raises(MachineClosed):
        core.root_tcb  # noqa: B018 - reading it is what is tested
    core.close()


def test_agents_enter_wait_and_cancel(core: _core.Machine) -> None:
    agent = core.agent_create(core.root_tcb)
    endpoint = core.empty_start
    retype = (1, endpoint, 64)
    del retype
    untyped = next(
        c for c in core.slots(core.root_cnode, 12) if c["kind"] == "untyped" and not c["device"]
    )
    words = (2, 0, 0, 0, endpoint, 1)
    answer = core.agent_call(
        agent, CLASSIC["Call"], untyped["index"], 1 << 12 | 1 << 7 | 6, words, (2,)
    )
    assert answer[1] >> 12 == 0
    assert not core.agent_enter(agent, CLASSIC["Recv"], endpoint)
    with pytest.raises(Timeout):
        core.agent_wait(agent, 0.05)
    with pytest.raises(Timeout):
        core.agent_wait(agent, 0)
    assert core.agent_cancel(agent) is None
    assert core.endpoint(core.slots(core.root_cnode, 12)[-1]["object"])["threads"] == ()
    assert core.check() is None


def test_too_many_words_and_capabilities_are_refused(core: _core.Machine) -> None:
    agent = core.agent_create(core.root_tcb)
    with pytest.raises(ValueError, match="at most 120 message words, not 121"):
        core.agent_call(agent, CLASSIC["NBSend"], 1, 0, range(121))
    with pytest.raises(ValueError, match="at most 3 capabilities, not 4"):
        core.agent_call(agent, CLASSIC["NBSend"], 1, 0, (), (1, 2, 3, 4))


def test_an_agent_that_is_none_is_refused(core: _core.Machine) -> None:
    for number in (0, 16384, 100000, 1 << 40):
        with pytest.raises(ValueError, match="there is no agent"):
            core.agent_call(number, CLASSIC["NBSend"])
        with pytest.raises(ValueError, match="there is no agent"):
            core.agent_wait(number, 0)
        with pytest.raises(ValueError, match="there is no agent"):
            core.agent_cancel(number)
    with pytest.raises(AgentRetired):
        core.agent_call(16383, CLASSIC["NBSend"], timeout=0.1)


def test_only_a_thread_can_be_named_or_made_an_agent(core: _core.Machine) -> None:
    for address in (0, 8, core.root_cnode, 1 << 63):
        with pytest.raises(LookupError, match="there is no TCB"):
            core.agent_create(address)
        with pytest.raises(LookupError, match="there is no TCB"):
            core.set_name(address, "x")


def test_a_process_needs_a_vspace(core: _core.Machine) -> None:
    for address in (0, 8, 1 << 40):
        with pytest.raises(LookupError, match="there is no VSpace"):
            core.spawn("/bin/true", ["true"], [], address, "x")


def test_processes_that_do_not_exist_are_refused(core: _core.Machine) -> None:
    for process in (0, 4096, 1 << 31):
        with pytest.raises(ValueError, match=r"."):
            core.process(process)
    for operation in (core.poll_exit, core.wait_exit):
        with pytest.raises(ValueError, match=r"."):
            operation(77)
    core.release(77)


def test_objects_that_do_not_exist_are_lookup_errors(core: _core.Machine) -> None:
    assert core.thread(0) is None
    assert core.thread(12345) is None
    for operation in (core.endpoint, core.notification):
        with pytest.raises(LookupError):
            operation(core.memory_size + 4096)
    with pytest.raises(LookupError):
        core.slot(core.memory_size, 0)
    assert core.slots(core.memory_size, 4) == []
    assert core.mappings(0) == []


def test_memory_is_a_buffer(core: _core.Machine) -> None:
    window = core.memory(core.ram_start + 100, 5000, True)
    assert len(window) == 5000
    view = memoryview(window)
    view[4000:4003] = b"abc"
    assert core.read(core.ram_start + 4100, 3) == b"abc"
    readonly = memoryview(core.memory(core.ram_start, 10))
    assert readonly.readonly
    with pytest.raises(TypeError):
        readonly[0] = 1
    for address, size in ((0, 0), (core.memory_size, 1), (0, core.memory_size + 1)):
        with pytest.raises(ValueError, match=r"."):
            core.memory(address, size)


def test_large_reads_and_writes_are_whole(core: _core.Machine) -> None:
    data = bytes(range(256)) * 1024
    core.write(core.ram_start, data)
    assert core.read(core.ram_start, len(data)) == data
    assert core.read(0, 0) == b""


def test_closing_while_others_look_is_safe(core: _core.Machine) -> None:
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            try:
                core.threads()
                core.derivation()
            except MachineClosed:
                return

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    core.close()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    stop.set()


def test_the_module_can_be_imported_in_a_second_interpreter_or_says_no() -> None:
    program = """
import sel4emu._core, sys
del sys.modules["sel4emu._core"]
import importlib
again = importlib.import_module("sel4emu._core")
machine = again.Machine(16 << 20)
machine.close()
print("fine")
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.stdout == "fine\n", result.stderr


def test_memory_keeps_no_reference_to_the_machine() -> None:
    core = _core.Machine(16 << 20)
    window = core.memory(core.ram_start, 4096)
    with pytest.raises(TypeError):
        weakref.ref(core)
    core.close()
    assert bytes(window)[:1] == b"\0"


def test_names_are_cut_to_what_fits(core: _core.Machine) -> None:
    core.set_name(core.root_tcb, "x" * 100)
    thread = core.thread(core.root_tcb)
    assert thread is not None
    assert thread["name"].startswith("x" * 31)
