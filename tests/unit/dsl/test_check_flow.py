"""Flow: whatever is added that no way leads to is found, and what runs as it should has no problem."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl import check
from dsl.walk import blocks
from tests.unit.dsl.definitions import CATALOGUE, a_workflow, choose, get, put, wait

STOP = {"raise": {"error": {"type": "https://example.com/errors/stop", "status": 500}}}
OF_WAYS = {"unreachable-task", "endless-cycle", "dead-case", "never-runs", "timeout-too-short", "dead-catch"}


@st.composite
def lists(draw: st.DrawFn, depth: int = 2) -> list[dict[str, Any]]:
    """Return 1 to 4 tasks that run one after the other, with lists inside; no way leads past any of them."""
    return [{f"t{number}": draw(tasks(depth))} for number in range(draw(st.integers(1, 4)))]


def tasks(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    simple = st.sampled_from([{"wait": "PT1S"}, {"set": "${ . }"}, get("x")["x"], {"if": ".open", "wait": "PT2S"}])
    if depth == 0:
        return simple
    inner = lists(depth - 1)
    return st.one_of(
        simple,
        inner.map(lambda items: {"do": items}),
        inner.map(lambda items: {"for": {"in": ".items"}, "do": items}),
        st.tuples(inner, inner).map(lambda pair: {"try": [*pair[0], get("load")], "catch": {"do": pair[1]}}),
        inner.map(lambda items: {"fork": {"branches": [*items, wait("other")]}}),
    )


def _codes(data: dict[str, Any]) -> list[str]:
    return [problem.code for problem in check(data, CATALOGUE)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(items=lists())
def test_tasks_that_simply_follow_each_other_have_no_problem_of_flow(items: list[dict[str, Any]]) -> None:
    assert OF_WAYS.isdisjoint(_codes(a_workflow(*items)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(items=lists(), data=st.data())
def test_a_task_that_no_way_leads_to_is_always_found(items: list[dict[str, Any]], data: st.DataObject) -> None:
    workflow = a_workflow(*items)
    block = data.draw(st.sampled_from([block for block in blocks(workflow) if not block.parallel]))
    owner: Any = workflow
    for part in block.pointer.split("/")[1:]:
        owner = owner[int(part)] if isinstance(owner, list) else owner[part]
    leaving = data.draw(st.sampled_from([STOP, {"wait": "PT1S", "then": "end"}, {"set": {}, "then": "exit"}, {"do": [{"stop": STOP}]}]))
    owner.extend([{"leaves": leaving}, {"lost": {"wait": "PT1S"}}])

    found = [problem for problem in check(workflow, CATALOGUE) if problem.code == "unreachable-task"]

    assert f"{block.pointer}/{len(owner) - 1}/lost" in [problem.reference for problem in found]


class TestWays:
    def test_a_switch_whose_every_case_leaves_makes_the_next_task_unreachable(self) -> None:
        data = a_workflow(choose("decide", ("a", ".a", "end"), ("b", None, "exit")), wait("lost"))

        assert _codes(data) == ["unreachable-task"]

    def test_a_default_counts_wherever_it_stands(self) -> None:
        """DSL 1.0.3, switch: a case without `when` is taken when no other is."""
        data = a_workflow(choose("decide", ("b", None, "end"), ("a", ".a", "next")), wait("next"))

        assert _codes(data) == []

    def test_a_way_over_a_dead_case_is_none(self) -> None:
        data = a_workflow(choose("decide", ("a", ".a", "end"), ("b", ".a", "lost"), ("c", None, "end")), wait("lost"))

        assert sorted(_codes(data)) == ["dead-case", "unreachable-task"]

    def test_a_fork_of_which_one_branch_never_comes_back_stops_the_run(self) -> None:
        branches = [wait("a"), {"b": STOP}]

        assert _codes(a_workflow({"both": {"fork": {"branches": branches}}}, wait("lost"))) == ["unreachable-task"]
        assert _codes(a_workflow({"both": {"fork": {"compete": True, "branches": branches}}}, wait("next"))) == []

    def test_a_catch_lets_the_run_go_on(self) -> None:
        careful = {"try": [{"stop": STOP}], "catch": {"do": [wait("note")]}}

        assert _codes(a_workflow({"careful": careful}, wait("next"))) == []

    def test_an_exit_of_an_inner_list_goes_on_behind_it(self) -> None:
        assert _codes(a_workflow({"inner": {"do": [wait("a", then="exit")]}}, wait("next"))) == []

    def test_a_wait_in_a_cycle_is_no_way_out(self) -> None:
        assert _codes(a_workflow(get("poll"), wait("rest", then="poll"))) == ["endless-cycle"]

    def test_listening_for_ever_at_the_end_is_right(self) -> None:
        """The official example `listen-to-any-forever-foreach.yaml`."""
        hear = {"listen": {"to": {"any": [], "until": "${ false }"}}, "foreach": {"do": [get("tell")]}}

        assert _codes(a_workflow({"hear": hear})) == []


class TestCatch:
    def _codes(self, tried: dict[str, Any], wanted: dict[str, Any], **more: Any) -> list[str]:
        careful = {"try": [{"step": tried}], "catch": {"errors": {"with": wanted}, "do": [wait("note")]}}
        return _codes(a_workflow({"careful": careful}, **more))

    @pytest.mark.parametrize(
        ("tried", "status"),
        [
            (get("x")["x"], 404),  # whatever a call answers
            ({"set": {"a": "${ .b.c }"}}, 400),  # an expression may fail
            ({"wait": "PT1S", "timeout": {"after": "PT5S"}}, 408),
            ({"set": {"a": 1}, "output": {"schema": {"document": {"type": "object"}}}}, 400),
            (STOP, 500),
            ({"do": [{"inner": STOP}]}, 500),
            ({"set": {"a": 1}}, 500),  # the runtime itself may fail
        ],
    )
    def test_what_may_be_raised_may_be_caught(self, tried: dict[str, Any], status: int) -> None:
        assert "dead-catch" not in self._codes(tried, {"status": status})

    @pytest.mark.parametrize("tried", [STOP, {"set": {"a": 1}}, {"wait": "PT1S"}, {"do": [{"inner": STOP}]}])
    def test_what_nothing_raises_cannot_be_caught(self, tried: dict[str, Any]) -> None:
        assert "dead-catch" in self._codes(tried, {"status": 404})

    def test_an_error_of_its_name_is_known(self) -> None:
        use = {"errors": {"closed": {"type": "https://example.com/errors/closed", "status": 409}}}
        tried = {"raise": {"error": "closed"}}

        assert self._codes(tried, {"type": "https://example.com/errors/closed"}, use=use) == []
        assert self._codes(tried, {"type": "https://example.com/errors/open"}, use=use) == ["dead-catch"]

    def test_a_standard_type_is_the_same_under_every_base(self) -> None:
        tried = {"raise": {"error": {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/timeout", "status": 408}}}

        assert self._codes(tried, {"type": "https://serverlessworkflow.io/dsl/errors/types/timeout"}) == []


class TestTiming:
    @pytest.mark.parametrize(
        "task",
        [
            {"wait": "PT1M", "timeout": {"after": "PT2M"}},
            {"do": [wait("a"), choose("b", ("c", ".c", "exit")), {"d": {"wait": "PT1H"}}], "timeout": {"after": "PT1M"}},
            {"do": [{"a": {"wait": "PT1H", "if": ".long"}}], "timeout": {"after": "PT1M"}},
            {"fork": {"compete": True, "branches": [wait("a"), {"b": {"wait": "PT1H"}}]}, "timeout": {"after": "PT1M"}},
            {"wait": "${ .time }", "timeout": {"after": "PT1M"}},
        ],
    )
    def test_a_timeout_that_may_be_met_is_right(self, task: dict[str, Any]) -> None:
        assert _codes(a_workflow({"step": task})) == []

    def test_the_longest_branch_counts(self) -> None:
        task = {"fork": {"branches": [wait("a"), {"b": {"wait": "PT1H"}}]}, "timeout": {"after": "PT1M"}}

        assert _codes(a_workflow({"step": task})) == ["timeout-too-short"]


def test_lists_in_use_and_in_settings_are_checked_as_well() -> None:
    lost = [{"leaves": {"wait": "PT1S", "then": "exit"}}, wait("lost")]
    use = {"functions": {"own": {"do": lost}}, "extensions": [{"more": {"extend": "call", "after": lost}}]}
    data = a_workflow({"step": {"call": "own", "metadata": {"parley": {"compensate": lost}}}}, put("end-of-it", {"a": 1}), use=use)

    references = [problem.reference for problem in check(data, CATALOGUE) if problem.code == "unreachable-task"]

    assert sorted(references) == [
        "/do/0/step/metadata/parley/compensate/1/lost",
        "/use/extensions/0/more/after/1/lost",
        "/use/functions/own/do/1/lost",
    ]
