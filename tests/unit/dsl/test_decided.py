"""Whether a person decides before a task. When in doubt: nobody does."""

from __future__ import annotations

from typing import Any

import pytest

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
