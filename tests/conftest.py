# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures for all tests: machines of both gates, compiled clients, and a watch on what leaks.

Every functional test that takes `isolation` (or `machine`, which does) runs twice, once with each
gate. After each test this process must have the file descriptors, threads and child processes that
it had before.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

import sel4emu
from sel4emu import toolchain

CompileClient = Callable[..., Path]

# A sanitizer that this interpreter was started with is not for the programs that it starts.
PRELOADED = os.environ.pop("LD_PRELOAD", "")
SETTLE_SECONDS = 3.0


class _Popen(subprocess.Popen[Any]):
    """Interpreters that tests start load the sanitized extension, so they need it again."""

    def __init__(self, args: Any, *rest: Any, **options: Any) -> None:
        if isinstance(args, (list, tuple)) and str(args[0]) == sys.executable:
            environment = options.get("env") or os.environ
            options["env"] = {**environment, "LD_PRELOAD": PRELOADED}
        super().__init__(args, *rest, **options)


if PRELOADED:
    subprocess.Popen = _Popen  # type: ignore[misc]


@dataclass(frozen=True)
class Resources:
    """What a test must give back."""

    descriptors: frozenset[str]
    threads: frozenset[str]
    children: frozenset[str]

    @staticmethod
    def now() -> Resources:
        descriptors = set()
        for link in Path("/proc/self/fd").iterdir():
            try:
                descriptors.add(f"{link.name} -> {link.readlink()}")
            except FileNotFoundError:  # the descriptor of this listing itself
                continue
        threads, children = set(), set()
        for task in Path("/proc/self/task").iterdir():
            try:
                name = (task / "comm").read_text(encoding="utf-8").strip()
                threads.add(f"{task.name} ({name})")
                children |= set((task / "children").read_text(encoding="ascii").split())
            except (FileNotFoundError, ProcessLookupError):
                continue
        return Resources(frozenset(descriptors), frozenset(threads), frozenset(children))

    def missing_from(self, before: Resources) -> dict[str, list[str]]:
        """Return what is here but was not there."""
        more = {f.name: getattr(self, f.name) - getattr(before, f.name) for f in fields(self)}
        return {name: sorted(values) for name, values in more.items() if values}


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as for jobs in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "may_leak(reason): what the test starts stays for others")


@pytest.fixture(scope="session", autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Leave the checkout: Python puts the current folder before installed packages."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("elsewhere"))
    yield
    os.chdir(before)


@pytest.fixture(autouse=True)
def nothing_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves descriptors, threads or child processes behind."""
    before = Resources.now()
    yield
    if request.node.get_closest_marker("may_leak") is not None:
        return
    end = time.monotonic() + SETTLE_SECONDS
    while left := Resources.now().missing_from(before):
        if time.monotonic() > end:
            names = [t.name for t in threading.enumerate()]
            pytest.fail(f"the test left behind: {left}; Python's threads: {names}", pytrace=False)
        time.sleep(0.01)


@pytest.fixture(params=["direct", "process"])
def isolation(request: pytest.FixtureRequest) -> str:
    """Name of a gate; a test that takes it runs with each."""
    return str(request.param)


@pytest.fixture
def machine(isolation: str) -> Iterator[sel4emu.Machine]:
    """A machine that checks every invariant after every kernel entry."""
    with sel4emu.Machine(isolation=isolation, check=True) as made:
        yield made


@pytest.fixture(scope="session")
def compile_client(tmp_path_factory: pytest.TempPathFactory) -> CompileClient:
    """Compile a client, given its C text or the path of its file; each is built only once."""
    folder = tmp_path_factory.mktemp("clients")

    def build(
        source: str | Path,
        *,
        flags: Iterable[str] = ("-g", "-O1", "-Wall", "-Wextra", "-Werror"),
        mcs: bool = False,
        language: toolchain.Language = "c",
    ) -> Path:
        text = source if isinstance(source, str) else source.read_text(encoding="utf-8")
        key = hashlib.sha256(repr((text, tuple(flags), mcs, language)).encode()).hexdigest()[:16]
        stem = "client" if isinstance(source, str) else source.stem
        target = folder / f"{stem}-{key}"
        if target.is_file():
            return target
        if isinstance(source, str):
            source = folder / f"{stem}-{key}.{'c' if language == 'c' else 'cc'}"
            source.write_text(text, encoding="utf-8")
        return toolchain.build(source, target, flags=flags, mcs=mcs, language=language)

    return build
