"""Pictures: nothing overlaps, everything is inside its box, text fits, and the drawing is a well-formed SVG."""

from __future__ import annotations

import time
from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import Picture, mermaid, picture, read, svg
from dsl.picture import Node
from dsl.walk import steps
from tests.unit.dsl.definitions import DATA, a_workflow, choose, get, post, put, wait


def _loop(name: str, *tasks: dict[str, Any]) -> dict[str, Any]:
    return {name: {"for": {"in": ".items"}, "do": list(tasks)}}


def _large() -> dict[str, Any]:
    tasks: list[dict[str, Any]] = []
    for number in range(12):
        cases = (
            ("big", f".amount > {number}", f"store{number}"),
            ("old", '.kind == "old"', f"skip{number}"),
            ("again", None, f"load{number}"),
        )
        inner = choose("route", ("out", "$item.done", "exit"), ("stop", "$item.bad", "end"))
        tasks += [get(f"load{number}"), choose(f"pick{number}", *cases), post(f"store{number}"), put(f"skip{number}", {"a": 1})]
        tasks += [_loop(f"loop{number}", wait("rest"), inner, wait("more"))]
    return a_workflow(*tasks)


SAMPLES = {path.stem: read(path.read_text()).data for path in sorted((DATA / "valid").glob("*.yaml"))} | {
    "sixty tasks and more": _large(),
    "empty": a_workflow(),
    "three": a_workflow(wait("a"), wait("b"), wait("c")),
}


def _overlap(one: Node, other: Node) -> bool:
    return one.x < other.x + other.w and other.x < one.x + one.w and one.y < other.y + other.h and other.y < one.y + one.h


def _assert_tidy(drawn: Picture) -> None:
    nodes = {node.id: node for node in drawn.nodes}
    assert len(nodes) == len(drawn.nodes)
    for node in drawn.nodes:
        assert node.x >= 0
        assert node.y >= 0
        assert node.x + node.w <= drawn.width
        assert node.y + node.h <= drawn.height
        box = nodes.get(node.parent)
        if box:
            assert box.box
            assert box.x < node.x
            assert box.y < node.y
            assert node.x + node.w < box.x + box.w
            assert node.y + node.h < box.y + box.h
    by_parent: dict[str, list[Node]] = {}
    for node in drawn.nodes:
        by_parent.setdefault(node.parent, []).append(node)
    for siblings in by_parent.values():
        assert not [(one.id, other.id) for one, other in combinations(siblings, 2) if _overlap(one, other)]
    for edge in drawn.edges:
        first, last = edge.points[0], edge.points[-1]
        source, target = nodes[edge.source], nodes[edge.target]
        assert source.x <= first[0] <= source.x + source.w
        assert abs(first[1] - source.y - source.h) <= 1
        assert target.x <= last[0] <= target.x + target.w
        assert abs(last[1] - target.y) <= 1


@pytest.mark.parametrize("data", SAMPLES.values(), ids=SAMPLES.keys())
class TestPicture:
    def test_shows_every_task_between_start_and_end_without_overlaps(self, data: Any) -> None:
        drawn = picture(data)

        assert {"start", "end", *(step.reference for step in steps(data))} <= {node.id for node in drawn.nodes}
        _assert_tidy(drawn)

    def test_text_fits_and_the_tooltip_has_all_of_it(self, data: Any) -> None:
        for node in picture(data).nodes:
            assert len(node.title) * 7.8 <= node.w - (20 if node.subtitle else 0)
            assert len(node.subtitle) * 6.7 <= node.w - 20
            assert node.to_json()["tooltip"].startswith(node.title.rstrip("…"))

    def test_is_well_formed_svg_and_mermaid(self, data: Any) -> None:
        drawn = picture(data)

        root = ElementTree.fromstring(svg(drawn, {node.id: "done" for node in drawn.nodes}))

        assert root.get("width") == f"{drawn.width:g}"
        assert mermaid(data).count("-->") + mermaid(data).count("-.->") == len(drawn.edges)

    def test_is_the_same_every_time(self, data: Any) -> None:
        assert picture(data).to_json() == picture(data).to_json()


def test_a_large_picture_takes_less_than_a_tenth_of_a_second() -> None:
    started = time.perf_counter()
    picture(SAMPLES["sixty tasks and more"])

    assert time.perf_counter() - started < 0.5  # the aim is 0.1 s; the rest is a busy machine


def test_cases_are_labelled_and_what_leads_back_is_marked() -> None:
    drawn = picture(SAMPLES["loop-until-ready"])

    told = {(edge.source, edge.target): (edge.label, edge.back) for edge in drawn.edges}

    assert told == {
        ("start", "/do/0/poll"): ("", False),
        ("/do/0/poll", "/do/1/ready"): ("", False),
        ("/do/1/ready", "end"): ('state is "done"', False),
        ("/do/1/ready", "/do/3/stop"): ('state is "failed"', False),
        ("/do/1/ready", "/do/2/rest"): ("otherwise", False),
        ("/do/2/rest", "/do/0/poll"): ("", True),
    }


def test_branches_stand_side_by_side_in_their_box() -> None:
    drawn = picture(a_workflow({"both": {"fork": {"branches": [wait("A"), wait("B"), wait("C")]}}}))

    branches = [node for node in drawn.nodes if node.parent == "/do/0/both"]

    assert len({node.y for node in branches}) == 1
    assert [node.id.rpartition("/")[2] for node in sorted(branches, key=lambda node: node.x)] == ["A", "B", "C"]


def test_states_are_drawn_and_unknown_ones_are_not() -> None:
    drawn = picture(a_workflow(wait("a"), wait("b")))

    text = svg(drawn, {"/do/0/a": {"status": "running"}, "/do/1/b": 'x" onload="alert(1)'})

    assert 'class="n running"' in text
    assert "alert" not in text


def test_names_from_the_definition_cannot_become_markup() -> None:
    data = a_workflow({'<script>"&': {"set": {"a": "</text>"}, "metadata": {"title": "<b onclick=x>"}}})

    assert "<script" not in svg(picture(data))
    assert "<b " not in svg(picture(data))
    assert "<" not in mermaid(data)


NAMES = "abcdefgh"


@st.composite
def _lists(draw: st.DrawFn, depth: int = 2) -> list[dict[str, Any]]:
    count = draw(st.integers(1, 5))
    tasks = []
    for name in NAMES[:count]:
        kind = draw(st.sampled_from(["wait", "switch", "raise"] + (["for", "fork", "try"] if depth else [])))
        then = st.sampled_from([*NAMES[:count], "end", "exit", "continue"])
        match kind:
            case "switch":
                task: dict[str, Any] = {"switch": [{f"c{n}": {"when": ".x", "then": draw(then)}} for n in range(draw(st.integers(1, 3)))]}
            case "raise":
                task = {"raise": {"error": "x"}}
            case "for":
                task = {"for": {"in": ".x"}, "do": draw(_lists(depth=depth - 1))}
            case "fork":
                task = {"fork": {"branches": draw(_lists(depth=depth - 1))}}
            case "try":
                task = {"try": draw(_lists(depth=depth - 1)), "catch": {"do": draw(_lists(depth=depth - 1))}}
            case _:
                task = {"wait": "PT1S"}
        if draw(st.booleans()):
            task["then"] = draw(then)
        tasks.append({name: task})
    return tasks


@settings(max_examples=60, deadline=None)
@given(tasks=_lists())
def test_any_definition_gives_a_tidy_picture(tasks: list[dict[str, Any]]) -> None:
    _assert_tidy(picture(a_workflow(*tasks)))
