# SPDX-License-Identifier: BSD-2-Clause
"""What the extension returns: the shapes of its tuples and dictionaries."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

#: Badge, message info word, message words, capabilities or badges of an answer.
Answer: TypeAlias = tuple[int, int, tuple[int, ...], tuple[int, ...]]

#: Kind (EXIT_...), status or signal, number unique to this process, why the monitor ended it.
Exit: TypeAlias = tuple[int, int, int, str]

ThreadState: TypeAlias = Literal[
    "inactive",
    "current",
    "running",
    "restart",
    "receive",
    "send",
    "reply",
    "notification",
    "host",
    "refill",
    "unscheduled",
]


class ProcessDict(TypedDict):
    """A client process."""

    pid: int
    hosted: bool
    vspace: int
    dead: bool
    windows: tuple[tuple[int, int], ...]
    name: str


class CapDict(TypedDict):
    """A capability in a slot. What does not apply to its kind is 0 or False."""

    index: int
    kind: str
    object: int
    size_bits: int
    rights: int | None
    badge: int
    radix: int
    guard: int
    guard_size: int
    device: bool
    free_bytes: int
    mapped: bool
    master: bool
    vaddr: int
    asid: int
    irq: int
    first_port: int
    last_port: int
    original: bool
    broken: str | None


class ThreadDict(TypedDict):
    """A thread. `fault` is its number (0: none) and three words that depend on it."""

    tcb: int
    name: str
    state: ThreadState
    priority: int
    mcp: int
    domain: int
    agent: bool
    process: int
    cspace: int
    vspace: int
    blocked_on: int
    badge: int
    is_call: bool
    queue_position: int
    bound_notification: int
    caller: int
    ipc_buffer: int
    ipc_frame: int
    fault_handler: int
    instruction: int
    fault: tuple[int, int, int, int]
    sched_context: int
    registers: tuple[int, ...]


class EndpointDict(TypedDict):
    """An endpoint; threads in the order of its queue."""

    state: str
    threads: tuple[int, ...]


class NotificationDict(TypedDict):
    """A notification; threads in the order of its queue."""

    state: str
    threads: tuple[int, ...]
    badge: int
    bound_tcb: int


class SchedContextDict(TypedDict):
    """A scheduling context; times are ns."""

    period: int
    budget: int
    ready: int
    next: int
    refills: int
    refill_max: int
    consumed: int
    badge: int
    sporadic: bool
    tcb: int
    notification: int
    reply: int


class ReplyDict(TypedDict):
    """A reply object."""

    tcb: int
    is_call: bool
    below: int
    sched_context: int


class TraceDict(TypedDict):
    """A kernel entry. Numbers mean what the enumerations of the core say."""

    sequence: int
    time_ns: int
    tcb: int
    thread: int
    cause: int
    system_call: int
    cap: int
    info: int
    method: int
    error: int
    reason: str
    object: int
    next: int
