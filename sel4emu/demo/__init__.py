# SPDX-License-Identifier: BSD-2-Clause
"""The demonstration: a server and two clients, their messages, and what the machine looks like.

`sel4emu demo` runs it. The clients are C programs in this folder; they are compiled when the
demonstration starts, so a C compiler is needed. Without one, Python plays all the roles.
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from .. import toolchain
from ..building import compile as compile_client
from ..client import PIPE, Client
from ..machine import Machine
from ..views import TraceTable

if TYPE_CHECKING:
    from rich.console import Console

    from ..ipc import Endpoint

HERE = Path(__file__).parent
CLIENTS = {"alice": (1, 1), "bob": (2, 100)}  # badge, first number
MESSAGES = ("Call", "ReplyRecv", "Recv", "Send", "Reply")


def sources() -> dict[str, Path]:
    """Return the C files by the name of the program."""
    return {"server": HERE / "server.c", "client": HERE / "client.c"}


def run(console: Console | None = None) -> None:
    """Run the demonstration and print what happens."""
    from rich.console import Console

    out = console or Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="sel4emu-demo-") as folder:
        try:
            programs = {
                name: compile_client(file, Path(folder) / name) for name, file in sources().items()
            }
        except toolchain.ToolchainError as error:
            out.print(f"[yellow]The C programs cannot be built:[/] {error}", markup=True)
            out.print("Python plays their parts instead.\n")
            programs = {}
        with Machine("16M") as machine:
            if programs:
                _with_clients(machine, programs, out)
            else:
                _with_python(machine, out)


def _with_clients(machine: Machine, programs: dict[str, Path], out: Console) -> None:
    endpoint = machine.endpoint("ep")
    server = machine.spawn(programs["server"], {"ep": endpoint}, name="server", priority=110)
    clients = [
        machine.spawn(
            programs["client"],
            {"ep": (endpoint, {"badge": badge, "rights": "wg"})},
            args=[str(first)],
            name=name,
            stdout=PIPE,
        )
        for name, (badge, first) in CLIENTS.items()
    ]
    out.print(
        f"Three Linux processes on one emulated seL4 machine: {server.name} (pid "
        f"{server.pid}), " + ", ".join(f"{c.name} (pid {c.pid})" for c in clients) + "\n"
    )
    for client in clients:
        _show_output(client, out)
    out.print(_messages(machine))
    out.print("\nWhat the server holds:", style="bold")
    out.print(server.cspace.tree())
    out.print("\nWho derives from the endpoint:", style="bold")
    for node in machine.cdt().find("endpoint 'ep' RWGP in cspace"):
        out.print(
            f"{node.label}", *(f"  └── {c.label}" for c in node.children), sep="\n", markup=False
        )
    out.print("\nThreads:", style="bold")
    out.print(machine.threads())


def _show_output(client: Client, out: Console) -> None:
    for line in client.output(timeout=30).splitlines():
        out.print(f"{client.name}: {line}", markup=False)


def _messages(machine: Machine) -> TraceTable:
    records = [r for r in machine.trace(200) if r.syscall in MESSAGES and not r.method]
    table = TraceTable([r for r in records if r.thread in (*CLIENTS, "server")])
    table.title = "messages, as the kernel saw them"
    return table


def _with_python(machine: Machine, out: Console) -> None:
    endpoint = machine.endpoint("ep")
    server = threading.Thread(target=_serve, args=(endpoint, 3 * len(CLIENTS)))
    server.start()
    for name, (badge, first) in CLIENTS.items():
        client = endpoint.mint(badge, "wg", name=name)
        for call in range(3):
            words = [first + 10 * call + i for i in range(3)]
            answer = client.call(words, timeout=10)
            out.print(f"{name}: {' + '.join(map(str, words))} = {answer.words[0]}", markup=False)
    server.join()
    out.print("\nPython's capabilities:", style="bold")
    out.print(machine.cspace.tree())


def _serve(endpoint: Endpoint, calls: int) -> None:
    for _ in range(calls):
        request = endpoint.recv(timeout=10)
        request.reply(sum(request.words))
