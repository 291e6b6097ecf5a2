"""Names that lead somewhere or nowhere: what `use` declares, functions of every kind, settings, recursion."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import check
from tests.unit.dsl.definitions import CATALOGUE, a_workflow, choose, get, put, wait

SELF = {"again": {"run": {"workflow": {"namespace": "test", "name": "a-workflow", "version": "1.0.0"}}}}


def found(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(problem.code, problem.reference) for problem in check(data, CATALOGUE)]


def at(endpoint: dict[str, Any]) -> dict[str, Any]:
    return {"load": {"call": "http", "with": {"method": "get", "endpoint": endpoint}}}


@pytest.mark.parametrize("scheme", ["basic", "bearer", "digest", "oauth2", "oidc"])
def test_a_secret_of_any_scheme_is_looked_up_and_counts_as_used(scheme: str) -> None:
    data = a_workflow(at({"uri": "https://a.example", "authentication": {scheme: {"use": "login"}}}))

    assert found(data) == [("undeclared-secret", f"/do/0/load/with/endpoint/authentication/{scheme}/use")]
    assert found(data | {"use": {"secrets": ["login"]}}) == []


@pytest.mark.parametrize(
    ("use", "reference"),
    [
        ({"secrets": ["a"]}, "/use/secrets/0"),
        ({"retries": {"a": {"limit": {"attempt": {"count": 1}}}}}, "/use/retries/a"),
        ({"errors": {"a": {"type": "https://a.example/e", "status": 400}}}, "/use/errors/a"),
        ({"timeouts": {"a": {"after": "PT1S"}}}, "/use/timeouts/a"),
        ({"authentications": {"a": {"bearer": {"token": "x"}}}}, "/use/authentications/a"),
        ({"functions": {"a": {"wait": "PT1S"}}}, "/use/functions/a"),
        ({"catalogs": {"a": {"endpoint": "https://a.example"}}}, "/use/catalogs/a"),
    ],
)
def test_what_is_declared_and_not_used_is_advice(use: dict[str, Any], reference: str) -> None:
    [problem] = check(a_workflow(wait("rest"), use=use))

    assert (problem.code, problem.reference, problem.severity) == ("unused", reference, "advice")


def test_a_secret_that_only_a_run_can_name_leaves_all_secrets_in_use() -> None:
    use = {"secrets": ["a", "b"]}
    headers = {"headers": {"X": '${ $secrets[.name] // "" }'}}
    data = a_workflow({"load": {"call": "http", "with": {"method": "get", "endpoint": "https://a.example"} | headers}}, use=use)

    assert "unused" not in {code for code, _ in found(data)}


def test_a_function_of_a_catalogue_of_ones_own_is_not_judged_beyond_its_name() -> None:
    use = {"catalogs": {"mine": {"endpoint": "https://a.example/catalog"}}}

    assert found(a_workflow({"x": {"call": "log:1.0.0@mine", "with": {"anything": 1}}}, use=use)) == []
    assert found(a_workflow({"x": {"call": "log@mine"}}, use=use)) == [("unknown-function", "/do/0/x/call")]


def test_a_catalogue_of_ones_own_named_default_takes_the_place_of_ours() -> None:
    use = {"catalogs": {"default": {"endpoint": "https://a.example/catalog"}}}

    assert found(a_workflow({"x": {"call": "ghost:1.0.0@default"}}, use=use)) == []


def test_every_violation_of_an_own_functions_schema_is_named_and_expressions_are_not_judged() -> None:
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "n": {"maximum": 3}, "s": {"type": "string"}}}
    own = {"load": {"input": {"schema": {"document": schema}}, "wait": "PT1S"}}

    problems = found(a_workflow({"x": {"call": "load", "with": {"n": 9, "s": "${ .s }"}}}, use={"functions": own}))

    assert problems == [("missing-argument", "/do/0/x/with"), ("invalid-argument", "/do/0/x/with/n")]


def test_an_own_function_with_a_broken_schema_has_that_one_problem() -> None:
    own = {"load": {"input": {"schema": {"document": {"type": "strng"}}}, "wait": "PT1S"}}

    problems = found(a_workflow({"x": {"call": "load", "with": {"n": 9}}}, use={"functions": own}))

    assert problems == [("invalid-schema", "/use/functions/load/input/schema/document/type")]


@pytest.mark.parametrize(
    ("pointer", "owner"),
    [
        ("/use/functions/own/do/0/b/then", {"use": {"functions": {"own": {"do": [wait("b", then="nowhere")]}}}}),
        (
            "/use/extensions/0/log/after/0/b/then",
            {"use": {"extensions": [{"log": {"extend": "all", "after": [wait("b", then="nowhere")]}}]}},
        ),
    ],
)
def test_targets_are_looked_up_in_the_lists_of_use_too(pointer: str, owner: dict[str, Any]) -> None:
    task = {"a": {"call": "own"}} if "functions" in owner["use"] else wait("a")

    assert found(a_workflow(task, **owner)) == [("unknown-target", pointer)]


def test_what_compensates_and_proves_a_task_is_checked_in_every_layer() -> None:
    settings = {"compensate": [wait("u", then="nowhere"), put("v", "${ .x | }")], "proof": {"call": "ghost:1.0.0@default"}}
    data = a_workflow(wait("a", metadata={"parley": settings}))

    problems = [problem for problem in check(data, CATALOGUE) if problem.severity == "error"]

    base = "/do/0/a/metadata/parley"
    assert [(problem.code, problem.reference) for problem in problems] == [
        ("unknown-target", f"{base}/compensate/0/u/then"),
        ("expression-syntax", f"{base}/compensate/1/v/set"),
        ("unknown-function", f"{base}/proof/call"),
    ]


def test_other_namespaces_of_metadata_are_left_alone() -> None:
    data = a_workflow(wait("a", metadata={"other": {"compensate": 5}, "parley2": {}}), document={"metadata": {"x": {"timezone": 5}}})

    assert found(data) == []


@pytest.mark.parametrize(
    ("tasks", "endless"),
    [
        ([SELF], True),
        ([wait("a"), {"b": {"do": [SELF]}}], True),
        ([{"again": SELF["again"] | {"if": ".more"}}], False),
        ([{"b": {"if": ".more", "do": [SELF]}}], False),
        ([choose("way", ("more", ".more", "again"), ("no", None, "end")), SELF], False),
        ([{"b": {"for": {"in": ".items"}, "do": [SELF]}}], False),
        ([{"b": {"try": [get("x")], "catch": {"do": [SELF]}}}], False),
    ],
)
def test_a_workflow_that_starts_itself_needs_a_condition(tasks: list[dict[str, Any]], endless: bool) -> None:
    assert ("endless-recursion" in {code for code, _ in found(a_workflow(*tasks))}) is endless


def test_one_list_of_broken_items_hides_no_mistake_in_another() -> None:
    data = a_workflow({"a": {"do": [{"name": "x", "wait": "PT1S"}]}}, wait("b", then="nowhere"))

    assert found(data) == [("two-in-one-item", "/do/0/a/do/0"), ("unknown-target", "/do/1/b/then")]


def test_two_mistakes_are_two_problems() -> None:
    data = a_workflow({"a": {"call": "http", "with": {"url": "https://a.example", "verb": "get", "bdy": 1}}})

    assert found(data) == [
        ("unknown-property", "/do/0/a/with/bdy"),
        ("unknown-property", "/do/0/a/with/url"),
        ("unknown-property", "/do/0/a/with/verb"),
    ]


def test_the_input_of_a_child_workflow_is_held_against_the_childs_schema() -> None:
    schema = {"type": "object", "required": ["orderId"], "properties": {"orderId": {"type": "integer"}}}
    child = a_workflow(wait("rest"), input={"schema": {"document": schema}})
    known = {"test/child/1.0.0": child}
    start = {"start": {"run": {"workflow": {"namespace": "test", "name": "child", "version": "1.0.0", "input": {"orderId": "five"}}}}}

    problems = check(a_workflow(start), workflows=known)

    assert [(problem.code, problem.reference) for problem in problems] == [("invalid-argument", "/do/0/start/run/workflow/input/orderId")]


def test_a_pattern_of_an_own_function_is_not_tried() -> None:
    schema = {"properties": {"s": {"pattern": "(a+)+$"}, "n": {"type": "integer"}}}
    own = {"slow": {"input": {"schema": {"document": schema}}, "wait": "PT1S"}}

    assert found(a_workflow({"x": {"call": "slow", "with": {"s": "a" * 60 + "b"}}}, use={"functions": own})) == []


@pytest.mark.parametrize("name", ["query", "body", "do", "with", "authentication"])
def test_a_task_may_be_named_like_a_part(name: str) -> None:
    task = {"call": "http", "with": {"method": "get", "endpoint": {"uri": "https://a.example", "authentication": {"use": "nowhere"}}}}

    assert found(a_workflow({name: task})) == [("unknown-authentication", f"/do/0/{name}/with/endpoint/authentication/use")]
