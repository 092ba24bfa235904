# SPDX-License-Identifier: BSD-2-Clause
"""README and docs: every example runs as it is printed, every link leads somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sel4emu.cli import sel4emu

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "csrc" / "README.md"]
PAGES += [ROOT / "benchmarks" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TUTORIALS = [ROOT / "README.md", ROOT / "docs" / "tour.md"]


@dataclass(frozen=True)
class Block:
    """A fenced block; `heading` is the section that it stands in."""

    language: str
    text: str
    heading: str


def blocks(page: Path) -> list[Block]:
    found: list[Block] = []
    heading, language, lines = "", None, list[str]()
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            if language is None:
                language, lines = line[3:].strip(), []
            else:
                found.append(Block(language, "\n".join(lines) + "\n", heading))
                language = None
        elif language is not None:
            lines.append(line)
        elif line.startswith("#"):
            heading = line.lstrip("#").strip()
    return found


def page_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_quick_start_is_two_commands() -> None:
    found = [b for b in blocks(PAGES[0]) if b.heading == "Quick start"]
    assert [b.language for b in found] == ["sh", "sh"]
    assert [len(b.text.splitlines()) for b in found] == [1, 1]
    assert "sel4emu demo" in found[0].text
    assert "pytest" in found[1].text


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_named_files_exist(page: Path) -> None:
    named = re.findall(r"`((?:csrc|tests|docs|sel4emu|examples|benchmarks)/[\w./-]+)`",
                       page.read_text(encoding="utf-8"))  # fmt: skip
    for name in named:
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_commands_that_are_shown_exist(page: Path) -> None:
    for block in blocks(page):
        if block.language in ("sh", "console"):
            for command in re.findall(r"(?:^|/|\$ )sel4emu ([a-z+]+)", block.text, re.MULTILINE):
                assert command in sel4emu.commands, command


def programs(page: Path) -> dict[str, str]:
    """Return the C programs of a page: the sentence before one names its file first."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"`(\w+)\.c`[^`]*\n```c\n(.*?)```", text, re.DOTALL)
    return dict(found)


@pytest.mark.parametrize("page", TUTORIALS, ids=page_name)
def test_examples_run_and_print_what_is_shown(
    page: Path, isolation: str, tmp_path: Path, compile_client: Callable[..., Path]
) -> None:
    """The `python` blocks of a page run in one process, and print the plain blocks behind them."""
    for name, source in programs(page).items():
        (tmp_path / name).symlink_to(compile_client(source))
    shown = blocks(page)
    script, expected = [], []
    for block, following in zip(shown, [*shown[1:], Block("", "", "")], strict=True):
        if block.language == "python":
            script.append(block.text)
            if following.language == "" and following.text:
                expected.append(following.text)
    result = subprocess.run(
        [sys.executable, "-u", "-c", "\n".join(script)],
        cwd=tmp_path,
        env={**os.environ, "SEL4EMU_ISOLATION": isolation, "SEL4EMU_CHECK": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == "".join(expected)
