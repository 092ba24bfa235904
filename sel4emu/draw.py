# SPDX-License-Identifier: BSD-2-Clause
"""Trees and tables as text, HTML and SVG; nothing here knows what seL4 is.

Notebooks show SVG or HTML, terminals text, rich its own. No program is needed for any of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table as RichTable
    from rich.tree import Tree as RichTree

CHARACTER = 7.3  # width of one in the SVG's font
LINE = 20
INDENT = 22
LONGEST_SVG = 400  # lines; beyond, text is more use than a picture


class Display:
    """What shows itself in notebooks."""

    def mimebundle(self) -> dict[str, str]:
        """Return the forms that it has, by MIME type."""
        return {"text/plain": str(self)}

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return self.mimebundle()


@dataclass
class Node:
    """A node of a tree: a line of text, what it stands for, and what is below."""

    label: str
    data: Mapping[str, Any] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    def add(self, label: str, data: Mapping[str, Any] | None = None) -> Node:
        """Add a node below."""
        child = Node(label, data or {})
        self.children.append(child)
        return child

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        found: dict[str, Any] = {"label": self.label, **self.data}
        if self.children:
            found["children"] = [c.as_dict() for c in self.children]
        return found

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Node]]:
        """Yield depth and node, parents first."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


class Tree(Display):
    """A tree; `str()` draws it with box characters."""

    def __init__(self, root: Node) -> None:
        self.root = root

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return self.root.as_dict()

    def __str__(self) -> str:
        return "\n".join([self.root.label, *_branches(self.root, "")])

    def __repr__(self) -> str:
        return str(self)

    def __iter__(self) -> Iterator[tuple[int, Node]]:
        return self.root.walk()

    def find(self, text: str) -> list[Node]:
        """Return the nodes whose line contains a text."""
        return [node for _, node in self.root.walk() if text in node.label]

    def svg(self) -> str:
        """Return it as a picture."""
        return svg_tree(self.root)

    def mimebundle(self) -> dict[str, str]:
        """Return picture, HTML and text."""
        text = str(self)
        bundle = {"text/html": f"<pre>{escape(text)}</pre>", "text/plain": text}
        if text.count("\n") < LONGEST_SVG:
            bundle["image/svg+xml"] = self.svg()
        return bundle

    def __rich__(self) -> RichTree:
        from rich.text import Text
        from rich.tree import Tree as RichTree

        def fill(rich: RichTree, node: Node) -> RichTree:
            for child in node.children:
                fill(rich.add(Text(child.label)), child)
            return rich

        return fill(RichTree(Text(self.root.label)), self.root)


def _branches(node: Node, prefix: str) -> Iterator[str]:
    for i, child in enumerate(node.children):
        last = i == len(node.children) - 1
        yield f"{prefix}{'└── ' if last else '├── '}{child.label}"
        yield from _branches(child, prefix + ("    " if last else "│   "))


def svg_tree(root: Node) -> str:
    """Draw a tree: one line of text for each node, indented below its parent."""
    rows = list(root.walk())
    width = max(INDENT * depth + CHARACTER * len(node.label) for depth, node in rows) + 24
    height = LINE * len(rows) + 8
    places: dict[int, tuple[int, int]] = {}
    parts = []
    for row, (depth, node) in enumerate(rows):
        x, y = 8 + INDENT * depth, LINE * row + 18
        places[id(node)] = (x, y)
        parts.append(f'<text x="{x}" y="{y}">{escape(node.label)}</text>')
    for _, node in rows:
        x, y = places[id(node)]
        for child in node.children:
            below, level = places[id(child)]
            parts.append(f'<path d="M{x + 4} {y + 4}V{level - 4}H{below - 3}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}"><style>text{{font:12px monospace;fill:#222}}'
        f'path{{fill:none;stroke:#999}}</style><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(parts)}</svg>"
    )


class Table(Display):
    """Rows of plain values under headings."""

    def __init__(
        self, columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = ""
    ) -> None:
        self.columns = list(columns)
        self.rows = [list(r) for r in rows]
        self.title = title

    def __str__(self) -> str:
        return text_table(self.columns, self.rows)

    def __repr__(self) -> str:
        return str(self)

    def mimebundle(self) -> dict[str, str]:
        """Return HTML and text."""
        return {"text/html": html_table(self.columns, self.rows), "text/plain": str(self)}

    def __rich__(self) -> RichTable:
        from rich.table import Table as RichTable
        from rich.text import Text

        rich = RichTable(title=self.title or None)
        for column in self.columns:
            rich.add_column(column)
        for row in self.rows:
            rich.add_row(*(Text(cell) for cell in row))
        return rich


def text_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align columns; two blanks between them."""
    widths = [max(len(str(line[i])) for line in (columns, *rows)) for i in range(len(columns))]
    lines = (
        "  ".join(f"{cell:<{w}}" for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in (columns, *rows)
    )
    return "\n".join(lines)


def html_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table for a notebook."""
    head = "".join(f"<th>{escape(c)}</th>" for c in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
