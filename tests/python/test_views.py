# SPDX-License-Identifier: BSD-2-Clause
"""What inspection shows: text for people, plain data for programs, pictures for notebooks."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from sel4emu import TCB, Machine, VSpace
from sel4emu.draw import Node, Table, Tree, svg_tree


def test_a_tree_is_drawn_with_box_characters() -> None:
    root = Node("root")
    first = root.add("first")
    first.add("below")
    root.add("last")
    assert str(Tree(root)) == "root\n├── first\n│   └── below\n└── last"


def test_a_tree_is_plain_data() -> None:
    root = Node("root")
    root.add("child", {"x": 1})
    assert Tree(root).as_dict() == {"label": "root", "children": [{"label": "child", "x": 1}]}
    assert [n.label for n in Tree(root).find("chi")] == ["child"]


def test_the_picture_of_a_tree_is_valid_svg_with_every_label() -> None:
    root = Node("a < b & c")
    root.add('"quoted"').add("deep")
    picture = ElementTree.fromstring(svg_tree(root))
    texts = [e.text for e in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["a < b & c", '"quoted"', "deep"]
    assert len(list(picture.iter("{http://www.w3.org/2000/svg}path"))) == 2


def test_a_table_is_aligned_and_escaped() -> None:
    table = Table(["name", "n"], [["long name", "1"], ["<x>", "22"]])
    assert str(table) == "name       n\nlong name  1\n<x>        22"
    assert "<td>&lt;x&gt;</td>" in table.mimebundle()["text/html"]


def test_notebooks_get_a_picture_or_a_table(machine: Machine) -> None:
    for shown in (machine, machine.cdt(), machine.cspace.tree()):
        bundle = shown._repr_mimebundle_()
        assert set(bundle) == {"image/svg+xml", "text/html", "text/plain"}
    for table in (machine.threads(), machine.untypeds(), machine.trace()):
        assert set(table._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_very_large_trees_are_text_only() -> None:
    root = Node("root")
    for i in range(1000):
        root.add(str(i))
    assert "image/svg+xml" not in Tree(root).mimebundle()


def test_everything_is_plain_data_that_json_takes(machine: Machine) -> None:
    machine.endpoint("ep").mint(5)
    views = [
        machine.cspace.tree(),
        machine.cdt(),
        machine.threads(),
        machine.untypeds(),
        machine.trace(),
        machine.endpoint("x").queue(),
        machine.notification("n").state(),
        machine.inspector.machine(),
    ]
    for view in views:
        assert json.loads(json.dumps(view.as_dict()))


def test_the_derivation_tree_shows_who_derives_from_whom(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    badged = endpoint.mint(5, name="five")
    badged.copy(name="copy")
    endpoint.copy(name="plain")
    (node,) = machine.cdt().find(f"cspace[{endpoint.slot}] ep")
    assert [c.label for c in node.children] == [
        f"endpoint 'ep' RWGP in cspace[{endpoint.slot + 3}] plain",
        f"endpoint 'ep' badge 0x5 RWGP in cspace[{badged.slot}] five",
    ]
    assert len(node.children[1].children) == 1


def test_slots_of_threads_and_cnodes_are_named(machine: Machine) -> None:
    box = machine.cnode(4, "box")
    machine.endpoint("ep").copy(into=box.at(3), name="inside")
    tcb, vspace = machine.tcb("worker"), machine.vspace("space")
    assert isinstance(tcb, TCB) and isinstance(vspace, VSpace)
    tcb.configure(cspace=box, vspace=vspace)
    text = str(machine.cdt())
    assert "in 'box'[3] inside" in text
    assert "in TCB 'worker': CSpace" in text
    assert "in TCB 'worker': VSpace" in text


def test_device_memory_is_folded(machine: Machine) -> None:
    assert "untypeds of devices" in str(machine.cspace.tree())
    assert str(machine.cdt()).count("device") == 1


def test_a_cspace_that_holds_itself_is_shown_once(machine: Machine) -> None:
    box = machine.cnode(4, "box")
    box.copy(into=box.at(1))
    text = str(box.tree())
    assert text.count("\n") == 1


def test_a_machine_at_a_glance(machine: Machine) -> None:
    text = str(machine.inspector.machine())
    assert text.startswith("machine: classic kernel, 64M of memory")
    assert "'python' is Python" in text


def test_the_trace_shows_errors_and_reasons(machine: Machine) -> None:
    endpoint = machine.endpoint("ep").mint(1)
    with pytest.raises(Exception, match="badge"):
        endpoint.mint(2)
    record = machine.trace(1)[0]
    assert record.error == "IllegalOperation"
    assert record.reason == "CAP_DATA_ENDPOINT"
    assert "seL4_CNode_Mint" in str(record)


def test_messages_are_no_methods(machine: Machine) -> None:
    machine.endpoint("ep").nbsend(label=7)
    record = machine.trace(1)[0]
    assert (record.syscall, record.method) == ("NBSend", "")
    assert "label 0x7" in record.what()


def test_what_derives_from_one_capability_is_a_tree_of_its_own(machine: Machine) -> None:
    endpoint = machine.endpoint("ep")
    badged = endpoint.mint(5, name="five")
    badged.copy(name="copy")
    assert str(endpoint.cdt()).splitlines() == [
        f"endpoint 'ep' RWGP in cspace[{endpoint.slot}] ep",
        f"└── endpoint 'ep' badge 0x5 RWGP in cspace[{badged.slot}] five",
        f"    └── endpoint 'ep' badge 0x5 RWGP in cspace[{badged.slot + 1}] copy",
    ]


def test_an_untyped_does_not_name_what_is_made_from_it(machine: Machine) -> None:
    untyped = machine.untyped("4K", "pool")
    made = untyped.retype("Endpoint", name="first")
    assert made.object == untyped.object
    assert made.view.name == ""
    assert str(untyped.view) == f"[{untyped.slot}] pool: {untyped.view.what()}"
