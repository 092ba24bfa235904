# SPDX-License-Identifier: BSD-2-Clause
"""Invocations as messages: where each argument goes, and what an answer means.

The API description (`_api`) says for every method which message word, and which bits of it, an
argument has. A `Codec` is that description in a form that is quick to use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from . import _api
from .words import WORD_MAX

KERNEL_OF = {False: "classic", True: "mcs"}


def words_of(bits: int) -> int:
    """Return the number of message words that an argument reaches over."""
    return max(1, bits // 64)


class Codec:
    """One method of one kernel."""

    def __init__(self, method: _api.Method, kernel: str) -> None:
        self.method = method
        self.name = method.name
        self.label = method.labels[kernel]
        self.caps = tuple(p.name for p in method.params if p.is_cap)
        self.data = tuple(p for p in method.params if not p.is_cap)
        self.results = method.results
        self.length = max((p.index + words_of(p.bits) for p in self.data), default=0)

    def encode(self, arguments: Mapping[str, Any]) -> list[int]:
        """Return the message words for the data arguments."""
        words = [0] * self.length
        for param in self.data:
            value = arguments[param.name]
            if param.bits > 64:
                values = [int(v) for v in value]
                words[param.index : param.index + len(values)] = values
                continue
            number = int(value)
            if not 0 <= number <= (WORD_MAX if param.bits == 64 else (1 << param.bits) - 1):
                raise ValueError(
                    f"seL4_{self.name}: {param.name}={value!r} does not fit into {param.bits} bits"
                )
            words[param.index] |= number << param.shift
        return words

    def decode(self, words: Sequence[int]) -> dict[str, Any]:
        """Take the answer apart."""
        found: dict[str, Any] = {}
        for param in self.results:
            if param.bits > 64:
                found[param.name] = tuple(words[param.index : param.index + words_of(param.bits)])
            else:
                word = words[param.index] if param.index < len(words) else 0
                found[param.name] = word >> param.shift & (1 << param.bits) - 1
        return found

    def check(self, arguments: Mapping[str, Any]) -> None:
        """Raise TypeError unless exactly the method's arguments are there."""
        names = {p.name for p in self.method.params}
        missing, unknown = names - arguments.keys(), arguments.keys() - names
        if missing:
            raise TypeError(f"seL4_{self.name}: missing {', '.join(sorted(missing))}")
        if unknown:
            raise TypeError(f"seL4_{self.name}: has no argument {', '.join(sorted(unknown))}")


@cache
def codecs(kernel: str) -> Mapping[str, Codec]:
    """Return the methods of a kernel ("classic" or "mcs") by name."""
    return {m.name: Codec(m, kernel) for m in _api.METHODS if kernel in m.labels}


@cache
def syscall_numbers(kernel: str) -> Mapping[str, int]:
    """Return the numbers of a kernel's system calls by name."""
    return {s.name: s.numbers[kernel] for s in _api.SYSCALLS if kernel in s.numbers}


@cache
def object_types(kernel: str) -> Mapping[str, _api.ObjectType]:
    """Return the object types of a kernel by name."""
    return {o.name: o for o in _api.OBJECTS if kernel in o.numbers}


#: Names of methods and system calls by the numbers that the core has for them, which are the same
#: in both kernels: 0 is none, then the order of the API description.
METHOD_NAMES = ("", *dict.fromkeys(m.name for m in _api.METHODS))
SYSCALL_NAMES = ("", *dict.fromkeys(s.name for s in _api.SYSCALLS))


def name_in(names: Sequence[str], number: int) -> str:
    """Return a name by its number; "" for one that there is none of."""
    return names[number] if number < len(names) else ""
