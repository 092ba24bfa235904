# SPDX-License-Identifier: BSD-2-Clause
"""Record the transcripts from the real kernel.

    python record.py --header "seL4 16.0.0-dev, ..." "boot-sel4 {file} {include}" [PROGRAM...]

The command builds a C file of `programs` as a root task with seL4's own libsel4, boots it on the
real kernel (in QEMU, say), and prints the console; {file} and {include} are replaced by the file
and the folder of its headers. Programs need a sel4runtime with `sel4runtime_write_tls_image` and
`sel4runtime_set_tls_variable`. Expected lines come from here only, never from the emulator.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"


def record(command: str, header: str, name: str) -> int:
    """Run one program and write its transcript; return the number of lines."""
    file = PROGRAMS / f"{name}.c"
    words = [w.format(file=file, include=PROGRAMS) for w in shlex.split(command)]
    console = subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout
    lines = console.decode(errors="replace").replace("\r", "").splitlines()
    kept = [line for line in lines if line.startswith("| ")]
    text = "\n".join([f"# The real kernel's answers: {header}", *kept, ""])
    (HERE / "transcripts" / f"{name}.txt").write_text(text, encoding="utf-8")
    return len(kept)


def main() -> None:
    """Record the named programs, or all of them."""
    parser = argparse.ArgumentParser(description="Record transcripts from the real kernel.")
    parser.add_argument("--header", required=True, help="version and configuration of the kernel")
    parser.add_argument("command", help="what runs {file} on the real kernel")
    parser.add_argument("programs", nargs="*", help="names without .c; default: all")
    arguments = parser.parse_args()
    names = arguments.programs or sorted(p.stem for p in PROGRAMS.glob("*.c"))
    for name in names:
        count = record(arguments.command, arguments.header, name)
        sys.stdout.write(f"{name}: {count} lines\n")


if __name__ == "__main__":
    main()
