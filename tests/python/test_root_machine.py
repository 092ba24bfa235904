# SPDX-License-Identifier: BSD-2-Clause
"""Machines with a root task, as Python sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sel4emu import Machine, MachineError, toolchain
from sel4emu.boot import RootMachine

PRINTER = r"""
#include <sel4/sel4.h>
int main(void)
{
    for (const char *c = "line\nno line"; *c; c++)
        seL4_DebugPutChar(*c);
    return 0;
}
"""
ACTS: list[Callable[[Any], object]] = [
    lambda machine: machine.agents,
    lambda machine: machine.cspace,
    lambda machine: machine.endpoint(),
    lambda machine: machine.frame(),
    lambda machine: machine.untyped("4K"),
    lambda machine: machine.spawn("/bin/true"),
]


@pytest.fixture(scope="module")
def printer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("root")
    source = folder / "printer.c"
    source.write_text(PRINTER)
    return toolchain.build(source, folder / "printer", root=True)


@pytest.fixture
def machine(isolation: str, printer: Path) -> Iterator[RootMachine]:
    options: dict[str, Any] = {"isolation": isolation, "console": "keep"}
    with Machine.boot(printer, **options) as made:
        yield made


def test_all_output_is_there_when_a_run_ends(machine: RootMachine) -> None:
    assert machine.run(20).how == "suspended"
    assert machine.console_text().startswith("line\nno line")


@pytest.mark.parametrize("act", ACTS)
def test_python_cannot_act_and_is_told_why(
    machine: RootMachine, act: Callable[[Any], object]
) -> None:
    with pytest.raises(MachineError, match="belongs to its root task: Python has no capabilities"):
        act(machine)


def test_other_names_do_not_exist(machine: RootMachine) -> None:
    assert not hasattr(machine, "agent")
    with pytest.raises(AttributeError, match="'RootMachine' object has no attribute 'agent'"):
        machine.agent  # type: ignore[attr-defined]  # noqa: B018
