# SPDX-License-Identifier: BSD-2-Clause
"""The notebooks: stored without outputs; executed from top to bottom they pass and draw trees."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat import NotebookNode

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
TIMEOUT = 120  # seconds for one notebook

# In a process of its own: nbclient's sockets and threads stay until the process ends.
EXECUTE = """
import sys, nbclient, nbformat

notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""


def read(path: Path) -> NotebookNode:
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)


def execute(path: Path, isolation: str, folder: Path) -> NotebookNode:
    """Execute a notebook, and return it with its outputs."""
    target = folder / path.name
    result = subprocess.run(
        [sys.executable, "-c", EXECUTE, path, target],
        cwd=folder,
        env={**os.environ, "SEL4EMU_ISOLATION": isolation, "SEL4EMU_CHECK": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return read(target)


def shown(notebook: NotebookNode, kind: str) -> list[str]:
    """Return what the cells showed, in one form."""
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    return [o.data[kind] for o in outputs if kind in o.get("data", {})]


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_is_stored_without_outputs(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.cells[0].cell_type == "markdown"
    for cell in notebook.cells:
        assert not cell.metadata
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None


@pytest.mark.timeout(TIMEOUT + 20)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_executes_and_draws(path: Path, isolation: str, tmp_path: Path) -> None:
    notebook = execute(path, isolation, tmp_path)
    trees = shown(notebook, "image/svg+xml")
    assert len(trees) >= 3
    for svg in trees:
        assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert any("endpoint" in svg and "cspace" in svg for svg in trees), "a tree of capabilities"
    tables = [html for html in shown(notebook, "text/html") if html.startswith("<table>")]
    assert any(re.search(r"<td>waits to receive from endpoint ", t) for t in tables), "threads"
