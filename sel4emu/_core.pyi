# SPDX-License-Identifier: BSD-2-Clause
"""The emulated machine, as the package sel4emu drives it.

This is the border between Python and the C core: plain numbers and dictionaries, no objects with a
life of their own but `Machine` and `Memory`. Addresses are physical addresses of the machine's
memory; times are seconds, and None waits without end. Methods that wait give up the interpreter
lock and let Python's signal handlers run.
"""

import os
from collections.abc import Iterable
from typing import Final, final

from ._core_types import (
    Answer,
    CapDict,
    EndpointDict,
    Exit,
    NotificationDict,
    ProcessDict,
    ReplyDict,
    SchedContextDict,
    ThreadDict,
    TraceDict,
)

ISOLATION_DIRECT: Final[int]
ISOLATION_PROCESS: Final[int]
CLOCK_REAL: Final[int]
CLOCK_VIRTUAL: Final[int]
ABI_VERSION: Final[int]
EXIT_RUNNING: Final[int]
EXIT_STATUS: Final[int]
EXIT_SIGNAL: Final[int]
REGISTERS: Final[int]

class MachineError(Exception):
    """The emulator, rather than the emulated kernel, could not go on."""

class MachinePanic(MachineError):
    """The machine has stopped for good; the text says where and why."""

class MachineClosed(MachineError):
    """The machine has been closed, or belongs to the parent process."""

class ClientError(MachineError):
    """A client process broke off."""

class AgentRetired(MachineError):
    """The thread object that a Python thread acts through was deleted."""

class AgentFault(MachineError):
    """A system call of this Python thread faulted: an address in it does not resolve.

    Or it may not be used so. A C thread would have been stopped, and its fault handler told; here
    the call is taken back.
    """

class DeadlockError(MachineError):
    """Nobody can run any more, and nothing outside can change that."""

class Timeout(MachineError, TimeoutError):
    """The time-out passed before the operation was complete."""

class SpawnError(MachineError):
    """A client could not be started."""

class ExecutableNotFound(SpawnError, FileNotFoundError):
    """There is no executable file of that name."""

class BadExecutable(SpawnError):
    """The file is no executable that can be a client."""

class VersionMismatch(SpawnError):
    """The client was built against another version of sel4emu."""

class HandshakeError(SpawnError):
    """The client did not report after its start."""

@final
class Memory:
    """A window onto a machine's physical memory; see memoryview().

    It has a mapping of its own, so it stays valid after the machine was closed.
    """

    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __len__(self) -> int: ...

@final
class Machine:
    """An emulated machine.

    `memory` is in bytes, `tick_us` and `slice_ticks` set the kernel's time slice, `isolation` is
    ISOLATION_..., `cpu` the CPU of the clients (-1: chosen, -2: any), `console` a descriptor (-1:
    console output is kept, see console()), `runner` the program that becomes the process of a
    VSpace that seL4 calls alone have made (None: hosted clients only). `image` is the user
    addresses of a root task's pages, first and behind the last, and of its first instruction; such
    a machine is paused at first. None: the first thread is an agent. `clock` is CLOCK_...
    """

    def __new__(
        cls,
        memory: int,
        *,
        mcs: bool = False,
        domains: int = 1,
        cnode_bits: int = 12,
        tick_us: int = 2000,
        slice_ticks: int = 5,
        check: bool = False,
        trace: bool = True,
        isolation: int = 0,
        cpu: int = -1,
        console: int = -1,
        runner: str | None = None,
        image: tuple[int, int, int] | None = None,
        clock: int = 0,
    ) -> Machine: ...
    def close(self) -> None:
        """End every client and free everything; other threads' calls end with MachineClosed."""

    def forget(self) -> None:
        """In the child of a fork: let go of the machine without touching the parent's."""

    @property
    def closed(self) -> bool:
        """Whether it was closed or forgotten."""

    @property
    def panic(self) -> str:
        """Why the machine has stopped for good; "" while it has not."""

    @property
    def image_fd(self) -> int:
        """Descriptor of the image; it belongs to the machine."""

    @property
    def time(self) -> int:
        """Nanoseconds since it booted, by its own clock."""

    @property
    def client_count(self) -> int:
        """Number of processes that have not ended."""

    @property
    def memory_size(self) -> int:
        """Bytes of physical memory."""

    @property
    def mcs(self) -> int:
        """1 for the MCS kernel."""

    @property
    def cnode_bits(self) -> int:
        """log2 of the number of slots of the root CNode."""

    @property
    def isolation(self) -> int:
        """ISOLATION_..."""

    @property
    def tsc_mhz(self) -> int:
        """How fast root tasks see the time-stamp counter count, in MHz."""

    @property
    def root_tcb(self) -> int:
        """The first thread."""

    @property
    def root_cnode(self) -> int:
        """Its CNode."""

    @property
    def root_vspace(self) -> int:
        """Its address space."""

    @property
    def untyped_start(self) -> int:
        """First slot of the boot's untyped capabilities."""

    @property
    def untyped_end(self) -> int:
        """Slot behind the last of them."""

    @property
    def sched_control(self) -> int:
        """MCS: slot of the SchedControl capability; else 0."""

    @property
    def empty_start(self) -> int:
        """First slot that the boot left empty."""

    @property
    def empty_end(self) -> int:
        """Slot behind the last of them."""

    @property
    def paging_start(self) -> int:
        """First slot of the root task's paging structures."""

    @property
    def paging_end(self) -> int:
        """Slot behind the last of them."""

    @property
    def extra_start(self) -> int:
        """First slot of the frames of extra boot information."""

    @property
    def extra_end(self) -> int:
        """Slot behind the last of them."""

    @property
    def image_start(self) -> int:
        """First slot of the frames of the root task's image."""

    @property
    def image_end(self) -> int:
        """Slot behind the last of them."""

    @property
    def image(self) -> int:
        """Physical address of the root task's image, 0 if there is none."""

    @property
    def bootinfo(self) -> int:
        """Physical address of the page for boot information."""

    @property
    def extra(self) -> int:
        """Physical address of the page for extra boot information, 0 if there is none."""

    @property
    def ram_start(self) -> int:
        """First byte of memory that is free after boot."""

    @property
    def current(self) -> int:
        """TCB that runs, 0 if nobody does."""

    @property
    def paused(self) -> int:
        """How often it was paused."""

    @property
    def idle_count(self) -> int:
        """How often nobody was left to run."""

    @property
    def trace_count(self) -> int:
        """Number of kernel entries so far."""

    def agent_create(self, tcb: int) -> int:
        """Make a thread an agent, driven from here; return the agent's number."""

    def agent_enter(
        self,
        agent: int,
        syscall: int,
        cap: int = 0,
        info: int = 0,
        words: Iterable[int] = (),
        caps: Iterable[int] = (),
        reply: int = 0,
        dest: int = 0,
        receive: tuple[int, int, int] = (0, 0, 0),
    ) -> bool:
        """Begin a system call as an agent; return whether it is complete.

        Either way agent_wait() gets the answer. `receive` is CNode, index and depth of the slot
        that a capability may be received into.
        """

    def agent_wait(self, agent: int, timeout: float | None = None) -> Answer:
        """Wait until the agent's call is complete. After Timeout it is still under way."""

    def agent_cancel(self, agent: int) -> Answer | None:
        """Take the agent's call back; if it was complete already, return its answer."""

    def agent_call(
        self,
        agent: int,
        syscall: int,
        cap: int = 0,
        info: int = 0,
        words: Iterable[int] = (),
        caps: Iterable[int] = (),
        reply: int = 0,
        dest: int = 0,
        receive: tuple[int, int, int] = (0, 0, 0),
        timeout: float | None = None,
    ) -> Answer:
        """Make a system call as an agent and wait for the answer; a late call is taken back."""

    def agent_error(
        self, agent: int
    ) -> tuple[int, str, str, tuple[int, ...], tuple[int, int, int, int]] | None:
        """Explain the agent's last call, if it was refused or faulted.

        Error number, code and text of the reason, its arguments, and the lookup failure (type and
        three details).
        """

    def spawn(
        self,
        path: str | os.PathLike[str],
        argv: Iterable[str | os.PathLike[str]],
        envp: Iterable[str],
        vspace: int,
        name: str,
        *,
        client: str | os.PathLike[str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        stdio: tuple[int, int, int] = (-1, -1, -1),
        timeout: float | None = 10.0,
    ) -> int:
        """Start a process for an address space; return its index.

        `client` is the client's executable where `path` is a program that starts it. Descriptors of
        -1 are this process's own.
        """

    def start(self, process: int, ipc_buffer: int = 0, bootinfo: int = 0) -> None:
        """Tell the process the addresses of its first thread's pages, before that runs."""

    def poll_exit(self, process: int) -> Exit:
        """Return what became of a process."""

    def wait_exit(self, process: int, timeout: float | None = None, solitary: bool = False) -> Exit:
        """Wait for the end of a process.

        `solitary`: nobody but clients can change anything, so if they are all blocked that is a
        DeadlockError.
        """

    def kill(self, process: int, signal: int) -> None:
        """Send a Linux signal, at a moment when the process is not inside the kernel."""

    def release(self, process: int) -> None:
        """Forget a process that has ended."""

    def process(self, process: int) -> ProcessDict:
        """Return a process's entry in the image."""

    def pause(self, timeout: float | None = None) -> None:
        """Stop the processor. Nests."""

    def resume(self) -> None:
        """Undo one pause()."""

    def step(self, timeout: float | None = None) -> None:
        """On a paused machine: run until one kernel entry was made."""

    def wait_idle(self, timeout: float | None = None) -> None:
        """Wait until nobody runs."""

    def console(self, offset: int = 0) -> bytes:
        """Return kept console output from an offset on."""

    def check(self) -> tuple[str, int] | None:
        """Check the kernel's invariants; return the first broken one and where, or None."""

    def set_name(self, tcb: int, name: str) -> None:
        """Name a thread."""

    def read(self, address: int, size: int) -> bytes:
        """Copy from physical memory."""

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Copy to physical memory."""

    def memory(self, address: int, size: int, writable: bool = False) -> Memory:
        """Return a window onto physical memory."""

    def trace(self, last: int = 16384) -> list[TraceDict]:
        """Return the last kernel entries, oldest first."""

    def slots(self, cnode: int, radix: int) -> list[CapDict]:
        """Return the capabilities in a CNode of 2^radix slots."""

    def slot(self, cnode: int, index: int) -> CapDict | None:
        """Return the capability in one slot; None: it is empty. LookupError: no such slot."""

    def descendants(self, cnode: int, index: int) -> int:
        """Return how many capabilities derive from the one in a slot."""

    def derivation(self) -> list[tuple[int, int, CapDict]]:
        """Return the derivation tree, parents first: depth, address of the slot, capability."""

    def thread(self, tcb: int) -> ThreadDict | None:
        """Return a thread; None: there is none at this address."""

    def threads(self) -> list[ThreadDict]:
        """Return every thread."""

    def endpoint(self, address: int) -> EndpointDict:
        """Return an endpoint."""

    def notification(self, address: int) -> NotificationDict:
        """Return a notification."""

    def sched_context(self, address: int) -> SchedContextDict:
        """Return a scheduling context (MCS)."""

    def reply(self, address: int) -> ReplyDict:
        """Return a reply object (MCS)."""

    def mappings(self, vspace: int) -> list[tuple[int, int, int, int, int, bool]]:
        """Return the pages of an address space.

        Address, frame, log2 of the size, rights, attributes, whether it is device memory.
        """
