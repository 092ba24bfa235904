# SPDX-License-Identifier: BSD-2-Clause
"""csrc/gen: from a description to files, and what it says about a description that is wrong."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parent / "data"
CLIENT = "libsel4/include/interfaces/sel4_client.h"
Generate = Callable[..., subprocess.CompletedProcess[str]]


def test_stubs_of_a_small_description(generate: Generate, tmp_path: Path) -> None:
    """After a deliberate change, the command below writes what belongs into data/small-client.h."""
    arguments = (tmp_path, "--spec", DATA / "small.toml", "--only", CLIENT)
    done = generate(*arguments)
    assert done.returncode == 0, done.stderr
    made = (tmp_path / CLIENT).read_text(encoding="utf-8")
    assert made == (DATA / "small-client.h").read_text(encoding="utf-8")


def test_only_what_changed_is_written(generate: Generate, tmp_path: Path) -> None:
    assert generate(tmp_path).returncode == 0
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) > 10
    for path in files:
        os.utime(path, (1, 1))
    changed = files[0]
    changed.write_text("something else", encoding="utf-8")
    assert generate(tmp_path).returncode == 0
    assert {p for p in files if p.stat().st_mtime != 1} == {changed}


def test_output_does_not_depend_on_the_run(generate: Generate, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert generate(tmp_path / name).returncode == 0
    for path in (tmp_path / "one").rglob("*.*"):
        twin = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == twin.read_bytes()


# What is changed in small.toml, and what the message has to name: file, entry, mistake.
MISTAKES = {
    "not TOML": ('version = "0"', "version = ", ["valid TOML", "line"]),
    "missing table": ("[interfaces]", "[faces]", ["[interfaces]", "missing"]),
    "unknown type": (
        "seL4_Bool first",
        "seL4_Bol first",
        ["method TCB_Pack", "'first'", "seL4_Bol", "[types]"],
    ),
    "parameter without meaning": (
        "seL4_Bool first: bit 0",
        "seL4_Bool first",
        ["method TCB_Pack", "type name: meaning"],
    ),
    "parameter twice": ("second: bit 1", "first: bit 1", ["method TCB_Pack", "first", "twice"]),
    "duplicate label": ('"TCBWrite"', '"TCBPack"', ["method label TCBPack", "twice"]),
    "duplicate method": ('name = "Write"', 'name = "Pack"', ["method TCB_Pack", "twice"]),
    "unknown interface": (
        'interface = "TCB"\nname = "Pack"',
        'interface = "CTB"\nname = "Pack"',
        ["method CTB_Pack", "unknown interface 'CTB'"],
    ),
    "unknown group": (
        'group = "general"\ninterface = "TCB"\nname = "Pack"',
        'group = "special"\ninterface = "TCB"\nname = "Pack"',
        ["method TCB_Pack", "'group'", "'special'"],
    ),
    "unknown kernel": ('when = "mcs"', 'when = "MCS"', ["method TCB_Ask", "'when'", "'MCS'"]),
    "unknown error": (
        '"RangeError: byte is odd"',
        '"RangError: byte is odd"',
        ["method TCB_Pack", "[errors]", "RangError"],
    ),
    "unknown key": ('label = "TCBPack"', 'lable = "x"\nlabel = "TCBPack"', ["'lable'"]),
    "missing key": ('label = "TCBPack"\n', "", ["method TCB_Pack", "'label' is missing"]),
    "wrong kind of value": ('label = "TCBPack"', "label = 7", ["method TCB_Pack", "'label'", "7"]),
    "bad width": ("bits = 1280", "bits = 1279", ["type seL4_UserContext", "1279"]),
    "bad kind": ('kind = "struct"', 'kind = "union"', ["type seL4_UserContext", "'union'"]),
    "structure without count": (
        "seL4_Word count: words to send",
        "seL4_Word number: words to send",
        ["method TCB_Write", "'regs'", "'count'"],
    ),
    "capability as result": (
        "seL4_Uint8 low: bits",
        "seL4_TCB low: bits",
        ["method TCB_Ask", "result"],
    ),
    "feature that is on": ("value = false", "value = true", ["VTX", "off"]),
    "error that is no number": ("RangeError = 4", 'RangeError = "4"', ["[errors] RangeError"]),
    "size of an unknown kernel": ("[limits]", "Bits = { smp = 1 }\n[limits]", ["[sizes] Bits"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_named(mistake: str, generate: Generate, tmp_path: Path) -> None:
    old, new, words = MISTAKES[mistake]
    text = (DATA / "small.toml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    spec = tmp_path / "bad.toml"
    spec.write_text(text.replace(old, new), encoding="utf-8")
    done = generate(tmp_path / "out", "--spec", spec, "--only", CLIENT)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for word in ["bad.toml", *words]:
        assert word in done.stderr
    assert not (tmp_path / "out").exists()


def test_four_capabilities_are_too_many(generate: Generate, tmp_path: Path) -> None:
    text = (DATA / "small.toml").read_text(encoding="utf-8")
    more = "".join(f'  "seL4_TCB cap{i}: one more",\n' for i in range(3))
    spec = tmp_path / "bad.toml"
    spec.write_text(text.replace('  "seL4_Word fourth', more + '  "seL4_Word fourth'), "utf-8")
    done = generate(tmp_path / "out", "--spec", spec, "--only", CLIENT)
    assert done.returncode == 1
    assert "method TCB_Pack: 4 capabilities" in done.stderr


def test_missing_description(generate: Generate, tmp_path: Path) -> None:
    done = generate(tmp_path / "out", "--spec", tmp_path / "none.toml")
    assert done.returncode == 1
    assert "none.toml: cannot be read: No such file" in done.stderr


def test_output_that_cannot_be_written(generate: Generate, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, no directory", encoding="utf-8")
    done = generate(tmp_path / "out")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
