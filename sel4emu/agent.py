# SPDX-License-Identifier: BSD-2-Clause
"""Python threads as seL4 threads.

A Python thread that calls into a machine acts through an *agent*: a TCB of its own, with the
CSpace that the machine was booted with and an IPC buffer. The kernel sees an ordinary thread; it
just never occupies the emulated CPU. The thread that made the machine is the root task. Further
Python threads get agents on their first call; when a Python thread ends, the next one takes over
its agent.

An agent makes another one with invocations of its own, so one is always kept in reserve: a thread
that comes in while all others wait in long calls must not have to ask them.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from . import _api
from .errors import ERRORS, AgentFault, DeadlockError, MachineError, SeL4Error, Timeout
from .invocation import Codec, codecs, syscall_numbers
from .words import MessageInfo

if TYPE_CHECKING:
    from ._core_types import Answer
    from .capability import Capability
    from .machine import Machine

CSPACE_DEPTH = 64

#: How long a call without a time-out waits before it looks for a deadlock, and then each time.
FIRST_LOOK = 0.05
LOOK_AGAIN = 0.5

#: How long a new Python thread waits for another one to make an agent for it.
PATIENCE = 5.0

#: System calls that a message with capabilities may come in by.
RECEIVING = frozenset(("Recv", "NBRecv", "Call", "ReplyRecv", "Wait", "NBWait"))


#: What agent_enter() takes: number, capability, info, words, capabilities, reply object,
#: destination (MCS), receive path.
Trap: TypeAlias = tuple[int, int, int, Sequence[int], Sequence[int], int, int, tuple[int, int, int]]

#: No receive path: the one in the IPC buffer stays.
NOWHERE = (0, 0, 0)


class Agent:
    """A TCB that a Python thread acts through."""

    def __init__(self, machine: Machine, index: int, tcb: int) -> None:
        self.machine = machine
        self.index = index
        self.tcb = tcb
        self.numbers = syscall_numbers(machine.kernel)
        #: Number of the message that this agent could answer; see Received.reply().
        self.received = 0
        #: Slot that capabilities are received into.
        self.receive_slot: int | None = None
        #: MCS: slot of the reply object that it receives with.
        self.reply = 0

    def syscall(
        self,
        name: str,
        cap: int = 0,
        info: MessageInfo | None = None,
        words: Sequence[int] = (),
        caps: Sequence[int] = (),
        *,
        reply: int | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """Make a system call and wait until it is complete.

        `reply` is the slot of the reply object to receive with (MCS), by default the agent's own.
        With a time-out the call is taken back when it passes. Without one, a deadlock ends the
        call: an exception instead of a wait for ever.
        """
        receive = NOWHERE
        if name in RECEIVING:
            receive = (_api.RootSlot.InitThreadCNode, self._receive_slot(), CSPACE_DEPTH)
        word = (info or MessageInfo()).pack()
        with_reply = self.reply if reply is None else reply
        trap = (self.numbers[name], cap, word, words, caps, with_reply, 0, receive)
        return self.trap(name, trap, timeout)

    def trap(self, name: str, trap: Trap, timeout: float | None = None) -> Answer:
        """Enter the kernel with these registers, and wait until the call is complete."""
        core = self.machine.core
        try:
            if core.agent_enter(self.index, *trap):
                return core.agent_wait(self.index, 0)
            return self._wait(name, timeout)
        except AgentFault:
            raise self._fault(name) from None

    def _wait(self, name: str, timeout: float | None) -> Answer:
        """Wait for a call that is under way; take it back if it does not complete."""
        try:
            if timeout is not None:
                return self.machine.core.agent_wait(self.index, timeout)
            return self._wait_long(name)
        except Timeout:
            answer = self.machine.core.agent_cancel(self.index)
            if answer is not None:
                return answer  # it completed in the last moment
            raise Timeout(
                f"seL4_{name} of {self.describe()} was not complete after {timeout:g} s"
                f"{self.machine.blame()}"
            ) from None
        except AgentFault:
            raise
        except BaseException:
            self.machine.core.agent_cancel(self.index)
            raise

    def _wait_long(self, name: str) -> Answer:
        look = FIRST_LOOK
        while True:
            try:
                return self.machine.core.agent_wait(self.index, look)
            except Timeout:
                cause = self.machine.deadlock(self)
            if cause:
                raise DeadlockError(f"seL4_{name} of {self.describe()} cannot complete: {cause}")
            look = LOOK_AGAIN

    def _fault(self, name: str) -> AgentFault:
        found = self.machine.core.agent_error(self.index)
        reason = found[2] if found else "an address in it does not resolve"
        return AgentFault(f"seL4_{name} of {self.describe()} faulted: {reason}")

    def invoke(
        self, name: str, target: int, capability: Capability | None, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """Invoke a method of a kernel object; raise a SeL4Error if the kernel refuses."""
        codec = codecs(self.machine.kernel).get(name)
        if codec is None:
            raise MachineError(_no_method(name, self.machine.kernel))
        codec.check(arguments)
        caps = [int(arguments[c]) for c in codec.caps]
        words = codec.encode(arguments)
        info = MessageInfo(codec.label, len(words), len(caps)).pack()
        trap = (self.numbers["Call"], target, info, words, caps, 0, 0, NOWHERE)
        _, word, answer, _ = self.trap("Call", trap)
        label = word >> 12
        if label == 0:
            return codec.decode(answer)
        raise self._error(codec, label, answer, target, capability, arguments)

    def _error(
        self,
        codec: Codec,
        label: int,
        words: Sequence[int],
        target: int,
        capability: Capability | None,
        arguments: dict[str, Any],
    ) -> Exception:
        kind = ERRORS.get(label)
        if kind is None:
            return MachineError(f"seL4_{codec.name} was answered with the unknown label {label}")
        count = len(_api.ERROR_WORDS.get(kind.code.name, ()))
        code, reason = "", ""
        found = self.machine.core.agent_error(self.index)
        if found is not None and found[0] == label:
            _, code, reason, _, _ = found
        slot = target if capability is None else capability.slot
        error: SeL4Error = kind(
            codec.name,
            slot=slot,
            capability=capability,
            arguments=arguments,
            message_registers=words[:count],
            reason=reason,
            reason_code=code,
        )
        return error

    def _receive_slot(self) -> int:
        if self.receive_slot is None:
            self.receive_slot = self.machine.slots.take("received")
        return self.receive_slot

    def take_received(self) -> int:
        """Hand out the slot that a capability has come into; the next one goes elsewhere."""
        slot = self._receive_slot()
        self.receive_slot = None
        return slot

    def describe(self) -> str:
        """Return the agent's name, for messages."""
        return f"thread {self.machine.name_of(self.tcb) or hex(self.tcb)!r}"


def _no_method(name: str, kernel: str) -> str:
    why = _api.UNSUPPORTED.get(name)
    if why:
        return f"seL4_{name} is not offered: it needs {why}"
    return f"the {kernel} kernel has no method seL4_{name}"


class _Lease:
    """What a Python thread keeps while it has an agent; dies with the thread."""

    def __init__(self, pool: AgentPool, agent: Agent) -> None:
        self.pool = pool
        self.agent = agent

    def __del__(self) -> None:
        self.pool.give_back(self.agent)


class AgentPool:
    """The agents of a machine."""

    def __init__(self, machine: Machine) -> None:
        core = machine.core
        self.machine = machine
        self.root = Agent(machine, core.agent_create(core.root_tcb), core.root_tcb)
        self._local = threading.local()
        self._free: deque[Agent] = deque()  # its operations are atomic, so it needs no lock
        self._count = 1
        self._contexts: list[Capability] = []  # what the agents run by lives as long as they
        self._failure: BaseException | None = None
        #: Python threads that have an agent.
        self._users: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._users.add(threading.current_thread())
        self._local.lease = _Lease(self, self.root)

    def current(self) -> Agent:
        """Return the calling thread's agent."""
        lease: _Lease | None = getattr(self._local, "lease", None)
        if lease is not None:
            return lease.agent
        return self._lend()

    def _lend(self) -> Agent:
        """Give the calling thread the agent in reserve, and have it make the next one."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                agent = self._free.pop()
                break
            except IndexError:
                if time.monotonic() > end:
                    raise self._no_agent() from self._failure
                time.sleep(0.001)  # another thread is making the next one
        self._local.lease = _Lease(self, agent)
        self._users.add(threading.current_thread())
        if not self._free:
            try:
                self.fill()
            except (SeL4Error, MachineError) as error:
                self._failure = error  # this thread is served; the next one will be told
        return agent

    def _no_agent(self) -> MachineError:
        cause = f": {self._failure}" if self._failure else ""
        return MachineError(
            f"no agent is left for another Python thread, and none could be made{cause}. "
            "When there is room again, machine.agents.fill() makes one"
        )

    def fill(self) -> None:
        """Make one agent for a thread to come, by the calling thread's own agent."""
        self._free.append(self._make())
        self._failure = None

    def _make(self) -> Agent:
        machine = self.machine
        name, self._count = f"python-{self._count}", self._count + 1
        arena = machine.arena
        tcb, buffer = arena.retype("TCB"), arena.retype("Page")
        root = _api.RootSlot
        arguments: dict[str, Any] = {
            "cspace_root": root.InitThreadCNode,
            "cspace_root_data": 0,
            "vspace_root": root.InitThreadVSpace,
            "vspace_root_data": 0,
            "buffer": 4096,
            "bufferFrame": buffer,
        }
        if machine.kernel == "classic":
            arguments["fault_ep"] = 0
        machine.invoke("TCB_Configure", tcb, **arguments)
        machine.invoke("TCB_SetPriority", tcb, authority=root.InitThreadTCB, priority=255)
        address = machine.object_in(tcb)
        index = machine.core.agent_create(address)
        machine.core.set_name(address, name)
        agent = Agent(machine, index, address)
        if machine.kernel == "mcs":
            self._equip(agent, tcb)
        return agent

    def _equip(self, agent: Agent, tcb: int | None = None) -> None:
        """MCS: give an agent its reply object, and a scheduling context that it can lend.

        The root agent has one.
        """
        agent.reply = self.machine.arena.retype("Reply")
        if tcb is not None:
            context = self.machine.sched_context()
            self.machine.invoke("SchedContext_Bind", context, cap=tcb)
            self._contexts.append(context)

    def equip_root(self) -> None:
        """Do that for the root agent, once there is memory for it."""
        self._equip(self.root)

    def give_back(self, agent: Agent) -> None:
        """Keep the agent of a Python thread that has ended."""
        agent.received = 0
        self._free.append(agent)

    def alone(self) -> bool:
        """Tell whether no other Python thread could act on the machine."""
        return not self.machine.other_actors(self._users)
