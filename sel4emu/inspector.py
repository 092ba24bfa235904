# SPDX-License-Identifier: BSD-2-Clause
"""Looking inside: from what the core tells about the image to views with names.

Each look takes the machine's lock for a moment; the machine goes on in between. Pause it, if
several looks shall fit together.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from . import _api
from .draw import Node, Tree
from .views import (
    CapView,
    CSpaceTree,
    EndpointView,
    MachineView,
    MappingView,
    NotificationView,
    ProcessView,
    ReplyView,
    SchedContextView,
    ThreadTable,
    ThreadView,
    TraceRecord,
    TraceTable,
    UntypedTable,
    UntypedView,
    quoted,
)
from .words import Rights

if TYPE_CHECKING:
    from ._core_types import CapDict, ThreadDict
    from .capability import Capability, CNode
    from .client import Client
    from .machine import Machine

CAN_RUN = ("current", "running", "restart", "host", "refill")
BLAMED = 6  # threads in the text of an error
REMEMBERED = 1000  # trace records that are searched for it
SLOT_BYTES = 1 << _api.SIZES["SlotBits"]["classic"]
TCB_SLOTS = {
    "classic": ("CSpace", "VSpace", "reply", "caller", "IPC buffer"),
    "mcs": ("CSpace", "VSpace", "fault handler", "timeout handler", "IPC buffer"),
}
TCB_SLOT_BYTES = SLOT_BYTES * len(TCB_SLOTS["mcs"])


class Inspector:
    """Views of one machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine_ = machine
        self.core = machine.core

    # --- capabilities ----------------------------------------------------------------------------

    def _view(self, cap: CapDict, slot_name: str = "") -> CapView:
        rights = Rights(cap["rights"]) if cap["rights"] is not None else None
        return CapView(
            index=cap["index"],
            kind=cap["kind"],
            object=cap["object"],
            name=self._object_name(cap),
            slot_name=slot_name,
            size_bits=cap["size_bits"],
            rights=rights,
            badge=cap["badge"],
            radix=cap["radix"],
            guard=cap["guard"],
            guard_size=cap["guard_size"],
            device=cap["device"],
            free_bytes=cap["free_bytes"],
            mapped=cap["mapped"],
            vaddr=cap["vaddr"],
            asid=cap["asid"],
            irq=cap["irq"],
            first_port=cap["first_port"],
            last_port=cap["last_port"],
            original=cap["original"],
            broken=cap["broken"] or "",
        )

    def _object_name(self, cap: CapDict) -> str:
        # An untyped has the address of the first object made from it, whose name is not its own.
        if cap["kind"] == "untyped" or not cap["object"]:
            return ""
        return self.machine_.name_of(cap["object"])

    def slots(self, cnode: int, radix: int) -> list[CapView]:
        """Return the capabilities in a CNode object of 2^radix slots."""
        names = self._names(cnode)
        return [self._view(c, names.get(c["index"], "")) for c in self.core.slots(cnode, radix)]

    def root_slots(self) -> list[CapView]:
        """Return the capabilities in the root CNode."""
        return self.slots(self.core.root_cnode, self.machine_.cnode_bits)

    def slot(self, cnode: int, index: int) -> CapView | None:
        """Return the capability in one slot of a CNode object, None if it is empty."""
        cap = self.core.slot(cnode, index)
        return None if cap is None else self._view(cap, self._names(cnode).get(index, ""))

    def _names(self, cnode: int) -> Mapping[int, str]:
        if cnode == self.core.root_cnode:
            return self.machine_.slots.names()
        return self.machine_.slot_names(cnode)

    def capability(self, capability: Capability) -> CapView:
        """Return what a capability's slot holds."""
        cnode = self.core.root_cnode if capability.cnode is None else capability.cnode.object
        view = self.slot(cnode, capability.slot)
        return view or CapView(capability.slot, "", slot_name=capability.name)

    def has_children(self, cnode: int, index: int) -> bool:
        """Tell whether anything derives from the capability in a slot."""
        return self.core.descendants(cnode, index) > 0

    def cspace(self, cnode: CNode) -> CSpaceTree:
        """Return the capabilities in a CNode, and in those below, each CNode once."""
        address = cnode.object
        name = cnode.name or self.machine_.name_of(address)
        root = Node(
            f"{cnode.path()} {quoted(name) if name else 'CNode'}: {len(cnode)} slots",
            {"object": address},
        )
        self._add_slots(root, address, cnode.radix, {address})
        return CSpaceTree(root)

    def _add_slots(self, node: Node, cnode: int, radix: int, seen: set[int]) -> None:
        for view in _fold(self.slots(cnode, radix)):
            if isinstance(view, list):
                node.add(
                    f"[{view[0].index}-{view[-1].index}] {len(view)} untypeds of devices",
                    {"slots": [v.as_dict() for v in view]},
                )
                continue
            child = node.add(str(view), view.as_dict())
            if view.kind == "cnode" and view.object not in seen:
                seen.add(view.object)
                self._add_slots(child, view.object, view.radix, seen)

    def derivation(self, top: Capability | None = None) -> Tree:
        """Return the capability derivation tree, or what derives from one capability."""
        found = self.core.derivation()
        if top is not None:
            return self._below(found, top)
        places = Places(self, found)
        root = Node("capability derivation tree")
        path = [root]
        devices = 0
        for i, (depth, slot, cap) in enumerate(found):
            if _is_unused_device(found, i):
                devices += 1
                continue
            view = self._view(cap)
            label = f"{view.what()} in {places.of(slot)}"
            del path[depth + 1 :]
            path.append(path[depth].add(label, {"slot_address": slot, **view.as_dict()}))
        if devices:
            root.add(f"{devices} untypeds of devices, none in use")
        return Tree(root)

    def _below(self, found: list[tuple[int, int, CapDict]], top: Capability) -> Tree:
        """Return the part of the derivation tree that begins with a capability."""
        places = Places(self, found)
        cnode = self.core.root_cnode if top.cnode is None else top.cnode.object
        address = cnode + top.slot * SLOT_BYTES
        first = next((i for i, (_, slot, _) in enumerate(found) if slot == address), None)
        if first is None:
            return Tree(Node(f"{top.path()} is empty"))
        base = found[first][0]
        path: list[Node] = []
        for i, (depth, slot, cap) in enumerate(found[first:]):
            if i and depth <= base:
                break
            view = self._view(cap)
            node = Node(f"{view.what()} in {places.of(slot)}", view.as_dict())
            del path[depth - base :]
            if path:
                path[-1].children.append(node)
            path.append(node)
        return Tree(path[0])

    def untypeds(self, *, devices: bool = True) -> UntypedTable:
        """Return the untyped capabilities, those of RAM first."""
        found = self.core.derivation()
        places = Places(self, found)
        untypeds = []
        for i, (_, slot, cap) in enumerate(found):
            if cap["kind"] != "untyped" or (cap["device"] and not devices):
                continue
            untypeds.append(
                UntypedView(
                    places.of(slot),
                    cap["object"],
                    cap["size_bits"],
                    cap["free_bytes"],
                    cap["device"],
                    _children(found, i),
                )
            )
        return UntypedTable(sorted(untypeds, key=lambda u: (u.device, u.object, -u.size_bits)))

    # --- threads and queues ----------------------------------------------------------------------

    def _thread(self, t: ThreadDict) -> ThreadView:
        name = self.machine_.name_of
        return ThreadView(
            tcb=t["tcb"],
            name=t["name"],
            state=t["state"],
            priority=t["priority"],
            mcp=t["mcp"],
            domain=t["domain"],
            agent=t["agent"],
            process=t["process"],
            vspace=t["vspace"],
            blocked_on=t["blocked_on"],
            blocked_on_name=name(t["blocked_on"]) if t["blocked_on"] else "",
            badge=t["badge"],
            is_call=t["is_call"],
            queue_position=t["queue_position"],
            bound_notification=t["bound_notification"],
            caller=t["caller"],
            cspace=t["cspace"],
            ipc_buffer=t["ipc_buffer"],
            fault_handler=t["fault_handler"],
            fault=_fault(*t["fault"]),
            instruction=t["instruction"],
            sched_context=t["sched_context"],
            registers=dict(zip(_api.REGISTERS, t["registers"], strict=True)),
        )

    def thread(self, tcb: int) -> ThreadView:
        """Return a thread by its TCB's physical address."""
        found = self.core.thread(tcb)
        if found is None:
            raise LookupError(f"there is no TCB at {tcb:#x} (any more)")
        return self._thread(found)

    def threads(self, vspace: int = 0) -> ThreadTable:
        """Return all threads, or those in one address space."""
        threads = [self._thread(t) for t in self.core.threads()]
        return ThreadTable([t for t in threads if not vspace or t.vspace == vspace])

    def _waiting(self, tcbs: tuple[int, ...]) -> tuple[ThreadView, ...]:
        return tuple(self.thread(tcb) for tcb in tcbs)

    def endpoint(self, address: int) -> EndpointView:
        """Return an endpoint by its physical address."""
        found = self.core.endpoint(address)
        return EndpointView(
            address, self.machine_.name_of(address), found["state"], self._waiting(found["threads"])
        )

    def notification(self, address: int) -> NotificationView:
        """Return a notification by its physical address."""
        found = self.core.notification(address)
        name = self.machine_.name_of
        return NotificationView(
            address,
            name(address),
            found["state"],
            found["badge"],
            self._waiting(found["threads"]),
            found["bound_tcb"],
            name(found["bound_tcb"]) if found["bound_tcb"] else "",
        )

    def sched_context(self, address: int) -> SchedContextView:
        """Return a scheduling context by its physical address (MCS)."""
        found = self.core.sched_context(address)
        name = self.machine_.name_of
        return SchedContextView(
            address,
            name(address),
            found["budget"] / 1000,
            (found["period"] or found["budget"]) / 1000,
            found["ready"] / 1000,
            found["refills"],
            found["refill_max"],
            found["consumed"] / 1000,
            found["badge"],
            found["sporadic"],
            found["tcb"],
            name(found["tcb"]) if found["tcb"] else "",
            found["notification"],
        )

    def reply(self, address: int) -> ReplyView:
        """Return a reply object by its physical address (MCS)."""
        found = self.core.reply(address)
        name = self.machine_.name_of
        return ReplyView(
            address,
            name(address),
            found["tcb"],
            name(found["tcb"]) if found["tcb"] else "",
            found["is_call"],
            found["sched_context"],
        )

    def mappings(self, vspace: int) -> list[MappingView]:
        """Return what an address space has mapped."""
        return [
            MappingView(
                vaddr, frame, bits, Rights(rights), attributes, device, self.machine_.name_of(frame)
            )
            for vaddr, frame, bits, rights, attributes, device in self.core.mappings(vspace)
        ]

    # --- the whole -------------------------------------------------------------------------------

    def process(self, client: Client) -> ProcessView:
        """Return a client's process."""
        code = client.poll()
        windows: tuple[tuple[int, int], ...] = ()
        vspace = 0
        if code is None:
            entry = self.core.process(client.process)
            windows, vspace = entry["windows"], entry["vspace"]
        return ProcessView(client.name, client.pid, code, vspace, windows)

    def machine(self) -> MachineView:
        """Return the machine at a glance."""
        m = self.machine_
        return MachineView(
            m.kernel,
            m.memory_size,
            m.isolation,
            m.buddies.free_bytes(),
            self.core.trace_count,
            tuple(m.processes()),
            tuple(self.threads()),
        )

    def trace(self, last: int) -> TraceTable:
        """Return the last kernel entries."""
        names = {t["tcb"]: t["name"] for t in self.core.threads()}
        return TraceTable([TraceRecord.make(r, names) for r in self.core.trace(last)])

    def deadlock(self) -> str:
        """Say who waits for what, if no thread of any client can ever run; else ""."""
        if self.core.current:
            return ""
        threads = self.threads()
        clients = [t for t in threads if not t.agent]
        if any(t.state in CAN_RUN for t in clients):
            return ""
        waiting = self._list(clients) if clients else "there are no clients"
        return f"nobody can run any more: {waiting}"

    def blame(self) -> str:
        """Say what the clients' threads do, in short."""
        if self.machine_.closed:
            return ""
        threads = [t for t in self.threads() if not t.agent]
        return f"; {self._list(threads)}" if threads else ""

    def _list(self, threads: list[ThreadView]) -> str:
        text = "; ".join(f"{t}{self._why_stopped(t)}{self._why_held(t)}" for t in threads[:BLAMED])
        more = len(threads) - BLAMED
        return f"{text}; and {more} more threads" if more > 0 else text

    def _why_held(self, thread: ThreadView) -> str:
        """Say so if Linux does not let the current thread run (proc(5): state and TracerPid)."""
        if thread.state != "current" or not thread.process:
            return ""
        pid = self.machine_.core.process(thread.process)["pid"]
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return ""
        fields = dict(line.split(":", 1) for line in status.splitlines())
        if fields["State"].strip()[:1] not in ("t", "T"):
            return ""
        tracer = fields["TracerPid"].strip()
        by = f"the debugger with pid {tracer}" if tracer != "0" else "a signal (SIGSTOP, say)"
        return f", but its process (pid {pid}) is stopped by {by}"

    def _why_stopped(self, thread: ThreadView) -> str:
        """Name the fault that stopped a thread for want of a handler, as far as the trace goes."""
        if thread.state != "inactive" or thread.fault:
            return ""
        records = (r for r in reversed(self.trace(REMEMBERED)) if r.tcb == thread.tcb)
        last = next(records, None)
        if last is None or last.cause not in ("VM fault", "exception"):
            return ""
        return f" by a {last.cause} at {last.cap:#x} that no fault handler took"


class Places:
    """Which CNode or TCB a slot is in, by its address."""

    def __init__(self, inspector: Inspector, caps: list[tuple[int, int, CapDict]]) -> None:
        self.inspector = inspector
        self.sizes: dict[int, int] = {}  # bytes of slots by address of the object
        for _, _, cap in caps:
            if cap["kind"] == "cnode":
                self.sizes[cap["object"]] = SLOT_BYTES << cap["radix"]
            elif cap["kind"] == "tcb":
                self.sizes[cap["object"]] = TCB_SLOT_BYTES
        self.starts = sorted(self.sizes)

    def of(self, slot: int) -> str:
        """Write where a slot is."""
        found = bisect.bisect(self.starts, slot) - 1
        start = self.starts[found] if found >= 0 else 0
        if slot < 0:
            return "an IRQ handler"
        if found < 0 or slot >= start + self.sizes[start]:
            return f"slot {slot:#x}"
        machine, index = self.inspector.machine_, (slot - start) // SLOT_BYTES
        name = machine.name_of(start)
        if start == machine.core.root_cnode:
            slot_name = machine.slots.name(index)
            return f"cspace[{index}]{f' {slot_name}' if slot_name else ''}"
        if self.sizes[start] == TCB_SLOT_BYTES:
            return f"TCB {quoted(name, start)}: {TCB_SLOTS[machine.kernel][index]}"
        slot_name = machine.slot_names(start).get(index, "")
        return f"{quoted(name, start)}[{index}]{f' {slot_name}' if slot_name else ''}"


def _fault(number: int, a: int, b: int, c: int) -> str:
    """Describe a fault by the numbers that the core has for it."""
    if number == 1:
        return f"capability fault at {a:#x} {'when receiving' if b else 'when sending'}"
    if number == 2:
        return f"unknown system call {a:#x}"
    if number == 3:
        return f"exception {a}, code {b:#x}"
    if number == 4:
        access = "fetching" if c else "writing" if b & 2 else "reading"
        return f"page fault {access} at {a:#x} (code {b:#x})"
    return "time-out" if number else ""


def _children(caps: list[tuple[int, int, CapDict]], i: int) -> int:
    """Count what derives directly from a capability of the derivation tree."""
    depth, count = caps[i][0], 0
    for below, _, _ in caps[i + 1 :]:
        if below <= depth:
            break
        count += below == depth + 1
    return count


def _is_unused_device(caps: list[tuple[int, int, CapDict]], i: int) -> bool:
    """Tell whether this is one of the device untypeds that the boot made, and nothing was made of.

    There are dozens of them.
    """
    depth, _, cap = caps[i]
    below = i + 1 < len(caps) and caps[i + 1][0] > depth
    return cap["kind"] == "untyped" and cap["device"] and depth == 0 and not below


def _fold(views: list[CapView]) -> Iterator[CapView | list[CapView]]:
    """Put rows of device untypeds together: there are dozens, and they are seldom of interest."""
    for device, run in itertools.groupby(views, lambda v: v.kind == "untyped" and v.device):
        found = list(run)
        if device and len(found) > 1:
            yield found
        else:
            yield from found
