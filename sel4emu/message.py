# SPDX-License-Identifier: BSD-2-Clause
"""Messages: what is sent, what is received, and faults, which are messages too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from . import _api
from .capability import Capability
from .errors import MachineError
from .words import MessageInfo

if TYPE_CHECKING:
    from .agent import Agent
    from .machine import Machine

MAX_WORDS = _api.LIMITS["MsgMaxLength"]
MAX_CAPS = _api.LIMITS["MsgMaxExtraCaps"]


@dataclass(frozen=True)
class Message:
    """A message: a label, up to 120 words, up to 3 capabilities."""

    label: int = 0
    words: Sequence[int] = ()
    caps: Sequence[Capability] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.label < 1 << 52:
            raise ValueError(f"a label has 52 bits; {self.label:#x} does not fit")
        if len(self.words) > MAX_WORDS:
            raise ValueError(f"a message has at most {MAX_WORDS} words, not {len(self.words)}")
        if len(self.caps) > MAX_CAPS:
            raise ValueError(f"a message has at most {MAX_CAPS} capabilities, not {len(self.caps)}")

    def info(self) -> MessageInfo:
        """Return the message info word, taken apart."""
        return MessageInfo(self.label, len(self.words), len(self.caps))

    def pointers(self, machine: Machine) -> list[int]:
        """Return the capability pointers, for the IPC buffer of an agent of this machine."""
        for capability in self.caps:
            capability.check_machine(machine)
        return [int(c) for c in self.caps]


#: What can be sent: a message, or just its words.
Sendable: TypeAlias = "Message | Iterable[int] | int | None"


def message_from(value: Sendable, label: int = 0, caps: Iterable[Capability] = ()) -> Message:
    """Make a message of what a caller gave."""
    if isinstance(value, Message):
        if label or tuple(caps):
            raise TypeError("give a Message, or words with label= and caps=, not both")
        return value
    words = () if value is None else (value,) if isinstance(value, int) else tuple(value)
    return Message(label, words, tuple(caps))


@dataclass(frozen=True)
class Fault:
    """A fault message, with its words by name."""

    name: str
    words: Mapping[str, int]

    def __getattr__(self, name: str) -> int:
        try:
            return self.words[name]
        except KeyError:
            raise AttributeError(f"{self.name} has no word {name!r}") from None

    def __str__(self) -> str:
        words = " ".join(f"{n}={v:#x}" for n, v in self.words.items())
        return f"{self.name}({words})"


@dataclass(frozen=True)
class Received:
    """A message that has come in, or a signal of the receiver's bound notification.

    `caps` are capabilities that came with it, in slots of their own now. `badges` holds, for each
    capability of the message, the badge if it named the endpoint itself, else None.
    """

    badge: int
    label: int
    words: tuple[int, ...]
    caps: tuple[Capability, ...]
    badges: tuple[int | None, ...]
    is_signal: bool
    agent: Agent
    number: int

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def reply(
        self, message: Sendable = None, *, label: int = 0, caps: Iterable[Capability] = ()
    ) -> None:
        """Answer it (seL4_Reply). Possible once, from the thread that received it."""
        machine = self.agent.machine
        if machine.agents.current() is not self.agent:
            raise MachineError(
                "only the Python thread that received a message can reply to it; to hand it over, "
                "save the reply capability with machine.cspace.save_caller()"
            )
        if self.agent.received != self.number:
            raise MachineError(
                "this message cannot be answered any more: it was answered already, or this thread "
                "has received another one since; save_caller() keeps a caller for later"
            )
        self.agent.received = 0
        machine.reply(message, label=label, caps=caps)

    def fault(self) -> Fault | None:
        """Read it as a fault message: None if its label is no fault's.

        Only messages that the kernel sends to a fault endpoint are faults; an ordinary message of
        the same label looks alike, so go by the badge.
        """
        kernel = self.agent.machine.kernel
        for fault in _api.FAULTS:
            if fault.words and fault.labels.get(kernel) == self.label:
                return Fault(fault.name, dict(zip(fault.words, self.words, strict=False)))
        return None

    def __repr__(self) -> str:
        if self.is_signal:
            return f"<signal badge={self.badge:#x}>"
        parts = [
            f"badge={self.badge:#x}",
            f"label={self.label:#x}",
            f"words=[{', '.join(hex(w) for w in self.words)}]",
        ]
        if self.caps:
            parts.append(f"caps={list(self.caps)}")
        return f"<message {' '.join(parts)}>"
