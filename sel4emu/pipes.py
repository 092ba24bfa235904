# SPDX-License-Identifier: BSD-2-Clause
"""Pipes to and from clients.

What a client writes is read at once by a helper thread, into memory, so that a client never waits
for a full pipe: it would do so with the emulated processor in its hands.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import threading
import time
from subprocess import DEVNULL, PIPE, STDOUT
from typing import IO, TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from .machine import Machine

__all__ = ["DEVNULL", "PIPE", "STDOUT", "Reader", "Stdio", "Streams"]

Stdio: TypeAlias = "int | IO[Any] | None"

POLL_MS = 200


class Reader(io.RawIOBase):
    """The reading end of a pipe, with memory of all that came."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._fd = fd
        self._data = bytearray()
        self._position = 0
        self._ended = False
        self._stop = False
        self._changed = threading.Condition()
        self.thread = threading.Thread(target=self._drain, name="sel4emu-pipe", daemon=True)
        self.thread.start()

    def _drain(self) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        try:
            while not self._stop:
                if not poll.poll(POLL_MS):
                    continue
                data = os.read(self._fd, 65536)
                if not data:
                    break
                with self._changed:
                    self._data += data
                    self._changed.notify_all()
        finally:
            os.close(self._fd)
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read what is there, waiting for it; 0 at the end."""
        view = memoryview(buffer).cast("B")
        with self._changed:
            while self._position == len(self._data) and not self._ended:
                self._changed.wait()
            part = self._data[self._position : self._position + len(view)]
            self._position += len(part)
        view[: len(part)] = part
        return len(part)

    def everything(self, timeout: float | None = None) -> bytes:
        """Return all that came, from the first byte on, once the pipe has ended."""
        end = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self._ended:
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    break
                self._changed.wait(left)
            return bytes(self._data)

    def so_far(self) -> bytes:
        """Return what has come by now, from the first byte on."""
        with self._changed:
            return bytes(self._data)

    def finish(self, timeout: float) -> None:
        """Wait for the end; after the time-out stop reading (somebody else holds the pipe)."""
        self.thread.join(timeout)
        self._stop = True
        self.thread.join()


class Streams:
    """The three standard streams of one client."""

    def __init__(self, machine: Machine, stdin: Stdio, stdout: Stdio, stderr: Stdio) -> None:
        self.machine = machine
        #: Descriptors for the client's 0, 1 and 2; -1: as this process's.
        self.fds = [-1, -1, -1]
        self._theirs: list[int] = []  # to be closed once the client has them
        self.stdin: IO[str] | None = None
        self.stdout: IO[str] | None = None
        self.stderr: IO[str] | None = None
        self.readers: dict[int, Reader] = {}
        try:
            self.fds[0] = self._input(stdin)
            self.fds[1] = self._output(1, stdout)
            self.fds[2] = self.fds[1] if stderr == STDOUT else self._output(2, stderr)
            if stderr == STDOUT and self.fds[2] == -1:
                self.fds[2] = 1
        except BaseException:
            self.close()
            raise

    def _input(self, given: Stdio) -> int:
        if given != PIPE:
            return self._given(given, os.O_RDONLY)
        theirs, ours = os.pipe2(os.O_CLOEXEC)
        self._theirs.append(theirs)
        self.stdin = os.fdopen(ours, "w")
        return theirs

    def _output(self, number: int, given: Stdio) -> int:
        if given != PIPE:
            return self._given(given, os.O_WRONLY)
        ours, theirs = os.pipe2(os.O_CLOEXEC)
        self._theirs.append(theirs)
        reader = self.readers[number] = Reader(ours)
        self.machine.add_helper(reader.thread)
        text = io.TextIOWrapper(io.BufferedReader(reader), errors="replace")
        if number == 1:
            self.stdout = text
        else:
            self.stderr = text
        return theirs

    def _given(self, given: Stdio, flags: int) -> int:
        if given is None:
            return -1
        if given == DEVNULL:
            fd = os.open(os.devnull, flags | os.O_CLOEXEC)
            self._theirs.append(fd)
            return fd
        if isinstance(given, int):
            if given < 0:
                raise ValueError(f"{given} is no descriptor, nor PIPE, DEVNULL or STDOUT")
            return given
        given.flush()
        return given.fileno()

    def triple(self) -> tuple[int, int, int]:
        """Descriptors for the client's 0, 1 and 2."""
        return self.fds[0], self.fds[1], self.fds[2]

    def handed_over(self) -> None:
        """Close what only the client needs."""
        while self._theirs:
            os.close(self._theirs.pop())

    def finish(self, timeout: float) -> None:
        """The client has ended: read the rest."""
        for reader in self.readers.values():
            reader.finish(timeout)

    def close(self) -> None:
        """Close everything."""
        self.handed_over()
        for reader in self.readers.values():
            reader.finish(0.0)
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                # There may be unsent input of a client that has ended.
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
