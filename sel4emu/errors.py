# SPDX-License-Identifier: BSD-2-Clause
"""Everything that sel4emu raises.

Two families. A `SeL4Error` is the kernel's answer: the emulated kernel refused an invocation, as
the real one would have. A `MachineError` is the emulator's: it could not do what was asked, or
stopped something that would otherwise have hung.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from . import _api
from ._core import (
    AgentFault,
    AgentRetired,
    BadExecutable,
    ClientError,
    DeadlockError,
    ExecutableNotFound,
    HandshakeError,
    MachineClosed,
    MachineError,
    MachinePanic,
    SpawnError,
    Timeout,
    VersionMismatch,
)

if TYPE_CHECKING:
    from .capability import Capability

__all__ = [
    "AgentFault",
    "AgentRetired",
    "AlignmentError",
    "BadExecutable",
    "ClientError",
    "DeadlockError",
    "DeleteFirst",
    "ExecutableNotFound",
    "FailedLookup",
    "HandshakeError",
    "IllegalOperation",
    "InvalidArgument",
    "InvalidCapability",
    "LayoutError",
    "MachineClosed",
    "MachineError",
    "MachinePanic",
    "NotEnoughMemory",
    "RangeError",
    "RevokeFirst",
    "SeL4Error",
    "SpawnError",
    "StaleCapability",
    "Timeout",
    "TruncatedMessage",
    "VersionMismatch",
]


class StaleCapability(MachineError):
    """The capability was deleted, and its slot may hold another one by now."""


class LayoutError(ValueError):
    """A layout is wrong; the text begins with the path of the offending key."""


class SeL4Error(Exception):
    """The kernel refused an invocation.

    `method` is the invocation, `slot` and `capability` what was invoked, `arguments` what was
    asked, `message_registers` the kernel's answer, word by word, `reason` sel4emu's explanation
    of this very refusal, and `hint` what usually helps.
    """

    code: ClassVar[_api.Error]

    #: What to do about an error of this kind.
    hint: ClassVar[str] = ""

    def __init__(
        self,
        method: str,
        *,
        slot: int | None = None,
        capability: Capability | None = None,
        arguments: Mapping[str, Any] | None = None,
        message_registers: Sequence[int] = (),
        reason: str = "",
        reason_code: str = "",
    ) -> None:
        self.method = method
        self.slot = slot
        self.capability = capability
        self.arguments = dict(arguments or {})
        self.message_registers = tuple(message_registers)
        self.reason = reason
        self.reason_code = reason_code
        super().__init__(self._text())

    def __reduce__(self) -> tuple[Any, ...]:
        # Capabilities belong to a machine, so a copy in another process goes without them.
        state = {
            "slot": self.slot,
            "message_registers": self.message_registers,
            "reason": self.reason,
            "reason_code": self.reason_code,
        }
        return (_rebuild, (type(self), self.method, state))

    @property
    def culprit(self) -> str:
        """Name of the argument that the kernel's answer points at, or an empty string."""
        return ""

    def _text(self) -> str:
        name = f"seL4_{self.code.name}"
        reason = self.reason or self._plain_reason()
        where = f" of {self._target()}" if self.slot is not None else ""
        text = f"seL4_{self.method}{where}: {name}: {reason}"
        if self.culprit:
            text += f" [argument {self.culprit}]"
        if self.hint:
            text += f". Try: {self.hint}"
        return text

    def _target(self) -> str:
        if self.capability is not None:
            return self.capability.describe()
        return f"slot {self.slot}"

    def _plain_reason(self) -> str:
        words = ", ".join(
            f"{name} {value:#x}"
            for name, value in zip(
                _api.ERROR_WORDS.get(self.code.name, ()), self.message_registers, strict=False
            )
        )
        return _api.ERROR_DOCS[self.code.name] + (f" ({words})" if words else "")

    def _word(self, index: int) -> int | None:
        return self.message_registers[index] if index < len(self.message_registers) else None


def _rebuild(kind: type[SeL4Error], method: str, state: dict[str, Any]) -> SeL4Error:
    return kind(method, **state)


def _parameters(method: str, caps: bool) -> list[str]:
    for entry in _api.METHODS:
        if entry.name == method:
            return [p.name for p in entry.params if p.is_cap == caps]
    return []


class InvalidArgument(SeL4Error):
    """A data argument has a value that is not allowed."""

    code = _api.Error.InvalidArgument
    hint = "look at the named argument's value; some are fixed once an object is mapped or typed"

    @property
    def culprit(self) -> str:
        """Name of the argument."""
        names, number = _parameters(self.method, caps=False), self._word(0)
        return names[number] if number is not None and number < len(names) else ""


class InvalidCapability(SeL4Error):
    """A capability has the wrong type or state for what was asked."""

    code = _api.Error.InvalidCapability
    hint = "see what the slot holds with machine.cspace.tree()"

    @property
    def culprit(self) -> str:
        """Name of the capability argument; the invoked capability itself is `service`."""
        names = ["service", *_parameters(self.method, caps=True)]
        number = self._word(0)
        return names[number] if number is not None and number < len(names) else ""


class IllegalOperation(SeL4Error):
    """The object does not offer this operation, or not in its present state."""

    code = _api.Error.IllegalOperation
    hint = "check that the capability has the rights and the object the state that it needs"


class RangeError(SeL4Error):
    """A data argument is out of range; `minimum` and `maximum` say what would do."""

    code = _api.Error.RangeError
    hint = "stay within the bounds in .minimum and .maximum"

    @property
    def minimum(self) -> int | None:
        """The least value that is accepted."""
        return self._word(0)

    @property
    def maximum(self) -> int | None:
        """The greatest value that is accepted."""
        return self._word(1)


class AlignmentError(SeL4Error):
    """An address is not aligned to the size of what shall go there."""

    code = _api.Error.AlignmentError
    hint = "round the address down to a multiple of the object's size"


class FailedLookup(SeL4Error):
    """Resolving an address failed: in a CSpace or, for mappings, in a VSpace."""

    code = _api.Error.FailedLookup
    hint = (
        "for a CNode address check index and depth; for a mapping, map the missing paging "
        "structure first (vspace.map() does that by itself)"
    )

    @property
    def failure(self) -> str:
        """Kind of lookup failure, such as "DepthMismatch"."""
        number = self._word(1)
        try:
            return "" if number is None else _api.LookupFailure(number).name
        except ValueError:
            return ""

    @property
    def bits_left(self) -> int | None:
        """Bits of the address that were left; for mappings 39, 30 or 21 tells the level."""
        return self._word(2)


class TruncatedMessage(SeL4Error):
    """The message had too few words or capabilities for the method."""

    code = _api.Error.TruncatedMessage
    hint = "pass every argument, and capabilities that are not null"


class DeleteFirst(SeL4Error):
    """The destination is occupied."""

    code = _api.Error.DeleteFirst
    hint = "delete or unmap what is there, or let sel4emu choose a free slot (into=None)"


class RevokeFirst(SeL4Error):
    """Something still derives from the object."""

    code = _api.Error.RevokeFirst
    hint = "revoke the capability; machine.cdt() shows what derives from it"


class NotEnoughMemory(SeL4Error):
    """The untyped has too little memory left; freed memory counts only when all of it is free."""

    code = _api.Error.NotEnoughMemory
    hint = "use a larger untyped, revoke this one, or make the machine with more memory="

    @property
    def bytes_left(self) -> int | None:
        """Bytes that the untyped has left."""
        return self._word(0)


ERRORS: dict[int, type[SeL4Error]] = {
    int(kind.code): kind
    for kind in (
        InvalidArgument,
        InvalidCapability,
        IllegalOperation,
        RangeError,
        AlignmentError,
        FailedLookup,
        TruncatedMessage,
        DeleteFirst,
        RevokeFirst,
        NotEnoughMemory,
    )
}
