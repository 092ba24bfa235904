# SPDX-License-Identifier: BSD-2-Clause
"""Where each argument of an invocation stands in its message.

The rule is libsel4's: arguments are laid down in order, each aligned to its own size or to a
word, whichever is smaller; so small neighbours share a word. Structures take whole words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spec import Param

WORD_BITS = 64


@dataclass(frozen=True)
class Place:
    """Message word and bit of one argument."""

    param: Param
    word: int
    shift: int

    @property
    def mask(self) -> int:
        """Mask of the value, before it is shifted to its place."""
        return (1 << self.param.type.bits) - 1

    @property
    def words(self) -> int:
        """Number of message words it reaches over."""
        return max(1, self.param.type.bits // WORD_BITS)


def places(params: Sequence[Param]) -> tuple[list[Place], int]:
    """Lay out data arguments; return their places and the number of words."""
    found, bit = [], 0
    for param in params:
        size = param.type.bits
        align = min(size, WORD_BITS)
        bit = (bit + align - 1) // align * align
        found.append(Place(param, bit // WORD_BITS, bit % WORD_BITS))
        bit += size
    return found, (bit + WORD_BITS - 1) // WORD_BITS
