# SPDX-License-Identifier: BSD-2-Clause
"""What programs print with seL4_DebugPutChar: where it goes, and when it is there."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from sel4emu import Machine

Build = Callable[..., Path]

ROUNDS = 50
PRINTER = r"""
#include <sel4/sel4.h>
#include <sel4emu/client.h>
int main(void)
{
    for (seL4_Word badge;;) {
        seL4_Recv(sel4emu_cap("ep"), &badge);
        for (const char *c = "line\nno line"; *c; c++)
            seL4_DebugPutChar(*c);
    }
}
"""
PRINTED = "line\nno line"
CHATTERBOX = r"""
#include <sel4/sel4.h>
int main(void)
{
    for (;;)
        for (const char *c = "0123456789abcde\n"; *c; c++)
            seL4_DebugPutChar(*c);
}
"""


def test_all_output_is_there_once_the_machine_idles(isolation: str, compile_client: Build) -> None:
    with Machine("16M", isolation=isolation, console="keep") as machine:  # type: ignore[arg-type]
        endpoint = machine.endpoint("ep")
        machine.spawn(compile_client(PRINTER), {"ep": endpoint})
        for count in range(1, ROUNDS + 1):
            endpoint.send()
            machine.wait_idle()
            assert machine.console_text() == count * PRINTED


def test_all_output_is_written_to_a_file_once_the_machine_idles(
    isolation: str, compile_client: Build, tmp_path: Path
) -> None:
    path = tmp_path / "console"
    with (
        path.open("w") as file,
        Machine("16M", isolation=isolation, console=file) as machine,  # type: ignore[arg-type]
    ):
        endpoint = machine.endpoint("ep")
        machine.spawn(compile_client(PRINTER), {"ep": endpoint})
        for count in range(1, ROUNDS + 1):
            endpoint.send()
            machine.wait_idle()
            assert path.read_text() == count * PRINTED


def fill(pipe: int) -> None:
    os.set_blocking(pipe, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(pipe, b"x")
    os.set_blocking(pipe, True)


def test_a_pipe_that_nobody_reads_does_not_keep_a_machine_from_closing(
    isolation: str, compile_client: Build
) -> None:
    reader, writer = os.pipe()
    fill(writer)
    try:
        made = Machine("16M", isolation=isolation, console=writer)  # type: ignore[arg-type]
        with made as machine:
            machine.spawn(compile_client(CHATTERBOX))
            while not machine.console_text():
                time.sleep(0.01)
        assert machine.closed
    finally:
        os.close(reader)
        os.close(writer)
