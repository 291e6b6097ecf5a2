"""Pictures: nothing overlaps, everything is inside its box, text fits, and the drawing is a well-formed SVG."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import Picture, mermaid, picture, read, svg
from dsl.picture import Edge, Node
from dsl.picture.text import width, wrapped
from dsl.picture.tracks import Bundle, tracked
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


class Area(NamedTuple):
    x: float
    y: float
    w: float
    h: float


def _area(node: Node) -> Area:
    return Area(node.x, node.y, node.w, node.h)


def _label_area(edge: Edge) -> Area:
    return Area(edge.label_x - edge.label_w / 2, edge.label_y - 9, edge.label_w, 18)


def _overlap(one: Area, other: Area) -> bool:
    return one.x < other.x + other.w and other.x < one.x + one.w and one.y < other.y + other.h and other.y < one.y + one.h


def _around(area: Area, box: Area) -> bool:
    return box.x <= area.x and box.y + 30 <= area.y and area.x + area.w <= box.x + box.w and area.y + area.h <= box.y + box.h


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
        assert not [(one.id, other.id) for one, other in combinations(siblings, 2) if _overlap(_area(one), _area(other))]
    _assert_labels_apart(drawn)
    for edge in drawn.edges:
        _assert_route(edge, nodes)
    _assert_lines_apart(drawn)


def _assert_labels_apart(drawn: Picture) -> None:
    labelled = [edge for edge in drawn.edges if edge.label]
    for edge in labelled:
        label = _label_area(edge)
        assert label.x >= 0
        assert label.x + label.w <= drawn.width
        assert not [node.id for node in drawn.nodes if _overlap(label, _area(node)) and not (node.box and _around(label, _area(node)))]
    assert not [(one.label, other.label) for one, other in combinations(labelled, 2) if _overlap(_label_area(one), _label_area(other))]


def _assert_route(edge: Edge, nodes: dict[str, Node]) -> None:
    """Only straight lines, from the bottom or right side to the top or right side, through no other node, with room for the arrowhead."""
    source, target = nodes[edge.source], nodes[edge.target]
    lines = list(pairwise(edge.points))
    assert all((x == other_x) != (y == other_y) for (x, y), (other_x, other_y) in lines), edge
    (first_x, first_y), (last_x, last_y) = edge.points[0], edge.points[-1]
    assert abs(first_y - source.y - source.h) <= 1 or (edge.back and abs(first_x - source.x - source.w) <= 1)
    assert source.x <= first_x <= source.x + source.w + 1
    assert abs(last_y - target.y) <= 1 or (edge.back and abs(last_x - target.x - target.w) <= 1)
    assert target.x <= last_x <= target.x + target.w + 1
    (before_x, before_y), _ = lines[-1]
    assert abs(last_x - before_x) + abs(last_y - before_y) >= 28
    for (x, y), (other_x, other_y) in lines:
        line = Area(min(x, other_x), min(y, other_y), max(abs(x - other_x), 0.1), max(abs(y - other_y), 0.1))
        inside = [Area(node.x + 2, node.y + 2, node.w - 4, node.h - 4) for node in nodes.values() if not node.box]
        assert not [area for area in inside if _overlap(line, area)], edge


def _assert_lines_apart(drawn: Picture) -> None:
    """Lines upon each other belong to edges from the same or to the same node."""
    lines = [(edge, one, other) for edge in drawn.edges for one, other in pairwise(edge.points)]
    for (edge, a, b), (other, c, d) in combinations(lines, 2):
        if edge.source == other.source or edge.target == other.target:
            continue
        for along, across in ((0, 1), (1, 0)):
            if a[across] == b[across] == c[across] == d[across]:
                shared = min(max(a[along], b[along]), max(c[along], d[along])) - max(min(a[along], b[along]), min(c[along], d[along]))
                assert shared <= 0, (edge, other)


@pytest.mark.parametrize("data", SAMPLES.values(), ids=SAMPLES.keys())
class TestPicture:
    def test_shows_every_task_between_start_and_end_without_overlaps(self, data: Any) -> None:
        drawn = picture(data)

        assert {"start", "end", *(step.reference for step in steps(data))} <= {node.id for node in drawn.nodes}
        _assert_tidy(drawn)

    def test_text_fits_and_the_tooltip_has_all_of_it(self, data: Any) -> None:
        for node in picture(data).nodes:
            beside = 20 if node.kind in ("start", "end", "exit") else 29
            assert all(width(line, 13 if node.h > 26 else 11, bold=node.h > 26) <= node.w - beside for line in node.lines)
            assert len(node.lines) <= 2
            assert width(node.subtitle, 11) <= node.w - beside
            assert node.tooltip.startswith(node.title.rstrip("…"))
        for edge in picture(data).edges:
            assert width(edge.label, 11) < edge.label_w or not edge.label

    def test_is_well_formed_svg_and_mermaid(self, data: Any) -> None:
        drawn = picture(data)

        root = ElementTree.fromstring(svg(drawn, {node.id: "done" for node in drawn.nodes}))

        assert root.get("width") == f"{drawn.width:g}"
        assert mermaid(data).count("-->") + mermaid(data).count("-.->") == len(drawn.edges)

    def test_is_the_same_every_time(self, data: Any) -> None:
        assert picture(data).to_json() == picture(data).to_json()


class TestTexts:
    def test_a_title_takes_two_lines_before_it_is_cut(self) -> None:
        title = "Write every changed article to the web shop and tell everybody who cares about it"
        long = picture(a_workflow({"x": {"wait": "PT1S", "metadata": {"title": title}}})).nodes[1]
        short = picture(a_workflow({"x": {"wait": "PT1S", "metadata": {"title": "Rest"}}})).nodes[1]

        assert len(long.lines) == 2
        assert long.title.endswith("…")
        assert long.to_json()["title_lines"] == list(long.lines)
        assert (long.tooltip, short.lines) == (f"{title}: Wait 1 second", ("Rest",))
        assert (short.w, short.h, long.h) == (260, 52, 69)

    @pytest.mark.parametrize(
        ("task", "subtitle"),
        [
            ({"call": "http", "with": {"method": "get", "endpoint": "https://api.example.com/v1/orders"}},
             "Fetch api.example.com/v1/orders"),
            ({"call": "http", "with": {"method": "get", "endpoint": "https://api.example.com/a-very-long-part/v1/customers/orders"}},
             "Fetch …/v1/customers/orders"),
            ({"call": "http", "with": {"method": "post", "endpoint": '${ $context.services.reports + "/report" }', "body": "${ {a: .b} }"}},
             "Post to …/report"),
            ({"call": "http", "with": {"method": "put", "endpoint": "${ .url | weird }"}}, "Put data to an address"),
            ({"set": {"total": "${ .a | weird(.b) }"}}, "Prepare data"),
            ({"set": {"dueDate": 1, "b": "${ .a | weird }"}}, "Set dueDate and b"),
            ({"set": "${ .orders | map(select(.total > 100)) }"}, "Keep the orders where total is above 100"),
            ({"call": "http", "if": ".dueDate != null", "with": {"method": "get", "endpoint": "https://example.com"}},
             "if dueDate is set: Fetch example.com"),
            ({"call": "http", "if": ".a | weird", "with": {"method": "get", "endpoint": "https://example.com/orders"}},
             "only if a condition holds"),
            ({"run": {"workflow": {"namespace": "customers", "name": "create-their-workspace", "version": "1.0.0"}}},
             "Run …/create-their-workspace 1.0.0"),
            ({"listen": {"to": {"one": {"with": {"type": "com.example.incident.somewhere.acknowledged"}}}}},
             "Wait for …somewhere.acknowledged"),
        ],
    )  # fmt: skip
    def test_a_subtitle_has_no_jq_and_keeps_the_end_of_an_address(self, task: dict[str, Any], subtitle: str) -> None:
        assert picture(a_workflow({"x": task})).nodes[1].subtitle == subtitle

    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            ("", ("",)),
            ("one", ("one",)),
            ("one two three", ("one two", "three")),
            ("a" * 30, ("aaaaaaaa", "aaaaaaa…")),
            ("漢字漢字漢字", ("漢字漢字漢", "字")),
        ],
    )
    def test_texts_are_wrapped_at_words_and_else_anywhere(self, text: str, lines: tuple[str, ...]) -> None:
        assert wrapped(text, 75, 13) == lines


def test_of_lines_that_would_lie_upon_each_other_one_turns_away_first() -> None:
    left, right, apart = Bundle(100, {1: 200}), Bundle(200, {2: 300}), Bundle(400, {3: 500})

    assert tracked([left, right, apart]) == 2
    assert (right.track, left.track, apart.track) == (0, 1, 0)


def test_lines_may_meet_above_the_box_they_lead_to() -> None:
    left, right = Bundle(100, {1: 200}), Bundle(300, {1: 200})

    assert tracked([left, right]) == 1


@pytest.mark.parametrize(("count", "width", "height"), [(3, 300, 450), (60, 300, 5_500)])
def test_a_plain_sequence_is_as_wide_as_one_node(count: int, width: float, height: float) -> None:
    drawn = picture(a_workflow(*(wait(f"step{number}") for number in range(count))))

    assert (drawn.width, drawn.height) <= (width, height)


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
                task: dict[str, Any] = {
                    "switch": [
                        {f"c{n}": {"when": draw(st.sampled_from([".x", ".total > 100", ".a | weird"])), "then": draw(then)}}
                        for n in range(draw(st.integers(1, 3)))
                    ]
                }
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
