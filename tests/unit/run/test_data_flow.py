"""How data passes through tasks and the workflow, as the specification says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.run.harness import Runs

NUMBER = {"document": {"type": "object", "required": ["n"], "properties": {"n": {"type": "number"}}}}


async def test_set_replaces_all_data_and_keeps_bare_texts_literal(runs: Runs) -> None:
    """`set` is literal unless wrapped, inside objects and lists too."""
    outcome = await runs.start([{"a": {"set": {"plain": ".x", "list": ["${ .x + 1 }", "no"]}}}], {"x": 1, "y": 2})

    assert outcome.output == {"plain": ".x", "list": [2, "no"]}


async def test_every_stage_of_a_task_sees_what_the_table_of_variables_grants_it(runs: Runs) -> None:
    """`from` sees the raw input, the task its `$input`, `as` the raw output, `export` the `$output`."""
    task = {
        "input": {"from": ".inner"},
        "set": {"got": "${ $input.v }", "raw": "${ $task.input.inner.v }", "name": "${ $task.name }", "ref": "${ $task.reference }"},
        "output": {"as": "{ all: ., before: $input.v }"},
        "export": {"as": "{ kept: $output.all.got }"},
    }

    outcome = await runs.start([{"one": task}, {"two": {"set": "${ { last: ., context: $context } }"}}], {"inner": {"v": 5}})

    got = {"got": 5, "raw": 5, "name": "one", "ref": "/do/0/one"}
    assert outcome.output == {"last": {"all": got, "before": 5}, "context": {"kept": 5}}


async def test_the_workflow_transforms_its_input_and_output(runs: Runs) -> None:
    top = {
        "input": {"from": "{ n: (.n * 2) }"},
        "output": {"as": "{ result: .n, raw: $workflow.input.n, id: ($workflow.id | length > 0) }"},
    }

    outcome = await runs.start([{"a": {"set": {"n": "${ .n + 1 }"}}}], {"n": 1}, top=top)

    assert outcome.output == {"result": 3, "raw": 1, "id": True}


@pytest.mark.parametrize(
    ("top", "task", "instance"),
    [
        ({"input": {"schema": NUMBER}}, {"set": {"n": 1}}, "/"),
        ({}, {"input": {"schema": NUMBER}, "set": {"n": 1}}, "/do/0/a"),
        ({}, {"set": {"n": "no"}, "output": {"schema": NUMBER}}, "/do/0/a"),
        ({}, {"set": {"n": "no"}, "export": {"as": ".", "schema": NUMBER}}, "/do/0/a"),
        ({"output": {"schema": NUMBER}}, {"set": {"n": "no"}}, "/"),
    ],
)
async def test_data_that_does_not_fit_its_schema_is_a_validation_error_with_its_place(
    runs: Runs, top: dict[str, Any], task: dict[str, Any], instance: str
) -> None:
    outcome = await runs.start([{"a": task}], {"n": "text"}, top=top)

    assert outcome.status == "faulted"
    assert outcome.error is not None
    assert outcome.error["type"].endswith("/validation")
    assert (outcome.error["status"], outcome.error["instance"]) == (400, instance)


async def test_a_task_whose_if_is_false_passes_its_data_on(runs: Runs) -> None:
    """Skipped, its `then` does not count either."""
    outcome = await runs.start(
        [{"a": {"if": ".n > 5", "set": {"n": 0}, "then": "end"}}, {"b": {"if": "${ .n == 1 }", "set": {"n": "${ .n + 1 }"}}}], {"n": 1}
    )

    assert outcome.output == {"n": 2}
    assert runs.rows("/do/0/a") == ["skipped"]


async def test_an_unknown_variable_is_an_error_a_try_can_catch(runs: Runs) -> None:
    outcome = await runs.start(
        [{"t": {"try": [{"a": {"set": "${ $nobody }"}}], "catch": {"as": "e", "do": [{"h": {"set": "${ $e }"}}]}}}], {}
    )

    assert outcome.output["type"].endswith("/expression")
    assert outcome.output["instance"] == "/do/0/t/try/0/a"


async def test_a_secret_reaches_expressions_and_never_an_error_or_an_observer(runs: Runs) -> None:
    """Raw, in base64 and URL-encoded, the value is replaced wherever the run speaks."""
    outcome = await runs.start(
        [
            {"a": {"set": {"key": "${ $secrets.token }", "encoded": "${ $secrets.token | @base64 }"}}},
            {"b": {"raise": {"error": {"type": "https://x.org/e", "status": 400, "detail": '${ "because of " + .key }'}}}},
        ],
        top={"use": {"secrets": ["token"]}},
        secrets={"token": "s3cr3t/value"},
    )

    shown = [row for row in runs.deps.observer.rows if row.path == "/do/0/a" and row.status == "finished"]  # type: ignore[attr-defined]
    assert shown[0].output == {"key": "***", "encoded": "***"}
    assert outcome.error is not None
    assert outcome.error["detail"] == "because of ***"


@pytest.mark.parametrize("use", [{}, {"secrets": ["other"]}])
async def test_an_undeclared_secret_is_an_authorization_error(runs: Runs, use: dict[str, Any]) -> None:
    outcome = await runs.start([{"a": {"set": "${ $secrets.token }"}}], top={"use": use}, secrets={"token": "value"})

    assert outcome.error is not None
    assert (outcome.error["type"].rpartition("/")[2], outcome.error["status"]) == ("authorization", 403)


async def test_a_secret_that_was_not_granted_is_an_authorization_error(runs: Runs) -> None:
    outcome = await runs.start([{"a": {"set": "${ $secrets.token }"}}], top={"use": {"secrets": ["token"]}})

    assert outcome.error is not None
    assert outcome.error["status"] == 403
