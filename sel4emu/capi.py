# SPDX-License-Identifier: BSD-2-Clause
"""libsel4 from Python, by its real names.

    with machine.capi() as lib:
        badge = lib.ffi.new("seL4_Word *")
        lib.seL4_CNode_Mint(lib.seL4_CapInitThreadCNode, 100, 64, ...)
        lib.seL4_SetMR(0, 42)
        info = lib.seL4_Call(100, lib.seL4_MessageInfo_new(0, 0, 0, 1))

These are the same stubs that C clients are linked with, compiled for Python; a machine with the MCS
kernel has those of a program built for MCS. They run as the agent
of the calling Python thread, with its IPC buffer, so what works here works in C, argument for
argument. `lib` of this module is bound like the last `capi()` that the calling thread is inside of.

Results are what C sees: an error number, a struct. For errors as exceptions use the methods of
`Capability`, or `machine.invoke()`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .agent import NOWHERE
from .errors import MachineError

if TYPE_CHECKING:
    from .machine import Machine

__all__ = ["CApi", "bind", "ffi", "lib"]

NO_MODULE = (
    "the cffi module sel4emu._capi is missing: this installation of sel4emu is not complete. "
    "Install it again: pip install --force-reinstall sel4emu"
)

try:
    from . import _capi, _capi_mcs
except ImportError as error:  # pragma: no cover - an incomplete installation
    raise ImportError(NO_MODULE) from error

MODULES = {"classic": _capi, "mcs": _capi_mcs}
#: The cffi interface: types, casts, memory for out-parameters. (Of the classic kernel; `lib.ffi`
#: is that of the machine's.)
ffi = _capi.ffi

IPC_BUFFER_BYTES = 1024


class _Thread(threading.local):
    """What the calling thread is bound to, innermost last; and what went wrong in the gate."""

    def __init__(self) -> None:
        self.bound: list[Binding] = []
        self.error: BaseException | None = None


_thread = _Thread()


class Binding:
    """A machine and the IPC buffer of one Python thread's agent."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.module = MODULES[machine.kernel]
        self.agent = machine.agents.current()
        self.names = {number: name for name, number in self.agent.numbers.items()}
        thread = machine.core.thread(self.agent.tcb)
        if thread is None or not thread["ipc_frame"]:
            raise MachineError("this Python thread's agent has no IPC buffer")
        self.memory = memoryview(machine.core.memory(thread["ipc_frame"], IPC_BUFFER_BYTES, True))
        self.buffer = self.module.ffi.from_buffer(self.memory, require_writable=True)

    def enter(self, number: int, frame: Any) -> None:
        """Make a system call with the registers in `frame`, and put the answer there."""
        signed = number - (1 << 64) if number >> 63 else number
        words = (frame.mr[0], frame.mr[1], frame.mr[2], frame.mr[3])
        trap = (signed, frame.cap, frame.info, words, (), frame.reply, frame.dest, NOWHERE)
        badge, info, answer, _ = self.agent.trap(self.names.get(signed, str(signed)), trap)
        frame.cap, frame.info = badge, info
        for i, word in enumerate(answer[:4]):
            frame.mr[i] = word


def sel4emu_python_syscall(number: int, frame: Any) -> None:
    """The gate: called by every stub. Exceptions wait until the stub has returned."""
    if _thread.error is not None:
        return
    try:
        _thread.bound[-1].enter(int(number), frame)
    except BaseException as error:  # noqa: BLE001 - raised again by CApi
        _thread.error = error


for _module in MODULES.values():
    _module.ffi.def_extern("sel4emu_python_syscall")(sel4emu_python_syscall)


def _current() -> Any:
    """Return the module for the machine that the calling thread is bound to."""
    return _thread.bound[-1].module if _thread.bound else _capi


class CApi:
    """Functions, enumerators and constants of libsel4 as attributes."""

    @property
    def ffi(self) -> Any:
        """The cffi interface."""
        return _current().ffi

    def __getattr__(self, name: str) -> Any:
        found = getattr(_current().lib, name)
        return _guarded(name, found) if callable(found) else found

    def __dir__(self) -> list[str]:
        return sorted({*dir(_current().lib), "ffi"})


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        if not _thread.bound:
            raise MachineError(
                f"{name}() has no machine: call it inside `with machine.capi() as lib:`, in each "
                "Python thread that does"
            )
        result = function(*arguments)
        error, _thread.error = _thread.error, None
        if error is not None:
            raise error
        return result

    call.__name__ = name
    call.__doc__ = function.__doc__
    return call


#: libsel4, bound to the machine whose capi() the calling thread is inside of.
lib = CApi()


@contextmanager
def bind(machine: Machine) -> Iterator[CApi]:
    """Bind libsel4 to a machine, for the calling thread; see Machine.capi()."""
    binding = Binding(machine)
    _thread.bound.append(binding)
    binding.module.lib.sel4emu_bind(binding.buffer)
    try:
        yield lib
    finally:
        _thread.bound.pop()
        outer = [b.buffer for b in _thread.bound if b.module is binding.module]
        binding.module.lib.sel4emu_bind(outer[-1] if outer else binding.module.ffi.NULL)
