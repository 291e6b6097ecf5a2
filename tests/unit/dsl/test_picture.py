"""Pictures: nothing overlaps, everything is inside its box, text fits, and the drawing is a well-formed SVG."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import mermaid, picture, read, svg
from dsl.picture.text import wrapped
from dsl.picture.tracks import Bundle, tracked
from dsl.walk import steps
from tests.unit.dsl.definitions import DATA, a_workflow, choose, get, post, put, wait
from tests.unit.dsl.tidy import assert_tidy


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


@pytest.mark.parametrize("data", SAMPLES.values(), ids=SAMPLES.keys())
class TestPicture:
    def test_shows_every_task_between_start_and_end_without_overlaps(self, data: Any) -> None:
        drawn = picture(data)

        assert {"start", *(step.reference for step in steps(data))} <= {node.id for node in drawn.nodes}
        assert ("end" in {node.id for node in drawn.nodes}) == ("end" in {edge.target for edge in drawn.edges})
        assert_tidy(drawn)

    def test_the_tooltip_has_all_of_a_title(self, data: Any) -> None:
        assert all(node.tooltip.startswith(node.title.rstrip("…")) for node in picture(data).nodes)

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
        assert (short.w, short.h, long.h) == (280, 52, 69)

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
            ({"set": "${ .orders | map(select(.total > 100)) }"}, "Keep the orders where total is above…"),
            ({"call": "http", "if": ".dueDate != null", "with": {"method": "get", "endpoint": "https://example.com"}},
             "Fetch example.com"),
            ({"call": "http", "if": ".a | weird", "with": {"method": "get", "endpoint": "https://example.com/orders"}},
             "Fetch example.com/orders"),
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


@pytest.mark.parametrize(("count", "width", "height"), [(3, 320, 450), (60, 320, 5_500)])
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

    branches = [node for node in drawn.nodes if node.parent == "/do/0/both" and node.kind != "join"]

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
    assert "<" not in mermaid(data).replace("<br/>", "")


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
    assert_tidy(picture(a_workflow(*tasks)))
