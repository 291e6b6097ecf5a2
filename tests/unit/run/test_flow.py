"""Where a workflow goes: order, directives, switch, loops, forks, child workflows."""

from __future__ import annotations

from typing import Any

import pytest

import graphs.run as run
from dsl.problems import InvalidDefinition
from tests.unit.run.harness import Runs, definition

CHILD = {
    "document": {"dsl": "1.0.3", "namespace": "test", "name": "child", "version": "1.0.0"},
    "input": {"from": "{ n: .n }"},
    "do": [{"x": {"set": {"n": "${ .n * 10 }", "name": "${ $workflow.definition.document.name }", "ref": "${ $task.reference }"}}}],
    "output": {"as": "{ child: . }"},
}


def add(text: str, **more: Any) -> dict[str, Any]:
    return {"set": {"seen": f'${{ .seen + ["{text}"] }}'}, **more}


async def test_tasks_run_in_order_and_then_jumps(runs: Runs) -> None:
    outcome = await runs.start([{"red": add("red", then="green")}, {"blue": add("blue", then="end")}, {"green": add("green", then="blue")}])

    assert outcome.output == {"seen": ["red", "green", "blue"]}


async def test_exit_leaves_only_the_block_around_it(runs: Runs) -> None:
    outcome = await runs.start([{"inner": {"do": [{"a": add("a", then="exit")}, {"b": add("b")}]}}, {"c": add("c")}])

    assert outcome.output == {"seen": ["a", "c"]}


async def test_end_at_any_depth_ends_the_workflow_and_its_output_as_still_applies(runs: Runs) -> None:
    loop = {"for": {"in": "[1, 2]"}, "do": [{"deep": {"do": [{"a": add("a", then="end")}]}}, {"b": add("b")}]}

    outcome = await runs.start([{"loop": loop}, {"c": add("c")}], top={"output": {"as": "{ said: .seen }"}})

    assert outcome.output == {"said": ["a"]}


@pytest.mark.parametrize(("color", "seen"), [("red", ["R"]), ("blue", ["B"]), ("yellow", ["other"])])
async def test_switch_takes_the_first_case_that_holds_or_the_default(runs: Runs, color: str, seen: list[str]) -> None:
    cases = [
        {"red": {"when": '.c == "red"', "then": "r"}},
        {"any": {"then": "other"}},
        {"blue": {"when": '${ .c == "blue" }', "then": "b"}},
    ]

    outcome = await runs.start(
        [{"s": {"switch": cases}}, {"r": add("R", then="end")}, {"b": add("B", then="end")}, {"other": add("other")}], {"c": color}
    )

    assert outcome.output == {"seen": seen}


async def test_a_switch_without_match_follows_its_own_then(runs: Runs) -> None:
    outcome = await runs.start([{"s": {"switch": [{"a": {"when": "false", "then": "b"}}], "then": "end"}}, {"b": add("b")}], {"x": 1})

    assert outcome.output == {"x": 1}


async def test_a_task_reached_again_has_a_path_of_its_own(runs: Runs) -> None:
    """Polling by `then`: the second visit is `#2`, the third `#3`."""
    poll = {"set": {"n": "${ .n + 1 }"}}
    decide = {"switch": [{"again": {"when": ".n < 3", "then": "poll"}}]}

    outcome = await runs.start([{"poll": poll}, {"decide": decide}], {"n": 0})

    assert outcome.output == {"n": 3}
    assert [row.path for row in runs.journal.rows if "poll" in row.path] == ["/do/0/poll", "/do/0/poll#2", "/do/0/poll#3"]


class TestFor:
    async def test_hands_each_iterations_output_to_the_next(self, runs: Runs) -> None:
        loop = {"for": {"each": "color", "in": ".colors", "at": "i"}, "do": [{"a": {"set": {"all": "${ .all + [{c: $color, i: $i}] }"}}}]}

        outcome = await runs.start([{"loop": loop}], {"colors": ["red", "green"]})

        assert outcome.output == {"all": [{"c": "red", "i": 0}, {"c": "green", "i": 1}]}
        assert runs.rows("/do/0/loop/for[1]/0/a") == ["finished"]

    @pytest.mark.parametrize("items", [None, []])
    async def test_passes_its_input_through_when_there_is_nothing_to_do(self, runs: Runs, items: Any) -> None:
        outcome = await runs.start([{"loop": {"for": {"in": ".items"}, "do": [{"a": {"set": {"x": 1}}}]}}], {"items": items})

        assert outcome.output == {"items": items}

    async def test_tests_while_before_each_iteration_on_the_running_data(self, runs: Runs) -> None:
        loop = {"for": {"in": ".items"}, "while": "(.sum // 0) < 3 and $index < 10", "do": [{"a": {"set": {"sum": "${ .sum + $item }"}}}]}

        outcome = await runs.start([{"loop": loop}], {"items": [1, 2, 3, 4]})

        assert outcome.output == {"sum": 3}

    async def test_refuses_what_is_no_list(self, runs: Runs) -> None:
        outcome = await runs.start([{"loop": {"for": {"in": ".items"}, "do": [{"a": {"set": {"x": 1}}}]}}], {"items": {"a": 1}})

        assert outcome.error is not None
        assert outcome.error["detail"] == "for.in must give a list, and '.items' gave an object"

    async def test_applies_input_from_before_in(self, runs: Runs) -> None:
        loop = {"input": {"from": ".list"}, "for": {"in": "."}, "do": [{"a": {"set": "${ $item }"}}]}

        assert (await runs.start([{"loop": loop}], {"list": [7, 8]})).output == 8


class TestFork:
    async def test_gives_all_outputs_in_the_order_of_the_branches(self, runs: Runs) -> None:
        branches = [{"slow": {"do": [{"w": {"wait": {"milliseconds": 30}}}, {"s": {"set": {"n": 1}}}]}}, {"fast": {"set": {"n": 2}}}]

        outcome = await runs.start([{"f": {"fork": {"branches": branches}}}], {})

        assert outcome.output == [{"n": 1}, {"n": 2}]

    async def test_competing_gives_the_winners_output_and_stops_the_others(self, runs: Runs) -> None:
        branches = [{"slow": {"do": [{"w": {"wait": {"seconds": 2}}}, {"s": {"set": {"n": 1}}}]}}, {"fast": {"set": {"n": 2}}}]

        outcome = await runs.start([{"f": {"fork": {"compete": True, "branches": branches}}}], {})

        assert outcome.output == {"n": 2}
        assert runs.rows("/do/0/f/fork/branches/0/slow") == []

    async def test_competing_forgives_a_branch_that_fails(self, runs: Runs) -> None:
        bad = {"raise": {"error": {"type": "https://x.org/bad", "status": 500}}}
        branches = [{"bad": bad}, {"good": {"do": [{"w": {"wait": {"milliseconds": 10}}}, {"s": {"set": {"n": 2}}}]}}]

        assert (await runs.start([{"f": {"fork": {"compete": True, "branches": branches}}}], {})).output == {"n": 2}

    async def test_faults_with_the_first_error_and_stops_the_others(self, runs: Runs) -> None:
        bad = {"raise": {"error": {"type": "https://x.org/bad", "status": 500}}}
        branches = [{"slow": {"wait": {"seconds": 2}}}, {"bad": bad}]

        outcome = await runs.start([{"f": {"fork": {"branches": branches}}}], {})

        assert outcome.error == {"type": "https://x.org/bad", "status": 500, "instance": "/do/0/f/fork/branches/1/bad"}

    async def test_a_thousand_branches_complete(self, runs: Runs) -> None:
        branches = [{f"b{n}": {"set": {"n": n}}} for n in range(1000)]

        outcome = await runs.start([{"f": {"fork": {"branches": branches}}}], {})

        assert outcome.output == [{"n": n} for n in range(1000)]


class TestChildWorkflow:
    async def test_runs_inside_with_its_own_workflow_and_paths(self, runs: Runs) -> None:
        child = {"run": {"workflow": {"namespace": "test", "name": "child", "version": "1.0.0"}}}

        outcome = await runs.start([{"sub": child}], {"n": 4, "other": 1}, workflows=[CHILD])

        assert outcome.output == {"child": {"n": 40, "name": "child", "ref": "/do/0/x"}}
        assert runs.rows("/do/0/sub/workflow/do/0/x") == ["finished"]

    async def test_takes_the_input_it_is_given(self, runs: Runs) -> None:
        child = {"run": {"workflow": {"namespace": "test", "name": "child", "version": "latest", "input": {"n": "${ .m }"}}}}

        outcome = await runs.start([{"sub": child}], {"m": 2}, workflows=[CHILD])

        assert outcome.output["child"]["n"] == 20

    async def test_fails_with_the_full_place(self, runs: Runs) -> None:
        bad = {**CHILD, "do": [{"x": {"raise": {"error": {"type": "https://x.org/bad", "status": 418}}}}]}
        child = {"run": {"workflow": {"namespace": "test", "name": "child", "version": "1.0.0"}}}

        outcome = await runs.start([{"sub": child}], {}, workflows=[bad])

        assert outcome.error is not None
        assert outcome.error["instance"] == "/do/0/sub/workflow/do/0/x"

    async def test_an_unknown_one_is_a_configuration_error(self, runs: Runs) -> None:
        child = {"run": {"workflow": {"namespace": "test", "name": "nobody", "version": "1.0.0"}}}

        outcome = await runs.start([{"sub": child}], {})

        assert outcome.error is not None
        assert outcome.error["detail"] == "no approved workflow test/nobody in version 1.0.0"

    async def test_that_runs_itself_ends_at_the_depth_limit(self, runs: Runs) -> None:
        child = {"run": {"workflow": {"namespace": "test", "name": "child", "version": "1.0.0"}}}

        outcome = await runs.start([{"sub": child}], {}, workflows=[{**CHILD, "do": [{"again": child}]}])

        assert outcome.error is not None
        assert outcome.error["title"] == "Too Deep"


class TestCompile:
    @pytest.mark.parametrize(
        ("tasks", "code", "reference"),
        [
            ([{"a": {"set": {"x": 1}, "then": "nowhere"}}], "unknown-target", "/do/0/a/then"),
            ([{"s": {"switch": [{"c": {"when": "true", "then": "nowhere"}}]}}], "unknown-target", "/do/0/s/switch/0/c/then"),
            ([{"a": {"raise": {"error": "nobody"}}}], "unknown-error", "/do/0/a/raise/error"),
            ([{"a": {"dance": {}}}], "unknown-task", "/do/0/a/dance"),
            ([{"a": {"run": {"script": {"language": "cobol", "code": "x"}}}}], "unknown-language", "/do/0/a/run/script/language"),
            ([{"a": {"call": "nobody:1.0.0@default"}}], "unknown-function", "/do/0/a/call"),
            ([{"a": {"wait": "soon"}}], "invalid-duration", "/do/0/a/wait"),
            ([{"a": {"set": {"x": 1}, "input": {"schema": {"document": {"type": 5}}}}}], "invalid-schema", "/do/0/a/input/schema/document"),
            ([{"a": {"try": [], "catch": {"retry": "nobody"}}}], "unknown-retry", "/do/0/a/catch/retry"),
        ],
    )
    def test_refuses_what_cannot_run_at_its_place(self, tasks: Any, code: str, reference: str) -> None:
        with pytest.raises(InvalidDefinition) as caught:
            run.compile(definition(tasks), {})

        assert [(problem.code, problem.reference) for problem in caught.value.problems] == [(code, reference)]
