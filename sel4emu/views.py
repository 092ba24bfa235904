# SPDX-License-Identifier: BSD-2-Clause
"""What inspection returns: plain data with readable text.

A view is a snapshot; it does not change when the machine goes on. `str()` is for people,
`as_dict()` for programs, and notebooks show pictures or tables.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import _api
from .draw import Display, Node, Table, Tree
from .invocation import METHOD_NAMES, SYSCALL_NAMES, name_in
from .words import MessageInfo, Rights, size_text

if TYPE_CHECKING:
    from ._core_types import TraceDict

__all__ = [
    "CSpaceTree",
    "CapView",
    "EndpointView",
    "MachineView",
    "MappingView",
    "NotificationView",
    "ProcessView",
    "ThreadTable",
    "ThreadView",
    "TraceRecord",
    "TraceTable",
    "Tree",
    "UntypedTable",
    "UntypedView",
]

#: Kind of capability: how it is written.
KIND_NAMES = {
    "tcb": "TCB",
    "cnode": "CNode",
    "pml4": "PML4",
    "pdpt": "PDPT",
    "page_directory": "page directory",
    "page_table": "page table",
    "asid_pool": "ASID pool",
    "asid_control": "ASID control",
    "irq_control": "IRQ control",
    "irq_handler": "IRQ handler",
    "io_port": "I/O ports",
    "io_port_control": "I/O port control",
    "sched_context": "scheduling context",
    "sched_control": "sched control",
}


class View(Display):
    """What all views can do."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data: numbers, strings, lists, dictionaries."""
        if not dataclasses.is_dataclass(self):
            raise TypeError("a view is a dataclass")
        return {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def _plain(value: Any) -> Any:
    if isinstance(value, View):
        return value.as_dict()
    if isinstance(value, Rights):
        return value.letters()
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return value


def quoted(name: str, address: int = 0) -> str:
    """Write a name, or an address where there is none."""
    return f"'{name}'" if name else f"{address:#x}"


@dataclass(frozen=True)
class CapView(View):
    """A capability in a slot."""

    index: int
    kind: str
    object: int = 0
    name: str = ""
    slot_name: str = ""
    size_bits: int = 0
    rights: Rights | None = None
    badge: int = 0
    radix: int = 0
    guard: int = 0
    guard_size: int = 0
    device: bool = False
    free_bytes: int = 0
    mapped: bool = False
    vaddr: int = 0
    asid: int = 0
    irq: int = 0
    first_port: int = 0
    last_port: int = 0
    original: bool = False
    broken: str = ""

    def what(self) -> str:
        """Write the capability without its slot."""
        parts = [KIND_NAMES.get(self.kind, self.kind)]
        if self.name:
            parts.append(quoted(self.name))
        parts += self._details()
        if self.badge:
            parts.append(f"badge {self.badge:#x}")
        if self.rights is not None:
            parts.append(self.rights.letters() or "no rights")
        if self.broken:
            parts.append(f"(broken: {self.broken})")
        return " ".join(parts)

    def _details(self) -> list[str]:
        if self.kind == "untyped":
            device = " device" if self.device else ""
            return [
                f"2^{self.size_bits} ({size_text(1 << self.size_bits)}){device}",
                f"at {self.object:#x}",
                f"{size_text(self.free_bytes)} free",
            ]
        if self.kind == "cnode":
            guard = f" guard {self.guard:#x}/{self.guard_size}" if self.guard_size else ""
            return [f"{1 << self.radix} slots{guard}"]
        if self.kind == "frame":
            where = f" at {self.vaddr:#x}" if self.mapped else " not mapped"
            return [f"{size_text(1 << self.size_bits)}{where}"]
        if self.kind in ("page_table", "page_directory", "pdpt"):
            return [f"at {self.vaddr:#x}" if self.mapped else "not mapped"]
        if self.kind == "pml4":
            return [f"ASID {self.asid}" if self.mapped else "no ASID"]
        if self.kind == "irq_handler":
            return [str(self.irq)]
        if self.kind == "io_port":
            return [f"{self.first_port:#x}-{self.last_port:#x}"]
        return []

    def __str__(self) -> str:
        name = f" {self.slot_name}:" if self.slot_name and self.slot_name != self.name else ""
        return f"[{self.index}]{name} {self.what()}"


class CSpaceTree(Tree):
    """The capabilities in a CNode, and in the CNodes that they name."""


#: States of a thread in which its fault still counts; later it is history.
FAULTED = ("inactive", "send", "reply")


@dataclass(frozen=True)
class ThreadView(View):
    """A thread."""

    tcb: int
    name: str
    state: str
    priority: int
    mcp: int
    domain: int
    agent: bool
    process: int
    vspace: int
    blocked_on: int
    blocked_on_name: str
    badge: int
    is_call: bool
    queue_position: int
    bound_notification: int
    caller: int
    cspace: int
    ipc_buffer: int
    fault_handler: int
    fault: str
    instruction: int
    sched_context: int
    registers: Mapping[str, int]

    def doing(self) -> str:
        """Say what it does."""
        where = quoted(self.blocked_on_name, self.blocked_on)
        behind = f" behind {self.queue_position} others" if self.queue_position > 0 else ""
        badge = f" with badge {self.badge:#x}" if self.badge else ""
        verb = "calls" if self.is_call else "sends to"
        text = {
            "receive": f"waits to receive from endpoint {where}{behind}",
            "send": f"{verb} endpoint {where}{badge}{behind}",
            "reply": "waits for a reply",
            "notification": f"waits for notification {where}{behind}",
            "running": "can run",
            "restart": "can run (repeats its system call)",
            "current": "runs",
            "host": "is in a Linux system call",
            "refill": "waits for its next refill of time",
            "unscheduled": "could run, but has no scheduling context",
            "inactive": "is stopped",
        }.get(self.state, self.state)
        if self.agent and self.state in ("running", "restart"):
            text = "is Python"
        return f"{text}: {self.fault}" if self.fault and self.state in FAULTED else text

    def __str__(self) -> str:
        return f"{quoted(self.name, self.tcb)} {self.doing()}"


class ThreadTable(Table, Sequence[ThreadView]):
    """Threads; a sequence of ThreadView."""

    def __init__(self, threads: Sequence[ThreadView]) -> None:
        self.threads = list(threads)
        rows = [[t.name or hex(t.tcb), str(t.priority), t.doing()] for t in self.threads]
        super().__init__(["thread", "prio", "state"], rows, "threads")

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            for thread in self.threads:
                if thread.name == key:
                    return thread
            raise KeyError(f"there is no thread named {key!r}")
        return self.threads[key]

    def __len__(self) -> int:
        return len(self.threads)

    def as_dict(self) -> list[dict[str, Any]]:
        """Return the threads as plain data."""
        return [t.as_dict() for t in self.threads]


@dataclass(frozen=True)
class SchedContextView(View):
    """A scheduling context; times are microseconds."""

    object: int
    name: str
    budget: float
    period: float
    #: What of the budget may be used now.
    ready: float
    refills: int
    refill_max: int
    consumed: float
    badge: int
    sporadic: bool
    tcb: int
    tcb_name: str
    notification: int

    def __str__(self) -> str:
        what = f"scheduling context {quoted(self.name, self.object)}"
        if not self.refill_max:
            return f"{what}: not configured"
        who = quoted(self.tcb_name, self.tcb) if self.tcb else "nobody"
        return f"{what}: {self.budget:g} us in {self.period:g} us, {who} has it"


@dataclass(frozen=True)
class ReplyView(View):
    """A reply object."""

    object: int
    name: str
    #: Who waits with it, for an answer or, not `is_call`, to receive; 0: nobody.
    tcb: int
    tcb_name: str
    is_call: bool
    #: Whose call stack it is the top of.
    sched_context: int

    def __str__(self) -> str:
        what = f"reply object {quoted(self.name, self.object)}"
        if not self.tcb:
            return f"{what}: free"
        who = quoted(self.tcb_name, self.tcb)
        return f"{what}: {who} waits {'for the answer' if self.is_call else 'to receive'}"


@dataclass(frozen=True)
class UntypedView(View):
    """An untyped capability and its use."""

    slot: str
    object: int
    size_bits: int
    free_bytes: int
    device: bool
    children: int


class UntypedTable(Table, Sequence[UntypedView]):
    """Untyped memory; a sequence of UntypedView."""

    def __init__(self, untypeds: Sequence[UntypedView]) -> None:
        self.untypeds = list(untypeds)
        rows = [
            [
                u.slot,
                hex(u.object),
                size_text(1 << u.size_bits),
                size_text(u.free_bytes),
                "device" if u.device else "",
                str(u.children),
            ]
            for u in self.untypeds
        ]
        columns = ["slot", "address", "size", "free", "", "children"]
        super().__init__(columns, rows, "untyped memory")

    def __getitem__(self, index: Any) -> Any:
        return self.untypeds[index]

    def __len__(self) -> int:
        return len(self.untypeds)

    def as_dict(self) -> list[dict[str, Any]]:
        """Return the untypeds as plain data."""
        return [u.as_dict() for u in self.untypeds]


@dataclass(frozen=True)
class MappingView(View):
    """A page that an address space has mapped."""

    vaddr: int
    frame: int
    size_bits: int
    rights: Rights
    attributes: int = 0
    device: bool = False
    name: str = ""

    def __str__(self) -> str:
        name = f" {quoted(self.name)}" if self.name else ""
        return (
            f"{self.vaddr:#014x} {size_text(1 << self.size_bits):>3} "
            f"{self.rights.letters() or '-':<2} -> {self.frame:#x}{name}"
        )


@dataclass(frozen=True)
class EndpointView(View):
    """An endpoint and who waits at it, first in the queue first."""

    object: int
    name: str
    state: str
    threads: tuple[ThreadView, ...]

    def __iter__(self) -> Iterator[ThreadView]:
        return iter(self.threads)

    def __len__(self) -> int:
        return len(self.threads)

    def __str__(self) -> str:
        who = ", ".join(quoted(t.name, t.tcb) for t in self.threads) or "nobody"
        verb = {"send": " to send", "receive": " to receive"}.get(self.state, "")
        return f"endpoint {quoted(self.name, self.object)}: {who} waits{verb}"


@dataclass(frozen=True)
class NotificationView(View):
    """A notification: its word, who waits for it, and the thread that it is bound to."""

    object: int
    name: str
    state: str
    badge: int
    threads: tuple[ThreadView, ...]
    bound_tcb: int
    bound_name: str

    def __str__(self) -> str:
        text = f"notification {quoted(self.name, self.object)}: {self.state}"
        if self.state == "active":
            text += f" {self.badge:#x}"
        if self.threads:
            text += f", {', '.join(quoted(t.name, t.tcb) for t in self.threads)} waits"
        if self.bound_tcb:
            text += f", bound to {quoted(self.bound_name, self.bound_tcb)}"
        return text


@dataclass(frozen=True)
class ProcessView(View):
    """A client process."""

    name: str
    pid: int
    returncode: int | None
    vspace: int
    windows: tuple[tuple[int, int], ...]

    def __str__(self) -> str:
        state = "runs" if self.returncode is None else f"ended with {self.returncode}"
        return f"{self.name!r} pid {self.pid} {state}"


CAUSES = (
    "",
    "syscall",
    "VM fault",
    "exception",
    "interrupt",
    "host block",
    "host wake",
    "rdtsc",
    "lost",
)


@dataclass(frozen=True)
class TraceRecord(View):
    """One kernel entry."""

    sequence: int
    #: The machine's time, in ns.
    time: int
    thread: str
    tcb: int
    cause: str
    syscall: str
    cap: int
    info: int
    method: str
    error: str
    reason: str
    next: str

    def what(self) -> str:
        """Say what the thread wanted."""
        if self.cause != "syscall":
            return f"{self.cause} {self.cap:#x}" if self.cause == "VM fault" else self.cause
        if self.method:
            return f"seL4_{self.method}({self.cap:#x})"
        info = MessageInfo.unpack(self.info)
        sends = "Send" in self.syscall or self.syscall in ("Call", "Reply", "ReplyRecv")
        detail = f", label {info.label:#x}, {info.length} words" if sends else ""
        return f"seL4_{self.syscall}({self.cap:#x}{detail})"

    def result(self) -> str:
        """Say what became of it."""
        return f"seL4_{self.error}" if self.error else self.reason

    def __str__(self) -> str:
        result = f" = {self.result()}" if self.result() else ""
        return f"{self.sequence} {quoted(self.thread, self.tcb)} {self.what()}{result}"

    @classmethod
    def make(cls, record: TraceDict, names: Mapping[int, str]) -> TraceRecord:
        """Make one of a record of the core."""
        return cls(
            sequence=record["sequence"],
            time=record["time_ns"],
            tcb=record["tcb"],
            thread=names.get(record["tcb"], ""),
            cause=name_in(CAUSES, record["cause"]),
            syscall=name_in(SYSCALL_NAMES, record["system_call"]),
            cap=record["cap"],
            info=record["info"],
            method=name_in(METHOD_NAMES, record["method"]),
            error=_api.Error(record["error"]).name if record["error"] else "",
            reason=record["reason"].removeprefix("REASON_"),
            next=names.get(record["next"], ""),
        )


class TraceTable(Table, Sequence[TraceRecord]):
    """Kernel entries, oldest first; a sequence of TraceRecord."""

    def __init__(self, records: Sequence[TraceRecord]) -> None:
        self.records = list(records)
        rows = [
            [str(r.sequence), r.thread or hex(r.tcb), r.what(), r.result(), r.next or "-"]
            for r in self.records
        ]
        super().__init__(["entry", "thread", "what", "result", "then runs"], rows, "kernel entries")

    def __getitem__(self, index: Any) -> Any:
        return self.records[index]

    def __len__(self) -> int:
        return len(self.records)

    def as_dict(self) -> list[dict[str, Any]]:
        """Return the records as plain data."""
        return [r.as_dict() for r in self.records]


@dataclass(frozen=True)
class MachineView(View):
    """A machine at a glance."""

    kernel: str
    memory: int
    isolation: str
    free_bytes: int
    kernel_entries: int
    clients: tuple[ProcessView, ...]
    threads: tuple[ThreadView, ...]

    def _tree(self) -> Tree:
        root = Node(
            f"machine: {self.kernel} kernel, {size_text(self.memory)} of memory, "
            f"isolation {self.isolation}, {self.kernel_entries} kernel entries"
        )
        for client in self.clients:
            node = root.add(f"client {client}")
            for thread in self.threads:
                if thread.vspace == client.vspace:
                    node.add(f"thread {thread}")
        vspaces = {c.vspace for c in self.clients}
        for thread in self.threads:
            if thread.vspace not in vspaces:
                root.add(f"thread {thread}")
        return Tree(root)

    def __str__(self) -> str:
        return str(self._tree())

    def mimebundle(self) -> dict[str, str]:
        """Return picture, HTML and text."""
        return self._tree().mimebundle()
