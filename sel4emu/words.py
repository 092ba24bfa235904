# SPDX-License-Identifier: BSD-2-Clause
"""The words that seL4 packs fields into: rights, message info, guards; and memory sizes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntFlag

WORD_BITS = 64
WORD_MAX = (1 << WORD_BITS) - 1
PAGE = 4096


class Rights(IntFlag):
    """What the holder of a capability may do (seL4_CapRights_t)."""

    NONE = 0
    WRITE = 1
    READ = 2
    GRANT = 4
    GRANT_REPLY = 8
    RW = READ | WRITE
    ALL = READ | WRITE | GRANT | GRANT_REPLY

    def letters(self) -> str:
        """Return the rights as letters: R, W, G (grant), P (grant reply)."""
        return "".join(c for c, bit in _LETTERS.items() if self & bit)


_LETTERS = {"R": Rights.READ, "W": Rights.WRITE, "G": Rights.GRANT, "P": Rights.GRANT_REPLY}


def rights_from(value: Rights | str | int | None) -> Rights:
    """Accept rights as `Rights`, a word, letters such as "rw" or "RWGP", or None for all."""
    if value is None:
        return Rights.ALL
    if isinstance(value, str):
        found = Rights.NONE
        for letter in value.upper():
            if letter not in _LETTERS:
                raise ValueError(
                    f"rights {value!r}: {letter!r} is none of the letters R (read), W (write), "
                    "G (grant), P (grant reply)"
                )
            found |= _LETTERS[letter]
        return found
    if not 0 <= int(value) <= Rights.ALL:
        raise ValueError(f"rights {value!r}: a rights word is within 0 and {int(Rights.ALL)}")
    return Rights(value)


@dataclass(frozen=True, slots=True)
class MessageInfo:
    """What a message is: its label, and how many words and capabilities it has."""

    label: int = 0
    length: int = 0
    extra_caps: int = 0
    caps_unwrapped: int = 0

    def pack(self) -> int:
        """Return the word, seL4_MessageInfo_t."""
        return self.label << 12 | self.caps_unwrapped << 9 | self.extra_caps << 7 | self.length

    @classmethod
    def unpack(cls, word: int) -> MessageInfo:
        """Take a word apart."""
        return cls(word >> 12, word & 0x7F, word >> 7 & 3, word >> 9 & 7)


def guard_word(guard: int, size: int) -> int:
    """Return the word that sets a CNode capability's guard (seL4_CNode_CapData_t)."""
    if not 0 <= size < WORD_BITS:
        raise ValueError(f"a guard has 0 to 63 bits, not {size}")
    if guard < 0 or guard >> size:
        raise ValueError(f"guard {guard:#x} does not fit into {size} bits")
    return guard << 6 | size


_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def size_from(value: int | str) -> int:
    """Accept a number of bytes, or text such as "64M", "1 GiB", "4KB"; units are binary."""
    if isinstance(value, int):
        size = value
    else:
        match = re.fullmatch(r"\s*(\d+)\s*([KMGT]?)(?:I?B)?\s*", value.upper())
        if match is None:
            raise ValueError(f"size {value!r}: give bytes, or a number with K, M, G or T")
        size = int(match[1]) * _UNITS[match[2]]
    if size <= 0:
        raise ValueError(f"size {value!r}: must be above 0")
    return size


def size_text(size: int) -> str:
    """Write a number of bytes with the largest unit that divides it."""
    for unit in "TGMK":
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return str(size)


def bits_for(size: int) -> int:
    """Return the smallest power of two that holds `size` bytes, as its logarithm."""
    return max(size - 1, 0).bit_length()
