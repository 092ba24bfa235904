# SPDX-License-Identifier: BSD-2-Clause
"""Build C and C++ programs as seL4 clients, or as root tasks, with the host's own compiler.

An seL4 client is an ordinary Linux executable: all it takes is the include folder and the client
library of this package. A root task is a static program without a libc, with a library of its own.
`command` adds both to a compiler's command line and passes everything else on unchanged, as `mpicc`
does; `build` runs it. `cflags` and `libs` are for build systems that call the compiler themselves.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Language = Literal["c", "c++"]

# Pulled out of the archive: the start-up code. Everything else follows from it.
START_SYMBOL = "sel4emu_hosted_start"
MCS_DEFINE = "-DSEL4EMU_MCS"
LIBRARIES = {False: "sel4emu", True: "sel4emu_mcs"}  # by `mcs`
ROOT_LIBRARIES = {False: "sel4emu_root", True: "sel4emu_root_mcs"}
ROOT_CFLAGS = (
    "-DSEL4EMU_ROOT",
    "-ffreestanding",
    "-fno-pic",
    "-fno-stack-protector",
    "-ftls-model=local-exec",
)
ROOT_LIBS = (
    "-static",
    "-no-pie",
    "-nostdlib",
    "-Wl,-e,_sel4_start",
    "-Wl,-u,_sel4_start",
    "-Wl,-z,max-page-size=4096",
    "-Wl,-z,noexecstack",
    "-Wl,--build-id=none",
)

# Environment variable, the names to look for, the Debian package that has one.
COMPILERS: Mapping[Language, tuple[str, tuple[str, ...], str]] = {
    "c": ("CC", ("cc", "gcc", "clang"), "gcc libc6-dev"),
    "c++": ("CXX", ("c++", "g++", "clang++"), "g++"),
}

# Compiler options whose value is the next argument (in GCC and Clang).
# fmt: off
WITH_VALUE = frozenset((
    "-o", "-I", "-L", "-l", "-D", "-U", "-u", "-e", "-x", "-T", "-z", "-B", "-A", "-G",
    "-MF", "-MT", "-MQ", "-Xlinker", "-Xassembler", "-Xpreprocessor", "-Xclang", "-include",
    "-imacros", "-isystem", "-iquote", "-idirafter", "-iprefix", "-iwithprefix",
    "-iwithprefixbefore", "-isysroot", "--sysroot", "--param", "-aux-info", "-dumpbase",
    "-dumpbase-ext", "-dumpdir", "-target", "-arch", "-wrapper", "-mllvm",
))
# Options after which nothing is linked, or what is linked is no program yet.
NO_LINK = frozenset((
    "-c", "-S", "-E", "-M", "-MM", "-fsyntax-only", "--preprocess", "--compile", "--assemble",
    "-shared", "--shared", "-r",
))
# fmt: on


class ToolchainError(Exception):
    """A program could not be built; the message says what to do about it."""


@dataclass(frozen=True)
class Arguments:
    """What a compiler's command line asks for."""

    compiles: bool
    links: bool


def prefix() -> Path:
    """Return the folder that holds include/ and lib/."""
    return Path(__file__).resolve().parent


def include_dir() -> Path:
    """Return the folder of the headers, `sel4/sel4.h` among them."""
    return _checked(prefix() / "include")


def lib_dir() -> Path:
    """Return the folder of the client libraries."""
    return _checked(prefix() / "lib")


def pkg_config_dir() -> Path:
    """Return the folder of sel4emu.pc and sel4emu-mcs.pc, for PKG_CONFIG_PATH."""
    return _checked(prefix() / "lib" / "pkgconfig")


def cmake_dir() -> Path:
    """Return the folder of sel4emuConfig.cmake, for CMake's sel4emu_DIR."""
    return _checked(prefix() / "lib" / "cmake" / "sel4emu")


def _checked(folder: Path) -> Path:
    if not folder.is_dir():
        raise ToolchainError(
            f"{folder} is missing: this installation of sel4emu is not complete. "
            "Install it again: pip install --force-reinstall sel4emu (in a checkout: pip install .)"
        )
    return folder


def cflags(*, mcs: bool = False, root: bool = False) -> list[str]:
    """Return the compiler options that a source file of a client, or of a root task, needs."""
    kernel = [MCS_DEFINE] if mcs else []
    return [*kernel, *(ROOT_CFLAGS if root else ()), f"-I{include_dir()}"]


def libs(*, mcs: bool = False, root: bool = False) -> list[str]:
    """Return the options that link a program; they go after the program's own files."""
    if root:
        script = lib_dir() / "sel4emu-root.lds"
        return [
            *ROOT_LIBS,
            "-T",
            str(script),
            f"-L{lib_dir()}",
            f"-l{ROOT_LIBRARIES[mcs]}",
            "-lgcc",
        ]
    return [f"-Wl,-u,{START_SYMBOL}", f"-L{lib_dir()}", f"-l{LIBRARIES[mcs]}", "-pthread"]


def find_compiler(language: Language = "c", given: str | None = None) -> list[str]:
    """Return the compiler's command: `given`, else what CC or CXX says, else the host's.

    Like in make, the command may have arguments: "ccache gcc". Raises ToolchainError if it
    is not there.
    """
    variable, names, package = COMPILERS[language]
    wanted = given or os.environ.get(variable, "")
    if wanted.strip():
        try:
            words = shlex.split(wanted)
        except ValueError as error:
            raise ToolchainError(f"the compiler {wanted!r} cannot be read: {error}") from error
        if shutil.which(words[0]) is None:
            source = "given by --cc" if given else f"named by {variable}"
            raise ToolchainError(
                f"the compiler {words[0]!r}, {source}, was not found; "
                f"name one that is installed, or install it"
            )
        return words
    for name in names:
        if shutil.which(name) is not None:
            return [name]
    raise ToolchainError(
        f"no {language.upper()} compiler was found (looked for {', '.join(names)}); "
        f"Debian and Ubuntu have one: apt-get install {package}"
    )


def parse(arguments: Sequence[str]) -> Arguments:
    """Find out what a compiler would do with these arguments."""
    inputs = compiles = False
    links = True
    words = iter(arguments)
    for word in words:
        if word in WITH_VALUE:
            next(words, None)
        elif word in NO_LINK:
            links = False
        elif word == "-" or not word.startswith("-"):
            inputs = True
            compiles = compiles or not word.endswith((".o", ".a", ".so"))
    return Arguments(compiles, links and inputs)


def command(
    arguments: Sequence[str],
    *,
    language: Language = "c",
    mcs: bool = False,
    root: bool = False,
    cc: str | None = None,
) -> list[str]:
    """Return the compiler's command line for `arguments`, all of which are kept as they are.

    The include folder goes last among the include folders, so a program's own headers win; the
    client library is added only if the compiler is going to link an executable.
    """
    found = parse(arguments)
    line = [*find_compiler(language, cc), *arguments]
    if found.compiles:
        line += cflags(mcs=mcs, root=root)
    if found.links:
        line += libs(mcs=mcs, root=root)
    return line


def build(
    sources: Iterable[str | Path] | str | Path,
    output: str | Path,
    *,
    flags: Iterable[str] = ("-g", "-O1", "-Wall"),
    language: Language = "c",
    mcs: bool = False,
    root: bool = False,
    cc: str | None = None,
) -> Path:
    """Build an executable and return its path; ToolchainError holds the compiler's messages."""
    names = [sources] if isinstance(sources, (str, Path)) else list(sources)
    arguments = [*flags, *map(str, names), "-o", str(output)]
    line = command(arguments, language=language, mcs=mcs, root=root, cc=cc)
    result = subprocess.run(line, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ToolchainError(f"{shlex.join(line)}\n{result.stderr.strip()}")
    return Path(output)
