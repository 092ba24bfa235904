# SPDX-License-Identifier: BSD-2-Clause
"""Endpoints and notifications: Python as a client, as a server, or in place of either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .capability import Capability
from .errors import DeadlockError, Timeout
from .message import Message, Received, Sendable, message_from
from .words import MessageInfo

if TYPE_CHECKING:
    from .agent import Agent
    from .machine import Machine
    from .views import EndpointView, NotificationView, ReplyView

#: What the message info register holds before a receive. No message has it (its length is above
#: the limit), so if it is still there, nothing came, or what came was a signal.
NOTHING = MessageInfo(label=(1 << 52) - 1, length=127)


class Endpoint(Capability):
    """A rendezvous for messages.

    Every method that waits takes `timeout` in seconds: when it passes, the call is taken back and
    `Timeout` raised. Without one the call waits, and ends with `DeadlockError` if nobody is left
    who could complete it.
    """

    kind = "endpoint"

    def send(
        self,
        message: Sendable = None,
        *,
        label: int = 0,
        caps: Iterable[Capability] = (),
        timeout: float | None = None,
    ) -> None:
        """Send, and wait until somebody receives (seL4_Send)."""
        self._send("Send", message_from(message, label, caps), timeout)

    def nbsend(
        self, message: Sendable = None, *, label: int = 0, caps: Iterable[Capability] = ()
    ) -> None:
        """Send if somebody waits to receive; else the message is lost (seL4_NBSend)."""
        self._send("NBSend", message_from(message, label, caps), None)

    def _send(self, name: str, message: Message, timeout: float | None) -> None:
        agent = self.machine.agents.current()
        caps = message.pointers(self.machine)
        agent.syscall(name, self.cptr, message.info(), message.words, caps, timeout=timeout)

    def call(
        self,
        message: Sendable = None,
        *,
        label: int = 0,
        caps: Iterable[Capability] = (),
        timeout: float | None = None,
    ) -> Received:
        """Send, and wait for the answer (seL4_Call)."""
        return exchange(
            self.machine, "Call", self.cptr, message_from(message, label, caps), timeout
        )

    def recv(self, *, reply: Reply | None = None, timeout: float | None = None) -> Received:
        """Wait for a message, or for a signal of the bound notification (seL4_Recv).

        `reply` is the reply object that shall hold the caller (MCS); by default each Python thread
        has one of its own.
        """
        return exchange(self.machine, "Recv", self.cptr, None, timeout, reply)

    def nbrecv(self, *, reply: Reply | None = None) -> Received | None:
        """Take a message if somebody waits to send, else None (seL4_NBRecv)."""
        received = exchange(self.machine, "NBRecv", self.cptr, None, None, reply)
        if received.is_signal and received.badge == 0:
            return None
        return received

    def reply_recv(
        self,
        message: Sendable = None,
        *,
        label: int = 0,
        caps: Iterable[Capability] = (),
        timeout: float | None = None,
    ) -> Received:
        """Answer the last caller and wait for the next message (seL4_ReplyRecv)."""
        return exchange(
            self.machine, "ReplyRecv", self.cptr, message_from(message, label, caps), timeout
        )

    def serve(self, *, timeout: float | None = None) -> Iterator[Received]:
        """Receive message after message: `for request in ep.serve(): request.reply(...)`.

        Ends when no message comes for `timeout` seconds, or when no client is left to send one.
        """
        while True:
            try:
                request = self.recv(timeout=timeout)
            except Timeout:
                return
            except DeadlockError:
                if self.machine.client_count:
                    raise
                return
            yield request

    def queue(self) -> EndpointView:
        """Return who waits at it, by inspection."""
        return self.machine.inspector.endpoint(self.object)


class Notification(Capability):
    """A word of signals."""

    kind = "notification"

    def signal(self) -> None:
        """Signal it: the badge is added to its word (seL4_Signal)."""
        self.machine.agents.current().syscall("Send", self.cptr)

    def wait(self, *, timeout: float | None = None) -> int:
        """Wait for a signal; return its word, and clear it (seL4_Wait)."""
        name = "Recv" if self.machine.kernel == "classic" else "Wait"
        answer = self.machine.agents.current().syscall(name, self.cptr, NOTHING, timeout=timeout)
        return answer[0]

    def poll(self) -> int:
        """Take the word if there was a signal; 0 if not, or if its badges were 0 (seL4_Poll)."""
        name = "NBRecv" if self.machine.kernel == "classic" else "NBWait"
        return self.machine.agents.current().syscall(name, self.cptr, NOTHING)[0]

    def state(self) -> NotificationView:
        """Return its word and who waits for it, by inspection."""
        return self.machine.inspector.notification(self.object)


class Reply(Capability):
    """The right to answer a caller.

    In the classic kernel, that of one caller, saved by `cnode.save_caller()`; in the MCS kernel an
    object, which is made once and holds one caller after the other.
    """

    kind = "reply"

    def send(
        self, message: Sendable = None, *, label: int = 0, caps: Iterable[Capability] = ()
    ) -> None:
        """Answer the caller; in the classic kernel the capability is used up."""
        sent = message_from(message, label, caps)
        agent = self.machine.agents.current()
        agent.syscall("Send", self.cptr, sent.info(), sent.words, sent.pointers(self.machine))
        if self.machine.kernel == "classic":
            self._forget()

    def state(self) -> ReplyView:
        """Return whose it is, by inspection (MCS)."""
        return self.machine.inspector.reply(self.object)


def exchange(
    machine: Machine,
    name: str,
    cptr: int,
    message: Message | None,
    timeout: float | None,
    reply: Reply | None = None,
) -> Received:
    """Make a system call that receives."""
    agent = machine.agents.current()
    agent.received = 0
    if message is None:
        with_reply = None if reply is None else reply.cptr
        answer = agent.syscall(name, cptr, NOTHING, reply=with_reply, timeout=timeout)
    else:
        answer = agent.syscall(
            name,
            cptr,
            message.info(),
            message.words,
            message.pointers(machine),
            timeout=timeout,
        )
    return _received(agent, answer, replyable=name != "Call", own=reply is None)


def _received(
    agent: Agent,
    answer: tuple[int, int, tuple[int, ...], tuple[int, ...]],
    *,
    replyable: bool,
    own: bool,
) -> Received:
    machine = agent.machine
    badge, word, words, extra = answer
    if word == NOTHING.pack():
        return Received(badge, 0, (), (), (), True, agent, 0)
    info = MessageInfo.unpack(word)
    caps: list[Capability] = []
    badges: list[int | None] = []
    for i in range(info.extra_caps):
        unwrapped = bool(info.caps_unwrapped >> i & 1)
        badges.append(extra[i] if unwrapped else None)
        if not unwrapped:
            caps.append(machine.capability_in(agent.take_received()))
    number = 0
    if replyable and own:
        number = agent.received = machine.next_message()
    return Received(
        badge if replyable else 0,
        info.label,
        words,
        tuple(caps),
        tuple(badges),
        False,
        agent,
        number,
    )
