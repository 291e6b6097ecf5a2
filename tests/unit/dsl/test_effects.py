"""What a definition does outside, how often, and whether a person decides first. When in doubt: nobody decides."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import Effect, effects, examine
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
        assert effect.target == f"{'a method from the data: m' if '$' in method else method.upper()} an address from the data: url"

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
            ("tell", "write", "event com.example.done from https://example.com"),
            ("mail", "write", "email a value from the data: owner"),
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


def _careful(*body: dict[str, Any], **catch: Any) -> dict[str, Any]:
    return {"careful": {"try": list(body), "catch": catch}}


_BACK = choose("again", ("more", ".more", "send"), ("done", None, "end"))
_FAILED = {"errors": {"with": {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/timeout"}}}
SOMETIMES = {
    "behind an if": ((post("send", **{"if": ".x"}),), "at most once"),
    "inside a task behind an if": (({"part": {"do": [post("send")], "if": ".x"}},), "at most once"),
    "in one case of a switch": ((choose("pick", ("yes", ".x", "send"), ("no", None, "end")), post("send")), "at most once"),
    "where the cases meet again": (
        (choose("pick", ("a", ".x", "one"), ("b", None, "two")), wait("one", then="send"), wait("two"), post("send")),
        "once",
    ),
    "after a raise in one case": (
        (choose("pick", ("bad", ".x", "stop"), ("good", None, "send")), {"stop": {"raise": {"error": "x"}}}, post("send")),
        "at most once",
    ),
    "after something that may end the run": (
        ({"part": {"do": [wait("a", then="end", **{"if": ".x"}), wait("b")]}}, post("send")),
        "at most once",
    ),
    "after an error that is caught": ((_careful({"no": {"raise": {"error": "x"}}}, do=[wait("rest")]), post("send")), "once"),
    "in a race": (({"both": {"fork": {"compete": True, "branches": [post("send"), wait("rest")]}}},), "at most once, given up when another branch is first"),
    "in a loop": (({"each": {"for": {"in": ".orders"}, "do": [post("send")]}},), "once per item of the orders"),
    "in a loop behind an if": (
        ({"each": {"for": {"in": ".orders"}, "do": [post("send", **{"if": ".x"})]}},),
        "at most once per item of the orders",
    ),
    "in a loop that may stop early": (
        ({"each": {"for": {"in": ".orders"}, "while": ".x", "do": [post("send")]}},),
        "at most once per item of the orders",
    ),
    "when something fails": ((_careful(get("load"), **_FAILED, do=[post("send")]),), "only when “careful” fails with a timeout error"),
    "again and again behind an if": ((post("send", **{"if": ".x"}), _BACK), "at most once each time round"),
    "with retries behind an if": (
        (_careful(post("send", **{"if": ".x"}), retry={"limit": {"attempt": {"count": 1}}}),),
        "up to 2 times (1 retry)",
    ),
}


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
            "up to 4 times (3 retries), once per item of the orders, each time round, "
            "in every run of the schedule: Every weekday at 09:00 (UTC)"
        )

    def test_once_is_once(self) -> None:
        assert _one(a_workflow(get("load"), post("send")), "send").how_often == "once"

    def test_what_catches_is_not_repeated_with_the_body(self) -> None:
        task = {"careful": {"try": [get("load")], "catch": {"retry": {"delay": "PT1S"}, "do": [post("report")]}}}

        assert _one(a_workflow(task), "load").how_often == "until it works (no limit of retries)"
        assert _one(a_workflow(task), "report").how_often == "only when “careful” still fails"

    @pytest.mark.parametrize(("tasks", "words"), SOMETIMES.values(), ids=SOMETIMES.keys())
    def test_once_is_said_only_where_every_way_leads_through_the_task(self, tasks: tuple[dict[str, Any], ...], words: str) -> None:
        assert _one(a_workflow(*tasks), "send").how_often == words

    def test_an_event_is_no_schedule(self) -> None:
        on = {"one": {"with": {"type": "com.example.order"}}}

        assert _one(a_workflow(post("send"), schedule={"on": on}), "send").how_often == "once, for each event com.example.order"


CHILD = a_workflow(
    get("look"), post("pay", '${ $workflow.input.bank + "/payments" }'), schedule={"every": "PT1H"}, use={"secrets": ["key"]}
)
CHILD["do"][1]["pay"]["with"]["headers"] = {"Authorization": "${ $secrets.key }"}
RUN_CHILD = {"run": {"workflow": {"namespace": "test", "name": "child", "version": "1.0.0"}}}


class TestChildWorkflows:
    def test_what_a_known_child_does_counts_as_done_by_the_task_that_starts_it(self) -> None:
        data = a_workflow(approve("ask"), YES_NO, {"send": RUN_CHILD})

        look, pay = effects(data, CATALOGUE, {"test/child/1.0.0": CHILD})

        assert (look.reference, look.kind, look.title) == ("/do/2/send/workflow/do/0/look", "read", "send: look")
        assert pay == Effect(
            reference="/do/2/send/workflow/do/1/pay",
            task="pay",
            title="send: pay",
            kind="write",
            target="POST an address from the input: bank + /payments",
            secrets=("key",),
            how_often="at most once",
            decided_before=True,
            by="anna",
        )

    @pytest.mark.parametrize(
        "workflows", [None, {"test/child/1.0.0"}, {"test/other/1.0.0": CHILD}], ids=["nothing", "names only", "others"]
    )
    def test_of_an_unknown_child_anything_must_be_expected(self, workflows: Any) -> None:
        (effect,) = effects(a_workflow({"send": RUN_CHILD}), CATALOGUE, workflows)

        assert (effect.kind, effect.target) == ("unknown", "workflow test/child/1.0.0")

    def test_a_workflow_that_starts_itself_ends_in_something_unknown(self) -> None:
        data = a_workflow(post("pay"), {"again": RUN_CHILD})

        found = effects(data, CATALOGUE, {"test/child/1.0.0": data})

        assert [(effect.title, effect.kind) for effect in found] == [
            ("pay", "write"),
            ("again: pay", "write"),
            ("again: again", "unknown"),
        ]

    def test_how_often_the_parent_starts_it_counts(self) -> None:
        child = a_workflow(post("pay", **{"if": ".x"}))
        loop = {"each": {"for": {"in": ".orders"}, "do": [{"send": RUN_CHILD}]}}

        found = effects(a_workflow({"send": RUN_CHILD}, loop, schedule={"every": "PT1H"}), CATALOGUE, {"test/child/1.0.0": child})

        assert [effect.how_often for effect in found] == [
            "at most once, in every run of the schedule: Every hour",
            "at most once, once per item of the orders, in every run of the schedule: Every hour",
        ]

    def test_workflows_that_start_each_other_many_times_end_in_something_unknown(self) -> None:
        def run(name: str) -> dict[str, Any]:
            return {"run": {"workflow": {"namespace": "test", "name": name, "version": "1.0.0"}}}

        children = {f"test/w{level}/1.0.0": a_workflow(*({f"t{n}": run(f"w{level + 1}")} for n in range(10))) for level in range(20)}

        found = effects(children["test/w0/1.0.0"], CATALOGUE, children)

        assert len(found) < 2_100
        assert {effect.kind for effect in found} == {"unknown"}

    def test_examine_takes_the_definitions_too(self) -> None:
        examined = examine(a_workflow({"send": RUN_CHILD}), CATALOGUE, workflows={"test/child/1.0.0": CHILD})

        assert [effect.task for effect in examined.effects] == ["look", "pay"]


class TestTargets:
    @pytest.mark.parametrize(
        ("written", "words"),
        [
            ("https://example.com/{id}", "https://example.com/{id}"),
            ('${ $workflow.input.services.reports + "/report" }', "an address from the input: services.reports + /report"),
            ('${ "https://example.com/" + .id }', "https://example.com/ + id (from the data)"),
            ('${ "\\($context.base)/orders/\\($order.id)" }', "an address from the context and each order: base + /orders/ + order.id"),
            ('${ "https://example.com" }', "https://example.com"),
            ('${ .url // "https://example.com" }', 'an address computed by `.url // "https://example.com"`'),
            ('${ "\\(.a | ascii_downcase)" }', 'an address computed by `"\\(.a | ascii_downcase)"`'),
        ],
    )
    def test_an_address_is_told_by_its_parts_or_shown_as_it_is(self, written: str, words: str) -> None:
        assert _one(a_workflow(get("load", written)), "load").target == f"GET {words}"


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
