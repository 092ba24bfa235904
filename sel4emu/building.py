# SPDX-License-Identifier: BSD-2-Clause
"""Compiling clients from Python: `sel4emu.compile("server.c")`."""

from __future__ import annotations

import atexit
import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from . import toolchain

__all__ = ["compile"]

FLAGS = ("-g", "-O1", "-Wall")

_folder: tempfile.TemporaryDirectory[str] | None = None


def compile(  # noqa: A001 - what it does; the built-in one compiles Python
    source: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None = None,
    output: str | os.PathLike[str] | None = None,
    flags: Iterable[str] = (),
    *,
    text: str | None = None,
    mcs: bool = False,
) -> Path:
    """Build a client of C files, or of C text; return the path of the executable.

    Without `output` the executable gets the name of the (first) file without its suffix; what was
    built from text lies in a folder that lives as long as this process. `flags` go to the compiler,
    behind -g -O1 -Wall. Raises ToolchainError with the compiler's messages.
    """
    if (source is None) == (text is None):
        raise TypeError("compile() takes C files, or C text with text=")
    if text is not None:
        return _compile_text(text, output, tuple(flags), mcs)
    names = [source] if isinstance(source, (str, os.PathLike)) else list(source or ())
    paths = [Path(name) for name in names]
    if not paths:
        raise ValueError("compile() needs at least one file")
    target = Path(output) if output is not None else paths[0].with_suffix("")
    language = _language(paths)
    return toolchain.build(list(paths), target, flags=(*FLAGS, *flags), language=language, mcs=mcs)


def _language(paths: list[Path]) -> toolchain.Language:
    cpp = any(p.suffix in (".cc", ".cpp", ".cxx", ".C") for p in paths)
    return "c++" if cpp else "c"


def _compile_text(
    text: str, output: str | os.PathLike[str] | None, flags: tuple[str, ...], mcs: bool
) -> Path:
    key = hashlib.sha256(repr((text, flags, mcs)).encode()).hexdigest()[:16]
    folder = _temporary()
    target = Path(output) if output is not None else folder / f"client-{key}"
    if output is None and target.is_file():
        return target
    file = folder / f"client-{key}.c"
    file.write_text(text, encoding="utf-8")
    return toolchain.build(file, target, flags=(*FLAGS, *flags), mcs=mcs)


def _temporary() -> Path:
    global _folder
    if _folder is None:
        _folder = tempfile.TemporaryDirectory(prefix="sel4emu-")
        atexit.register(_folder.cleanup)
    return Path(_folder.name)
