# SPDX-License-Identifier: BSD-2-Clause
"""Read the API description (csrc/spec) into plain, checked structures.

Everything that the emitters use has been checked here, so they can be simple. A mistake in the
description ends with a SpecError that names the file, the entry and what to do about it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KERNELS = ("classic", "mcs")
GROUPS = ("general", "sel4_arch", "arch")
KINDS = ("word", "cap", "struct", "bitfield")


class SpecError(Exception):
    """The API description contradicts itself; the message says where."""


@dataclass(frozen=True)
class Type:
    """Type of a parameter: `kind` is one of KINDS."""

    name: str
    kind: str
    bits: int


@dataclass(frozen=True)
class Param:
    """One argument or result of a method."""

    type: Type
    name: str
    doc: str


@dataclass(frozen=True)
class Entry:
    """What methods, system calls and objects have in common."""

    name: str
    when: tuple[str, ...]
    feature: str | None
    doc: str

    def in_kernel(self, kernel: str) -> bool:
        """Tell whether this kernel has the entry, apart from features that are never on."""
        return kernel in self.when


@dataclass(frozen=True)
class Method(Entry):
    """An invocation; `key` is its name in the API, less the seL4_ prefix."""

    group: str
    interface: str
    label: str
    params: tuple[Param, ...]
    results: tuple[Param, ...]
    errors: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """Name of the stub without its prefix, e.g. CNode_Copy."""
        return f"{self.interface}_{self.name}"

    @property
    def caps(self) -> tuple[Param, ...]:
        """Capability arguments after the invoked one."""
        return tuple(p for p in self.params if p.type.kind == "cap")

    @property
    def words(self) -> tuple[Param, ...]:
        """Data arguments."""
        return tuple(p for p in self.params if p.type.kind != "cap")


@dataclass(frozen=True)
class Syscall(Entry):
    """A system call; `needs` are the kernel options that it depends on."""

    needs: tuple[str, ...]


@dataclass(frozen=True)
class ObjectType(Entry):
    """A kind of object that Untyped_Retype makes; `size` is a key of sizes, or "given"."""

    enumerator: str
    size: str
    device: bool


@dataclass(frozen=True)
class Fault(Entry):
    """A fault message: names of its words, and of the fields of its C type."""

    labels: Mapping[str, int]
    words: tuple[str, ...]
    fields: tuple[str, ...]
    no_length: bool


@dataclass(frozen=True)
class Bitfield:
    """A word of named fields: (name, lowest bit, bits), from the top field down."""

    name: str
    fields: tuple[tuple[str, int, int], ...]
    doc: str


@dataclass(frozen=True)
class Option:
    """A CONFIG_ key: `header` says which generated header holds it."""

    key: str
    value: bool | int | str
    when: tuple[str, ...]
    header: str
    doc: str


@dataclass(frozen=True)
class Spec:
    """The whole description. `raw` holds the plain tables, which need no structure."""

    file: str
    raw: Mapping[str, Any]
    types: Mapping[str, Type]
    methods: tuple[Method, ...]
    syscalls: tuple[Syscall, ...]
    objects: tuple[ObjectType, ...]
    faults: tuple[Fault, ...]
    bitfields: tuple[Bitfield, ...]
    options: tuple[Option, ...]

    def live_methods(self, kernel: str) -> list[Method]:
        """Return the methods of one kernel in label order; the first has label 1."""
        found = [m for m in self.methods if m.in_kernel(kernel) and m.feature is None]
        return sorted(found, key=lambda m: GROUPS.index(m.group))

    def numbered_syscalls(self, kernel: str) -> Iterator[tuple[int, Syscall]]:
        """Yield each system call that has a number in one kernel, offered or not."""
        found = [s for s in self.syscalls if s.in_kernel(kernel)]
        return ((-1 - i, s) for i, s in enumerate(found))

    def live_objects(self, kernel: str) -> list[ObjectType]:
        """Return the object types of one kernel in order of their numbers."""
        return [o for o in self.objects if o.in_kernel(kernel)]


def per_kernel(value: object) -> dict[str, int]:
    """Spread a value over the kernels that have it."""
    if isinstance(value, Mapping):
        return {k: value[k] for k in KERNELS if k in value}
    if not isinstance(value, int):
        raise TypeError(f"a number or a table of numbers is needed, not {value!r}")
    return dict.fromkeys(KERNELS, value)


def load(path: Path) -> Spec:
    """Read and check a description; raise SpecError if it is not consistent."""
    from parse import Parser  # here, because parse needs the classes above

    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: is not valid TOML: {error}") from error
    return Parser(path.name, raw).spec()
