"""Whether a person decides before a task. When in doubt: nobody does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.decided import deciders
from tests.cases import cases
from tests.unit.dsl.definitions import a_workflow, approve, choose, get, one_effect, post, put, wait

YES_NO = choose("decide", ("yes", ".approved", "send"), ("no", None, "end"))
DECIDED = {
    "a switch that lets only approved runs go on": (approve("ask"), YES_NO, post("send")),
    "a switch that ends rejected runs": (approve("ask"), choose("decide", ("no", ".approved == false", "end")), post("send")),
    "a switch with `| not`": (
        approve("ask"),
        choose("decide", ("no", "${ .approved | not }", "exit"), ("yes", None, "continue")),
        post("send"),
    ),
    "an if on the approval": (approve("ask"), post("send", **{"if": ".approved == true"})),
    "an if with more": (approve("ask"), post("send", **{"if": ".approved and .amount > 3"})),
    "kept beside the input": (
        approve("ask", output={"as": "$input + {answer: .}"}),
        choose("decide", ("yes", ".answer.approved", "send"), ("no", None, "end")),
        post("send"),
    ),
    "kept in an object": (
        approve("ask", output={"as": {"ok": "${ .approved }"}}),
        choose("decide", ("yes", ".ok", "send"), ("no", None, "end")),
        post("send"),
    ),
    "kept in the context": (
        approve("ask", export={"as": "$context + {answer: .}"}),
        get("load"),
        choose("decide", ("no", "$context.answer.approved != true", "end")),
        post("send"),
    ),
    "inside a loop after the decision": (
        approve("ask"),
        choose("decide", ("no", ".approved == false", "end")),
        {"each": {"for": {"in": ".x"}, "do": [post("send")]}},
    ),
    "several tasks later": (approve("ask"), YES_NO | {}, post("send"), wait("rest"), post("later")),
}
UNDECIDED = {
    "an approval without a switch": (approve("ask"), post("send")),
    "a switch on something else": (approve("ask"), choose("decide", ("yes", ".amount > 3", "send"), ("no", None, "end")), post("send")),
    "rejected runs go on too": (approve("ask"), choose("decide", ("yes", ".approved", "send"), ("no", None, "send")), post("send")),
    "no default, so rejected runs fall through": (approve("ask"), choose("decide", ("yes", ".approved", "send")), post("send")),
    "an approval that may be skipped": (approve("ask", **{"if": ".amount > 3"}), YES_NO, post("send")),
    "a switch that may be skipped": (
        approve("ask"),
        choose("decide", ("yes", ".approved", "send"), ("no", None, "end"), **{"if": ".x"}),
        post("send"),
    ),
    "a way around the approval": (
        choose("start", ("quick", ".quick", "send"), ("slow", None, "ask")),
        approve("ask"),
        YES_NO,
        post("send"),
    ),
    "an answer that was replaced in between": (approve("ask"), put("other", {"approved": True}), YES_NO, post("send")),
    "an output that hides the answer": (approve("ask", output={"as": "{approved: true}"}), YES_NO, post("send")),
    "an answer in the context that another task replaces": (
        approve("ask", export={"as": "$context + {answer: .}"}),
        put("other", {"a": 1}, export={"as": "{answer: {approved: true}}"}),
        choose("decide", ("no", "$context.answer.approved != true", "end")),
        post("send"),
    ),
    "a branch beside the approval": ({"both": {"fork": {"branches": [approve("ask"), post("send")]}}},),
    "an approval of every item after the loop": (
        {"each": {"for": {"in": ".x"}, "do": [approve("ask"), choose("decide", ("no", ".approved == false", "end"))]}},
        post("send"),
    ),
    "either approved or something else": (
        approve("ask"),
        choose("decide", ("yes", ".approved or .force", "send"), ("no", None, "end")),
        post("send"),
    ),
    "a negated answer": (approve("ask"), choose("decide", ("yes", ".approved == false", "send"), ("no", None, "end")), post("send")),
    "what an error leads to": ({"careful": {"try": [approve("ask"), YES_NO, wait("rest")], "catch": {"do": [post("send")]}}},),
    "before the approval": (post("send"), approve("ask"), choose("decide", ("no", ".approved == false", "end"))),
}


_KINDS = st.sampled_from(("ask", "ask", "choose", "choose", "choose", "post", "asked"))
_WHENS = (".approved", ".approved", ".approved == false", ".approved | not", ".x", ".approved and .x", ".approved or .x", "")
_TARGETS = st.sampled_from(("continue", "continue", "end", "exit", *(f"t{number}" for number in range(6))))
_CASES = st.lists(st.tuples(st.sampled_from(_WHENS), _TARGETS), min_size=1, max_size=3, unique_by=lambda case: case[0])


@st.composite
def _lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return six tasks: approvals, choices, and calls, some of them only `if` it was approved."""
    tasks = []
    for number in range(6):
        name, kind = f"t{number}", draw(_KINDS)
        then = {"then": draw(_TARGETS)}
        if kind == "choose":
            found = [(f"c{at}", when or None, target) for at, (when, target) in enumerate(draw(_CASES))]
            tasks.append(choose(name, *found, **then))
        else:
            tasks.append(approve(name, **then) if kind == "ask" else post(name, **then, **({"if": ".approved"} if kind == "asked" else {})))
    return tasks


def _answers(when: str, data: str) -> set[bool]:
    """Return what *when* may be, of the answer of somebody who refused or of any other data."""
    approved = {False} if data == "refused" else {True, False}
    other = {True, False}
    match when:
        case ".approved":
            return approved
        case ".approved == false" | ".approved | not":
            return {not one for one in approved}
        case ".approved and .x":
            return {one and more for one in approved for more in other}
        case ".approved or .x":
            return {one or more for one in approved for more in other}
    return other


def _done_when_all_refuse(tasks: list[dict[str, Any]]) -> set[str]:
    """Return the tasks that a run can do in which nobody approves anything: every state it can be in is looked at."""
    names = [next(iter(item)) for item in tasks]
    done, known, waiting = set(), {(0, "any")}, [(0, "any")]

    def go(at: int, then: str, data: str) -> None:
        target = at + 1 if then == "continue" else len(names) if then in ("end", "exit") else names.index(then)
        if target < len(names) and (target, data) not in known:
            known.add((target, data))
            waiting.append((target, data))

    while waiting:
        at, data = waiting.pop()
        task = tasks[at][names[at]]
        if "if" in task and False in _answers(task["if"], data):
            go(at, "continue", data)
        if "if" in task and True not in _answers(task["if"], data):
            continue
        done.add(names[at])
        if "switch" not in task:
            go(at, task["then"], "refused" if task["call"].startswith("approve") else "any")
            continue
        _choose(at, task, data, go)
    return done


def _choose(at: int, task: dict[str, Any], data: str, go: Any) -> None:
    default = task["then"]
    for case in (one for item in task["switch"] for one in item.values()):
        if "when" not in case:
            default = case["then"]
            continue
        answers = _answers(case["when"], data)
        if True in answers:
            go(at, case["then"], data)
        if False not in answers:
            return
    go(at, default, data)


class TestDecidedBefore:
    @pytest.mark.parametrize("tasks", DECIDED.values(), ids=DECIDED.keys())
    def test_a_person_decides_where_every_way_leads_through_an_approval(self, tasks: tuple[dict[str, Any], ...]) -> None:
        effect = one_effect(a_workflow(*tasks), "send")

        assert (effect.decided_before, effect.by) == (True, "anna")

    @pytest.mark.parametrize("tasks", UNDECIDED.values(), ids=UNDECIDED.keys())
    def test_nobody_decides_where_that_is_not_certain(self, tasks: tuple[dict[str, Any], ...]) -> None:
        effect = one_effect(a_workflow(*tasks), "send")

        assert (effect.decided_before, effect.by) == (False, "")

    @pytest.mark.parametrize(("extend", "by"), [("emit", "anna"), ("wait", "anna"), ("call", ""), ("switch", ""), ("all", "")])
    def test_nobody_decides_where_an_extension_may_answer_or_choose(self, extend: str, by: str) -> None:
        answer = put("x", {"approved": True}, then="exit")
        tell = {"tell": {"emit": {"event": {"with": {"type": "a"}}}}}
        use = {"extensions": [{"log": {"extend": extend, "before": [answer]}}]}
        data = a_workflow(approve("ask"), YES_NO, wait("rest"), tell, post("send"), use=use)

        assert one_effect(data, "send").by == by

    def test_a_function_of_that_name_is_no_approval(self) -> None:
        own = {"approve:1.0.0@default": {"set": {"approved": True}}}

        assert one_effect(a_workflow(approve("ask"), YES_NO, post("send"), use={"functions": own}), "send").by == ""

    def test_two_approvals_on_two_ways_decide_together(self) -> None:
        tasks = (
            choose("start", ("much", ".amount > 9", "boss"), ("little", None, "clerk")),
            approve("clerk"),
            choose("small", ("yes", ".approved", "send"), ("no", None, "end")),
            approve("boss"),
            choose("large", ("yes", ".approved", "send"), ("no", None, "end")),
            post("send"),
        )

        assert one_effect(a_workflow(*tasks), "send").by == "anna"

    @pytest.mark.parametrize(
        "other",
        [
            {"hear": {"listen": {"to": {"any": []}}, "foreach": {"export": {"as": "{answer: {approved: true}}"}}}},
            put("again", {}, export={"as": "$context + {answer: {approved: true}}"}),
            approve("more", export={"as": "$context + {answer: .}"}),
        ],
        ids=["an iterator", "a task", "another approval"],
    )
    def test_an_answer_in_the_context_that_something_else_may_replace_does_not_count(self, other: dict[str, Any]) -> None:
        tasks = approve("ask", export={"as": "$context + {answer: .}"}), other, post("send", **{"if": "$context.answer.approved"})

        assert one_effect(a_workflow(*tasks), "send").by == ""

    @settings(max_examples=cases(300))
    @given(tasks=_lists())
    def test_what_is_decided_is_never_done_when_everybody_refuses(self, tasks: list[dict[str, Any]]) -> None:
        decided = {reference.rpartition("/")[2] for reference in deciders(a_workflow(*tasks))}

        assert not decided & _done_when_all_refuse(tasks)
