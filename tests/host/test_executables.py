# SPDX-License-Identifier: BSD-2-Clause
"""What cannot be a client is refused with an error that names the file and the cause."""

from __future__ import annotations

import errno
import os
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sel4emu

EI_CLASS, EI_DATA, E_TYPE, E_MACHINE = 4, 5, 16, 18
NOTE = struct.pack("<III8s", 8, 12, 1, b"sel4emu")

Program = Callable[..., Path]


def patched(source: Path, target: Path, *changes: tuple[int, bytes]) -> Path:
    """Copy an executable with some bytes changed."""
    data = bytearray(source.read_bytes())
    for offset, value in changes:
        data[offset : offset + len(value)] = value
    target.write_bytes(data)
    target.chmod(0o755)
    return target


def note_offset(path: Path) -> int:
    """Return where the words of the client's note are: version, MCS, kind."""
    return path.read_bytes().index(NOTE) + len(NOTE)


def segments_end(data: bytes) -> int:
    """Return where the last segment of an executable ends in its file."""
    start, size, count = (
        struct.unpack_from(kind, data, at)[0] for kind, at in (("<Q", 32), ("<H", 54), ("<H", 56))
    )
    headers = [struct.unpack_from("<IIQQQQ", data, start + i * size) for i in range(count)]
    return max(offset + length for _, _, offset, _, _, length in headers)


def refuse(
    machine: sel4emu.Machine, path: Path, kind: type[Exception], text: str, **options: Any
) -> None:
    """Check that spawning raises this, and that nothing of it is left."""
    before = (len(list(Path("/proc/self/fd").iterdir())), machine.client_count)
    with pytest.raises(kind, match=text) as raised:
        machine.spawn(path, **options)
    assert str(path) in str(raised.value)
    assert (len(list(Path("/proc/self/fd").iterdir())), machine.client_count) == before


@pytest.fixture
def good(program: Program) -> Path:
    return program("ends")


@pytest.fixture(autouse=True)
def others_still_start(machine: sel4emu.Machine, good: Path) -> Any:
    yield
    endpoint = machine.endpoint()
    client = machine.spawn(good, {"ep": endpoint}, args=["exit"])
    endpoint.send(timeout=10)
    assert client.wait(10) == 3


def test_a_missing_file(machine: sel4emu.Machine, tmp_path: Path) -> None:
    path = tmp_path / "missing"
    refuse(machine, path, sel4emu.ExecutableNotFound, "No such file or directory")
    refuse(machine, path, FileNotFoundError, "No such file or directory")


def test_a_path_through_a_file(machine: sel4emu.Machine, good: Path) -> None:
    refuse(machine, good / "x", sel4emu.ExecutableNotFound, "Not a directory")


def test_a_directory(machine: sel4emu.Machine, tmp_path: Path) -> None:
    refuse(machine, tmp_path, sel4emu.BadExecutable, "no regular file")


def test_a_device(machine: sel4emu.Machine) -> None:
    refuse(machine, Path("/dev/null"), sel4emu.BadExecutable, "no regular file")


def test_a_fifo_does_not_block(machine: sel4emu.Machine, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    refuse(machine, tmp_path / "fifo", sel4emu.BadExecutable, "no regular file")


@pytest.mark.parametrize("text", ["", "x", "#!/bin/sh\nexit 0\n", "int main(void) { }\n" * 100])
def test_text(machine: sel4emu.Machine, tmp_path: Path, text: str) -> None:
    path = tmp_path / "text"
    path.write_text(text)
    path.chmod(0o755)
    refuse(machine, path, sel4emu.BadExecutable, "no ELF executable: compile .* 'sel4emu cc'")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param([(EI_CLASS, b"\1"), (E_MACHINE, struct.pack("<H", 3))], id="i386"),
        pytest.param([(E_MACHINE, struct.pack("<H", 183))], id="aarch64"),
        pytest.param([(E_MACHINE, struct.pack("<H", 243))], id="riscv"),
        pytest.param([(EI_DATA, b"\2")], id="big-endian"),
    ],
)
def test_another_machines_executable(
    machine: sel4emu.Machine, good: Path, tmp_path: Path, change: list[tuple[int, bytes]]
) -> None:
    path = patched(good, tmp_path / "other", *change)
    refuse(machine, path, sel4emu.BadExecutable, "for another machine.*x86_64")


@pytest.mark.parametrize(("kind", "number"), [("object file", 1), ("core dump", 4)])
def test_elf_that_is_no_program(
    machine: sel4emu.Machine, good: Path, tmp_path: Path, kind: str, number: int
) -> None:
    path = patched(good, tmp_path / "odd", (E_TYPE, struct.pack("<H", number)))
    refuse(machine, path, sel4emu.BadExecutable, kind)


@pytest.mark.parametrize("header", [(54, b"\x38\x01"), (56, b"\xff\xff"), (32, b"\xff" * 8)])
def test_a_damaged_header(
    machine: sel4emu.Machine, good: Path, tmp_path: Path, header: tuple[int, bytes]
) -> None:
    path = patched(good, tmp_path / "damaged", header)
    refuse(machine, path, sel4emu.BadExecutable, "damaged|truncated")


def test_a_truncated_file_at_any_length(
    machine: sel4emu.Machine, good: Path, tmp_path: Path
) -> None:
    data = good.read_bytes()
    end = segments_end(data)
    for size in [1, 3, 4, 16, 63, 64, 100, *range(200, end, end // 10), end - 1]:
        path = tmp_path / f"{size}"
        path.write_bytes(data[:size])
        path.chmod(0o755)
        refuse(machine, path, sel4emu.BadExecutable, "truncated|no ELF executable")


def test_a_program_that_is_not_linked_with_libsel4(machine: sel4emu.Machine) -> None:
    refuse(
        machine, Path("/bin/true").resolve(), sel4emu.BadExecutable, "not linked with .* libsel4"
    )


@pytest.mark.parametrize("version", [0, 2, 0xFFFFFFFF])
def test_another_version(
    machine: sel4emu.Machine, good: Path, tmp_path: Path, version: int
) -> None:
    path = patched(good, tmp_path / "old", (note_offset(good), struct.pack("<I", version)))
    refuse(
        machine,
        path,
        sel4emu.VersionMismatch,
        rf"version {version} of .* this is version \d+: compile it again",
    )


def test_a_client_of_the_other_kernel(machine: sel4emu.Machine, program: Program) -> None:
    path = program("busy", mcs=True)
    refuse(machine, path, sel4emu.VersionMismatch, "for the MCS kernel.*without --mcs")


def test_a_root_task(machine: sel4emu.Machine, good: Path, tmp_path: Path) -> None:
    path = patched(good, tmp_path / "root", (note_offset(good) + 8, struct.pack("<I", 2)))
    refuse(machine, path, sel4emu.BadExecutable, "root task")


def test_a_file_that_may_not_be_executed(
    machine: sel4emu.Machine, good: Path, tmp_path: Path
) -> None:
    path = patched(good, tmp_path / "plain")
    path.chmod(0o644)
    refuse(machine, path, PermissionError, "Permission denied")


def test_a_file_that_is_being_written(machine: sel4emu.Machine, good: Path, tmp_path: Path) -> None:
    path = patched(good, tmp_path / "busy")
    with path.open("r+b"):
        refuse(machine, path, OSError, "Text file busy")


@pytest.mark.parametrize("cwd", ["nowhere", "a-file"])
def test_a_bad_working_directory(
    machine: sel4emu.Machine, good: Path, tmp_path: Path, cwd: str
) -> None:
    (tmp_path / "a-file").touch()
    text = rf"directory.*{re.escape(str(tmp_path / cwd))}"
    kind = FileNotFoundError if cwd == "nowhere" else NotADirectoryError
    refuse(machine, good, kind, text, cwd=tmp_path / cwd)


def test_a_working_directory(machine: sel4emu.Machine, good: Path, tmp_path: Path) -> None:
    endpoint = machine.endpoint()
    client = machine.spawn(good, {"ep": endpoint}, args=["exit"], cwd=tmp_path)
    assert Path(f"/proc/{client.pid}/cwd").readlink() == tmp_path


def test_a_program_whose_interpreter_is_missing(machine: sel4emu.Machine, program: Program) -> None:
    path = program("ends", flags=["-Wl,--dynamic-linker=/no/such/loader"])
    refuse(machine, path, sel4emu.BadExecutable, "loader '/no/such/loader', which is not there")


def test_a_wrapper_that_is_missing(machine: sel4emu.Machine, good: Path) -> None:
    with pytest.raises(sel4emu.ExecutableNotFound, match="no-such-wrapper") as raised:
        machine.spawn(good, wrapper=["no-such-wrapper"])
    assert raised.value.errno == errno.ENOENT


@pytest.mark.parametrize(
    ("wrapper", "text"),
    [
        (["true"], "exit status 0"),
        (["sh", "-c", "exit 9"], "exit status 9"),
        (["sh", "-c", "kill -ABRT $$"], "signal 6"),
    ],
)
def test_a_wrapper_that_does_not_start_the_client(
    machine: sel4emu.Machine, good: Path, wrapper: list[str], text: str
) -> None:
    with pytest.raises(sel4emu.HandshakeError, match=rf"'ends-.*before its handshake.*{text}"):
        machine.spawn(good, wrapper=wrapper)


@pytest.mark.parametrize("path", ["\0", ""])
def test_an_impossible_path(machine: sel4emu.Machine, path: str) -> None:
    with pytest.raises((ValueError, OSError, sel4emu.BadExecutable)):
        machine.spawn(path)
