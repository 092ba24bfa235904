# SPDX-License-Identifier: BSD-2-Clause
"""docs/conformance.md lists every system call, method, fault and error of the API, and quotes lines
that the real kernel printed: they are in the transcripts."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
SPEC = tomllib.loads((ROOT / "csrc/spec/sel4-16.0.0.toml").read_text(encoding="utf-8"))
COLUMNS = {"classic": 1, "mcs": 2}
#: Kernels whose column is complete.
COMPLETE = ["classic", "mcs"]
QUOTE = re.compile(r"(?P<program>[a-z_]+): `(?P<line>[^`]+)`")

Entry = dict[str, Any]


def rows() -> dict[str, list[str]]:
    """Return the cells of each row of the page, by the name in its first cell."""
    found: dict[str, list[str]] = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `"):
            name = cells[0].strip("`")
            assert name not in found, f"{name} has two rows"
            assert len(cells) == 4, line
            found[name] = cells
    return found


def entries() -> dict[str, list[Entry]]:
    """Return what the API has, by the names that the page uses."""
    found: dict[str, list[Entry]] = {}
    for call in SPEC["syscall"]:
        found.setdefault(call["name"], []).append(call)
    for method in SPEC["method"]:
        found.setdefault(f"{method['interface']}_{method['name']}", []).append(method)
    for fault in SPEC["fault"]:
        if fault["name"] != "NullFault":
            found.setdefault(fault["name"], []).append(fault)
    for name in [*SPEC["errors"], *SPEC["lookup_failures"]]:
        if name not in ("NoError", "NoFailure"):
            found.setdefault(name, []).append({"name": name})
    return found


def missing_option(entry: Entry) -> str | None:
    """Return the option of the kernel that this needs and a machine does not have."""
    options = SPEC["options"]["kernel"]
    needs = [*entry.get("needs", []), *([entry["feature"]] if "feature" in entry else [])]
    return next((name for name in needs if not options[name]["value"]), None)


def expected(kernel: str, variants: list[Entry]) -> str | None:
    """Return what the cell has to say; None: a line of the real kernel."""
    option = missing_option(variants[0])
    if option is not None:
        return f"off: {option}"
    if all(entry.get("when", kernel) != kernel for entry in variants):
        return "-"
    return None


def is_recorded(kernel: str, cell: str) -> bool:
    quote = QUOTE.fullmatch(cell)
    if quote is None:
        return False
    text = f"| {quote['line']}"
    files = [
        HERE / "transcripts" / k / f"{quote['program']}.txt" for k in (kernel, f"{kernel}-domains")
    ]
    return any(
        line.startswith(text)
        for file in files
        if file.exists()
        for line in file.read_text(encoding="utf-8").splitlines()
    )


def test_every_call_method_fault_and_error_has_a_row() -> None:
    assert rows().keys() == entries().keys()


def is_excused(cells: list[str], cell: str) -> bool:
    """Say whether there is no line, and the row tells why."""
    return cell == "no line" and cells[3] != ""


@pytest.mark.parametrize("kernel", COMPLETE)
def test_every_cell_quotes_the_real_kernel(kernel: str) -> None:
    wrong = []
    for name, cells in rows().items():
        cell = cells[COLUMNS[kernel]]
        want = expected(kernel, entries()[name])
        if want is None and not is_recorded(kernel, cell) and not is_excused(cells, cell):
            wrong.append(f"{name}: {cell}")
        if want is not None and cell != want:
            wrong.append(f"{name}: {cell}, but {want}")
    assert not wrong


def test_incomplete_columns_quote_no_line_that_is_not_there() -> None:
    for kernel, column in COLUMNS.items():
        for name, cells in rows().items():
            assert "`" not in cells[column] or is_recorded(kernel, cells[column]), name
