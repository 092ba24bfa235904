# SPDX-License-Identifier: BSD-2-Clause
"""Systems from plain data.

A layout is a dictionary, so it can come from TOML, JSON or YAML as well as from Python:

    {
        "objects": {
            "ep": "endpoint",
            "done": "notification",
            "pool": "untyped:1M",
            "shared": {"frame": "4K"},
            "box": {"cnode": 4, "caps": {"1": "ep", "2": {"cap": "ep", "rights": "r"}}},
        },
        "clients": {
            "server": {
                "path": "./server",
                "args": ["--verbose"],
                "priority": 120,
                "caps": {"ep": "ep", "20": {"cap": "done", "rights": "w", "name": "done"}},
                "frames": {"shared": {"at": 0x10000000, "rights": "rw"}},
            },
        },
    }

**objects**: names of your choice. A value is a kind: "endpoint", "notification", "tcb", "vspace",
"untyped:SIZE", "frame" or "frame:SIZE" (4K, 2M or 1G), "cnode:BITS" (2^BITS slots); or a table of
one kind and its argument, such as {"frame": "2M"}; a CNode's table may have "caps", too.

**clients**: names of your choice. Keys are the arguments of `Machine.spawn()` (path, args, env,
cwd, stdin, stdout, stderr, priority, mcp, cnode_bits, bootinfo, untyped, wrapper, timeout), and:

caps           what goes into which slot. A key that is a number is the slot; any other is the name
               that C finds it by, in the next free slot. A value is the name of an object, or a
               table with "cap", and "badge", "rights", "slot", "name" as wanted
frames         frames to map: address by name, or a table with "at" and "rights". The capability to
               the mapping goes into the client's CNode, by the frame's name
fault_handler  name of an endpoint, or a table with "cap" and "badge"

Everything is checked before anything is made. Errors name the path of the key: `clients.server.
caps.20.rights: ...`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .capability import Capability, CNode, Slot
from .client import Client
from .errors import LayoutError, SeL4Error
from .ipc import Endpoint
from .words import bits_for, rights_from, size_from

if TYPE_CHECKING:
    from .machine import Machine

__all__ = ["Layout", "build", "check"]

FRAME_BITS = (12, 21, 30)
KINDS = ("endpoint", "notification", "tcb", "vspace", "untyped", "frame", "cnode")
OPTIONS: dict[str, type | tuple[type, ...]] = {
    "path": str,
    "args": (list, tuple),
    "env": dict,
    "cwd": str,
    "stdin": (int, str),
    "stdout": (int, str),
    "stderr": (int, str),
    "priority": int,
    "mcp": int,
    "cnode_bits": int,
    "bootinfo": bool,
    "untyped": (int, str),
    "wrapper": (list, tuple),
    "timeout": (int, float),
}
STREAMS = {"pipe": -1, "stdout": -2, "devnull": -3}


@dataclass
class ObjectPlan:
    """An object to make."""

    name: str
    kind: str
    argument: int = 0
    caps: list[CapPlan] = field(default_factory=list)


@dataclass
class CapPlan:
    """A capability to copy somewhere."""

    path: str
    cap: str
    name: str = ""
    slot: int = 0
    badge: int = 0
    rights: Any = None
    vaddr: int | None = None


@dataclass
class ClientPlan:
    """A client to spawn."""

    name: str
    options: dict[str, Any]
    caps: list[CapPlan]
    fault_handler: CapPlan | None


@dataclass
class Plan:
    """A layout that was checked."""

    objects: dict[str, ObjectPlan]
    clients: dict[str, ClientPlan]


class Layout:
    """A system that was built from a description: its capabilities and clients by name."""

    def __init__(
        self, machine: Machine, caps: dict[str, Capability], clients: dict[str, Client]
    ) -> None:
        self.machine = machine
        #: Capabilities of the objects, in Python's CSpace.
        self.caps = caps
        #: Clients; they run once start() was called.
        self.clients = clients

    def start(self) -> Layout:
        """Let the clients run, in the order of the description."""
        for client in self.clients.values():
            client.start()
        return self

    def wait(self, timeout: float | None = None) -> dict[str, int]:
        """Wait until all clients have ended; return their return codes by name."""
        return {name: client.wait(timeout) for name, client in self.clients.items()}

    def close(self) -> None:
        """End the clients and give back what they were made of."""
        for client in self.clients.values():
            client.close()

    def __getitem__(self, name: str) -> Capability | Client:
        found = self.clients.get(name) or self.caps.get(name)
        if found is None:
            raise KeyError(f"the layout has no object or client named {name!r}")
        return found

    def __repr__(self) -> str:
        return f"<Layout objects {list(self.caps)}, clients {list(self.clients)}>"


# --- checking ------------------------------------------------------------------------------------


def _fail(path: str, text: str) -> LayoutError:
    return LayoutError(f"{path}: {text}")


def _table(path: str, value: Any) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise _fail(path, f"a table is needed, not {value!r}")
    return value


def _known(path: str, table: Mapping[Any, Any], names: Sequence[str]) -> None:
    for key in table:
        if key not in names:
            raise _fail(f"{path}.{key}", f"unknown; there are {', '.join(names)}")


def _number(path: str, value: Any, least: int = 0, most: int = (1 << 64) - 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _fail(path, f"a number from {least} to {most:#x} is needed, not {value!r}")
    return value


def _value(path: str, convert: Callable[[Any], Any], value: Any) -> Any:
    try:
        return convert(value)
    except (TypeError, ValueError) as error:
        raise _fail(path, str(error)) from None


class Checker:
    """Turn a description into a plan, or say what is wrong with it."""

    def __init__(self, description: Any) -> None:
        table = _table("layout", description)
        _known("layout", table, ("objects", "clients"))
        self.objects: dict[str, ObjectPlan] = {}
        for name, value in _table("objects", table.get("objects", {})).items():
            self.objects[str(name)] = self._object(f"objects.{name}", str(name), value)
        for name, plan in self.objects.items():
            plan.caps = list(self._cnode_caps(f"objects.{name}", plan, table["objects"][name]))
        self._order()
        self.clients = {
            str(name): self._client(f"clients.{name}", str(name), value)
            for name, value in _table("clients", table.get("clients", {})).items()
        }

    # --- objects

    def _object(self, path: str, name: str, value: Any) -> ObjectPlan:
        if isinstance(value, str):
            kind, colon, argument = value.partition(":")
            return self._kind(path, name, kind, argument if colon else None)
        table = _table(path, value)
        kinds = [k for k in table if k in KINDS]
        if len(kinds) != 1:
            raise _fail(path, f"exactly one of the keys {', '.join(KINDS)} is needed")
        allowed = [*kinds, "caps"] if kinds == ["cnode"] else kinds
        _known(path, table, allowed)
        return self._kind(path, name, kinds[0], table[kinds[0]])

    def _kind(self, path: str, name: str, kind: str, argument: Any) -> ObjectPlan:
        if kind not in KINDS:
            raise _fail(path, f"there is no kind {kind!r}; there are {', '.join(KINDS)}")
        if kind == "untyped":
            if argument is None:
                raise _fail(path, 'an untyped needs a size: "untyped:1M"')
            size = _value(path, size_from, argument)
            return ObjectPlan(name, kind, bits_for(size))
        if kind == "frame":
            bits = bits_for(_value(path, size_from, argument or "4K"))
            if bits not in FRAME_BITS:
                raise _fail(path, f"frames have 4K, 2M or 1G, not {argument}")
            return ObjectPlan(name, kind, bits)
        if kind == "cnode":
            bits = _value(path, int, 8 if argument is None else argument)
            return ObjectPlan(name, kind, _number(path, bits, 1, 20))
        if argument not in (None, {}, True, ""):
            raise _fail(path, f"{kind} takes no argument, not {argument!r}")
        return ObjectPlan(name, kind)

    def _cnode_caps(self, path: str, plan: ObjectPlan, value: Any) -> Iterator[CapPlan]:
        if plan.kind != "cnode" or not isinstance(value, Mapping):
            return
        for key, entry in _table(f"{path}.caps", value.get("caps", {})).items():
            cap = self._cap(f"{path}.caps.{key}", key, entry)
            if not cap.slot:
                raise _fail(cap.path, "in a CNode of its own every capability needs a slot number")
            _number(f"{path}.caps.{key}", cap.slot, 0, (1 << plan.argument) - 1)
            yield cap

    def _order(self) -> None:
        """Refuse CNodes that hold each other."""
        for name in self.objects:
            seen, todo = set(), [name]
            while todo:
                plan = self.objects[todo.pop()]
                for cap in plan.caps:
                    if cap.cap == name:
                        raise _fail(cap.path, f"the CNode {name!r} would hold itself")
                    if cap.cap not in seen:
                        seen.add(cap.cap)
                        todo.append(cap.cap)

    # --- capabilities

    def _cap(self, path: str, key: Any, value: Any) -> CapPlan:
        table = {"cap": value} if isinstance(value, str) else _table(path, value)
        _known(path, table, ("cap", "badge", "rights", "slot", "name"))
        if "cap" not in table:
            raise _fail(path, 'the key "cap" is missing: the name of an object')
        name = self._name(f"{path}.cap" if isinstance(value, Mapping) else path, table["cap"])
        is_number = isinstance(key, int) or str(key).isdecimal()
        slot = int(key) if is_number else _number(f"{path}.slot", table.get("slot", 0))
        rights = table.get("rights")
        if rights is not None:
            _value(f"{path}.rights", rights_from, rights)
        return CapPlan(
            path,
            name,
            str(table.get("name", "" if is_number else key)),
            slot,
            _number(f"{path}.badge", table.get("badge", 0)),
            rights,
        )

    def _name(self, path: str, name: Any) -> str:
        if name not in self.objects:
            there = ", ".join(self.objects) or "none"
            raise _fail(path, f"there is no object named {name!r}; there are {there}")
        return str(name)

    # --- clients

    def _client(self, path: str, name: str, value: Any) -> ClientPlan:
        table = _table(path, value)
        _known(path, table, (*OPTIONS, "caps", "frames", "fault_handler"))
        if "path" not in table:
            raise _fail(path, 'the key "path" is missing: the executable')
        if name in self.objects:
            raise _fail(path, f"{name!r} is the name of an object already")
        caps = [
            self._cap(f"{path}.caps.{key}", key, entry)
            for key, entry in _table(f"{path}.caps", table.get("caps", {})).items()
        ]
        caps += self._frames(path, table.get("frames", {}))
        self._unique(path, caps)
        handler = table.get("fault_handler")
        plan = (
            None
            if handler is None
            else self._cap(f"{path}.fault_handler", "fault_handler", handler)
        )
        if plan is not None and self.objects[plan.cap].kind != "endpoint":
            raise _fail(plan.path, f"{plan.cap!r} is no endpoint")
        return ClientPlan(name, self._options(path, table), caps, plan)

    def _frames(self, path: str, frames: Any) -> Iterator[CapPlan]:
        for key, entry in _table(f"{path}.frames", frames).items():
            where = f"{path}.frames.{key}"
            name = self._name(where, key)
            if self.objects[name].kind != "frame":
                raise _fail(where, f"{name!r} is no frame")
            table = _table(where, {"at": entry} if isinstance(entry, int) else entry)
            _known(where, table, ("at", "rights", "slot", "name"))
            if "at" not in table:
                raise _fail(where, 'the key "at" is missing: the address')
            vaddr, bits = _number(f"{where}.at", table["at"]), self.objects[name].argument
            if vaddr % (1 << bits):
                raise _fail(f"{where}.at", f"{vaddr:#x} is not a multiple of the frame's size")
            rights = table.get("rights")
            if rights is not None:
                _value(f"{where}.rights", rights_from, rights)
            yield CapPlan(
                where,
                name,
                str(table.get("name", name)),
                _number(f"{where}.slot", table.get("slot", 0)),
                0,
                rights,
                vaddr,
            )

    def _unique(self, path: str, caps: list[CapPlan]) -> None:
        names: dict[str, str] = {}
        slots: dict[int, str] = {}
        for cap in caps:
            if cap.name and cap.name in names:
                raise _fail(cap.path, f"{names[cap.name]} has the name {cap.name!r} already")
            if cap.slot and cap.slot in slots:
                raise _fail(cap.path, f"{slots[cap.slot]} takes slot {cap.slot} already")
            names[cap.name], slots[cap.slot] = cap.path, cap.path
        del path

    def _options(self, path: str, table: Mapping[Any, Any]) -> dict[str, Any]:
        options = {}
        for key, kinds in OPTIONS.items():
            if key not in table:
                continue
            value = table[key]
            if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
                raise _fail(f"{path}.{key}", f"{value!r} is of the wrong type")
            if key in ("stdin", "stdout", "stderr") and isinstance(value, str):
                if value not in STREAMS:
                    raise _fail(
                        f"{path}.{key}", f"{value!r}: give {', '.join(STREAMS)}, or a descriptor"
                    )
                value = STREAMS[value]
            options[key] = value
        return options


def check(description: Mapping[str, Any]) -> Plan:
    """Check a description without making anything; raise LayoutError."""
    checker = Checker(description)
    return Plan(checker.objects, checker.clients)


# --- making --------------------------------------------------------------------------------------


def build(machine: Machine, description: Mapping[str, Any]) -> Layout:
    """Make everything that a description names; the clients do not run yet."""
    plan = check(description)
    caps = {name: _make(machine, entry) for name, entry in plan.objects.items()}
    for name, entry in plan.objects.items():
        for cap in entry.caps:
            cnode = caps[name]
            assert isinstance(cnode, CNode)
            _copy(cap, caps[cap.cap], Slot(cnode, cap.slot))
    layout = Layout(machine, caps, {})
    try:
        for name, client in plan.clients.items():
            layout.clients[name] = _spawn(machine, client, caps)
    except BaseException:
        layout.close()
        raise
    return layout


def _make(machine: Machine, plan: ObjectPlan) -> Capability:
    if plan.kind == "untyped":
        return machine.untyped(1 << plan.argument, plan.name)
    if plan.kind == "frame":
        return machine.frame(plan.name, plan.argument)
    if plan.kind == "cnode":
        return machine.cnode(plan.argument, plan.name)
    makers: dict[str, Callable[[str], Capability]] = {
        "endpoint": machine.endpoint,
        "notification": machine.notification,
        "tcb": machine.tcb,
        "vspace": machine.vspace,
    }
    return makers[plan.kind](plan.name)


def _copy(plan: CapPlan, capability: Capability, place: Slot) -> None:
    try:
        if plan.badge:
            capability.mint(plan.badge, plan.rights, into=place, name=plan.name or plan.cap)
        else:
            capability.copy(rights=plan.rights, into=place, name=plan.name or plan.cap)
    except SeL4Error as error:
        raise _fail(plan.path, str(error)) from error


def _spawn(machine: Machine, plan: ClientPlan, caps: Mapping[str, Capability]) -> Client:
    granted: dict[str | int, Any] = {}
    for cap in plan.caps:
        details: dict[str, Any] = {"badge": cap.badge, "rights": cap.rights}
        if cap.slot:
            details["slot"] = cap.slot
        if cap.vaddr is not None:
            details["map"] = cap.vaddr
        granted[cap.name or cap.slot] = (caps[cap.cap], details)
    options = dict(plan.options)
    handler = plan.fault_handler
    if handler is not None:
        endpoint = caps[handler.cap]
        assert isinstance(endpoint, Endpoint)
        options["fault_handler"] = (endpoint, {"badge": handler.badge})
    try:
        return machine.spawn(options.pop("path"), granted, name=plan.name, start=False, **options)
    except (SeL4Error, ValueError) as error:
        raise _fail(f"clients.{plan.name}", str(error)) from error
