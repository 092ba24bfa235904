# SPDX-License-Identifier: BSD-2-Clause
"""What this host offers: one small function per question, each with advice if the answer is no."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sel4emu import toolchain

PR_SET_SYSCALL_USER_DISPATCH = 59
PR_SYS_DISPATCH_OFF = 0
MAP_COUNT = 65530  # the usual limit; mappings of frames are evicted near it

State = Literal["ok", "note", "missing"]


@dataclass(frozen=True)
class Finding:
    """One answer: `missing` means that sel4emu does not work without it."""

    name: str
    state: State
    detail: str
    advice: str = ""


def examine() -> list[Finding]:
    """Return an answer to every question."""
    return [question() for question in QUESTIONS]


def _platform() -> Finding:
    found = f"{platform.system()} {platform.machine()}"
    if found == "Linux x86_64":
        return Finding("platform", "ok", found)
    return Finding("platform", "missing", found, "sel4emu runs on Linux on x86_64 only")


def _kernel() -> Finding:
    release = platform.release()
    numbers = tuple(int(n) for n in release.split("-")[0].split(".")[:2])
    if numbers < (5, 11):
        return Finding("Linux", "missing", release, "Linux 5.11 or later is needed")
    return Finding("Linux", "ok", release)


def _cpus() -> Finding:
    count = len(os.sched_getaffinity(0))
    return Finding("CPUs", "ok", f"{count} usable: clients of one machine share one of them")


def _memfd() -> Finding:
    try:
        os.close(os.memfd_create("sel4emu-doctor"))
    except OSError as error:
        advice = "a sandbox forbids memfd_create(2); a machine's memory is made by it"
        return Finding("memfd", "missing", os.strerror(error.errno or 0), advice)
    return Finding("memfd", "ok", "a machine's memory can be made")


def _dispatch() -> Finding:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0) == 0:
        return Finding("user dispatch", "ok", "raw system call instructions can be caught")
    error = os.strerror(ctypes.get_errno())
    advice = "programs with seL4's own libsel4 will not run; recompiled ones do"
    return Finding("user dispatch", "note", error, advice)


def _compiler() -> Finding:
    try:
        command = toolchain.find_compiler()
    except toolchain.ToolchainError as error:
        return Finding("C compiler", "note", "none", str(error))
    run = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    first = (run.stdout or run.stderr).partition("\n")[0]
    return Finding("C compiler", "ok" if run.returncode == 0 else "note", first)


def _package() -> Finding:
    try:
        header, library = toolchain.include_dir() / "sel4" / "sel4.h", toolchain.lib_dir()
    except toolchain.ToolchainError as error:
        return Finding("headers", "missing", "not installed", str(error))
    if not header.is_file():
        return Finding("headers", "missing", f"no {header}", "install sel4emu again")
    return Finding("headers", "ok", f"{header.parent.parent}, library in {library}")


def _tool(name: str, package: str, use: str) -> Callable[[], Finding]:
    def question() -> Finding:
        path = shutil.which(name)
        if path is not None:
            return Finding(name, "ok", path)
        return Finding(name, "note", "not installed", f"{use}: apt-get install {package}")

    return question


def _setting(path: str) -> int | None:
    try:
        return int(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _ptrace() -> Finding:
    scope = _setting("/proc/sys/kernel/yama/ptrace_scope")
    if scope is None or scope == 0 or (scope < 3 and os.geteuid() == 0):
        return Finding("attach with gdb", "ok", "any process of yours")
    advice = "to attach to running clients: sudo sysctl kernel.yama.ptrace_scope=0"
    return Finding("attach with gdb", "note", f"limited (ptrace_scope is {scope})", advice)


def _perf_events() -> Finding:
    level = _setting("/proc/sys/kernel/perf_event_paranoid")
    if level is None or level <= 2 or os.geteuid() == 0:
        return Finding("perf events", "ok", "your own processes can be measured")
    advice = "for perf: sudo sysctl kernel.perf_event_paranoid=2"
    return Finding("perf events", "note", f"forbidden (perf_event_paranoid is {level})", advice)


def _mappings() -> Finding:
    count = _setting("/proc/sys/vm/max_map_count")
    if count is None or count >= MAP_COUNT:
        return Finding("mappings", "ok", f"{count or 'any number'} per process")
    advice = f"clients with many frames get slow: sudo sysctl vm.max_map_count={MAP_COUNT}"
    return Finding("mappings", "note", f"only {count} per process", advice)


QUESTIONS: tuple[Callable[[], Finding], ...] = (
    _platform,
    _kernel,
    _cpus,
    _memfd,
    _dispatch,
    _package,
    _compiler,
    _tool("gdb", "gdb", "to debug clients"),
    _tool("valgrind", "valgrind", "to find memory errors"),
    _tool("perf", "linux-perf", "to profile clients"),
    _ptrace,
    _perf_events,
    _mappings,
)
