"""What a definition reuses: its own functions, functions of catalogues, extensions, schemas kept elsewhere; and loose evaluation."""

from __future__ import annotations

from typing import Any

import pytest

import graphs.run as run
from dsl.problems import InvalidDefinition
from tests.unit.run.harness import Runs, World

DOUBLE = {"set": {"n": "${ .n * 2 }", "who": "${ $task.name }"}}


def using(**use: Any) -> dict[str, Any]:
    return {"use": use}


class TestFunctions:
    async def test_with_is_the_functions_input_and_its_output_the_tasks(self, runs: Runs) -> None:
        call = {"call": "double", "with": {"n": "${ .have + 1 }"}, "output": {"as": ".n"}}

        outcome = await runs.start([{"x": call}], {"have": 20}, top=using(functions={"double": DOUBLE}))

        assert outcome.output == 42

    async def test_without_with_the_tasks_input_is_passed_on(self, runs: Runs) -> None:
        outcome = await runs.start([{"x": {"call": "double"}}], {"n": 4}, top=using(functions={"double": DOUBLE}))

        assert outcome.output == {"n": 8, "who": "double"}

    async def test_a_uri_template_in_a_function_is_filled_from_with(self, runs: Runs, world: World) -> None:
        world.json("/pets/7", '{"name": "Rex"}')
        fetch = {"call": "http", "with": {"method": "get", "endpoint": f"{world.url}/pets/{{id}}"}}

        outcome = await runs.start([{"x": {"call": "fetch", "with": {"id": 7}}}], {}, top=using(functions={"fetch": fetch}))

        assert outcome.output == {"name": "Rex"}

    async def test_an_error_in_a_function_points_to_the_call(self, runs: Runs) -> None:
        error = {"type": "https://example.com/errors/no", "status": 418}
        functions = {"fail": {"do": [{"inner": {"raise": {"error": error}}}]}}

        outcome = await runs.start([{"x": {"call": "fail"}}], {}, top=using(functions=functions))

        assert outcome.error is not None
        assert outcome.error["instance"] == "/do/0/x/do/0/inner"
        assert outcome.failed_path == "/do/0/x/function/do/0/inner"

    async def test_the_variables_of_the_caller_are_not_known_in_a_function(self, runs: Runs) -> None:
        functions = {"peek": {"set": {"seen": "${ $item }"}}}
        loop = {"for": {"in": "[1]"}, "do": [{"x": {"call": "peek"}}]}

        outcome = await runs.start([{"loop": loop}], {}, top=using(functions=functions))

        assert outcome.error is not None
        assert "item" in outcome.error["detail"]

    async def test_a_function_that_calls_itself_without_end_is_stopped(self, runs: Runs) -> None:
        outcome = await runs.start([{"x": {"call": "again"}}], {}, top=using(functions={"again": {"call": "again"}}))

        assert outcome.error is not None
        assert outcome.error["title"] == "Too Deep"

    async def test_a_finished_function_is_not_called_again_after_a_kill(self, runs: Runs, world: World) -> None:
        world.json("/once", "1")
        once = {"call": "http", "with": {"method": "post", "endpoint": f"{world.url}/once"}}
        ask = {"call": "approve:1.0.0@default", "with": {"title": "Go on?", "assignee": "me"}}

        outcome = await runs.start([{"x": {"call": "once"}}, {"ask": ask}], {}, top=using(functions={"once": once}))
        again = await runs.after_kill()

        assert (outcome.status, again.status, world.seen("/once")) == ("waiting", "waiting", 1)


class TestCatalogs:
    FUNCTION = "input:\n  schema:\n    document: {type: object, required: [n]}\nset:\n  double: ${ .n * 2 }\n"

    async def test_a_function_is_fetched_from_a_catalogue_and_checked(self, runs: Runs, world: World) -> None:
        world.on("/cat/functions/double/1.2.0/function.yaml", lambda _: (200, {"Content-Type": "text/yaml"}, self.FUNCTION.encode()))
        top = using(catalogs={"mine": {"endpoint": {"uri": f"{world.url}/cat"}}})
        calls = [{"x": {"call": "double:1.2.0@mine", "with": {"n": 4}}}, {"y": {"call": "double:1.2.0@mine", "with": {"m": 4}}}]

        outcome = await runs.start(calls, {}, top=top)

        assert outcome.error is not None
        assert (outcome.error["status"], outcome.error["instance"]) == (400, "/do/1/y")
        assert runs.rows("/do/0/x") == ["finished"]
        assert world.seen("/cat/functions/double/1.2.0/function.yaml") == 1

    async def test_a_function_may_be_named_by_its_address(self, runs: Runs, world: World) -> None:
        world.on("/f.yaml", lambda _: (200, {}, self.FUNCTION.encode()))

        outcome = await runs.start([{"x": {"call": f"{world.url}/f.yaml", "with": {"n": 4}}}], {})

        assert outcome.output == {"double": 8}

    async def test_what_is_no_function_is_a_configuration_error_that_names_the_address(self, runs: Runs, world: World) -> None:
        world.on("/f.yaml", lambda _: (200, {}, b"dance: now"))

        outcome = await runs.start([{"x": {"call": f"{world.url}/f.yaml"}}], {})

        assert outcome.error is not None
        assert outcome.error["type"].endswith("/configuration")
        assert f"{world.url}/f.yaml" in outcome.error["detail"]


class TestExtensions:
    @staticmethod
    def log(world: World, text: str) -> dict[str, Any]:
        body = f'${{ "{text} \\($task.reference)" }}'
        return {"call": "http", "with": {"method": "put", "endpoint": f"{world.url}/log", "body": body}}

    async def test_before_and_after_see_the_extended_task_and_leave_its_data_alone(self, runs: Runs, world: World) -> None:
        world.json("/log", '"logged"')
        extension = {"extend": "set", "before": [{"b": self.log(world, "before")}], "after": [{"a": self.log(world, "after")}]}

        outcome = await runs.start([{"x": {"set": {"n": "${ .n + 1 }"}}}], {"n": 1}, top=using(extensions=[{"log": extension}]))

        assert outcome.output == {"n": 2}
        assert [request["body"] for request in world.requests] == [b"before /do/0/x", b"after /do/0/x"]

    async def test_exit_in_before_takes_the_place_of_the_task(self, runs: Runs) -> None:
        mock = {
            "extend": "call",
            "when": '$task.call == "http" and ($task.with.endpoint | startswith("https://mocked.example.com"))',
            "before": [{"mock": {"set": {"mocked": True}, "then": "exit"}}],
        }
        call = {"call": "http", "with": {"method": "get", "endpoint": "https://mocked.example.com/x"}}

        outcome = await runs.start([{"x": call}, {"y": {"set": {"was": "${ .mocked }"}}}], {}, top=using(extensions=[{"m": mock}]))

        assert outcome.output == {"was": True}

    async def test_only_tasks_of_the_kind_are_extended_and_those_of_extensions_never(self, runs: Runs, world: World) -> None:
        world.json("/log", "1")
        extension = {"extend": "all", "before": [{"b": self.log(world, "before")}]}
        tasks = [{"outer": {"do": [{"inner": {"set": {"a": 1}}}]}}]

        await runs.start(tasks, {}, top=using(extensions=[{"log": extension}]))

        assert [request["body"] for request in world.requests] == [b"before /do/0/outer", b"before /do/0/outer/do/0/inner"]

    async def test_composite_means_do_and_fork(self, runs: Runs) -> None:
        stop = {"extend": "composite", "before": [{"s": {"set": {"stopped": True}, "then": "exit"}}]}

        outcome = await runs.start([{"f": {"fork": {"branches": [{"a": {"set": {"a": 1}}}]}}}], {}, top=using(extensions=[{"s": stop}]))

        assert outcome.output == {"stopped": True}

    async def test_what_an_extension_did_is_not_done_again_after_a_kill(self, runs: Runs, world: World) -> None:
        world.json("/log", "1")
        extension = {"extend": "call", "before": [{"b": self.log(world, "before")}]}
        ask = {"call": "approve:1.0.0@default", "with": {"title": "Go on?", "assignee": "me"}}

        await runs.start([{"ask": ask}], {}, top=using(extensions=[{"log": extension}]))
        await runs.after_kill()

        assert world.seen("/log") == 1


async def test_a_schema_kept_elsewhere_is_fetched_and_applied(runs: Runs, world: World) -> None:
    world.json("/schema.json", '{"type": "object", "required": ["id"]}')
    schema = {"resource": {"endpoint": f"{world.url}/schema.json"}}

    outcome = await runs.start([{"x": {"set": {"a": 1}, "output": {"schema": schema}}}], {})

    assert outcome.error is not None
    assert outcome.error["type"].endswith("/validation")
    assert "'id'" in outcome.error["detail"]


async def test_loose_evaluation_tries_every_text_and_keeps_what_is_no_expression(runs: Runs) -> None:
    tasks = [{"x": {"set": {"sum": "1 + 1", "word": "hello there", "path": ".n", "wrapped": "${ .n }", "fails": '"a" | tonumber'}}}]

    outcome = await runs.start(tasks, {"n": 3}, top={"evaluate": {"language": "jq", "mode": "loose"}})

    assert outcome.output == {"sum": 2, "word": "hello there", "path": 3, "wrapped": 3, "fails": '"a" | tonumber'}


def test_a_problem_in_a_function_is_told_at_its_place() -> None:
    data = {
        "document": {"dsl": "1.0.3", "namespace": "test", "name": "tested", "version": "0.1.0"},
        "use": {"functions": {"f": {"do": [{"a": {"set": {"x": 1}, "then": "nowhere"}}]}}},
        "do": [{"x": {"call": "f"}}],
    }

    with pytest.raises(InvalidDefinition) as caught:
        run.compile(data, {})

    assert [problem.reference for problem in caught.value.problems] == ["/use/functions/f/do/0/a/then"]
