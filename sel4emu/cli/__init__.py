# SPDX-License-Identifier: BSD-2-Clause
"""The command `sel4emu`: build programs, try them out, look at the host."""

from __future__ import annotations

import sys

from sel4emu.cli.commands import sel4emu
from sel4emu.cli.run import run

__all__ = ["main", "sel4emu"]

sel4emu.add_command(run)


def main() -> None:
    """Run the command; what a user can mend is one line, never a traceback."""
    sys.exit(sel4emu.main(prog_name="sel4emu", standalone_mode=True))
