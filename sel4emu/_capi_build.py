# SPDX-License-Identifier: BSD-2-Clause
"""Build step: the cffi modules sel4emu._capi and _capi_mcs, which are libsel4 for Python.

The C compiler runs the preprocessor over <sel4/sel4.h>, pycparser (which cffi brings along) takes
the result apart, and what is declared there becomes cffi's declarations: types, enumerations, every
function. So nothing about the API is said again here.

setup.py names this file in `cffi_modules`; it runs in the checkout's folder, after csrc/gen has
written build/generated. Environment: CC names the compiler, SEL4EMU_GENERATED another folder of
generated files.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from sysconfig import get_config_var
from typing import Any

from cffi import FFI  # type: ignore[import-untyped, unused-ignore]
from pycparser import c_ast, c_generator, c_parser  # type: ignore[import-untyped, unused-ignore]

ROOT = Path(__file__).resolve().parent.parent if "__file__" in globals() else Path.cwd()
LIBSEL4 = ROOT / "csrc" / "libsel4"
GENERATED = Path(os.environ.get("SEL4EMU_GENERATED", ROOT / "build" / "generated"))
INCLUDES = [LIBSEL4 / "include", GENERATED / "libsel4" / "include"]
SOURCES = [LIBSEL4 / "src" / "ipc_buffer.c", LIBSEL4 / "src" / "bootinfo.c"]

# libsel4 has an `enum _object`, as the real one does, and Python.h a `struct _object`.
HEADER = """#define _object seL4_Object_
#include <sel4/sel4.h>
#include <sel4emu/gate.h>
#undef _object
"""
OURS = re.compile(r"(seL4|SEL4)_")
MACRO = re.compile(r"#define ((?:seL4|SEL4|CONFIG)_\w+) (.+)")
NUMBER = re.compile(r"\(?-?(0[xX][0-9a-fA-F]+|\d+)[uUlL]*\)?")

CALLBACK = 'extern "Python" void sel4emu_python_syscall(uint64_t, struct sel4emu_frame *);\n'
GLUE = (
    HEADER
    + """
static void sel4emu_python_syscall(uint64_t number, struct sel4emu_frame *frame);

/* Python is the gate: it enters the kernel as the agent of the calling thread. */
void sel4emu_syscall(sel4emu_word number, struct sel4emu_frame *frame)
{
    sel4emu_python_syscall(number, frame);
}

/* Tell the calling thread where its IPC buffer is. */
static void sel4emu_bind(void *ipc_buffer)
{
    __sel4_ipc_buffer = ipc_buffer;
}
"""
)


def compiler() -> list[str]:
    """Return the C compiler's command."""
    return shlex.split(os.environ.get("CC") or str(get_config_var("CC") or "cc"))


def preprocess(*options: str, mcs: bool) -> str:
    """Run the preprocessor over the headers."""
    command = [
        *compiler(),
        "-E",
        "-P",
        *options,
        *defines(mcs),
        *(f"-I{p}" for p in INCLUDES),
        "-xc",
        "-",
    ]
    result = subprocess.run(command, input=HEADER, capture_output=True, text=True, check=True)
    return result.stdout


def defines(mcs: bool) -> list[str]:
    """Return the options that choose the kernel."""
    return ["-DSEL4EMU_MCS"] if mcs else []


def plain_c(text: str) -> str:
    """Leave out what pycparser does not know."""
    text = re.sub(r"__asm__\s*\([^)]*\)", "", text)
    text = text.replace("__extension__", "").replace("__inline__", "inline")
    text = "".join(_without(text, "__attribute__"))
    text = "".join(_without(text, "_Static_assert", ";"))
    return re.sub(r"\b(__thread|_Thread_local|_Noreturn|__restrict)\b", "", text)


def _without(text: str, word: str, end: str = "") -> Iterator[str]:
    """Yield the text between uses of a word with a parenthesis, and `end`, behind it."""
    position = 0
    for match in re.finditer(rf"\b{word}\s*\(", text):
        if match.start() < position:
            continue
        yield text[position : match.start()]
        depth, position = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[position], 0)
            position += 1
        position += len(end)
    yield text[position:]


class Declarations:
    """cffi's declarations from the tree of a C file."""

    def __init__(self, tree: Any) -> None:
        self.generator = c_generator.CGenerator()
        self.lines: list[str] = []
        self.names: set[str] = set()
        for node in tree.ext:
            self._add(node)

    def _add(self, node: Any) -> None:
        if isinstance(node, c_ast.FuncDef):
            node = node.decl
        name = getattr(node, "name", None) or ""
        if isinstance(node, c_ast.Typedef) and name.startswith("__"):
            return
        if isinstance(node, c_ast.Decl) and name and not OURS.match(name):
            return
        if not isinstance(node, c_ast.Decl | c_ast.Typedef) or (name and name in self.names):
            return
        if name:
            self.names.add(name)
        if isinstance(node.type, c_ast.FuncDecl) and self._is_variadic(node.type):
            return
        self._simplify(node)
        self.lines.append(f"{self.generator.visit(node)};")

    @staticmethod
    def _is_variadic(function: Any) -> bool:
        return any(
            isinstance(p, c_ast.EllipsisParam)
            for p in (function.args.params if function.args else ())
        )

    def _simplify(self, node: Any) -> None:
        """Leave numbers to the C compiler: values of enumerators, sizes of arrays."""
        if isinstance(node, c_ast.Decl):
            node.funcspec, node.storage, node.init = [], [], None
        for _, child in node.children():
            self._simplify(child)
        if isinstance(node, c_ast.Enum) and node.values is not None:
            for enumerator in node.values.enumerators:
                enumerator.value = c_ast.ID("...")
        if isinstance(node, c_ast.ArrayDecl) and node.dim is not None:
            node.dim = c_ast.ID("...")


def constants(mcs: bool) -> Iterator[str]:
    """Yield the macros that stand for a number."""
    macros = {m[1]: m[2].strip() for m in MACRO.finditer(preprocess("-dM", mcs=mcs))}
    for name in sorted(macros):
        value, seen = macros[name], {name}
        while value in macros and value not in seen:
            seen.add(value)
            value = macros[value]
        if NUMBER.fullmatch(value):
            yield f"#define {name} ..."


def declarations(mcs: bool) -> str:
    """Return the text for FFI.cdef()."""
    tree = c_parser.CParser().parse(plain_c(preprocess(mcs=mcs)))
    found = Declarations(tree)
    return "\n".join([*found.lines, "void sel4emu_bind(void *);", CALLBACK, *constants(mcs)])


def builder(module: str, *, mcs: bool) -> FFI:
    """Return what builds the module for one of the two kernels."""
    made = FFI()
    made.cdef(declarations(mcs))
    made.set_source(
        module,
        GLUE,
        sources=[os.path.relpath(p) for p in SOURCES],
        include_dirs=[os.path.relpath(p) for p in INCLUDES],
        extra_compile_args=[
            "-std=gnu11",
            "-Wno-deprecated-declarations",
            "-fvisibility=hidden",
            *defines(mcs),
        ],
    )
    return made


ffibuilder = builder("sel4emu._capi", mcs=False)
ffibuilder_mcs = builder("sel4emu._capi_mcs", mcs=True)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
    ffibuilder_mcs.compile(verbose=True)
