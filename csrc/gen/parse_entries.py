# SPDX-License-Identifier: BSD-2-Clause
"""Check single entries of an API description and turn them into the structures of spec.py."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, TypeVar

from spec import (
    GROUPS,
    KERNELS,
    KINDS,
    Bitfield,
    Fault,
    Method,
    ObjectType,
    Param,
    SpecError,
    Syscall,
    Type,
    per_kernel,
)

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CAPS_MAX = 3
T = TypeVar("T")


class EntryParser:
    """Checks entries of one description; every complaint starts with its file name and an entry."""

    def __init__(self, file: str, raw: dict[str, Any]) -> None:
        """Keep the tables as tomllib read them."""
        self.file = file
        self.raw = raw
        self.types: dict[str, Type] = {}

    def fail(self, entry: str, problem: str) -> NoReturn:
        """Stop with a message that names the entry."""
        raise SpecError(f"{self.file}: {entry}: {problem}")

    def number(self, at: str, value: object) -> dict[str, int]:
        """Check a number, or a table of numbers by kernel, and spread it over the kernels."""
        table = value if isinstance(value, dict) else {KERNELS[0]: value}
        if not set(table) <= set(KERNELS) or not all(type(n) is int for n in table.values()):
            self.fail(at, f"a number is needed, or a table by {' and '.join(KERNELS)}: {value!r}")
        return per_kernel(value)

    def unique(self, what: str, names: Iterable[str]) -> None:
        """Refuse a name that occurs twice."""
        seen: set[str] = set()
        for name in names:
            if name in seen:
                self.fail(f"{what} {name}", "occurs twice in one kernel; set 'when' or rename it")
            seen.add(name)

    def take(self, at: str, entry: dict[str, Any], key: str, kind: type[T]) -> T:
        """Remove a key that must be there, of one type."""
        if key not in entry:
            self.fail(at, f"'{key}' is missing")
        value = entry.pop(key)
        if not isinstance(value, kind):
            self.fail(at, f"'{key}' must be a {kind.__name__}, not {value!r}")
        return value

    def done(self, at: str, entry: Mapping[str, Any]) -> None:
        """Refuse keys that nobody asked for: they are misspelt."""
        for key in entry:
            self.fail(at, f"unknown key '{key}'")

    def when(self, at: str, entry: dict[str, Any]) -> tuple[str, ...]:
        """Parse which kernels have the entry."""
        when = entry.pop("when", None)
        if when is not None and when not in KERNELS:
            self.fail(at, f"'when' must be one of {', '.join(KERNELS)}, not {when!r}")
        return (when,) if when else KERNELS

    def common(self, at: str, entry: dict[str, Any]) -> dict[str, Any]:
        """Parse what all kinds of entry have."""
        return {
            "name": self.take(at, entry, "name", str),
            "when": self.when(at, entry),
            "feature": entry.pop("feature", None),
            "doc": self.take(at, entry, "doc", str),
        }

    def type(self, name: str, entry: dict[str, Any]) -> Type:
        """Parse one line of [types]."""
        at = f"type {name}"
        kind = entry.get("kind")
        if kind not in KINDS:
            self.fail(at, f"'kind' must be one of {', '.join(KINDS)}, not {kind!r}")
        bits = 64 if kind == "cap" else entry.get("bits")
        if not isinstance(bits, int) or bits <= 0 or (bits > 64 and bits % 64):
            self.fail(at, f"'bits' must be positive, and above 64 whole words, not {bits!r}")
        return Type(name, kind, bits)

    def param(self, at: str, text: str) -> Param:
        """Parse "type name: meaning"."""
        declaration, colon, doc = text.partition(": ")
        parts = declaration.split()
        if not colon or len(parts) != 2 or not IDENTIFIER.fullmatch(parts[1]):
            self.fail(at, f"a parameter is written 'type name: meaning', not {text!r}")
        if parts[0] not in self.types:
            self.fail(at, f"parameter '{parts[1]}' has the unknown type '{parts[0]}'; see [types]")
        return Param(self.types[parts[0]], parts[1], doc)

    def error(self, at: str, text: str) -> tuple[str, str]:
        """Parse "Name: reason"."""
        name, colon, reason = text.partition(": ")
        if not colon or name not in self.raw["errors"]:
            self.fail(at, f"an error is written 'Name: reason', Name being of [errors]: {text!r}")
        return name, reason

    def method(self, at: str, entry: dict[str, Any]) -> Method:
        """Parse one [[method]]."""
        if (interface := self.take(at, entry, "interface", str)) not in self.raw["interfaces"]:
            self.fail(at, f"unknown interface '{interface}'; see [interfaces]")
        group = self.take(at, entry, "group", str)
        if group not in GROUPS:
            self.fail(at, f"'group' must be one of {', '.join(GROUPS)}, not {group!r}")
        method = Method(
            **self.common(at, entry),
            group=group,
            interface=interface,
            label=self.take(at, entry, "label", str),
            params=tuple(self.param(at, p) for p in entry.pop("params", [])),
            results=tuple(self.param(at, p) for p in entry.pop("results", [])),
            errors=tuple(self.error(at, e) for e in entry.pop("errors", [])),
        )
        self.done(at, entry)
        self.unique(f"{at}: parameter", (p.name for p in method.params + method.results))
        if len(method.caps) > CAPS_MAX:
            self.fail(at, f"{len(method.caps)} capabilities, but a message carries {CAPS_MAX}")
        if any(p.type.kind == "cap" for p in method.results):
            self.fail(at, "a result cannot be a capability")
        structs = [p for p in method.params + method.results if p.type.kind == "struct"]
        if structs and "count" not in [p.name for p in method.params]:
            self.fail(at, f"'{structs[0].name}' needs a parameter 'count' of words to transfer")
        return method

    def syscall(self, at: str, entry: dict[str, Any]) -> Syscall:
        """Parse one [[syscall]]."""
        needs = tuple(entry.pop("needs", []))
        common = self.common(at, entry)
        self.done(at, entry)
        return Syscall(**common, needs=needs)

    def object(self, at: str, entry: dict[str, Any]) -> ObjectType:
        """Parse one [[object]]."""
        size = self.take(at, entry, "size", str)
        if size != "given" and size not in self.raw["sizes"]:
            self.fail(at, f"'size' must be \"given\" or a key of [sizes], not {size!r}")
        enumerator = self.take(at, entry, "enumerator", str)
        device = bool(entry.pop("device", False))
        common = self.common(at, entry)
        self.done(at, entry)
        return ObjectType(**common, enumerator=enumerator, size=size, device=device)

    def fault(self, at: str, entry: dict[str, Any]) -> Fault:
        """Parse one [[fault]]."""
        labels = self.number(at, entry.pop("label", None))
        words = tuple(self.take(at, entry, "words", list))
        fields = tuple(entry.pop("fields", words))
        if len(fields) != len(words):
            self.fail(at, f"{len(words)} words but {len(fields)} fields")
        common = self.common(at, entry) | {"no_length": bool(entry.pop("no_length", False))}
        self.done(at, entry)
        return Fault(**common, labels=labels, words=words, fields=fields)

    def bitfield(self, at: str, entry: dict[str, Any]) -> Bitfield:
        """Parse one [[bitfield]]: a full word, from the top bit down."""
        low = self.raw["api"]["word_bits"]
        fields = []
        for text in self.take(at, entry, "fields", list):
            name, _, bits = text.partition(" ")
            if not bits.isdigit():
                self.fail(at, f"a field is written 'name bits', not {text!r}")
            low -= int(bits)
            if name != "-":
                fields.append((name, low, int(bits)))
        if low != 0:
            self.fail(at, f"the fields leave {low} bits of the word over")
        made = Bitfield(
            self.take(at, entry, "name", str), tuple(fields), self.take(at, entry, "doc", str)
        )
        self.done(at, entry)
        return made
