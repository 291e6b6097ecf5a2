"""What functions, child workflows, extensions and settings do, told at the tasks that bring it about."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import Effect, effects, examine
from tests.unit.dsl.definitions import CATALOGUE, a_workflow, approve, choose, get, one_effect, post, put, wait

YES_NO = choose("decide", ("yes", ".approved", "send"), ("no", None, "end"))
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
            "at most once per item of the orders, in every run of the schedule: Every hour",
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


def _functions(**tasks: Any) -> dict[str, Any]:
    return {"functions": tasks}


class TestOwnFunctions:
    def test_what_a_function_does_counts_at_its_call_with_the_constants_it_is_given(self) -> None:
        own = {"pay": post("_", "https://bank.example/{account}")["_"]}
        loop = {"each": {"for": {"in": ".orders"}, "do": [{"send": {"call": "pay", "with": {"account": 7, "amount": "${ .x }"}}}]}}

        (effect,) = effects(a_workflow(loop, use=_functions(**own)), CATALOGUE)

        assert (effect.reference, effect.task) == ("/do/0/each/do/0/send", "send")
        assert (effect.kind, effect.target) == ("write", "POST https://bank.example/{account} (account: 7)")
        assert effect.how_often == "once per item of the orders"

    def test_a_function_of_several_tasks_counts_with_each_of_them(self) -> None:
        own = {"pay": {"do": [get("look"), post("send", **{"if": ".x"}), put("rest", {"a": 1})]}}

        found = effects(a_workflow({"go": {"call": "pay"}}, use=_functions(**own), schedule={"every": "PT1H"}), CATALOGUE)

        assert [(one.reference, one.title, one.how_often) for one in found] == [
            ("/do/0/go/function/do/0/look", "go: look", "once, in every run of the schedule: Every hour"),
            ("/do/0/go/function/do/1/send", "go: send", "at most once, in every run of the schedule: Every hour"),
        ]

    def test_functions_that_call_each_other_end_in_something_unknown(self) -> None:
        own = {"one": {"do": [post("send"), {"again": {"call": "two"}}]}, "two": {"call": "one"}}

        found = effects(a_workflow({"go": {"call": "one"}}, use=_functions(**own)), CATALOGUE)

        assert [(one.kind, one.target) for one in found] == [("write", "POST https://example.com/report"), ("unknown", "one")]

    def test_functions_that_call_each_other_many_times_are_not_written_out(self) -> None:
        own = {f"f{level}": {"do": [{f"t{n}": {"call": f"f{level + 1}"}} for n in range(10)]} for level in range(30)}

        found = effects(a_workflow({"go": {"call": "f0"}}, use=_functions(**own, f30=post("_")["_"])), CATALOGUE)

        assert len(found) <= 100
        assert {one.kind for one in found} <= {"unknown", "write"}

    def test_a_function_that_is_not_called_does_nothing(self) -> None:
        assert effects(a_workflow(wait("rest"), use=_functions(pay=post("_")["_"])), CATALOGUE) == []


def _extension(extend: str, **parts: Any) -> dict[str, Any]:
    return {"extensions": [{"log": {"extend": extend} | parts}]}


class TestExtensions:
    @pytest.mark.parametrize(
        ("use", "words"),
        [
            (_extension("call", before=[post("log")]), "once each time before “load” or “send”"),
            (_extension("call", after=[post("log")]), "at most once each time after “load” or “send”"),
            (_extension("wait", before=[post("log")], when=".x"), "at most once each time before “rest”"),
            (_extension("all", before=[post("log", **{"if": ".x"})]), "at most once each time before “load”, “send”, “rest” or 1 others"),
            (_extension("composite", before=[post("log")]), "once each time before “part”"),
        ],
    )
    def test_their_tasks_happen_around_every_task_they_extend(self, use: dict[str, Any], words: str) -> None:
        data = a_workflow(get("load"), {"part": {"do": [post("send")]}}, wait("rest"), use=use)

        effect = one_effect(data, "log")

        assert effect.how_often == words.replace("“send”, “rest” or 1 others", "“part”, “send” or 1 others")
        assert effect.reference.startswith("/use/extensions/0/log/")

    def test_an_extension_of_tasks_that_are_not_there_does_nothing(self) -> None:
        data = a_workflow(get("load"), use=_extension("emit", before=[post("log")]))

        assert [effect.task for effect in effects(data, CATALOGUE)] == ["load"]


class TestSettings:
    def test_what_takes_a_task_back_happens_only_when_the_run_fails(self) -> None:
        parley = {"compensate": [post("refund", "https://bank.example/refunds")]}
        data = a_workflow(approve("ask"), YES_NO, post("send", metadata={"parley": parley}))

        effect = one_effect(data, "refund")

        assert effect.reference == "/do/2/send/metadata/parley/compensate/0/refund"
        assert effect.how_often == "only when the run fails or is cancelled after “send”"
        assert effect.by == "anna"

    def test_a_call_that_proves_a_task_happens_with_it(self) -> None:
        parley = {"proof": get("_", "https://bank.example/payments")["_"]}
        data = a_workflow({"each": {"for": {"in": ".x"}, "do": [post("send", metadata={"parley": parley})]}})

        effect = one_effect(data, "proof")

        assert (effect.kind, effect.target) == ("read", "GET https://bank.example/payments")
        assert effect.how_often == "once per item of the x, to prove “send”"
