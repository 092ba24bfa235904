# SPDX-License-Identifier: BSD-2-Clause
"""Every invariant that kernel_check() knows has a test that breaks it."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
KERNEL = HERE.parent.parent / "csrc" / "kernel"


def names(folder: Path, pattern: str, regex: str) -> set[str]:
    """Return what the expression finds in the files."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob(pattern))]
    return {name for text in texts for name in re.findall(regex, text)}


def test_each_invariant_is_broken_by_a_test() -> None:
    known = names(KERNEL, "check*.c", r'"([a-z]+(?:-[a-z]+)*): ')
    broken = names(HERE, "test_check*.c", r'(?:BREAKS\(|check_names\([&\w.]+, )"([a-z-]+)"')
    assert len(known) > 60
    assert known == broken
