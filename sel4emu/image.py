# SPDX-License-Identifier: BSD-2-Clause
"""The executable of a root task, as the kernel's boot reads it.

All pages between the first and the last byte belong to the root task, gaps included; what nothing
fills is zero. Rights of segments do not matter: every page can be read, written and executed. Like
the real kernel, this takes every program header for one of a segment: that of thread-local storage
clears the bytes where .tbss seems to be.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from .errors import BadExecutable, ExecutableNotFound, VersionMismatch
from .words import PAGE

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
PROGRAM = struct.Struct("<IIQQQQQQ")
NOTE = struct.Struct("<III")
EXECUTABLE, X86_64 = 2, 62
LOAD, INTERPRETER, NOTES = 1, 3, 4
OUR_NOTE = b"sel4emu\0"
KIND_ROOT = 2


@dataclass(frozen=True)
class RootImage:
    """A root task's image: its pages, first instruction, and contents."""

    path: str
    #: Address of its first page, and behind its last.
    start: int
    end: int
    entry: int
    #: Address and bytes of each segment.
    segments: tuple[tuple[int, bytes], ...]
    #: Kernel configuration that it was built for; None: it does not say.
    mcs: bool | None


def read_image(path: str | os.PathLike[str]) -> RootImage:
    """Read a root task's executable.

    Raises ExecutableNotFound, or BadExecutable with the reason.
    """
    name = os.fspath(path)
    try:
        data = Path(name).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise ExecutableNotFound(2, "there is no such file", name) from None
    except OSError as error:
        raise BadExecutable(f"{name} cannot be read: {error.strerror}") from None
    try:
        return _parse(name, data)
    except struct.error:
        raise BadExecutable(f"{name} has a damaged ELF header") from None


def _parse(path: str, data: bytes) -> RootImage:
    if data[:4] != b"\x7fELF":
        raise BadExecutable(f"{path} is no ELF executable: build one with 'sel4emu cc --root'")
    ident, kind, machine, _, entry, headers, _, _, _, size, count, *_ = HEADER.unpack_from(data)
    if ident[4:6] != b"\x02\x01" or machine != X86_64:
        raise BadExecutable(
            f"{path} is for another machine (ELF class {ident[4]}, machine {machine}): root tasks "
            "are x86_64"
        )
    if size != PROGRAM.size:
        raise BadExecutable(f"{path} has a damaged ELF header")
    programs = [PROGRAM.unpack_from(data, headers + i * size) for i in range(count)]
    mcs = _check_note(path, data, programs)
    if kind != EXECUTABLE or any(p[0] == INTERPRETER for p in programs):
        raise BadExecutable(
            f"{path} is no static executable with fixed addresses: build it with "
            "'sel4emu cc --root'"
        )
    loads = [(p[3], _contents(data, p), p[6]) for p in programs if p[6]]
    if not loads:
        raise BadExecutable(f"{path} has nothing to load")
    start = min(address for address, _, _ in loads)
    end = -(-max(address + size for address, _, size in loads) // PAGE) * PAGE
    if start % PAGE:
        raise BadExecutable(f"{path} begins at {start:#x}: not at a page's first byte")
    if not start <= entry < end:
        raise BadExecutable(f"{path} shall begin at {entry:#x}, outside of its segments")
    return RootImage(path, start, end, entry, tuple((a, b) for a, b, _ in loads), mcs)


def _contents(data: bytes, program: tuple[int, ...]) -> bytes:
    """Return what a program header puts into memory, which is all zero at first."""
    kind, _, offset, _, _, size, room, _ = program
    contents = data[offset : offset + size]
    return contents if kind == LOAD else contents.ljust(room, b"\0")


def _check_note(path: str, data: bytes, programs: list[tuple[int, ...]]) -> bool | None:
    """Return what our note says of the kernel; None: there is no note."""
    for program in programs:
        if program[0] != NOTES:
            continue
        at, end = program[2], program[2] + program[5]
        while at + NOTE.size <= min(end, len(data)):
            name, size, _ = NOTE.unpack_from(data, at)
            at += NOTE.size
            if data[at : at + name] == OUR_NOTE and size == NOTE.size:
                _, mcs, kind = NOTE.unpack_from(data, at + name)
                if kind != KIND_ROOT:
                    raise BadExecutable(
                        f"{path} is a client, not a root task: build it with 'sel4emu cc --root', "
                        "or start it with Machine.spawn()"
                    )
                return bool(mcs)
            at += (name + 3 & ~3) + (size + 3 & ~3)
    return None


def check_kernel(image: RootImage, mcs: bool) -> None:
    """Raise VersionMismatch if the image was built for the other kernel."""
    if image.mcs is not None and image.mcs != mcs:
        names = ("classic", "MCS")
        how = (
            "run it with --mcs (mcs=True), or build it without --mcs"
            if image.mcs
            else "build it with 'sel4emu cc --root --mcs', or run it without --mcs"
        )
        raise VersionMismatch(
            f"{image.path} was built for the {names[image.mcs]} kernel, this machine runs the "
            f"{names[mcs]} one: {how}"
        )
