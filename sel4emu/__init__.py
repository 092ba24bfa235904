# SPDX-License-Identifier: BSD-2-Clause
"""seL4 programs as ordinary Linux processes.

    >>> import sel4emu
    >>> with sel4emu.Machine() as m:
    ...     ep = m.endpoint("ep")
    ...     server = m.spawn("./server", {"ep": ep})
    ...     client = m.spawn("./client", {"ep": (ep, {"badge": 7})})
    ...     client.wait()
    ...     print(client.cspace.tree())

`Machine` is where everything starts: it makes objects, spawns clients, and looks inside. Python
itself is a thread of the machine, so it can send, receive and invoke like any client.
"""

from __future__ import annotations

from ._api import VERSION as API_VERSION
from .building import compile  # noqa: A004 - compiles clients
from .capability import Capability, CNode, Slot, Untyped
from .client import DEVNULL, PIPE, STDOUT, Client
from .device import IOPort, IOPortControl, IRQControl, IRQHandler
from .errors import *  # noqa: F403 - every error is part of the public surface
from .errors import __all__ as _errors
from .ipc import Endpoint, Notification, Reply
from .layout import Layout
from .machine import Machine
from .message import Fault, Message, Received
from .sched_context import SchedContext, SchedControl
from .thread import TCB, DomainSet
from .toolchain import ToolchainError
from .vspace import PDPT, ASIDControl, ASIDPool, Frame, PageDirectory, PageTable, VSpace
from .words import MessageInfo, Rights

__all__ = [
    "API_VERSION",
    "ASIDControl",
    "ASIDPool",
    "CNode",
    "Capability",
    "Client",
    "DEVNULL",
    "DomainSet",
    "Endpoint",
    "Fault",
    "Frame",
    "IOPort",
    "IOPortControl",
    "IRQControl",
    "IRQHandler",
    "Layout",
    "Machine",
    "Message",
    "MessageInfo",
    "Notification",
    "PDPT",
    "PIPE",
    "PageDirectory",
    "PageTable",
    "Received",
    "Reply",
    "SchedContext",
    "SchedControl",
    "Rights",
    "STDOUT",
    "Slot",
    "TCB",
    "ToolchainError",
    "Untyped",
    "VSpace",
    "compile",
    *_errors,
]
