# SPDX-License-Identifier: BSD-2-Clause
"""Clients: Linux processes that are seL4 programs.

A client is built from untyped memory of its own, by the same invocations that a root task in C
would use: a CNode, an address space, a TCB, a frame each for its IPC buffer and its boot
information. Closing a client revokes that memory.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal as signals
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self, TypeAlias

from . import _api, _core
from .bootinfo import BootInfo
from .capability import Capability, CNode, Slot
from .errors import ClientError, DeadlockError, ExecutableNotFound, MachineError, Timeout
from .ipc import Endpoint
from .pipes import DEVNULL, PIPE, STDOUT, Stdio, Streams
from .sched_context import SchedContext
from .thread import TCB
from .untyped_memory import Arena, Block
from .vspace import Frame, VSpace
from .words import PAGE, Rights, bits_for, guard_word, size_from

if TYPE_CHECKING:
    from .machine import Machine
    from .views import ProcessView, ThreadTable

__all__ = ["DEVNULL", "PIPE", "STDOUT", "Client", "Stdio"]

#: A capability for a client, or one with "badge", "rights", "slot".
Grant: TypeAlias = "Capability | tuple[Capability, Mapping[str, Any]]"

FIRST_SLOT = 16
CAPS_VARIABLE = "SEL4EMU_CAPS"
IPC_BUFFER = 0x5000_0000
CONTEXT_SIZE = 128  # of a scheduling context
TABLES = 3  # PDPT, page directory, page table of the two pages
KILL_WAIT = 10.0
#: How long the end of a client's output is waited for: a process that it started may hold the pipe.
LAST_WORDS = 1.0

_serials = itertools.count(1)


@dataclass
class SpawnOptions:
    """What Machine.spawn() was asked for."""

    path: str
    caps: dict[str | int, Any]
    args: list[str | os.PathLike[str]]
    env: Mapping[str, str] | None
    cwd: str | os.PathLike[str] | None
    stdin: Stdio
    stdout: Stdio
    stderr: Stdio
    name: str | None
    priority: int
    mcp: int
    budget_us: int
    period_us: int | None
    cnode_bits: int
    bootinfo: bool
    untyped: int | str | None
    fault_handler: Any
    wrapper: list[str]
    timeout: float


@dataclass
class Granted:
    """One capability of a client, with its slot."""

    name: str
    slot: int
    capability: Capability
    badge: int = 0
    rights: Any = None
    vaddr: int | None = None


@dataclass
class Remains:
    """What a client holds of the machine; freed once it has ended."""

    machine: Machine
    arena: Arena
    streams: Streams
    memory: list[Block] = field(default_factory=list)
    process: int = 0
    released: bool = False
    #: Held while the process's entry is asked for or given back: other threads look, too.
    guard: threading.Lock = field(default_factory=threading.Lock)

    def release(self) -> None:
        """Give everything back. The process must have ended."""
        with self.guard:
            if self.released:
                return
            self.released = True
        self.streams.close()
        if self.machine.closed:
            return
        for block in self.memory:
            self.machine.revoke_slot(block.slot)
            self.machine.buddies.give(block)
        self.arena.release()
        if self.process:
            self.machine.core.release(self.process)

    def abandon(self) -> None:
        """The machine has gone, and its clients with it: only what Python holds is freed."""
        if not self.released:
            self.released = True
            self.streams.finish(LAST_WORDS)
            self.streams.close()


class Client:
    """A client process. Made by Machine.spawn()."""

    def __init__(self, machine: Machine, name: str, remains: Remains) -> None:
        self.machine = machine
        #: Name of the process and its first thread.
        self.name = name
        #: Counts clients in order of spawning.
        self.serial = next(_serials)
        self._remains = remains
        self._exit: tuple[int, int, int, str] | None = None
        self._started = False
        self._killed = False
        self.cspace: CNode
        self.vspace: VSpace
        self.tcb: TCB
        self.ipc_buffer: Frame
        self.bootinfo: Frame | None = None
        #: MCS: of its first thread, unless it was spawned with budget_us=0.
        self.sched_context: SchedContext | None = None
        #: Linux process id.
        self.pid = 0
        #: Slots of the capabilities that it was given, by name.
        self.slots: dict[str, int] = {}

    # --- its standard streams ----------------------------------------------------------------

    @property
    def stdin(self) -> IO[str] | None:
        """Its input, if spawned with stdin=PIPE."""
        return self._remains.streams.stdin

    @property
    def stdout(self) -> IO[str] | None:
        """Its output, if spawned with stdout=PIPE."""
        return self._remains.streams.stdout

    @property
    def stderr(self) -> IO[str] | None:
        """Its error output, if spawned with stderr=PIPE."""
        return self._remains.streams.stderr

    def output(self, timeout: float | None = None) -> str:
        """Wait for its end, and return all that it wrote to a stdout=PIPE."""
        reader = self._remains.streams.readers.get(1)
        if reader is None:
            raise ValueError(f"{self.name!r} was not spawned with stdout=PIPE")
        self.wait(timeout)
        return reader.everything(timeout).decode(errors="replace")

    def output_so_far(self) -> str:
        """Return what it has written to a stdout=PIPE by now."""
        reader = self._remains.streams.readers.get(1)
        return reader.so_far().decode(errors="replace") if reader else ""

    # --- running --------------------------------------------------------------------------------

    def start(self) -> None:
        """Let its first thread run."""
        if self._started:
            raise MachineError(f"client {self.name!r} was started already")
        self._started = True
        self.tcb.resume()

    @property
    def process(self) -> int:
        """Index of the process in the machine."""
        return self._remains.process

    @property
    def returncode(self) -> int | None:
        """Exit status; negative: number of the signal that ended it; None: it runs."""
        if self._exit is None:
            return None
        kind, status, _, _ = self._exit
        return -status if kind == _core.EXIT_SIGNAL else status

    @property
    def exit_reason(self) -> str:
        """Why the monitor ended it; empty if it ended by itself."""
        return self._exit[3] if self._exit else ""

    def poll(self) -> int | None:
        """Return its return code if it has ended, else None."""
        with self._remains.guard:
            if self._exit is None and not self._remains.released:
                found = self.machine.core.poll_exit(self.process)
                if found[0] != _core.EXIT_RUNNING:
                    self._exit = found
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return its return code.

        Raises Timeout after `timeout` seconds, or, without one, DeadlockError if it can never end;
        ClientError if the monitor had to end it.
        """
        if self._exit is None:
            machine = self.machine
            try:
                self._exit = machine.core.wait_exit(
                    self.process, timeout, timeout is None and machine.agents.alone()
                )
            except DeadlockError:
                raise DeadlockError(
                    f"client {self.name!r} can never end: {machine.inspector.deadlock()}"
                ) from None
            except Timeout as error:
                raise Timeout(f"{error}{machine.blame()}") from None
        if self.exit_reason and not self._killed:
            raise ClientError(f"client {self.name!r} was ended: {self.exit_reason}")
        code = self.returncode
        assert code is not None
        return code

    def send_signal(self, signal: int) -> None:
        """Send it a Linux signal, at a moment when it is not inside the kernel."""
        if self.poll() is None:
            self._killed = self._killed or signal == signals.SIGKILL
            self.machine.core.kill(self.process, signal)

    def kill(self) -> None:
        """End it (SIGKILL)."""
        self.send_signal(signals.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        self.send_signal(signals.SIGTERM)

    def map(self, frame: Frame, vaddr: int, rights: Rights | str | None = None) -> Frame:
        """Map a copy of a frame in its address space; return the mapped copy.

        To share memory, map the same frame in several clients; `frame.memory` is Python's view.
        """
        return map_frame(self, frame, vaddr, rights)

    # --- its end ---------------------------------------------------------------------------------

    def close(self) -> None:
        """End it if it still runs, and give all of its memory and slots back."""
        if self._remains.released:
            return
        if self.poll() is None:
            self.kill()
            self.wait(KILL_WAIT)
        self._remains.streams.finish(LAST_WORDS)
        self._remains.release()
        self.machine.discard_client(self)

    def abandon(self) -> None:
        """Free what Python holds of it; the machine has ended it."""
        self._remains.abandon()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        remains: Remains | None = getattr(self, "_remains", None)
        if remains is not None and not remains.released and remains.process:
            remains.machine.garbage.append(remains)

    # --- inspection -------------------------------------------------------------------------------

    @property
    def threads(self) -> ThreadTable:
        """Its threads."""
        return self.machine.inspector.threads(vspace=self.vspace.object)

    def process_view(self) -> ProcessView:
        """Return its process, for printing."""
        return self.machine.inspector.process(self)

    def __repr__(self) -> str:
        code = self.returncode
        state = "runs" if code is None else f"ended with {code}"
        return f"<client {self.name!r} pid {self.pid} {state}>"


# --- spawning ------------------------------------------------------------------------------------


def spawn_client(machine: Machine, options: SpawnOptions) -> Client:
    """Make the kernel objects and the process; its thread does not run yet."""
    machine.reclaim()
    granted = _plan(options)
    for grant in granted:
        grant.capability.check_machine(machine)
    path, argv = _command(options)
    name = (options.name or Path(options.path).name)[:31]
    arena = Arena(machine, _arena_bits(options.cnode_bits))
    remains = Remains(
        machine, arena, Streams(machine, options.stdin, options.stdout, options.stderr)
    )
    client = Client(machine, name, remains)
    try:
        _make_objects(client, arena, options)
        remains.process = machine.core.spawn(
            path,
            argv,
            _environment(options, granted),
            client.vspace.object,
            name,
            client=options.path if options.wrapper else None,
            cwd=options.cwd,
            stdio=remains.streams.triple(),
            timeout=options.timeout,
        )
        remains.streams.handed_over()
        machine.register_client(client)
        _furnish(client, options, granted)
    except BaseException:
        _undo(client)
        raise
    return client


def _undo(client: Client) -> None:
    remains = client._remains
    if remains.process:
        client.close()
    else:
        remains.release()


def _command(options: SpawnOptions) -> tuple[str, list[str | os.PathLike[str]]]:
    """Return what is executed, and its arguments."""
    options.path = str(Path(options.path).absolute())
    argv: list[str | os.PathLike[str]] = [*options.wrapper, options.path, *options.args]
    if not options.wrapper:
        return options.path, argv
    found = shutil.which(options.wrapper[0])
    if found is None:
        raise ExecutableNotFound(2, "wrapper program not found", options.wrapper[0])
    return str(Path(found).absolute()), argv


def _plan(options: SpawnOptions) -> list[Granted]:
    """Give every capability a slot."""
    taken: set[int] = set()
    granted = []
    for key, value in options.caps.items():
        granted.append(_grant(key, value))
    if options.fault_handler is not None:
        granted.append(_grant("fault_handler", options.fault_handler))
    limit = 1 << options.cnode_bits
    for grant in granted:
        if grant.slot and grant.slot in taken:
            raise ValueError(f"caps: slot {grant.slot} is named twice")
        taken.add(grant.slot)
    free = (s for s in itertools.count(FIRST_SLOT) if s not in taken)
    for grant in granted:
        grant.slot = grant.slot or next(free)
        if not 0 < grant.slot < limit:
            raise ValueError(
                f"caps: {grant.name or 'a capability'} in slot {grant.slot}: the CNode has slots 1 "
                f"to {limit - 1}; cnode_bits= makes it larger"
            )
    return granted


def _grant(key: str | int, value: Grant) -> Granted:
    if not isinstance(key, str | int):
        raise TypeError(f"caps: {key!r} is neither a name nor a slot")
    capability, details = value if isinstance(value, tuple) else (value, {})
    if not isinstance(capability, Capability):
        raise TypeError(
            f"caps: {key!r}: a capability is needed, or a pair of a capability and a "
            f"dictionary, not {value!r}"
        )
    unknown = set(details) - {"badge", "rights", "slot", "map"}
    if unknown:
        raise ValueError(
            f"caps: {key!r}: unknown {', '.join(sorted(map(str, unknown)))}; there "
            "are badge, rights, slot and map"
        )
    if "map" in details and not isinstance(capability, Frame):
        raise TypeError(f"caps: {key!r}: only frames can be mapped, not {capability!r}")
    slot = key if isinstance(key, int) else int(details.get("slot", 0))
    name = key if isinstance(key, str) else ""
    if name and (not name.isprintable() or set(name) & set("=,")):
        raise ValueError(f"caps: the name {name!r} must be printable and have no '=' or ','")
    return Granted(
        name,
        slot,
        capability,
        int(details.get("badge", 0)),
        details.get("rights"),
        details.get("map"),
    )


def _arena_bits(cnode_bits: int) -> int:
    pages = 3 + TABLES  # IPC buffer, boot information, PML4
    return bits_for((32 << cnode_bits) + pages * PAGE + 2048 + CONTEXT_SIZE)


def _make_objects(client: Client, arena: Arena, options: SpawnOptions) -> None:
    """Make CNode, address space and TCB, largest first, so that nothing is lost to alignment."""
    machine, name = client.machine, client.name
    if not 4 <= options.cnode_bits <= 20:
        raise ValueError(f"cnode_bits={options.cnode_bits}: 4 to 20 are possible")
    cnode = machine.capability_in(arena.retype("CNode", options.cnode_bits, name=f"{name} cspace"))
    vspace = machine.capability_in(arena.retype("PML4", name=f"{name} vspace"))
    buffer = machine.capability_in(arena.retype("Page", name=f"{name} IPC buffer"))
    assert isinstance(cnode, CNode) and isinstance(vspace, VSpace) and isinstance(buffer, Frame)
    client.cspace, client.vspace, client.ipc_buffer = cnode, vspace, buffer
    if options.bootinfo:
        frame = machine.capability_in(arena.retype("Page", name=f"{name} bootinfo"))
        assert isinstance(frame, Frame)
        client.bootinfo = frame
    tcb = machine.capability_in(arena.retype("TCB", name=f"{name} tcb"))
    assert isinstance(tcb, TCB)
    client.tcb = tcb
    if machine.kernel == "mcs" and options.budget_us:
        slot = arena.retype("SchedContext", 7, name=f"{name} scheduling context")
        context = machine.capability_in(slot)
        assert isinstance(context, SchedContext)
        context.configure(options.budget_us, options.period_us)
        machine.name_object(context.object, f"{name} scheduling context")
        client.sched_context = context
    vspace.known_arena = arena
    machine.name_object(cnode.object, f"{name} cspace")
    machine.name_object(vspace.object, f"{name} vspace")
    machine.assign_asid(vspace)


def _environment(options: SpawnOptions, granted: list[Granted]) -> list[str]:
    environment = dict(os.environ if options.env is None else options.env)
    environment[CAPS_VARIABLE] = ",".join(f"{g.name}={g.slot}" for g in granted if g.name)
    if options.untyped is not None:
        entry = f"untyped={_untyped_slot(granted)}"
        names = environment[CAPS_VARIABLE]
        environment[CAPS_VARIABLE] = f"{names},{entry}" if names else entry
    return [f"{key}={value}" for key, value in environment.items()]


def _untyped_slot(granted: list[Granted]) -> int:
    return max((g.slot for g in granted), default=FIRST_SLOT - 1) + 1


def _furnish(client: Client, options: SpawnOptions, granted: list[Granted]) -> None:
    """Map its pages, fill its CNode, configure its thread."""
    machine = client.machine
    entry = machine.core.process(client.process)
    client.pid = entry["pid"]
    buffer = _window(entry["windows"])
    client.vspace.map(client.ipc_buffer, buffer)
    bootinfo = 0
    if client.bootinfo is not None:
        bootinfo = buffer + PAGE
        client.vspace.map(client.bootinfo, bootinfo, "r")
    _fill_cspace(client, options, granted)
    untypeds = _give_untyped(client, options, granted)
    if client.bootinfo is not None:
        first = _untyped_slot(granted)
        info = BootInfo(
            ipc_buffer=buffer,
            cnode_bits=options.cnode_bits,
            empty=(first + len(untypeds), 1 << options.cnode_bits),
            untyped=(first, first + len(untypeds)),
            untypeds=untypeds,
        )
        machine.write(client.bootinfo.object, info.pack(machine.kernel))
    machine.core.start(client.process, buffer, bootinfo)
    _configure(client, options, granted, buffer)
    client.tcb.thread_name = client.name


def _configure(client: Client, options: SpawnOptions, granted: list[Granted], buffer: int) -> None:
    """Configure its first thread."""
    handlers = [g for g in granted if options.fault_handler and g.name == "fault_handler"]
    mcs = client.machine.kernel == "mcs"
    client.tcb.configure(
        cspace=client.cspace,
        cspace_data=guard_word(0, 64 - options.cnode_bits),
        vspace=client.vspace,
        buffer=buffer,
        buffer_frame=client.ipc_buffer,
        fault_ep=handlers[0].slot if handlers and not mcs else 0,
    )
    handler = _minted(handlers[0]) if handlers and mcs else None
    client.tcb.set_sched_params(
        priority=options.priority,
        mcp=options.mcp,
        sched_context=client.sched_context,
        fault_ep=handler,
    )
    if handler is not None:
        handler.delete()


def _minted(grant: Granted) -> Endpoint:
    """Return a handler's capability as the TCB shall hold it (MCS)."""
    if grant.badge:
        made = grant.capability.mint(grant.badge, grant.rights)
    else:
        made = grant.capability.copy(rights=grant.rights)
    assert isinstance(made, Endpoint)
    return made


def _window(windows: tuple[tuple[int, int], ...]) -> int:
    """Return where two pages fit into the part of the process that frames may go to."""
    for start, end in windows:
        if start <= IPC_BUFFER and end >= IPC_BUFFER + 2 * PAGE:
            return IPC_BUFFER
    for start, end in windows:
        if end - start >= 2 * PAGE:
            return end - 2 * PAGE
    raise ClientError("the client's process has no room for its IPC buffer")


def _fill_cspace(client: Client, options: SpawnOptions, granted: list[Granted]) -> None:
    cspace, root = client.cspace, _api.RootSlot
    fixed: dict[int, Capability] = {
        root.InitThreadTCB: client.tcb,
        root.InitThreadVSpace: client.vspace,
        root.InitThreadIPCBuffer: client.ipc_buffer,
    }
    if client.bootinfo is not None:
        fixed[root.BootInfoFrame] = client.bootinfo
    if client.sched_context is not None:
        fixed[root.InitThreadSC] = client.sched_context
    reserved = {*fixed, int(root.InitThreadCNode)}
    for grant in granted:
        if grant.slot in reserved:
            raise ValueError(
                f"caps: slot {grant.slot} holds seL4_Cap{root(grant.slot).name}; take another one, "
                f"from {FIRST_SLOT} on"
            )
    for slot, capability in fixed.items():
        capability.copy(into=Slot(cspace, int(slot)), name=f"seL4_Cap{root(slot).name}")
    cspace.mint(
        guard_word(0, 64 - options.cnode_bits),
        into=Slot(cspace, int(root.InitThreadCNode)),
        name="seL4_CapInitThreadCNode",
    )
    for grant in granted:
        give(client, grant)


def give(client: Client, grant: Granted) -> None:
    """Put a capability into a client's CNode."""
    place = Slot(client.cspace, grant.slot)
    name = grant.name or grant.capability.name
    if isinstance(grant.capability, Frame) and grant.vaddr is not None:
        frame = map_frame(client, grant.capability, grant.vaddr, grant.rights)
        frame.move(into=place, name=name)
    elif grant.badge:
        grant.capability.mint(grant.badge, grant.rights, into=place, name=name)
    else:
        grant.capability.copy(rights=grant.rights, into=place, name=name)
    if grant.name:
        client.slots[grant.name] = grant.slot


def map_frame(client: Client, frame: Frame, vaddr: int, rights: Any = None) -> Frame:
    """Map a copy of a frame in a client's address space; return the mapped copy."""
    windows = client.machine.core.process(client.process)["windows"]
    end = vaddr + frame.size
    if not any(start <= vaddr and end <= stop for start, stop in windows):
        there = ", ".join(f"{start:#x}-{stop:#x}" for start, stop in windows)
        raise ValueError(
            f"{frame.describe()} cannot be mapped at {vaddr:#x}-{end:#x} in {client.name!r}: in "
            f"this process frames may lie in {there}; the rest belongs to Linux"
        )
    copy = frame.copy(rights=rights)
    try:
        client.vspace.map(copy, vaddr, rights if rights is not None else "rw")
    except BaseException:
        copy.delete()
        raise
    return copy


def _give_untyped(
    client: Client, options: SpawnOptions, granted: list[Granted]
) -> list[tuple[int, int, bool]]:
    if options.untyped is None:
        return []
    machine = client.machine
    block = machine.take_block(bits_for(size_from(options.untyped)))
    client._remains.memory.append(block)
    slot = _untyped_slot(granted)
    machine.capability_in(block.slot).copy(into=Slot(client.cspace, slot), name="untyped")
    client.slots["untyped"] = slot
    return [(block.address, block.bits, False)]
