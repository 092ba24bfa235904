# SPDX-License-Identifier: BSD-2-Clause
"""Record the transcripts from the real kernel.

    python record.py --kernel mcs --header "seL4 16.0.0-dev, ..., {kernel}, debug build, ..." \
        "boot-sel4 {kernel} {file} {include}" PROGRAM...

The command builds a C file of `programs` as a root task with seL4's own libsel4, boots it on the
real kernel (in QEMU, say), and prints the console; {kernel} is replaced by the configuration,
{file} and {include} by the file and the folder of its headers. Without PROGRAMs, those are
recorded again that have a transcript of that kernel. Programs need a sel4runtime with
`sel4runtime_write_tls_image` and `sel4runtime_set_tls_variable`. Expected lines come from here
only, never from the emulator.

Kernels are x86_64 pc99 debug builds for one core with an IOAPIC: `classic` and `mcs` with one
domain, `classic-domains` and `mcs-domains` with four. Transcripts are kept in a folder of the
kernel's name.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
KERNELS = ["classic", "classic-domains", "mcs", "mcs-domains"]


def record(command: str, header: str, kernel: str, name: str) -> int:
    """Run one program and write its transcript; return the number of lines."""
    file = PROGRAMS / f"{name}.c"
    parts = shlex.split(command)
    words = [w.format(kernel=kernel, file=file, include=PROGRAMS) for w in parts]
    console = subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout
    lines = console.decode(errors="replace").replace("\r", "").splitlines()
    kept = [line for line in lines if line.startswith("| ")]
    first = f"# The real kernel's answers: {header.format(kernel=kernel)}"
    target = HERE / "transcripts" / kernel / f"{name}.txt"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join([first, *kept, ""]), encoding="utf-8")
    return len(kept)


def main() -> None:
    """Record the named programs, or again what is recorded."""
    parser = argparse.ArgumentParser(description="Record transcripts from the real kernel.")
    parser.add_argument("--kernel", choices=KERNELS, default="classic", help="its configuration")
    parser.add_argument("--header", required=True, help="version of the kernel, and so on")
    parser.add_argument("command", help="what runs {file} on the real kernel")
    parser.add_argument("programs", nargs="*", help="names without .c")
    arguments = parser.parse_args()
    recorded = sorted(p.stem for p in (HERE / "transcripts" / arguments.kernel).glob("*.txt"))
    for name in arguments.programs or recorded:
        count = record(arguments.command, arguments.header, arguments.kernel, name)
        sys.stdout.write(f"{name}: {count} lines\n")


if __name__ == "__main__":
    main()
