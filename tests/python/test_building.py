# SPDX-License-Identifier: BSD-2-Clause
"""Compiling clients from Python, and the demonstration."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

import sel4emu
from sel4emu import PIPE, Machine, demo, toolchain

HELLO = '#include <stdio.h>\nint main(void) { printf("hello\\n"); return NUMBER; }\n'


def test_a_file_becomes_an_executable_beside_it(tmp_path: Path) -> None:
    source = tmp_path / "hello.c"
    source.write_text(HELLO)
    program = sel4emu.compile(source, flags=["-DNUMBER=4"])
    assert program == tmp_path / "hello"
    with Machine("16M") as machine:
        client = machine.spawn(program, stdout=PIPE)
        assert client.output(10) == "hello\n"
        assert client.returncode == 4


def test_several_files_and_an_output_name(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("int f(void); int main(void) { return f(); }")
    (tmp_path / "b.c").write_text("int f(void) { return 9; }")
    program = sel4emu.compile([tmp_path / "a.c", tmp_path / "b.c"], tmp_path / "out")
    with Machine("16M") as machine:
        assert machine.spawn(program).wait(10) == 9


def test_text_is_compiled_once() -> None:
    text = "int main(void) { return 3; }"
    program = sel4emu.compile(text=text)
    assert program == sel4emu.compile(text=text)
    assert program != sel4emu.compile(text=text, flags=["-O0"])


def test_mistakes_in_the_source_are_told_by_the_compiler() -> None:
    with pytest.raises(sel4emu.ToolchainError, match="expected"):
        sel4emu.compile(text="int main(void) { return }")


def test_one_source_is_needed_and_only_one() -> None:
    with pytest.raises(TypeError, match="C files, or C text"):
        sel4emu.compile()
    with pytest.raises(TypeError, match="C files, or C text"):
        sel4emu.compile("x.c", text="int main;")
    with pytest.raises(ValueError, match="at least one file"):
        sel4emu.compile([])


def shown() -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=120, highlight=False), stream


def test_the_demonstration_shows_messages_capabilities_and_threads() -> None:
    console, stream = shown()
    demo.run(console)
    text = stream.getvalue()
    assert "alice: seL4_Call: 1 + 2 + 3 = 6 (call number 1)" in text
    assert "bob: seL4_Call: 120 + 121 + 122 = 363 (call number 3)" in text
    assert "endpoint 'ep' badge 0x2" in text
    assert "waits to receive from endpoint 'ep'" in text


def test_without_a_compiler_python_plays_all_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Path:
        raise toolchain.ToolchainError("no C compiler was found")

    monkeypatch.setattr(demo, "compile_client", fail)
    console, stream = shown()
    demo.run(console)
    text = stream.getvalue()
    assert "no C compiler was found" in text
    assert "bob: 120 + 121 + 122 = 363" in text
