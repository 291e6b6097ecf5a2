"""Pictures of every construct: what each shows, random definitions of all kinds drawn tidily, and what is told as a number."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import Picture, mermaid, picture, svg
from dsl.picture import Node
from dsl.picture.drawing import style
from dsl.picture.icons import HUES, ICONS
from dsl.picture.painter import MOST_BRANCHES, MOST_DEPTH, MOST_STEPS, MOST_TASKS
from dsl.picture.ways import FAR, MOST_WAYS
from dsl.walk import steps
from tests.unit.dsl.definitions import a_workflow, choose, get, put, wait
from tests.unit.dsl.tidy import assert_tidy

EVENT = {"with": {"type": "com.example.a", "source": "https://example.com"}}
CALLS = {
    "http": {"method": "get", "endpoint": "https://example.com/{id}"},
    "grpc": {"proto": {"endpoint": "file://greet.proto"}, "service": {"name": "Greeter", "host": "localhost"}, "method": "Hello"},
    "openapi": {"document": {"endpoint": "https://example.com/openapi.json"}, "operationId": "findPets"},
    "asyncapi": {"document": {"endpoint": "https://example.com/asyncapi.json"}, "operation": "news", "message": {"payload": {}}},
    "a2a": {"method": "message/send", "server": {"endpoint": "https://agent.example.com"}},
    "mcp": {"method": "tools/call", "parameters": {"name": "search"}, "transport": {"http": {"endpoint": "https://mcp.example.com"}}},
    "own": {"id": 1},
    "approve:1.0.0@default": {"title": "Go on?", "assignee": "anna"},
    "notify:1.0.0@default": {"text": "Done"},
}
LISTENED = [
    {"one": EVENT},
    {"any": [EVENT, EVENT]},
    {"all": [EVENT, EVENT]},
    {"any": [], "until": ".a"},
    {"any": [EVENT], "until": {"one": EVENT}},
]
RUNS = [
    {"container": {"image": "hello-world"}},
    {"script": {"language": "javascript", "code": "1"}},
    {"shell": {"command": "ls"}, "await": False},
    {"workflow": {"namespace": "a", "name": "b", "version": "1.0.0"}, "await": False},
]
RETRY = {"delay": "PT3S", "limit": {"attempt": {"count": 4}}}


def _nodes(*tasks: dict[str, Any], **parts: Any) -> dict[str, Node]:
    return {node.id: node for node in picture(a_workflow(*tasks, **parts)).nodes}


def _badges(*tasks: dict[str, Any], **parts: Any) -> list[tuple[str, str]]:
    return [(badge.kind, badge.text) for badge in _nodes(*tasks, **parts)["/do/0/x"].badges]


def _ways(drawn: Picture, kind: str) -> list[tuple[str, str, str]]:
    return [(edge.source, edge.target, edge.label) for edge in drawn.edges if edge.kind == kind]


class TestIcons:
    @pytest.mark.parametrize(
        ("task", "icon", "function"),
        [
            *(({"call": name, "with": arguments}, name, name) for name, arguments in CALLS.items() if name in ICONS),
            ({"call": "own", "with": {}}, "function", "own"),
            ({"call": "approve:1.0.0@default", "with": {"title": "?"}}, "approve", "approve"),
            ({"call": "ask:2.0.0@other", "with": {}}, "ask", "ask"),
            ({"call": "raise", "with": {}}, "function", "raise"),
            *(({"run": run}, next(iter(run)), "") for run in RUNS),
            ({"listen": {"to": {"one": EVENT}}}, "listen", ""),
            ({"emit": {"event": EVENT}}, "emit", ""),
            ({"set": {"a": 1}}, "set", ""),
            ({"nonsense": 1}, "unknown", ""),
        ],
    )
    def test_a_task_has_the_icon_of_what_it_does(self, task: dict[str, Any], icon: str, function: str) -> None:
        node = _nodes({"x": task})["/do/0/x"]

        assert (node.icon, node.function) == (icon, function)
        assert node.to_json()["function"] == function

    def test_every_icon_is_drawn_in_its_square(self) -> None:
        for name, path in ICONS.items():
            assert re.fullmatch(r"M[-MmLlHhVvCcSsQqAaZz\d. ]+", path), name
            assert all(float(number) <= 16 for number in re.findall(r"\d*\.?\d+", path)), name
        assert set(HUES) <= set(ICONS)

    def test_people_and_machines_are_told_apart(self) -> None:
        assert HUES["approve"] == HUES["ask"]
        assert len({HUES["approve"], HUES["notify"], HUES["summarize"], HUES["wait"], HUES["raise"], HUES["emit"]}) == 6


class TestBadges:
    def test_a_condition_and_a_time_limit(self) -> None:
        task = {"call": "http", "with": CALLS["http"], "if": ".amount > 100", "timeout": {"after": "PT5M"}}

        assert _badges({"x": task}) == [("if", "if the amount is above 100"), ("timeout", "at most 5 minutes")]

    def test_a_declared_time_limit(self) -> None:
        assert _badges({"x": {"wait": "PT1S", "timeout": "short"}}, use={"timeouts": {"short": {"after": {"seconds": 9}}}}) == [
            ("timeout", "at most 9 seconds")
        ]

    def test_what_is_not_waited_for(self) -> None:
        assert _badges({"x": {"run": RUNS[2]}}) == [("background", "goes on at once")]

    def test_what_extensions_put_around_it(self) -> None:
        around = [
            {"logging": {"extend": "all", "before": [wait("a")], "after": [wait("b")]}},
            {"mockService": {"extend": "call", "when": ".a > 1", "before": [wait("a")]}},
            {"other": {"extend": "run", "after": [wait("a")]}},
        ]

        assert _badges(get("x"), use={"extensions": around}) == [("around", "around: logging"), ("before", "before: mock service")]

    @pytest.mark.parametrize(
        ("task", "text"),
        [
            ({"listen": {"to": {"any": [], "until": ".done"}}}, "until done is true"),
            ({"listen": {"to": {"any": [], "until": {"one": EVENT}}}}, "until com.example.a"),
            ({"call": "asyncapi", "with": {"subscription": {"consume": {"amount": 5}}}}, "5 messages"),
            ({"call": "asyncapi", "with": {"subscription": {"consume": {"for": "PT10S"}}}}, "for 10 seconds"),
            ({"call": "asyncapi", "with": {"subscription": {"consume": {"while": ".open"}}}}, "while open is true"),
        ],
    )
    def test_how_long_it_listens(self, task: dict[str, Any], text: str) -> None:
        assert _badges({"x": task}) == [("until", text)]

    def test_how_it_is_undone(self) -> None:
        undo = {"metadata": {"parley": {"compensate": [get("giveBack"), {"tell": {"set": {}, "metadata": {"title": "Tell her"}}}]}}}

        assert _badges(get("x", **undo)) == [("compensate", "undo: give back and Tell her")]


class TestScopes:
    def test_a_loop_leads_back_to_its_first_task(self) -> None:
        drawn = picture(a_workflow({"x": {"for": {"in": ".orders", "each": "order"}, "do": [wait("a"), wait("b")]}}))

        assert _ways(drawn, "loop") == [("/do/0/x/do/1/b", "/do/0/x/do/0/a", "next order")]

    def test_several_ways_out_of_a_loop_meet_before_the_next_item(self) -> None:
        drawn = picture(a_workflow({"x": {"for": {"in": ".orders"}, "do": [choose("a", ("c", ".x", "exit")), wait("b")]}}))

        assert _ways(drawn, "loop") == [("/do/0/x/do/exit", "/do/0/x/do/0/a", "")]
        assert next(node.title for node in drawn.nodes if node.kind == "exit") == "next item"

    @pytest.mark.parametrize(
        ("task", "label"),
        [
            ({"listen": {"to": {"any": []}}, "foreach": {"do": [wait("a")]}}, "next event"),
            ({"call": "asyncapi", "with": {"subscription": {"foreach": {"do": [wait("a")]}}}}, "next message"),
        ],
    )
    def test_what_is_done_for_each_event_stands_in_a_box(self, task: dict[str, Any], label: str) -> None:
        drawn = picture(a_workflow({"x": task}))

        [(source, target, told)] = _ways(drawn, "loop")
        assert source == target
        assert told == label
        assert next(node for node in drawn.nodes if node.id == source).parent == "/do/0/x"

    def test_a_single_task_is_tried_again_and_then_given_up(self) -> None:
        drawn = picture(a_workflow({"x": {"try": [wait("a")], "catch": {"retry": RETRY, "do": [wait("b")]}}}))

        assert _ways(drawn, "retry") == [("/do/0/x/try/0/a", "/do/0/x/try/0/a", "up to 5 tries, 3 seconds apart")]
        assert _ways(drawn, "fails") == [("/do/0/x/try/0/a", "/do/0/x/catch/do", "")]

    def test_several_tasks_are_tried_together(self) -> None:
        drawn = picture(a_workflow({"x": {"try": [wait("a"), wait("b")], "catch": {"retry": "often"}}}, use={"retries": {"often": {}}}))

        assert _ways(drawn, "retry") == [("/do/0/x/try", "/do/0/x/try", "again and again")]
        assert next(node for node in drawn.nodes if node.id == "/do/0/x/try/0/a").parent == "/do/0/x/try"

    def test_branches_meet_at_a_bar_that_says_which_one_counts(self) -> None:
        told = []
        for compete in (True, False):
            drawn = picture(a_workflow({"x": {"fork": {"branches": [wait("a"), wait("b")], "compete": compete}}}))
            told += [node.title for node in drawn.nodes if node.kind == "join"]
            assert {edge.source for edge in drawn.edges if edge.target.endswith("/join")} == {
                "/do/0/x/fork/branches/0/a",
                "/do/0/x/fork/branches/1/b",
            }

        assert told == ["The first one wins", "When all are done"]

    def test_every_trigger_is_a_pill_of_its_own(self) -> None:
        drawn = picture(a_workflow(wait("a"), schedule={"cron": "0 9 * * *", "on": {"one": EVENT}}))

        assert [(node.id, node.icon, node.y) for node in drawn.nodes if node.kind == "start"] == [
            ("start", "clock", 20),
            ("start/1", "event", 20),
        ]
        assert {(edge.source, edge.target) for edge in drawn.edges} >= {("start", "/do/0/a"), ("start/1", "/do/0/a")}

    def test_what_use_declares_stands_in_lanes_of_its_own(self) -> None:
        use = {
            "functions": {"own": get("x")["x"]},
            "extensions": [{"log": {"extend": "call", "before": [put("mock", {"a": 1}, then="exit")]}}],
        }
        drawn = picture(a_workflow({"x": {"call": "own", "with": {}}}, use=use))

        places = {lane.title: [node.id for node in drawn.nodes if lane.x <= node.x < lane.x + lane.w] for lane in drawn.lanes}

        assert list(places) == ["", "Own functions", "Around other tasks"]
        assert places["Own functions"] == ["/use/functions/own"]
        assert "/use/extensions/0/log/before" in places["Around other tasks"]
        assert drawn.lanes[0].to_json()["id"] == "/do"

    def test_a_workflow_that_only_fails_has_no_end(self) -> None:
        assert "end" not in _nodes({"x": {"raise": {"error": "x"}}})

    def test_the_whole_time_limit_is_told_at_the_end(self) -> None:
        assert _nodes(wait("a"), timeout={"after": "PT2H"})["end"].title == "End, after at most 2 hours"


class TestLimits:
    """What would be too much to look at is told as a number."""

    def test_thirty_branches_are_all_drawn_in_rows(self) -> None:
        drawn = picture(a_workflow({"x": {"fork": {"branches": [wait(f"b{number}") for number in range(30)]}}}))

        branches = [node for node in drawn.nodes if node.kind == "wait"]
        assert len(branches) == 30
        assert 3 <= len({node.x for node in branches}) <= 6
        assert drawn.width < 2_000
        assert_tidy(drawn)

    def test_of_ten_thousand_branches_few_are_drawn(self) -> None:
        drawn = picture(a_workflow({"x": {"fork": {"branches": [wait(f"b{number}") for number in range(10_000)]}}}))

        assert [node.title for node in drawn.nodes if node.kind == "more"] == [f"… and {10_000 - MOST_BRANCHES + 1:,} more"]
        assert len(drawn.nodes) < MOST_BRANCHES + 5

    def test_of_a_long_list_the_first_tasks_are_drawn(self) -> None:
        drawn = picture(a_workflow(*(wait(f"s{number}") for number in range(MOST_STEPS + 50))))

        assert [node.title for node in drawn.nodes if node.kind == "more"] == ["… and 51 more"]
        assert [(edge.source, edge.target) for edge in drawn.edges][-1] == ("/do/more", "end")

    @pytest.mark.parametrize("loop", [False, True])
    def test_of_everything_not_more_than_one_can_look_at(self, loop: bool) -> None:
        inner = [wait(f"s{number}") for number in range(3)]
        for _ in range(5):
            inner = [{"x": {"do": inner} | ({"for": {"in": ".a"}} if loop else {})}, wait("y")]
        drawn = picture(a_workflow(*({f"d{number}": {"do": inner}} for number in range(MOST_STEPS))))

        assert MOST_TASKS < len(drawn.nodes) < 2 * MOST_TASKS
        assert "… and 13 more" in {node.title for node in drawn.nodes if node.kind == "more"}

    def test_what_is_too_deep_is_counted(self) -> None:
        task: dict[str, Any] = wait("innermost")
        for number in range(MOST_DEPTH + 20):
            task = {f"d{number}": {"do": [task, wait("beside")]}}
        drawn = picture(a_workflow(task))

        assert [node.title for node in drawn.nodes if node.kind == "more"] == ["… and 40 more"]

    def test_a_way_too_far_to_follow_ends_at_a_pill(self) -> None:
        between = [wait(f"s{number}") for number in range(FAR + 1)]
        drawn = picture(a_workflow(choose("pick", ("far", ".x", "last"), ("out", ".y", "end")), *between, put("last", {"a": 1})))

        assert {node.title for node in drawn.nodes if node.kind == "jump"} == {"→ Last"}
        assert sum(node.kind == "end" for node in drawn.nodes) == 2
        assert_tidy(drawn)

    def test_a_choice_among_many_ways_is_cut(self) -> None:
        cases = [(f"c{number}", f".x == {number}", f"s{number}") for number in range(100)]
        drawn = picture(a_workflow(choose("pick", *cases), *(wait(f"s{number}") for number in range(100))))

        assert len([edge for edge in drawn.edges if edge.source == "/do/0/pick"]) == MOST_WAYS + 1
        assert "… and 88 more ways" in {node.title for node in drawn.nodes}


def test_the_main_line_is_straight() -> None:
    """Guards that end a run stand beside sixty steps, which stay below each other."""
    tasks: list[dict[str, Any]] = []
    for number in range(30):
        tasks += [choose(f"ok{number}", ("yes", ".ok", f"step{number}"), ("no", None, "end")), wait(f"step{number}")]
    drawn = picture(a_workflow(*tasks))

    assert len({node.x for node in drawn.nodes if node.kind in ("switch", "wait")}) == 1
    assert drawn.width < 1_000
    assert_tidy(drawn)


def test_colours_are_readable_in_light_and_dark() -> None:
    """WCAG 2.1: 4.5 for text, 3 for the lines that mean something."""
    themes = style().split("@media")
    for text in themes:
        colours = dict(re.findall(r"--(\w+):(#\w+)", text))
        for back in ("bg", "card", "box", "chip"):
            assert _contrast(colours["ink"], colours[back]) >= 7
            assert _contrast(colours["soft"], colours[back]) >= 4.5
        for line in ("fails", "again", "running", "waiting", "done", "faulted", "line"):
            assert _contrast(colours[line], colours["box"]) >= 2.7, line


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


NAMES = ("a", "b", "c", "end", "exit", "more", "a/b", "Ü", "x y")


@st.composite
def _lists(draw: st.DrawFn, depth: int = 2) -> list[dict[str, Any]]:
    """Draw a list of tasks of any kind."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    return [{name: draw(_tasks(depth, names))} for name in names]


@st.composite
def _tasks(draw: st.DrawFn, depth: int, names: list[str]) -> dict[str, Any]:
    flat: list[dict[str, Any]] = [{"call": name, "with": arguments} for name, arguments in CALLS.items()]
    flat += [{"listen": {"to": to}} for to in LISTENED] + [{"run": run} for run in RUNS]
    flat += [
        {"wait": {"seconds": 3}},
        {"set": {"a": 1}},
        {"emit": {"event": EVENT}},
        {"raise": {"error": "x"}},
        {"switch": [{"c": {"then": "exit"}}]},
    ]
    if depth and draw(st.booleans()):
        task: dict[str, Any] = draw(_scopes(depth - 1))
    else:
        task = dict(draw(st.sampled_from(flat)))
    for key, values in (
        ("if", [".amount > 100", ".a | weird"]),
        ("timeout", [{"after": "PT5M"}, "short"]),
        ("then", [*names, "end", "exit", "continue"]),
        (
            "metadata",
            [{"title": "A long title that takes its two lines and more " * 2}, {"parley": {"compensate": [{"undo": {"wait": "PT1S"}}]}}],
        ),
    ):
        if draw(st.integers(0, 3)) == 0:
            task[key] = draw(st.sampled_from(values))
    return task


@st.composite
def _scopes(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    inner = _lists(depth=depth)
    match draw(st.sampled_from(["do", "for", "fork", "try", "listen", "asyncapi"])):
        case "for":
            return {"for": {"in": ".orders", "each": "order"}, "while": ".x", "do": draw(inner)}
        case "fork":
            return {"fork": {"branches": draw(inner), "compete": draw(st.booleans())}}
        case "try":
            catch = draw(st.sampled_from([{}, {"retry": RETRY}, {"retry": "often"}, {"errors": {"with": {"status": 503}}}]))
            return {"try": draw(inner), "catch": catch | ({"do": draw(inner)} if draw(st.booleans()) else {})}
        case "listen":
            return {"listen": {"to": draw(st.sampled_from(LISTENED))}, "foreach": {"item": "event", "do": draw(inner)}}
        case "asyncapi":
            return {"call": "asyncapi", "with": {"operation": "news", "subscription": {"foreach": {"do": draw(inner)}}}}
    return {"do": draw(inner)}


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a definition with every construct, not all of them valid."""
    parts: dict[str, Any] = {
        "use": {"timeouts": {"short": {"after": "PT1M"}}, "retries": {"often": {"delay": "PT1S", "backoff": {"linear": {}}}}}
    }
    if draw(st.booleans()):
        parts["schedule"] = {"every": "PT1H", "on": {"any": [EVENT, EVENT]}}
        parts["timeout"] = {"after": "P1D"}
    if draw(st.booleans()):
        own = draw(_tasks(1, []))
        parts["use"] |= {
            "functions": {"own": own},
            "extensions": [{"log": {"extend": "all", "when": ".x", "before": draw(_lists(depth=0))}}],
        }
    return a_workflow(*draw(_lists()), **parts)


@settings(max_examples=60, deadline=None)
@given(data=definitions())
def test_any_definition_of_any_kind_gives_a_tidy_picture(data: dict[str, Any]) -> None:
    drawn = picture(data)

    assert_tidy(drawn)
    assert {step.reference for step in steps(data)} <= {node.id for node in drawn.nodes}
    assert svg(drawn) == svg(picture(data))
    assert all(re.fullmatch(r"  .*|flowchart TD", line) for line in mermaid(data).splitlines())
