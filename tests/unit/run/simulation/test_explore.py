"""Every way of a definition: by data that leads there, by errors, by force, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from graphs.run.simulation import Coverage
from tests.unit.run.harness import Tasks, definition
from tests.unit.run.simulating import FUNCTIONS, Simulations


def get(url: str = "https://a.example", **more: Any) -> dict[str, Any]:
    return {"call": "http", "with": {"method": "get", "endpoint": url}, **more}


def reached(coverage: Coverage) -> dict[tuple[str, str], str]:
    return {(one.reference, one.way): one.reached for one in coverage.seen}


def the(coverage: Coverage, reference: str, way: str) -> Any:
    return next(one for one in coverage.seen if (one.reference, one.way) == (reference, way))


class TestDecisions:
    async def test_a_comparison_of_the_input_is_solved(self, simulations: Simulations) -> None:
        do: Tasks = [
            {"choose": {"switch": [{"big": {"when": ".amount > 100", "then": "large"}}, {"rest": {"then": "small"}}]}},
            {"large": {"set": {"size": "large"}, "then": "end"}},
            {"small": {"set": {"size": "small"}}},
        ]
        found = await simulations.explore(do)

        assert set(reached(found).values()) == {"input"}
        assert the(found, "/do/0/choose", "case:0/big").input["amount"] > 100
        assert the(found, "/do/0/choose", "case:1/rest").input["amount"] <= 100
        assert found.problems == []

    @pytest.mark.parametrize(
        "condition",
        [
            '.amount > 100 and .country == "DE"',
            ".amount > 100 or (.vip | not)",
            '(.name | startswith("Dr")) and (.lines | length) >= 3',
            '(.code | test("^[A-Z]{2}-[0-9]+$"))',
            '.status != "closed" and .owner == null',
            "all(.lines[]; .ready)",
            "[.lines[] | select(.price > 50)] | length > 0",
            '(.lines | map(select(.sku == "x")) | length) == 0',
            '(.text | ascii_downcase) == "yes"',
            ".a.b.c >= 10 and .a.b.c < 12",
            '.items | any(.kind == "spare")',
        ],
    )
    async def test_conditions_are_met_and_missed_by_data(self, simulations: Simulations, condition: str) -> None:
        found = await simulations.explore([{"maybe": {"if": condition, "set": {"done": True}}}])

        assert reached(found) == dict.fromkeys([("/do/0/maybe", way) for way in ("task", "if:true", "if:false")], "input")
        assert found.problems == []

    async def test_an_answer_is_solved_as_well_as_the_input(self, simulations: Simulations) -> None:
        do: Tasks = [{"fetch": get()}, {"maybe": {"if": '.state == "open"', "set": {"x": 1}}}]
        found = await simulations.explore(do)

        assert the(found, "/do/1/maybe", "if:false").needs["answers"] == {"/do/0/fetch .state": "not open"}

    async def test_decisions_in_functions_and_children_are_gone_through_too(self, simulations: Simulations) -> None:
        choose = {"switch": [{"bad": {"when": '.state == "declined"', "then": "no"}}, {"ok": {"then": "exit"}}]}
        inner: Tasks = [{"take": get()}, {"check": choose}, {"no": {"raise": {"error": {"type": "https://a.example/no", "status": 402}}}}]
        run = {"run": {"workflow": {"namespace": "test", "name": "tested", "version": "0.1.0"}}}
        do: Tasks = [{"charge": {"call": "charge"}}, {"sub": run}, {"rest": {"set": {"a": 1}}}]
        use = {"use": {"functions": {"charge": {"do": inner}}}}
        ways = reached(await simulations.explore(do, top=use, workflows=[definition(inner)]))

        assert ways["/do/2/rest", "task"] == "input"
        assert ways["/do/0/charge/do/1/check", "case:1/ok"] == "input"
        assert ways["/do/1/sub/workflow/do/1/check", "case:0/bad"] == "input"

    async def test_what_nothing_is_known_of_is_forced_and_says_so(self, simulations: Simulations) -> None:
        do: Tasks = [{"maybe": {"if": "(.text | explode | add) % 7 == 3", "set": {"x": 1}}}]
        found = await simulations.explore(do)

        assert sorted(reached(found).values()) == ["forced", "input", "input"]
        assert "only when forced" in found.table()

    async def test_what_can_never_be_is_never_reached(self, simulations: Simulations) -> None:
        do: Tasks = [{"stop": {"set": {"a": 1}, "then": "end"}}, {"lost": {"set": {"b": 1}}}]
        assert reached(await simulations.explore(do))[("/do/1/lost", "task")] == "never"

    async def test_loops_of_none_one_and_many(self, simulations: Simulations) -> None:
        do: Tasks = [{"each": {"for": {"each": "line", "in": ".order.lines"}, "do": [{"tell": get("https://a.example/x")}]}}]
        found = await simulations.explore(do)

        assert [len(the(found, "/do/0/each", way).input["order"]["lines"]) for way in ("for:0", "for:1")] == [0, 1]
        assert set(reached(found).values()) == {"input"}

    async def test_polling_ends(self, simulations: Simulations) -> None:
        do: Tasks = [
            {"ask": get()},
            {"ready": {"switch": [{"yes": {"when": '.state == "ready"', "then": "done"}}, {"no": {"then": "rest"}}]}},
            {"rest": {"wait": {"minutes": 5}, "then": "ask"}},
            {"done": {"set": {"ok": True}}},
        ]
        found = await simulations.explore(do)

        assert set(reached(found).values()) == {"input"}
        assert found.problems == []


class TestErrorsAndPeople:
    async def test_catches_retries_and_timeouts(self, simulations: Simulations) -> None:
        catch = {
            "errors": {"with": {"status": 503}},
            "retry": {"delay": {"seconds": 1}, "limit": {"attempt": {"count": 2}}},
            "do": [{"fallback": {"set": {"from": "fallback"}}}],
        }
        slow = {"do": [{"ask": get()}], "timeout": {"after": {"minutes": 1}}}
        found = await simulations.explore([{"safe": {"try": [{"fetch": get()}], "catch": catch}}, {"slow": slow}])

        ways = reached(found)
        assert [ways["/do/0/safe", way] for way in ("caught", "retried")] == ["error", "error"]
        assert ways["/do/0/safe/catch/do/0/fallback", "task"] == "error"
        assert ways["/do/1/slow", "timeout"] == "error"
        assert found.problems == []

    @pytest.mark.parametrize("when", [".status == 404", '$error.status >= 400 and ($error.detail | contains("stock"))'])
    async def test_the_condition_of_a_catch_is_solved(self, simulations: Simulations, when: str) -> None:
        task = {"try": [{"fetch": get()}], "catch": {"when": when, "do": [{"note": {"set": {"x": 1}}}]}}
        assert reached(await simulations.explore([{"safe": task}]))["/do/0/safe/catch/do/0/note", "task"] == "error"

    async def test_an_error_that_its_handler_raises_anew_was_caught(self, simulations: Simulations) -> None:
        error = {"type": "https://a.example/gave-up", "status": 500}
        task = {"try": [{"fetch": get()}], "catch": {"do": [{"give": {"raise": {"error": error}}}]}}
        assert "never" not in reached(await simulations.explore([{"safe": task}])).values()

    async def test_yes_no_and_silence(self, simulations: Simulations) -> None:
        agree = {"call": "approve:1.0.0@default", "with": {"title": "Go?", "deadline": "PT1H"}}
        decide = {"switch": [{"yes": {"when": ".approved", "then": "end"}}, {"no": {"then": "continue"}}]}
        found = await simulations.explore([{"agree": agree}, {"decide": decide}, {"back": {"set": {"sent": "back"}}}])

        ways = reached(found)
        assert [ways["/do/0/agree", way] for way in ("approved", "rejected", "timeout")] == ["input", "input", "error"]
        assert ways["/do/2/back", "task"] == "input"

    async def test_an_event_or_nobody(self, simulations: Simulations) -> None:
        hear = {"listen": {"to": {"one": {"with": {"type": "x"}}}}, "timeout": {"after": {"hours": 1}}}
        catch = {
            "errors": {"with": {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/timeout"}},
            "do": [{"late": {"set": {"x": 1}}}],
        }
        found = await simulations.explore([{"safe": {"try": [{"hear": hear}], "catch": catch}}])

        assert the(found, "/do/0/safe/try/0/hear", "timeout").needs["silent"] == ["/do/0/safe/try/0/hear"]
        assert reached(found)["/do/0/safe/catch/do/0/late", "task"] == "error"

    async def test_each_branch_of_a_race_wins_once(self, simulations: Simulations) -> None:
        race = {"fork": {"compete": True, "branches": [{"a": get()}, {"b": get()}]}}
        ways = reached(await simulations.explore([{"race": race}]))
        assert [ways["/do/0/race", f"wins:{name}"] != "never" for name in "ab"] == [True, True]


class TestFaults:
    async def test_an_expression_that_cannot_work_is_found_behind_a_decision(self, simulations: Simulations) -> None:
        do: Tasks = [
            {"choose": {"switch": [{"big": {"when": ".n > 10", "then": "large"}}, {"rest": {"then": "end"}}]}},
            {"large": {"set": {"size": "${ {a: 1} - 1 }"}}},
        ]
        (problem,) = (await simulations.explore(do)).problems

        assert (problem.code, problem.reference, problem.severity) == ("expression-fails", "/do/1/large", "error")
        assert "11" in problem.hint

    async def test_a_field_that_nothing_gives(self, simulations: Simulations) -> None:
        do: Tasks = [{"keep": {"set": {"total": 3}}}, {"tell": {"set": {"text": '${ "\\(.totl) euro" }'}}}]
        (problem,) = (await simulations.explore(do)).problems

        assert (problem.code, problem.reference) == ("unknown-field", "/do/1/tell")
        assert "'totl'" in problem.message
        assert "'total'" in problem.hint

    async def test_where_an_expression_is_not_understood_a_fault_is_a_warning(self, simulations: Simulations) -> None:
        do: Tasks = [{"pair": {"set": {"sum": '${ .pair as [$a, $b] | $a + $b + (.c | length) - "x" }'}}}]
        (problem,) = (await simulations.explore(do)).problems
        assert (problem.code, problem.severity) == ("expression-fails", "warning")

    async def test_an_output_that_misses_its_schema(self, simulations: Simulations) -> None:
        schema = {"schema": {"document": {"type": "object", "required": ["id"]}}}
        (problem,) = (await simulations.explore([{"make": {"set": {"name": "x"}, "output": schema}}])).problems
        assert (problem.code, problem.reference) == ("schema-mismatch", "/do/0/make")

    async def test_what_comes_to_no_end(self, simulations: Simulations) -> None:
        (problem,) = (await simulations.explore([{"again": {"set": {"a": 1}, "then": "again"}}])).problems
        assert (problem.code, problem.severity) == ("goes-on-for-ever", "warning")

    async def test_errors_that_the_definition_raises_are_no_faults(self, simulations: Simulations) -> None:
        error = {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/validation", "status": 400, "title": "No"}
        assert (await simulations.explore([{"no": {"raise": {"error": error}}}])).problems == []

    async def test_a_value_that_goes_into_a_function_is_one_that_it_takes(self, simulations: Simulations) -> None:
        tell = {"call": "notify:1.0.0@default", "with": {"channel": "${ .how }", "to": "${ .who }", "url": "${ .where }", "text": "x"}}
        assert (await simulations.explore([{"tell": tell}])).problems == []

    async def test_an_error_that_a_child_raises_is_no_fault(self, simulations: Simulations) -> None:
        error = {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/validation", "status": 400, "title": "No"}
        child = definition([{"no": {"raise": {"error": error}}}])
        run = {"run": {"workflow": {"namespace": "test", "name": "tested", "version": "0.1.0"}}}
        assert (await simulations.explore([{"sub": run}], workflows=[child])).problems == []


async def test_bounds_hold_and_are_told(simulations: Simulations) -> None:
    do: Tasks = [{f"t{number}": {"if": f".f{number} > {number}", "set": "${ . }"}} for number in range(10)]
    found = await simulations.explore(do, most_simulations=3)

    assert (found.simulations, found.complete) == (3, False)
    assert "stopped at a limit" in found.table()


async def test_the_same_definition_gives_the_same_coverage(simulations: Simulations) -> None:
    do: Tasks = [{"fetch": get()}, {"each": {"for": {"in": ".lines"}, "do": [{"tell": get(**{"if": "$item.open"})}]}}]
    one, other = [await simulations.explore(do) for _ in range(2)]
    assert one.to_json() == other.to_json()


async def test_a_schema_of_an_api_description_shapes_the_answers(simulations: Simulations) -> None:
    from graphs.run.simulation import simulate

    order = {"type": "object", "required": ["id", "state"], "properties": {"id": {"type": "integer"}, "state": {"enum": ["new", "paid"]}}}
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}
    api = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/o": {"get": {"operationId": "getOrder", "responses": {"200": answer}}}},
        "components": {"schemas": {"Order": order}},
    }
    call = {"call": "openapi", "with": {"document": {"endpoint": "https://a.example/api"}, "operationId": "getOrder"}}
    found = await simulate(
        definition([{"load": call}]),
        FUNCTIONS,
        input={},
        documents={"https://a.example/api": __import__("json").dumps(api)},
        expressions=simulations.expressions,
    )
    assert found.outcome.output == {"id": 1, "state": "new"}
