#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Generate everything that follows from the API description: generate.py OUTDIR.

Files that already have the right content are left alone, so that make-like tools do not rebuild.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import emit_api
import emit_bitfield
import emit_check
import emit_client
import emit_config
import emit_fault
import emit_labels
import emit_names
import emit_python
from spec import Spec, SpecError, load

DEFAULT = Path(__file__).resolve().parent.parent / "spec" / "sel4-16.0.0.toml"
FILES: dict[str, Callable[[Spec], str]] = {
    "abi/sel4_api.h": emit_api.emit,
    "abi/sel4_names.h": emit_names.emit,
    "libsel4/check.c": emit_check.emit,
    "sel4emu/_api.py": emit_python.emit,
    "libsel4/include/autoconf.h": emit_config.autoconf,
    "libsel4/include/kernel/gen_config.h": emit_config.kernel,
    "libsel4/include/sel4/gen_config.h": emit_config.sel4,
    "libsel4/include/sel4/invocation.h": emit_labels.invocation,
    "libsel4/include/sel4/sel4_arch/invocation.h": emit_labels.sel4_arch,
    "libsel4/include/sel4/arch/invocation.h": emit_labels.arch,
    "libsel4/include/sel4/syscall.h": emit_labels.syscall,
    "libsel4/include/sel4/shared_types_gen.h": emit_bitfield.emit,
    "libsel4/include/sel4/sel4_arch/types_gen.h": emit_fault.emit,
    "libsel4/include/interfaces/sel4_client.h": emit_client.emit,
}


def generate(spec: Spec, out: Path, names: Iterable[str] = FILES) -> list[Path]:
    """Write files below `out`, by default all; return the paths of those that changed."""
    changed = []
    for name in names:
        path, text = out / name, FILES[name](spec)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        changed.append(path)
    return changed


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("outdir", type=Path, help="directory to write below")
    parser.add_argument("--spec", type=Path, default=DEFAULT, help="API description to read")
    parser.add_argument(
        "--only",
        action="append",
        choices=FILES,
        metavar="FILE",
        help="write this file, and others given so; the default is all",
    )
    arguments = parser.parse_args()
    try:
        generate(load(arguments.spec), arguments.outdir, arguments.only or FILES)
    except SpecError as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"generate.py: {error.filename}: cannot be written: {error.strerror}", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
