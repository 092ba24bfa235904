# SPDX-License-Identifier: BSD-2-Clause
"""`sel4emu run`: boot a machine with a root task, as QEMU does with the real kernel."""

from __future__ import annotations

import sys
from typing import Any

import click

from sel4emu.cli.commands import Refused
from sel4emu.words import size_from


class Size(click.ParamType):  # type: ignore[type-arg]
    """A size such as 64M."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return bytes."""
        try:
            return size_from(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.option(
    "--memory",
    type=Size(),
    default="512M",
    show_default=True,
    metavar="SIZE",
    help="Physical memory; it costs only what is touched.",
)
@click.option(
    "--isolation",
    type=click.Choice(["direct", "process"]),
    default=None,
    help="Where the kernel runs; default: SEL4EMU_ISOLATION, else direct.",
)
@click.option(
    "--clock",
    type=click.Choice(["real", "virtual"]),
    default="real",
    show_default=True,
    help="Whose time it is; virtual: it jumps when all wait, and a run can be repeated.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Stop then, with status 124.",
)
@click.option(
    "--domains",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Number of scheduling domains.",
)
@click.option("--mcs", is_flag=True, help="The MCS kernel.")
@click.option("--check", is_flag=True, help="Check the kernel's invariants at every entry (slow).")
@click.argument("image", type=click.Path())
def run(image: str, time_limit: float | None, **options: Any) -> None:
    """Run a root task: a machine boots, and IMAGE owns all of it.

    IMAGE is built with `sel4emu cc --root`. seL4_DebugPutChar writes to standard output. How the
    run ended is said on standard error, but if all went well: exit status 0, the root task
    suspended itself and nobody else can run; 3, it faulted and nobody handles that; 4, every thread
    waits for another; 5, the machine was halted, or the emulator had to give up; 124, the time
    limit passed; 1, the image cannot be run.
    """
    from sel4emu import MachineError, MachinePanic
    from sel4emu.machine import Machine

    try:
        with Machine.boot(image, **options) as machine:
            ending = machine.run(time_limit)
    except MachinePanic as error:
        click.echo(f"sel4emu: kernel panic: {error}", err=True)
        raise SystemExit(5) from None
    except (MachineError, ValueError) as error:
        raise Refused(str(error)) from error
    sys.stdout.flush()
    if ending.status:
        click.echo(f"sel4emu: {ending}", err=True)
        raise SystemExit(ending.status)
