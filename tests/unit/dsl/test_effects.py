"""What a definition does outside, how often, and whether a person decides first. When in doubt: nobody decides."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import Effect, effects
from tests.unit.dsl.definitions import CATALOGUE, a_workflow, approve, choose, get, post, put, wait


def _one(data: dict[str, Any], name: str) -> Effect:
    return next(effect for effect in effects(data, CATALOGUE) if effect.task == name)


class TestKinds:
    @pytest.mark.parametrize(
        ("method", "kind"),
        [
            ("get", "read"),
            ("HEAD", "read"),
            ("options", "read"),
            ("post", "write"),
            ("put", "write"),
            ("patch", "write"),
            ("delete", "irreversible"),
            ("${ .m }", "unknown"),
        ],
    )
    def test_a_http_call_is_judged_by_its_method(self, method: str, kind: str) -> None:
        task = {"go": {"call": "http", "with": {"method": method, "endpoint": "${ .url }"}}}

        effect = _one(a_workflow(task), "go")

        assert effect.kind == kind
        assert effect.target == f"{method if '$' in method else method.upper()} ${{ .url }}"

    def test_emit_function_and_workflow_have_effects_and_set_and_wait_have_none(self) -> None:
        data = a_workflow(
            {"tell": {"emit": {"event": {"with": {"type": "com.example.done", "source": "https://example.com"}}}}},
            {"mail": {"call": "notify:1.0.0@default", "with": {"channel": "email", "to": "${ .owner }", "text": "x"}}},
            {"purge": {"call": "purge:2.1.0@default", "with": {"table": "orders"}}},
            {"ghost": {"call": "ghost:1.0.0@default"}},
            {"child": {"run": {"workflow": {"namespace": "a", "name": "b", "version": "1.0.0"}}}},
            approve("ask"),
            put("set", {"a": 1}),
            wait("rest"),
        )

        assert [(effect.task, effect.kind, effect.target) for effect in effects(data, CATALOGUE)] == [
            ("tell", "write", "event com.example.done"),
            ("mail", "write", "email ${ .owner }"),
            ("purge", "irreversible", "table orders"),
            ("ghost", "unknown", "ghost:1.0.0@default"),
            ("child", "unknown", "workflow a/b/1.0.0"),
        ]


class TestSecrets:
    def test_are_found_in_expressions_and_in_authentication(self) -> None:
        data = a_workflow(
            {
                "go": {
                    "call": "http",
                    "with": {
                        "method": "get",
                        "endpoint": {"uri": "https://example.com", "authentication": {"use": "shop"}},
                        "headers": {"A": '${ $secrets.one + $secrets["two-b"] }', "B": "$secrets.text"},
                    },
                }
            },
            use={"secrets": ["one", "two-b", "three"], "authentications": {"shop": {"bearer": {"use": "three"}}}},
        )

        assert _one(data, "go").secrets == ("one", "three", "two-b")


class TestHowOften:
    def test_counts_items_retries_rounds_and_the_schedule(self) -> None:
        body = {"try": [post("send")], "catch": {"retry": "calm"}}
        data = a_workflow(
            get("load"),
            {"each": {"for": {"in": "${ .orders }"}, "do": [{"careful": body}]}},
            choose("again", ("more", ".more", "load"), ("done", None, "end")),
            use={"retries": {"calm": {"limit": {"attempt": {"count": 3}}}}},
            schedule={"cron": "0 9 * * 1-5"},
        )

        assert _one(data, "load").how_often == "each time round, in every run of the schedule: Every weekday at 09:00 (UTC)"
        assert _one(data, "send").how_often == (
            "up to 4 times (3 retries), once per item of .orders, each time round, "
            "in every run of the schedule: Every weekday at 09:00 (UTC)"
        )

    def test_once_is_once(self) -> None:
        assert _one(a_workflow(get("load"), post("send")), "send").how_often == "once"

    def test_what_catches_is_not_repeated_with_the_body(self) -> None:
        task = {"careful": {"try": [get("load")], "catch": {"retry": {"delay": "PT1S"}, "do": [post("report")]}}}

        assert _one(a_workflow(task), "load").how_often == "until it works (no limit of retries)"
        assert _one(a_workflow(task), "report").how_often == "once"


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
        effect = _one(a_workflow(*tasks), "send")

        assert (effect.decided_before, effect.by) == (True, "anna")

    @pytest.mark.parametrize("tasks", UNDECIDED.values(), ids=UNDECIDED.keys())
    def test_nobody_decides_where_that_is_not_certain(self, tasks: tuple[dict[str, Any], ...]) -> None:
        effect = _one(a_workflow(*tasks), "send")

        assert (effect.decided_before, effect.by) == (False, "")
