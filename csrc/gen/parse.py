# SPDX-License-Identifier: BSD-2-Clause
"""Check a whole API description and turn its tables into the structures of spec.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from parse_entries import EntryParser
from spec import KERNELS, Option, Spec

TABLES = ("api", "sizes", "limits", "errors", "lookup_failures", "types", "interfaces")
T = TypeVar("T")


class Parser(EntryParser):
    """Checks one description; every complaint starts with its file name and an entry."""

    def spec(self) -> Spec:
        """Check everything."""
        for table in TABLES:
            if table not in self.raw:
                self.fail(f"[{table}]", "this table is missing")
        for table in ("sizes", "limits", "errors"):
            for name, value in self.raw[table].items():
                self.number(f"[{table}] {name}", value)
        self.types = {n: self.type(n, t) for n, t in self.raw["types"].items()}
        spec = Spec(
            file=self.file,
            raw=self.raw,
            types=self.types,
            methods=self.each("method", self.method),
            syscalls=self.each("syscall", self.syscall),
            objects=self.each("object", self.object),
            faults=self.each("fault", self.fault),
            bitfields=self.each("bitfield", self.bitfield),
            options=self.options(),
        )
        self.features(spec)
        for kernel in KERNELS:
            self.unique("method label", (m.label for m in spec.methods if m.in_kernel(kernel)))
            self.unique("method", (m.key for m in spec.methods if m.in_kernel(kernel)))
            self.unique("syscall", (s.name for s in spec.syscalls if s.in_kernel(kernel)))
            self.unique("object", (o.name for o in spec.objects if o.in_kernel(kernel)))
            self.unique("option", (o.key for o in spec.options if kernel in o.when))
        return spec

    def features(self, spec: Spec) -> None:
        """Refuse features and needs that are no option, and features that are on."""
        values = {o.key: o.value for o in spec.options}
        for entry in (*spec.methods, *spec.syscalls, *spec.objects, *spec.faults):
            feature = entry.feature
            if feature is not None and values.get(feature) is not False:
                self.fail(entry.name, f"the feature '{feature}' is no option that is off")
        for syscall in spec.syscalls:
            for need in syscall.needs:
                if need not in values:
                    self.fail(f"syscall {syscall.name}", f"needs the unknown option '{need}'")

    def each(self, table: str, parse: Callable[[str, dict[str, Any]], T]) -> tuple[T, ...]:
        """Parse every entry of an array of tables."""
        found = []
        for i, entry in enumerate(self.raw.get(table, [])):
            label = entry.get("name") or f"number {i + 1}"
            if table == "method":
                label = f"{entry.get('interface', '?')}_{label}"
            found.append(parse(f"{table} {label}", dict(entry)))
        return tuple(found)

    def options(self) -> tuple[Option, ...]:
        """Parse the tables [options.<header>]."""
        found = []
        for header, table in self.raw.get("options", {}).items():
            for key, entry in table.items():
                found.append(self.option(f"option {key}", header, key, dict(entry)))
        return tuple(found)

    def option(self, at: str, header: str, key: str, entry: dict[str, Any]) -> Option:
        """Parse one line of [options.<header>]."""
        value = entry.pop("value", None)
        if not isinstance(value, (bool, int, str)):
            self.fail(at, f"'value' must be true, false, a number or a string, not {value!r}")
        when = self.when(at, entry)
        made = Option(key, value, when, header, self.take(at, entry, "doc", str))
        self.done(at, entry)
        return made
