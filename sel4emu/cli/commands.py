# SPDX-License-Identifier: BSD-2-Clause
"""The commands of `sel4emu`, one function each; the work is done elsewhere."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from sel4emu import toolchain
from sel4emu.cli import doctor as host

# No short option of our own: click would find its letter inside the compiler's (-pthread).
PASS_ON = {"ignore_unknown_options": True, "help_option_names": ["--help"]}


class Refused(click.ClickException):
    """Something that the user can mend: one line, exit status 1."""

    def show(self, file: object = None) -> None:
        """Print the message as compilers do."""
        click.echo(f"sel4emu: error: {self.format_message()}", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("sel4emu"), prog_name="sel4emu")
def sel4emu() -> None:
    """Run seL4 applications as ordinary Linux processes.

    Begin with `sel4emu demo`; build programs of your own with `sel4emu cc`.
    """


def _compile(
    language: toolchain.Language, args: tuple[str, ...], show: bool, **options: Any
) -> None:
    try:
        line = toolchain.command(args, language=language, **options)
    except toolchain.ToolchainError as error:
        raise Refused(str(error)) from error
    if show:
        click.echo(shlex.join(line))
        return
    try:
        status = subprocess.run(line, check=False).returncode
    except OSError as error:
        raise Refused(f"{line[0]} cannot be run: {error.strerror}") from error
    raise SystemExit(status if status >= 0 else 128 - status)


def _compiler_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the few options that are ours; every other one is the compiler's."""
    for decorate in (
        click.argument("args", nargs=-1, type=click.UNPROCESSED, metavar="FILE... [OPTION...]"),
        click.option("--mcs", is_flag=True, help="Build for machines with the MCS kernel."),
        click.option("--root", is_flag=True, help="Build a root task, for `sel4emu run`."),
        click.option("--show", is_flag=True, help="Print the compiler's command, run nothing."),
        click.option("--cc", metavar="COMMAND", help="The compiler; else CC or CXX, else cc, c++."),
    ):
        command = decorate(command)
    return command


@sel4emu.command(context_settings=PASS_ON)
@_compiler_options
def cc(args: tuple[str, ...], show: bool, **options: Any) -> None:
    """Build a C program as a client: the host's compiler, with headers and library added.

    Every option but the five below is passed on: `sel4emu cc client.c -o client -g -Wall`.
    """
    _compile("c", args, show, **options)


@sel4emu.command("c++", context_settings=PASS_ON)
@_compiler_options
def cxx(args: tuple[str, ...], show: bool, **options: Any) -> None:
    """Build a C++ program as a client; like `sel4emu cc`."""
    _compile("c++", args, show, **options)


CONFIG: dict[str, Callable[..., str]] = {
    "version": lambda **_: version("sel4emu"),
    "cflags": lambda **kind: shlex.join(toolchain.cflags(**kind)),
    "libs": lambda **kind: shlex.join(toolchain.libs(**kind)),
    "include-dir": lambda **_: str(toolchain.include_dir()),
    "lib-dir": lambda **_: str(toolchain.lib_dir()),
    "cmake-dir": lambda **_: str(toolchain.cmake_dir()),
    "pkg-config-dir": lambda **_: str(toolchain.pkg_config_dir()),
}


@sel4emu.command()
@click.option("--version", is_flag=True, help="Print the version.")
@click.option("--cflags", is_flag=True, help="Print the options to compile with.")
@click.option("--libs", is_flag=True, help="Print the options to link with.")
@click.option("--include-dir", is_flag=True, help="Print the folder of the headers.")
@click.option("--lib-dir", is_flag=True, help="Print the folder of the libraries.")
@click.option("--cmake-dir", is_flag=True, help="Print the value for CMake's sel4emu_DIR.")
@click.option("--pkg-config-dir", is_flag=True, help="Print the folder for PKG_CONFIG_PATH.")
@click.option("--mcs", is_flag=True, help="For programs of the MCS kernel.")
@click.option("--root", is_flag=True, help="For root tasks.")
def config(mcs: bool, root: bool, **asked: bool) -> None:
    """Print what build systems need; without an option, everything with its name."""
    wanted = [name for name in CONFIG if asked[name.replace("-", "_")]]
    try:
        for name in wanted or CONFIG:
            label = "" if wanted else f"{name}: "
            click.echo(label + CONFIG[name](mcs=mcs, root=root))
    except toolchain.ToolchainError as error:
        raise Refused(str(error)) from error


@sel4emu.command()
def demo() -> None:
    """Start a small system of several clients and show what it does."""
    from sel4emu import demo as demonstration

    demonstration.run()


@sel4emu.command()
def doctor() -> None:
    """Look at this host: what sel4emu needs, what is useful, and how to get it.

    The exit status is 1 if something is missing that sel4emu cannot do without.
    """
    marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "missing": "[red]missing[/]"}
    table = Table("", "what", "found", box=None, pad_edge=False)
    findings = host.examine()
    for finding in findings:
        found = finding.detail + (f"\n→ {finding.advice}" if finding.advice else "")
        table.add_row(marks[finding.state], finding.name, found)
    Console(highlight=False).print(table)
    if any(finding.state == "missing" for finding in findings):
        raise SystemExit(1)
