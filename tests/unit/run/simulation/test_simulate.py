"""One simulated run: what is stood in for, what runs as it is, what is told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from dsl import read
from dsl.catalogue import Function
from graphs.run.memory_ports import MemoryMailbox
from graphs.run.ports import HttpRequest
from graphs.run.simulation import GENERATED, Plan, ReachedOutside, Simulator, injected, simulate
from graphs.run.simulation.ports import NoNotices, NoWayOut, SimulatedClock
from graphs.run.simulation.stage import Stage
from tests.unit.run.harness import Tasks, definition
from tests.unit.run.simulating import FUNCTIONS, Simulations


def get(url: str, **more: Any) -> dict[str, Any]:
    return {"call": "http", "with": {"method": "get", "endpoint": url}, **more}


@pytest.mark.parametrize("name", ["data-flow", "loop-until-ready", "report-orders"])
async def test_the_sample_files_work(simulations: Simulations, name: str) -> None:
    data = read((Path(__file__).parents[3] / "data" / "workflows" / "valid" / f"{name}.yaml").read_text()).data

    found = await simulate(data, FUNCTIONS, expressions=simulations.expressions)

    assert (found.outcome.status, found.outcome.error) == ("completed", None)


class TestCalls:
    async def test_an_answer_has_the_fields_that_are_read_later(self, simulations: Simulations) -> None:
        found = await simulations.run(
            [
                {"fetch": get("https://shop.example.org/orders")},
                {"keep": {"set": {"dear": "${ [.orders[] | select(.total > 100) | .customer.name | ascii_upcase] }"}}},
            ]
        )
        assert found.outcome.status == "completed"
        assert len(found.outcome.output["dear"]) == 2

    async def test_what_would_be_sent_is_told_with_every_value_in_it(self, simulations: Simulations) -> None:
        call = {
            "call": "http",
            "with": {"method": "post", "endpoint": "https://shop.example.org/orders/{id}", "body": {"sum": "${ .a + .b }"}},
        }
        found = await simulations.run([{"send": call}], input={"id": 7, "a": 1, "b": 2})

        (effect,) = found.effects
        assert effect.target == "POST https://shop.example.org/orders/7"
        assert effect.payload["body"] == {"sum": 3}

    async def test_secrets_are_placeholders_and_in_no_text(self, simulations: Simulations) -> None:
        call = {"call": "http", "with": {"method": "get", "endpoint": "https://a.example", "headers": {"X-Key": "${ $secrets.key }"}}}
        found = await simulations.run([{"ask": call}], top={"use": {"secrets": ["key"]}}, secrets={"key": "hush-hush"})

        assert "hush-hush" not in repr(found)
        assert found.effects[0].payload["headers"] == {"X-Key": "***"}

    @pytest.mark.parametrize(
        ("form", "output"),
        [
            ("content", {"ok": True}),
            ("raw", "eyJvayI6IHRydWV9"),
            (
                "response",
                {
                    "request": {"method": "get", "uri": "https://a.example", "headers": {}},
                    "statusCode": 200,
                    "headers": {"content-type": "application/json"},
                    "content": {"ok": True},
                },
            ),
        ],
    )
    async def test_the_output_has_the_form_that_was_asked_for(self, simulations: Simulations, form: str, output: Any) -> None:
        task = get("https://a.example")
        task["with"]["output"] = form
        simulator = Simulator(
            definition([{"ask": task}]), FUNCTIONS, simulations.expressions, schemas={"/do/0/ask": {"const": {"ok": True}}}
        )
        assert (await simulator.run(input={})).outcome.output == output

    async def test_an_expression_that_fails_fails_here_too(self, simulations: Simulations) -> None:
        call = {"call": "http", "with": {"method": "post", "endpoint": "https://a.example", "body": "${ .a + 1 }"}}
        found = await simulations.run([{"send": call}], input={"a": "x"})

        assert found.outcome.status == "faulted"
        assert (found.outcome.error or {})["instance"] == "/do/0/send"
        assert found.effects == ()

    async def test_recorded_outputs_by_path_and_by_reference(self, simulations: Simulations) -> None:
        do = [{"each": {"for": {"in": "[1, 2]"}, "do": [{"ask": get("https://a.example", export={"as": "${ $context + {n: .n} }"})}]}}]
        recorded = {"/do/0/each/do/0/ask": {"n": "usual"}, "/do/0/each/for[1]/0/ask": {"n": "second"}}
        found = await simulations.run(do, input={}, recorded=recorded)

        assert [effect.answer for effect in found.effects] == [{"n": "usual"}, {"n": "second"}]
        assert found.outcome.output == {"n": "second"}

    @pytest.mark.parametrize(
        "task",
        [
            {"run": {"shell": {"command": "rm -r /"}}},
            {"run": {"script": {"language": "python", "code": "print(1)"}}},
            {"run": {"container": {"image": "busybox"}}},
            {"run": {"workflow": {"namespace": "a", "name": "b", "version": "1.0.0"}}},
            {"call": "grpc", "with": {"proto": {"endpoint": "https://a.example/p"}, "service": {"name": "S", "host": "h"}, "method": "M"}},
            {"call": "openapi", "with": {"document": {"endpoint": "https://a.example/o"}, "operationId": "x"}},
            {"call": "mcp", "with": {"method": "tools/list", "transport": {"http": {"endpoint": "https://a.example/mcp"}}}},
            {"call": "a2a", "with": {"method": "message/send", "server": "https://a.example", "parameters": {"message": {}}}},
            {"call": "asyncapi", "with": {"document": {"endpoint": "https://a.example/a"}, "operation": "o", "message": {"payload": {}}}},
            {"call": "notify:1.0.0@default", "with": {"channel": "email", "to": "a@example.org", "text": "x"}},
            {"call": "https://a.example/function.yaml", "with": {}},
        ],
        ids=lambda task: next(iter(task.get("run") or {"": 0})) or str(task["call"]),
    )
    async def test_every_kind_of_call_is_stood_in_for(self, simulations: Simulations, task: dict[str, Any]) -> None:
        found = await simulations.run([{"reach": task}], input={})

        assert found.outcome.status == "completed", found.outcome.error
        assert [(mark.path, mark.mark) for mark in found.marks] == [("/do/0/reach", "simulated")]
        assert [row.mark for row in found.rows if row.path == "/do/0/reach"] == ["simulated"]

    async def test_pure_steps_run_for_real_and_are_not_marked(self, simulations: Simulations) -> None:
        labels = {"call": "classify:1.0.0@default", "with": {"text": "my refund", "labels": {"billing": ["refund"]}}}
        found = await simulations.run([{"sort": labels}], input={})

        assert found.outcome.output["label"] == "billing"
        assert found.marks == ()
        assert {row.mark for row in found.rows} == {""}

    async def test_an_agent_answers_in_the_shape_that_was_asked_for(self, simulations: Simulations) -> None:
        wanted = {"type": "object", "required": ["reason"], "properties": {"reason": {"enum": ["late", "lost"]}}}
        agent = {"call": "agent:1.0.0@default", "with": {"instructions": "Why?", "output": wanted}, "output": {"as": ".answer"}}
        assert (await simulations.run([{"find": agent}], input={})).outcome.output == {"reason": "late"}

    async def test_code_of_other_packages_is_not_run(self, simulations: Simulations) -> None:
        output = {"type": "object", "required": ["n"], "properties": {"n": {"const": 7}}}
        other = Function(name="other", version="1.0.0", title="Other", effect="none", idempotent=True, output=output)
        catalogue = {**FUNCTIONS, other.key: other}
        found = await simulate(definition([{"it": {"call": "other:1.0.0@default"}}]), catalogue, expressions=simulations.expressions)

        assert found.outcome.output == {"n": 7}
        assert found.effects[0].target == "other:1.0.0"


class TestTimeAndPeople:
    async def test_waits_pass_at_once_on_the_simulated_clock(self, simulations: Simulations) -> None:
        found = await simulations.run([{"rest": {"wait": {"days": 3}}}, {"note": {"set": {"at": "${ now | floor }"}}}], input={})

        assert found.lasted_s == 3 * 86400
        assert found.outcome.output == {"at": 1767603600 + 3 * 86400}

    async def test_a_timeout_strikes_on_the_simulated_clock(self, simulations: Simulations) -> None:
        slow = {"do": [{"rest": {"wait": {"hours": 2}}}], "timeout": {"after": {"hours": 1}}}
        found = await simulations.run([{"slow": slow}], input={})

        assert (found.outcome.error or {})["status"] == 408
        assert ("/do/0/slow", "timeout") in found.ways
        assert found.lasted_s == 3600

    async def test_people_answer_as_scripted_or_with_yes_and_samples(self, simulations: Simulations) -> None:
        form = {"type": "object", "properties": {"centre": {"type": "string", "pattern": "^[0-9]{4}$"}}, "required": ["centre"]}
        do = [
            {"agree": {"call": "approve:1.0.0@default", "with": {"title": "Go?"}, "export": {"as": "${ {agreed: .approved} }"}}},
            {"fill": {"call": "ask:1.0.0@default", "with": {"title": "Which?", "schema": form}, "output": {"as": "${ . + $context }"}}},
        ]
        found = await simulations.run(do, input={})
        refused = await simulations.run(do, input={}, people={"/do/0/agree": {"approved": False}})

        assert found.outcome.output["agreed"] is True
        assert len(found.outcome.output["centre"]) == 4
        assert [request.kind for request in found.requests] == ["approve", "ask"]
        assert refused.outcome.output["agreed"] is False

    async def test_a_person_who_never_answers_is_waited_for_until_the_deadline(self, simulations: Simulations) -> None:
        ask = {"call": "approve:1.0.0@default", "with": {"title": "Go?", "deadline": "PT4H"}}
        late = await simulations.run([{"agree": ask}], input={}, silent=["/do/0/agree"])
        for_ever = {**ask, "with": {"title": "Go?"}}
        never = await simulations.run([{"agree": for_ever}], input={}, silent=["/do/0/agree"])

        assert ((late.outcome.error or {})["status"], late.lasted_s) == (408, 4 * 3600)
        assert never.outcome.status == "waiting"

    async def test_events_arrive_in_the_shape_that_is_listened_for(self, simulations: Simulations) -> None:
        paid = {
            "with": {"type": "paid", "data": "${ .amount > 10 }"},
            "correlate": {"order": {"from": ".data.order", "expect": "${ .id }"}},
        }
        do = [{"hear": {"listen": {"to": {"one": paid}}, "output": {"as": "${ .[0] }"}}}]
        found = await simulations.run(do, input={"id": "o-7"})

        assert found.outcome.status == "completed"
        assert (found.outcome.output["order"], found.outcome.output["amount"] > 10) == ("o-7", True)

    async def test_events_of_several_filters_arrive_until_all_are_there(self, simulations: Simulations) -> None:
        both = {"all": [{"with": {"type": "paid"}}, {"with": {"type": "packed"}}]}
        found = await simulations.run([{"hear": {"listen": {"to": both, "read": "envelope"}}}], input={})

        assert sorted(event["type"] for event in found.outcome.output) == ["packed", "paid"]

    async def test_given_events_come_first(self, simulations: Simulations) -> None:
        event = {"specversion": "1.0", "id": "1", "source": "x", "type": "paid", "data": {"n": 5}}
        do = [{"hear": {"listen": {"to": {"one": {"with": {"type": "paid"}}}}}}]
        assert (await simulations.run(do, input={}, events=[event])).outcome.output == [{"n": 5}]


class TestForcedAndInjected:
    DECIDE: ClassVar[Tasks] = [
        {"choose": {"switch": [{"big": {"when": ".n > 10", "then": "large"}}, {"other": {"then": "small"}}]}},
        {"large": {"set": {"size": "large"}, "then": "end"}},
        {"small": {"set": {"size": "small"}}},
    ]

    @pytest.mark.parametrize(("way", "size"), [("case:0/big", "large"), ("case:1/other", "small")])
    async def test_a_case_can_be_forced(self, simulations: Simulations, way: str, size: str) -> None:
        found = await simulations.run(self.DECIDE, input={"n": 3 if size == "large" else 30}, forced={"/do/0/choose": way})

        assert found.outcome.output == {"size": size}
        assert [(mark.reference, mark.mark) for mark in found.marks] == [("/do/0/choose", "forced")]
        assert next(row.mark for row in found.rows if row.path == "/do/0/choose") == "forced"

    @pytest.mark.parametrize(("way", "times"), [("for:0", 0), ("for:1", 1), ("for:many", 3)])
    async def test_a_loop_can_be_forced(self, simulations: Simulations, way: str, times: int) -> None:
        do = [{"each": {"for": {"in": ".items"}, "do": [{"tell": get("https://a.example")}]}}]
        found = await simulations.run(do, input={"items": [1, 2]}, forced={"/do/0/each": way})
        assert len(found.effects) == times

    async def test_a_condition_and_a_race_can_be_forced(self, simulations: Simulations) -> None:
        race = {"fork": {"compete": True, "branches": [{"a": {"set": {"w": "a"}}}, {"b": {"set": {"w": "b"}}}]}}
        do: Tasks = [{"race": race}, {"more": {"if": '.w == "a"', "set": {"w": "more"}}}]
        found = await simulations.run(do, input={}, forced={"/do/0/race": "wins:b", "/do/1/more": "if:true"})

        assert found.outcome.output == {"w": "more"}
        assert ("/do/0/race", "wins:b") in found.ways

    @pytest.mark.parametrize(("error", "status"), [(404, 404), ("503", 503), ("timeout", 408), ({"type": "urn:x", "status": 418}, 418)])
    async def test_errors_are_injected_and_caught(self, simulations: Simulations, error: Any, status: int) -> None:
        handler = {"as": "e", "do": [{"note": {"set": {"was": "${ $e.status }"}}}]}
        found = await simulations.run(
            [{"safe": {"try": [{"ask": get("https://a.example")}], "catch": handler}}], input={}, errors={"/do/0/safe/try/0/ask": error}
        )
        assert found.outcome.output == {"was": status}
        assert ("/do/0/safe", "caught") in found.ways
        assert found.effects[0].answer is None

    @pytest.mark.parametrize("wrong", [True, 42, "nonsense", None, 3.5])
    def test_what_is_no_error_is_refused(self, wrong: Any) -> None:
        with pytest.raises(ValueError, match="is no error"):
            injected(wrong)


class TestNothingLeaves:
    async def test_the_ports_refuse(self, simulations: Simulations) -> None:
        with pytest.raises(ReachedOutside):
            await NoWayOut({}, lambda _: None).send(HttpRequest(method="POST", url="https://a.example"))
        with pytest.raises(ReachedOutside):
            await NoNotices().post(path="/x", channel="chat", to="a", title="t", text="x")

    async def test_a_body_that_is_not_stood_in_for_meets_the_guard(self, simulations: Simulations, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("graphs.run.simulation.stage.outside", lambda *_: "")
        call = {"call": "http", "with": {"method": "post", "endpoint": "https://a.example"}}
        with pytest.raises(ReachedOutside):
            await simulations.run([{"send": call}], input={})

    def test_no_port_of_a_simulation_is_a_real_one(self, simulations: Simulations) -> None:
        simulator = Simulator(definition([{"a": {"set": {"b": 1}}}]), FUNCTIONS, simulations.expressions)
        clock = SimulatedClock(simulator._at)
        deps = simulator.deps(Stage(Plan(), simulator.values(), FUNCTIONS, {}), clock, MemoryMailbox(clock), {})

        assert isinstance(deps.http, NoWayOut)
        assert (deps.connections, deps.processes, deps.children, deps.models, deps.smtp_url, deps.mcp_stdio) == (None,) * 5 + ((),)


class TestDeterminism:
    DO: ClassVar[Tasks] = [
        {"fetch": get("https://a.example/orders")},
        {"each": {"for": {"in": ".orders"}, "do": [{"tell": get("https://b.example", **{"if": "$item.total > 5"})}]}},
        {"hear": {"listen": {"to": {"one": {"with": {"type": "x"}}}}}},
        {"rest": {"wait": {"minutes": 1}}},
    ]

    async def test_the_same_seed_gives_the_same_simulation(self, simulations: Simulations) -> None:
        one, other = [await simulations.run(self.DO, input=GENERATED, seed=3) for _ in range(2)]
        assert one.to_json() == other.to_json()
        assert one.rows == other.rows

    async def test_another_seed_gives_other_values_of_the_same_shape(self, simulations: Simulations) -> None:
        schema = {"type": "object", "required": ["n", "t"], "properties": {"n": {"type": "integer"}, "t": {"type": "string"}}}
        top = {"input": {"schema": {"document": schema}}}
        made = [(await simulations.run([{"a": {"set": "${ . }"}}], top=top, seed=seed)).outcome.output for seed in range(4)]

        assert len({repr(one) for one in made}) > 1
        assert all(isinstance(one["n"], int) and isinstance(one["t"], str) for one in made)


async def test_a_child_workflow_runs_with_its_own_calls_stood_in_for(simulations: Simulations) -> None:
    child = definition([{"make": get("https://a.example", output={"as": "${ {id: .id} }"})}])
    run = {"run": {"workflow": {"namespace": "test", "name": "tested", "version": "0.1.0"}}}
    found = await simulations.run([{"sub": run}], input={}, workflows=[child])

    assert [effect.reference for effect in found.effects] == ["/do/0/sub/workflow/do/0/make"]
    assert found.outcome.output == {"id": "id-1"}


async def test_an_endless_loop_meets_its_limit(simulations: Simulations) -> None:
    found = await simulations.run([{"again": {"set": {"b": 1}, "then": "again"}}], input={}, most_steps=500)
    assert (found.outcome.error or {})["status"] == 429


async def test_endless_polling_is_stopped(simulations: Simulations) -> None:
    do: Tasks = [{"ask": get("https://a.example")}, {"rest": {"wait": {"minutes": 1}, "then": "ask"}}]
    found = await simulations.run(do, input={}, recorded={"/do/0/ask": {"state": "working"}})
    assert "goes on for ever" in (found.outcome.error or {})["detail"]
