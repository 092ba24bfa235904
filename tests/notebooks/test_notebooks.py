# SPDX-License-Identifier: BSD-2-Clause
"""The notebooks: stored without outputs; executed from top to bottom they pass and draw trees."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
import zmq.asyncio
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
TIMEOUT = 120  # seconds for one notebook


def read(path: Path) -> NotebookNode:
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)


async def execute(path: Path, isolation: str, folder: Path) -> NotebookNode:
    """Execute a notebook in a kernel of its own; sockets and connection file lie in `folder`."""
    notebook = read(path)
    # One of its own, because the common one would keep descriptors and a thread.
    context = zmq.asyncio.Context()
    manager = AsyncKernelManager(
        context=context,
        kernel_name="python3",
        transport="ipc",
        ip=str(folder / "kernel"),
        connection_file=str(folder / "kernel.json"),
    )
    environment = {**os.environ, "SEL4EMU_ISOLATION": isolation, "SEL4EMU_CHECK": "1"}
    client = NotebookClient(notebook, km=manager, timeout=TIMEOUT)
    try:
        async with asyncio.timeout(TIMEOUT):
            await client.async_execute(env=environment, cwd=str(folder))
    finally:
        context.destroy(linger=0)
    return notebook


def pictures(notebook: NotebookNode, kind: str) -> list[str]:
    """Return what the cells showed in one form."""
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
    notebook = asyncio.run(execute(path, isolation, tmp_path))
    trees = pictures(notebook, "image/svg+xml")
    assert len(trees) >= 3
    for svg in trees:
        assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert any("endpoint" in svg and "cspace" in svg for svg in trees), "a tree of capabilities"
    tables = [html for html in pictures(notebook, "text/html") if html.startswith("<table>")]
    assert any(re.search(r"<td>waits to receive from endpoint ", t) for t in tables), "threads"
