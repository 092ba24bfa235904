# SPDX-License-Identifier: BSD-2-Clause
"""Systems from plain data: what is built, and what is said about mistakes."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sel4emu
from sel4emu import CNode, Endpoint, Frame, Machine, Rights, Untyped

Build = Callable[..., Path]

PEER = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sel4/sel4.h>
#include <sel4emu/client.h>
int main(int argc, char **argv)
{
    (void)argc;
    seL4_Word badge;
    volatile seL4_Word *page = (void *)0x20000000;
    if (!strcmp(argv[1], "server")) {
        seL4_Recv(sel4emu_cap("ep"), &badge);
        page[0] = badge;
        seL4_SetMR(0, seL4_GetMR(0) * 2);
        seL4_Reply(seL4_MessageInfo_new(0, 0, 0, 1));
        return 0;
    }
    seL4_SetMR(0, 21);
    seL4_Call(20, seL4_MessageInfo_new(0, 0, 0, 1));
    printf("%lu %lu\\n", seL4_GetMR(0), page[0]);
    return 0;
}
"""


def test_a_system_is_built_and_runs(machine: Machine, compile_client: Build) -> None:
    program = str(compile_client(PEER))
    layout = machine.layout(
        {
            "objects": {"ep": "endpoint", "shared": {"frame": "4K"}},
            "clients": {
                "server": {
                    "path": program,
                    "args": ["server"],
                    "priority": 120,
                    "caps": {"ep": {"cap": "ep", "rights": "r"}},
                    "frames": {"shared": 0x20000000},
                },
                "client": {
                    "path": program,
                    "args": ["client"],
                    "stdout": "pipe",
                    "caps": {20: {"cap": "ep", "badge": 7, "rights": "wg"}},
                    "frames": {"shared": {"at": 0x20000000, "rights": "r"}},
                },
            },
        }
    )
    assert layout.clients["client"].cspace[20].view.badge == 7
    assert layout.clients["server"].tcb.state().priority == 120
    assert layout.start() is layout
    assert layout.wait(10) == {"server": 0, "client": 0}
    assert layout.clients["client"].output(10) == "42 7\n"
    frame = layout["shared"]
    assert isinstance(frame, Frame)
    assert frame.memory[0] == 7
    layout.close()
    machine.check()


def test_objects_of_every_kind_can_be_named(machine: Machine) -> None:
    layout = machine.layout(
        {
            "objects": {
                "ep": "endpoint",
                "n": "notification",
                "t": "tcb",
                "v": "vspace",
                "u": "untyped:1M",
                "f": "frame",
                "g": "frame:2M",
                "c": "cnode:4",
                "d": {"cnode": 5},
                "w": {"untyped": 4096},
            }
        }
    )
    caps = layout.caps
    assert isinstance(caps["ep"], Endpoint)
    assert isinstance(caps["u"], Untyped) and caps["u"].size_bits == 20
    assert isinstance(caps["g"], Frame) and caps["g"].size == 2 << 20
    assert isinstance(caps["d"], CNode) and len(caps["d"]) == 32
    assert machine.cspace["ep"] == caps["ep"]
    with pytest.raises(KeyError, match="no object or client named 'x'"):
        layout["x"]


def test_cnodes_hold_capabilities_and_other_cnodes(machine: Machine) -> None:
    layout = machine.layout(
        {
            "objects": {
                "outer": {"cnode": 4, "caps": {"1": "inner", "2": {"cap": "ep", "badge": 3}}},
                "inner": {"cnode": 4, "caps": {"5": {"cap": "ep", "rights": "r", "name": "in"}}},
                "ep": "endpoint",
            }
        }
    )
    outer = layout.caps["outer"]
    assert isinstance(outer, CNode)
    assert outer[2].view.badge == 3
    tree = str(outer.tree())
    assert "[1] inner: CNode" in tree or "[1] CNode 'inner'" in tree
    inner = layout.caps["inner"]
    assert isinstance(inner, CNode)
    assert inner["in"].view.rights == Rights.READ


def test_a_layout_can_come_from_toml_and_json(machine: Machine) -> None:
    toml = '[objects]\nep = "endpoint"\nbox = { cnode = 4, caps = { 3 = "ep" } }\n'
    description = tomllib.loads(toml)
    for data in (description, json.loads(json.dumps(description))):
        box = machine.layout(data).caps["box"]
        assert isinstance(box, CNode)
        assert box[3].view.kind == "endpoint"


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ([], "layout: a table is needed"),
        ({"object": {}}, r"layout\.object: unknown; there are objects, clients"),
        ({"objects": {"a": "endpiont"}}, r"objects\.a: there is no kind 'endpiont'"),
        ({"objects": {"a": "untyped"}}, r"objects\.a: an untyped needs a size"),
        ({"objects": {"a": "untyped:1X"}}, r"objects\.a: size '1X'"),
        ({"objects": {"a": "frame:8K"}}, r"objects\.a: frames have 4K, 2M or 1G"),
        ({"objects": {"a": {"frame": "4K", "cnode": 3}}}, r"objects\.a: exactly one of the keys"),
        ({"objects": {"a": {"cnode": 99}}}, r"objects\.a: a number from 1 to 0x14"),
        ({"objects": {"a": "endpoint:3"}}, r"objects\.a: endpoint takes no argument"),
        (
            {"objects": {"a": {"cnode": 4, "caps": {"x": "a"}}}},
            r"objects\.a\.caps\.x: .* slot number",
        ),
        ({"objects": {"a": {"cnode": 4, "caps": {"1": "b"}}}}, r"objects\.a\.caps\.1: .*named 'b'"),
        (
            {"objects": {"a": {"cnode": 4, "caps": {"16": "b"}}, "b": "endpoint"}},
            r"objects\.a\.caps\.16: a number from 0 to 0xf",
        ),
        (
            {
                "objects": {
                    "a": {"cnode": 4, "caps": {"1": "b"}},
                    "b": {"cnode": 4, "caps": {"1": "a"}},
                }
            },
            r"would hold itself",
        ),
        ({"clients": {"c": {}}}, r"clients\.c: the key \"path\" is missing"),
        (
            {"clients": {"c": {"path": "x", "prio": 3}}},
            r"clients\.c\.prio: unknown; there are path",
        ),
        ({"clients": {"c": {"path": 3}}}, r"clients\.c\.path: 3 is of the wrong type"),
        ({"clients": {"c": {"path": "x", "priority": True}}}, r"clients\.c\.priority: True"),
        ({"clients": {"c": {"path": "x", "stdout": "tube"}}}, r"clients\.c\.stdout: 'tube'"),
        (
            {"clients": {"c": {"path": "x", "caps": {"e": "ep"}}}},
            r"clients\.c\.caps\.e: .*named 'ep'",
        ),
        (
            {
                "objects": {"e": "endpoint"},
                "clients": {"c": {"path": "x", "caps": {"20": {"cap": "e", "rights": "rz"}}}},
            },
            r"clients\.c\.caps\.20\.rights: .*'Z'",
        ),
        (
            {
                "objects": {"e": "endpoint"},
                "clients": {"c": {"path": "x", "caps": {"20": {"cap": "e", "bagde": 1}}}},
            },
            r"clients\.c\.caps\.20\.bagde: unknown",
        ),
        (
            {
                "objects": {"e": "endpoint"},
                "clients": {"c": {"path": "x", "caps": {"20": "e", "a": {"cap": "e", "slot": 20}}}},
            },
            r"clients\.c\.caps\.a: .*takes slot 20",
        ),
        (
            {"objects": {"e": "endpoint"}, "clients": {"c": {"path": "x", "frames": {"e": 4096}}}},
            r"clients\.c\.frames\.e: 'e' is no frame",
        ),
        (
            {"objects": {"f": "frame"}, "clients": {"c": {"path": "x", "frames": {"f": 4097}}}},
            r"clients\.c\.frames\.f\.at: 0x1001 is not a multiple",
        ),
        (
            {"objects": {"f": "frame"}, "clients": {"c": {"path": "x", "frames": {"f": {}}}}},
            r"clients\.c\.frames\.f: the key \"at\" is missing",
        ),
        (
            {
                "objects": {"n": "notification"},
                "clients": {"c": {"path": "x", "fault_handler": "n"}},
            },
            r"clients\.c\.fault_handler: 'n' is no endpoint",
        ),
        (
            {"objects": {"c": "endpoint"}, "clients": {"c": {"path": "x"}}},
            r"clients\.c: 'c' is the name of an object already",
        ),
    ],
)
def test_mistakes_are_named_with_the_path_of_the_key(
    machine: Machine, description: Any, text: str
) -> None:
    free, slots = machine.buddies.free_bytes(), machine.slots.taken()
    with pytest.raises(sel4emu.LayoutError, match=text):
        machine.layout(description)
    assert (machine.buddies.free_bytes(), machine.slots.taken()) == (free, slots)


def test_a_layout_whose_executable_is_missing_starts_nothing(machine: Machine) -> None:
    with pytest.raises(sel4emu.ExecutableNotFound):
        machine.layout({"clients": {"a": {"path": "/nowhere"}}})
    assert machine.client_count == 0


def test_a_fault_handler_is_given_by_name(machine: Machine, compile_client: Build) -> None:
    program = str(compile_client("int main(void) { *(volatile int *)8 = 1; return 0; }"))
    layout = machine.layout(
        {
            "objects": {"faults": "endpoint"},
            "clients": {"bad": {"path": program, "fault_handler": {"cap": "faults", "badge": 9}}},
        }
    ).start()
    faults = layout.caps["faults"]
    assert isinstance(faults, Endpoint)
    message = faults.recv(timeout=10)
    assert message.badge == 9
    assert message.fault() is not None
    layout.close()
