# SPDX-License-Identifier: BSD-2-Clause
"""The machine: memory, capabilities, clients, and the controls of the emulated processor."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Literal, Self, TypeVar, overload

from . import _api, _core
from .agent import Agent, AgentPool
from .capability import Capability, CNode, Destination, RootCNode, Slot
from .errors import MachineError
from .inspector import Inspector
from .invocation import KERNEL_OF
from .ipc import Endpoint
from .message import Sendable, message_from
from .objects import ObjectMaker
from .sched_context import DEFAULT_SLICE_US
from .slots import SlotAllocator
from .untyped_memory import Arena, Block, Buddies
from .views import ProcessView, ThreadTable, TraceTable, Tree, UntypedTable
from .vspace import ASIDPool
from .words import size_from, size_text

if TYPE_CHECKING:
    from .boot import RootMachine
    from .capi import CApi
    from .client import Client, Remains, Stdio
    from .layout import Layout

C = TypeVar("C", bound=Capability)
Isolation = Literal["direct", "process"]
Clock = Literal["real", "virtual"]

ISOLATIONS = {"direct": _core.ISOLATION_DIRECT, "process": _core.ISOLATION_PROCESS}
CLOCKS = {"real": _core.CLOCK_REAL, "virtual": _core.CLOCK_VIRTUAL}
SMALL_ARENA_BITS = 16
SLOT_BITS = _api.SIZES["SlotBits"]["classic"]

_machines: weakref.WeakSet[Machine] = weakref.WeakSet()


class Machine(ObjectMaker):
    """An emulated seL4 machine.

    Use it as a context manager: at the end every client is ended and everything freed.

    memory      physical memory: bytes, or text such as "64M"; it costs only what is touched
    isolation   "direct": clients enter the kernel themselves (fast); "process": the kernel runs in
                this process only, and clients map nothing but their own frames. Default: the
                environment variable SEL4EMU_ISOLATION, else "direct"
    check       check every invariant of the kernel after every kernel entry (slow). Default: true
                if the environment variable SEL4EMU_CHECK is 1
    trace       record every kernel entry; see trace()
    cnode_bits  log2 of the number of slots of the root CNode
    cpu         CPU that the clients run on; None: sel4emu chooses; -1: wherever Linux wants
    console     where seL4_DebugPutChar goes: a file or descriptor; None: standard output;
                "keep": nowhere, it can be read with console_text()
    mcs         the MCS kernel instead of the classic one
    clock       "real": the machine's time is that of the host; "virtual": it advances with what the
                machine does, and jumps when nobody can run, so a run can be repeated exactly
    """

    #: Addresses of a root task's image; see boot().
    _image: tuple[int, int, int] | None = None

    def __init__(
        self,
        memory: int | str = "64M",
        *,
        isolation: Isolation | None = None,
        check: bool | None = None,
        trace: bool = True,
        cnode_bits: int = 12,
        cpu: int | None = None,
        console: IO[Any] | int | Literal["keep"] | None = None,
        mcs: bool = False,
        clock: Clock = "real",
        domains: int = 1,
        tick_us: int = 2000,
        slice_ticks: int = 5,
    ) -> None:
        self.memory_size = _memory_size(memory)
        self.isolation: Isolation = _isolation(isolation)
        self.clock: Clock = _clock(clock)
        self.kernel = KERNEL_OF[mcs]
        self.cnode_bits = cnode_bits
        self._console_file = console  # keeps it open
        self.core = _core.Machine(
            self.memory_size,
            mcs=mcs,
            domains=domains,
            cnode_bits=cnode_bits,
            tick_us=tick_us,
            slice_ticks=slice_ticks,
            check=os.environ.get("SEL4EMU_CHECK") == "1" if check is None else check,
            trace=trace,
            isolation=ISOLATIONS[self.isolation],
            cpu=-1 if cpu is None else -2 if cpu == -1 else cpu,
            console=_console_fd(console),
            runner=str(Path(__file__).with_name("lib") / "sel4emu-runner"),
            image=self._image,
            clock=CLOCKS[self.clock],
        )
        _machines.add(self)
        self._clients: weakref.WeakSet[Client] = weakref.WeakSet()
        self._live: set[Client] = set()
        #: What garbage-collected clients leave to be freed; see reclaim().
        self.garbage: deque[Remains] = deque()
        self._messages = 0
        self._object_names: dict[int, str] = {}
        self._slot_names: dict[int, dict[int, str]] = {}
        # Threads that were there before the machine: unless they call in, they do not know it.
        self._bystanders = weakref.WeakSet(threading.enumerate())
        self._helpers: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._lock = threading.RLock()
        try:
            self._boot()
        except BaseException:
            self.core.close()
            raise

    def _boot(self) -> None:
        core = self.core
        self.inspector = Inspector(self)
        self.slots = SlotAllocator(core.empty_start, core.empty_end, self._occupied)
        for root in _api.RootSlot:
            self.slots.pin(int(root), f"seL4_Cap{root.name}")
        #: The root CNode: the CSpace of Python's agents.
        self.cspace = RootCNode(self, _api.RootSlot.InitThreadCNode)
        self.agents = AgentPool(self)
        self.buddies = Buddies(self, self._boot_blocks())
        #: Where objects made by endpoint(), frame()... come from.
        self.arena = Arena(self, SMALL_ARENA_BITS, shared=True)
        self._asid_pools = [ASIDPool(self, _api.RootSlot.InitThreadASIDPool)]
        core.set_name(core.root_tcb, "python")
        if self.kernel == "mcs":
            self.agents.equip_root()
        self.agents.fill()

    def _boot_blocks(self) -> list[Block]:
        start, end = self.core.untyped_start, self.core.untyped_end
        blocks = []
        for view in self.inspector.root_slots():
            if start <= view.index < end and not view.device:
                self.slots.pin(view.index, "memory")
                blocks.append(Block(view.index, view.size_bits, view.object))
        return blocks

    @staticmethod
    def boot(
        image: str | os.PathLike[str], memory: int | str = "512M", **options: Any
    ) -> RootMachine:
        """Make a machine as seL4 itself boots: with a root task that owns everything.

        `image` is a static executable, built with `sel4emu cc --root`. `options` are those of
        Machine. Python only looks at such a machine; see `sel4emu.boot.RootMachine`.
        """
        from .boot import RootMachine

        return RootMachine(image, memory, **options)

    # --- life -----------------------------------------------------------------------------

    def close(self) -> None:
        """End every client and free everything. Happens by itself at the end of a `with`."""
        self.core.close()
        for client in list(self._clients):
            client.abandon()
        self._live.clear()
        self.garbage.clear()
        _machines.discard(self)

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self.core.closed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.closed:
            return "<Machine (closed)>"
        return (
            f"<Machine {self.kernel} {size_text(self.memory_size)} {self.isolation}, "
            f"{self.client_count} clients>"
        )

    @property
    def panic(self) -> str:
        """Why the machine has stopped for good; empty while it has not."""
        return self.core.panic

    @property
    def time(self) -> int:
        """The machine's time: nanoseconds since it booted. It stands still while it is paused."""
        return self.core.time

    # --- invoking --------------------------------------------------------------------------

    def invoke(
        self,
        method: str,
        target: Capability | int,
        *,
        about: Capability | None = None,
        **arguments: Any,
    ) -> dict[str, Any]:
        """Invoke a method by its name in the API, as the calling Python thread's agent.

        `machine.invoke("TCB_SetPriority", tcb, authority=1, priority=10)`; arguments have the names
        that the API gives them, capabilities may be objects or capability pointers. Returns the
        results by name. `about` is the capability that errors shall speak of, if it is not the
        invoked one.
        """
        if about is None and isinstance(target, Capability):
            about = target
        for value in (target, *arguments.values()):
            if isinstance(value, Capability):
                value.check_machine(self)
        return self.agents.current().invoke(method, int(target), about, arguments)

    def reply(
        self, message: Sendable = None, *, label: int = 0, caps: Iterable[Capability] = ()
    ) -> None:
        """Answer the last caller of this Python thread (seL4_Reply).

        In the MCS kernel that is a message to the agent's reply object.
        """
        sent = message_from(message, label, caps)
        agent = self.agents.current()
        agent.received = 0
        name = "Reply" if self.kernel == "classic" else "Send"
        agent.syscall(name, agent.reply, sent.info(), sent.words, sent.pointers(self))

    def next_message(self) -> int:
        """Number received messages, so that late replies are noticed."""
        self._messages += 1
        return self._messages

    # --- slots and capabilities ------------------------------------------------------------

    @contextmanager
    def destination(self, into: Destination, name: str = "", count: int = 1) -> Iterator[Slot]:
        """Find the slot that a new capability goes to; give it back if making it fails."""
        if into is None:
            slot = Slot(self.cspace, self.slots.take_run(count, name))
            try:
                yield slot
            except BaseException:
                for i in range(count):
                    self.slots.free(slot.index + i)
                raise
        elif isinstance(into, Slot):
            yield into
        elif isinstance(into, CNode):
            yield into.free_slot()
        else:
            yield Slot(self.cspace, into)

    @overload
    def capability_at(self, slot: Slot, name: str = "") -> Capability: ...
    @overload
    def capability_at(self, slot: Slot, name: str, kind: type[C]) -> C: ...

    def capability_at(
        self, slot: Slot, name: str = "", kind: type[Capability] | None = None
    ) -> Capability:
        """Return the capability object for a slot, of the class for what it holds."""
        cnode = None if isinstance(slot.cnode, RootCNode) else slot.cnode
        if kind is None:
            view = self.inspector.slot(slot.cnode.object, slot.index)
            kind = Capability.class_of(view.kind if view else "")
        if kind is CNode and cnode is None and slot.index == _api.RootSlot.InitThreadCNode:
            return self.cspace
        return kind(self, slot.index, name=name, cnode=cnode)

    def capability_in(self, slot: int, name: str = "") -> Capability:
        """Return the capability object for a slot of the root CNode."""
        return self.capability_at(Slot(self.cspace, slot), name)

    def object_in(self, slot: int) -> int:
        """Return the physical address of the object that a slot of the root CNode names."""
        view = self.inspector.slot(self.core.root_cnode, slot)
        return view.object if view else 0

    def delete_slot(self, slot: int) -> None:
        """Delete what is in a slot of the root CNode, and give the slot back."""
        self.invoke("CNode_Delete", self.cspace, index=slot, depth=64)
        self.slots.free(slot)

    def revoke_slot(self, slot: int) -> None:
        """Revoke what is in a slot of the root CNode."""
        self.invoke("CNode_Revoke", self.cspace, index=slot, depth=64)

    def _occupied(self) -> set[int]:
        return {view.index for view in self.inspector.root_slots()}

    # --- names --------------------------------------------------------------------------------

    def name_object(self, address: int, name: str) -> None:
        """Name an object, by its physical address, for inspection."""
        self._object_names[address] = name

    def name_of(self, address: int) -> str:
        """Return the name of an object: a thread's own, or one given by Python; else ""."""
        thread = self.core.thread(address)
        if thread is not None and thread["name"]:
            return str(thread["name"])
        return self._object_names.get(address, "")

    def forget_names(self, address: int, size: int) -> None:
        """Forget the names of objects in memory that becomes something else."""
        end = address + size
        tables: tuple[dict[int, Any], ...] = (self._object_names, self._slot_names)
        for table in tables:
            for key in [k for k in table if address <= k < end]:
                del table[key]

    def slot_names(self, cnode: int) -> dict[int, str]:
        """Return the names of the slots of a CNode object."""
        return self._slot_names.setdefault(cnode, {})

    # --- clients ---------------------------------------------------------------------------

    def spawn(
        self,
        path: str | os.PathLike[str],
        caps: Mapping[Any, Any] | None = None,
        *,
        args: Sequence[str | os.PathLike[str]] = (),
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        stdin: Stdio = None,
        stdout: Stdio = None,
        stderr: Stdio = None,
        name: str | None = None,
        priority: int = 100,
        mcp: int | None = None,
        budget_us: int = DEFAULT_SLICE_US,
        period_us: int | None = None,
        cnode_bits: int = 12,
        bootinfo: bool = True,
        untyped: int | str | None = None,
        fault_handler: Endpoint | tuple[Endpoint, Mapping[str, Any]] | None = None,
        wrapper: Sequence[str] = (),
        timeout: float = 10.0,
        start: bool = True,
    ) -> Client:
        """Start a client: an ordinary Linux executable, built with `sel4emu cc`.

        caps           capabilities for it: {"ep": endpoint} puts a copy into the next free slot
                       from 16 on, {20: endpoint} into slot 20; instead of a capability, a pair
                       (capability, {"badge": 7, "rights": "rw", "slot": 20}) says more, and
                       (frame, {"map": 0x10000000}) also maps a frame. C finds the slots with
                       `sel4emu_cap("ep")`
        args, env, cwd, stdin, stdout, stderr   as in `subprocess.Popen`; pipes are text
        name           its name, default: the file's
        priority, mcp  of its first thread; mcp: maximum priority it may give, default its own
        budget_us, period_us   MCS: of its first thread's scheduling context, in microseconds; a
                       budget of 0: it has none, and runs only by one that is lent to it
        cnode_bits     log2 of the number of slots of its CNode
        bootinfo       give it a seL4_BootInfo page
        untyped        a size such as "1M": untyped memory for it to make objects from
        fault_handler  endpoint that its faults are sent to, or (endpoint, {"badge": 7})
        wrapper        a program that runs it, such as ("valgrind", "-q")
        timeout        seconds until it must have started
        start          let it run; else client.start() does
        """
        from .client import SpawnOptions, spawn_client

        options = SpawnOptions(
            path=os.fspath(path),
            caps=dict(caps or {}),
            args=list(args),
            env=env,
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            name=name,
            priority=priority,
            mcp=priority if mcp is None else mcp,
            budget_us=budget_us,
            period_us=period_us,
            cnode_bits=cnode_bits,
            bootinfo=bootinfo,
            untyped=untyped,
            fault_handler=fault_handler,
            wrapper=list(wrapper),
            timeout=timeout,
        )
        client = spawn_client(self, options)
        if start:
            client.start()
        return client

    def register_client(self, client: Client) -> None:
        """Note a client that has to be ended with the machine."""
        self._live.add(client)
        self._clients.add(client)

    def discard_client(self, client: Client) -> None:
        """Forget a client that was closed."""
        self._live.discard(client)
        self._clients.discard(client)

    def reclaim(self) -> None:
        """Free what ended clients leave behind that nobody refers to any more."""
        for client in [c for c in list(self._live) if c.poll() is not None]:
            self._live.discard(client)  # from now on it lives as long as somebody refers to it
        while self.garbage:
            self.garbage.popleft().release()

    @property
    def clients(self) -> list[Client]:
        """The clients, in order of spawning, but for those that were closed or forgotten."""
        return sorted(self._clients, key=lambda c: c.serial)

    @property
    def client_count(self) -> int:
        """Number of client processes that have not ended."""
        return self.core.client_count

    def layout(self, description: Mapping[str, Any]) -> Layout:
        """Build a system from plain data; see `sel4emu.layout`."""
        from .layout import build

        return build(self, description)

    def wait(self, timeout: float | None = None) -> list[int]:
        """Wait until every client has ended; return their return codes, in order of spawning."""
        return [client.wait(timeout) for client in self.clients]

    def capi(self) -> AbstractContextManager[CApi]:
        """Bind libsel4, by its real names, to this machine for the length of a `with`.

        `with machine.capi() as lib: lib.seL4_Signal(slot)`; see `sel4emu.capi`.
        """
        from . import capi

        return capi.bind(self)

    # --- control ----------------------------------------------------------------------------

    def pause(self, timeout: float | None = 10.0) -> None:
        """Stop every client at its next kernel entry or exit. Nests."""
        self.core.pause(timeout)

    def resume(self) -> None:
        """Undo one pause()."""
        self.core.resume()

    @contextmanager
    def paused(self, timeout: float | None = 10.0) -> Iterator[Self]:
        """Stop the clients for the length of a `with`."""
        self.pause(timeout)
        try:
            yield self
        finally:
            self.resume()

    def step(self, entries: int = 1, timeout: float | None = 10.0) -> None:
        """On a paused machine: let clients run until so many kernel entries were made."""
        for _ in range(entries):
            self.core.step(timeout)

    def wait_idle(self, timeout: float | None = 10.0) -> None:
        """Wait until nobody runs: every thread is blocked, or the machine is paused.

        What they printed to the console has been written then.
        """
        self.core.wait_idle(timeout)

    def check(self) -> None:
        """Check every invariant of the kernel; raise MachineError if one is broken."""
        broken = self.core.check()
        if broken is not None:
            raise MachineError(f"the kernel's invariant {broken[0]!r} is broken at {broken[1]:#x}")

    def console_text(self, offset: int = 0) -> str:
        """Return what was written with seL4_DebugPutChar, for a machine with console="keep"."""
        return self.core.console(offset).decode(errors="replace")

    # --- memory -------------------------------------------------------------------------------

    def read(self, address: int, size: int) -> bytes:
        """Read physical memory."""
        return self.core.read(address, size)

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        """Write physical memory. Nothing keeps you from overwriting kernel objects."""
        self.core.write(address, data)

    # --- inspection -----------------------------------------------------------------------------

    def threads(self) -> ThreadTable:
        """Return every thread and what it does."""
        return self.inspector.threads()

    def processes(self) -> list[ProcessView]:
        """Return the client processes."""
        return [client.process_view() for client in self.clients]

    def cdt(self) -> Tree:
        """Return the capability derivation tree."""
        return self.inspector.derivation()

    def untypeds(self, *, devices: bool = False) -> UntypedTable:
        """Return the untyped capabilities and how much of them is used.

        Without `devices` only those of RAM; there are dozens for what is not RAM.
        """
        return self.inspector.untypeds(devices=devices)

    def trace(self, last: int = 20) -> TraceTable:
        """Return the last kernel entries, oldest first."""
        return self.inspector.trace(last)

    # --- deadlock ----------------------------------------------------------------------------

    def other_actors(self, known: Iterable[threading.Thread]) -> set[threading.Thread]:
        """Return the other Python threads that could act on this machine.

        Those are the ones that have done so (`known`), and those that were started after the
        machine was made, but for helpers that only move bytes.
        """
        others = set(threading.enumerate()) - {threading.current_thread()} - set(self._helpers)
        return others - (set(self._bystanders) - set(known))

    def add_helper(self, thread: threading.Thread) -> None:
        """Note a thread that never enters the kernel."""
        self._helpers.add(thread)

    def deadlock(self, agent: Agent) -> str:
        """Say why a call of this agent can never complete; "" if it may."""
        del agent
        if not self.agents.alone() or self.core.paused:
            return ""
        return self.inspector.deadlock()

    def blame(self) -> str:
        """Say what the clients' threads do, for the text of a time-out."""
        return self.inspector.blame()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return self.inspector.machine().mimebundle()


def _memory_size(memory: int | str) -> int:
    return (size_from(memory) + 4095) & ~4095


def _isolation(isolation: Isolation | None) -> Isolation:
    chosen = isolation or os.environ.get("SEL4EMU_ISOLATION") or "direct"
    if chosen == "direct":
        return "direct"
    if chosen == "process":
        return "process"
    source = "isolation=" if isolation else "SEL4EMU_ISOLATION="
    raise ValueError(f"{source}{chosen!r}: must be 'direct' or 'process'")


def _clock(clock: Clock) -> Clock:
    if clock not in CLOCKS:
        raise ValueError(f"clock={clock!r}: must be 'real' or 'virtual'")
    return clock


def _console_fd(console: IO[Any] | int | str | None) -> int:
    if console == "keep":
        return -1
    if console is None:
        try:
            sys.stdout.flush()
            return sys.stdout.fileno()
        except (AttributeError, OSError, ValueError):
            return 1
    if isinstance(console, int):
        return console
    if isinstance(console, str):
        raise ValueError(f"console={console!r}: give a file, a descriptor, None or 'keep'")
    return console.fileno()


@atexit.register
def _close_all() -> None:
    for machine in list(_machines):
        machine.close()


def _forget_all() -> None:
    """In the child of a fork: the machines belong to the parent."""
    for machine in list(_machines):
        machine.core.forget()
    _machines.clear()


os.register_at_fork(after_in_child=_forget_all)
