"""What the package as a whole promises: a light import, no network, no database, no model libraries; `check` over plain data."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dsl import Function, InvalidDefinition, check, digest, effects, examine, load, read
from dsl.expressions.syntax import _error_of
from tests.unit.dsl.definitions import CATALOGUE, a_workflow, approve, choose, get, post, put, wait


def test_the_import_brings_no_server_no_model_library_and_nothing_heavy() -> None:
    code = "import dsl, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())

    assert not loaded & {
        "jq",
        "jsonschema",
        "yaml",
        "httpx",
        "sqlalchemy",
        "psycopg",
        "langchain_core",
        "langgraph",
        "graphs",
        "app",
        "fastapi",
    }


def test_plain_data_is_checked_like_text_only_without_places() -> None:
    [problem] = check(a_workflow(wait("pause", then="shp"), get("ship")))

    assert (problem.code, problem.reference, problem.line) == ("unknown-target", "/do/0/pause/then", 0)
    assert problem.hint == "did you mean 'ship'?"


def test_all_mistakes_are_found_at_once_in_the_order_of_the_text() -> None:
    text = """document: {dsl: 1.0.3, namespace: test, name: x, version: '1'}
do:
  - a: {wait: 5s, then: nowhere}
  - b: {set: "${ .x | }", if: $who}
  - c: {call: ghost:1.0.0@default}
"""

    found = [(problem.line, problem.code) for problem in examine(text, CATALOGUE).problems]

    assert found == [
        (1, "invalid-version"),
        (3, "invalid-duration"),
        (3, "unknown-target"),
        (4, "expression-syntax"),
        (4, "unknown-variable"),
        (5, "unknown-function"),
    ]


def test_without_a_catalogue_only_the_form_of_a_functions_name_is_judged() -> None:
    data = a_workflow({"x": {"call": "ghost:1.0.0@default", "with": {"a": 1}}}, {"y": {"call": "ghost"}})

    assert [problem.reference for problem in check(data)] == ["/do/1/y/call"]


def test_an_expression_as_argument_is_not_judged_before_the_run() -> None:
    data = a_workflow({"x": {"call": "notify:1.0.0@default", "with": {"text": "${ .n }", "channel": "${ .c }", "to": ["${ .a }"]}}})

    assert check(data, CATALOGUE) == []


def test_load_refuses_with_every_problem() -> None:
    with pytest.raises(InvalidDefinition) as caught:
        load({"document": {}, "do": [{"a": {"wait": 3}}]})

    assert len(caught.value.problems) == 5


def test_a_definition_knows_its_tree() -> None:
    definition = examine(a_workflow(wait("pause"), choose("way", ("on", None, "end")))).definition

    assert definition is not None
    assert [item.name for item in definition.do] == ["pause", "way"]
    assert definition.do[1].task.switch[0].case.then == "end"


def test_the_digest_is_of_the_meaning() -> None:
    data = a_workflow(put("x", {"a": 1}))

    assert digest(data) == digest(read(f"{data}").data)
    assert digest(data) != digest(a_workflow(put("x", {"a": 2})))
    assert examine(data).digest == digest(data)


def test_a_function_has_its_key() -> None:
    assert Function(name="a", version="1.0.0", title="A", effect="none", idempotent=True).key == "a:1.0.0"


@pytest.mark.parametrize("poll", ["listen", "timeout"])
def test_a_cycle_that_waits_for_events_or_is_bounded_is_only_a_warning(poll: str) -> None:
    hear = {"hear": {"listen": {"to": {"one": {"with": {"type": "a.b"}}}}}} if poll == "listen" else wait("hear")
    parts = {"timeout": {"after": "PT1H"}} if poll == "timeout" else {}

    [problem] = check(a_workflow(hear, wait("again", then="hear"), **parts))

    assert (problem.code, problem.severity) == ("endless-cycle", "warning")


def test_expressions_that_are_known_are_not_compiled_again() -> None:
    text_tasks = "".join(
        f"  - t{number}:\n      call: http\n      with: {{method: get, endpoint: https://example.com/{number}}}\n      if: .a > {number}\n"
        for number in range(100)
    )
    text = f"document: {{dsl: 1.0.3, namespace: a, name: b, version: 1.0.0}}\ndo:\n{text_tasks}"
    examine(text)
    compiled = _error_of.cache_info().misses

    assert check(read(text)) == []

    assert _error_of.cache_info().misses == compiled


def test_effects_of_a_hundred_tasks_with_approvals_are_all_found() -> None:
    tasks = []
    for number in range(25):
        tasks += [
            get(f"load{number}"),
            approve(f"ask{number}"),
            choose(f"ok{number}", ("yes", ".approved", f"send{number}"), ("no", None, "end")),
        ]
        tasks += [post(f"send{number}")]

    found = effects(a_workflow(*tasks), CATALOGUE)

    assert len(found) == 50
    assert [one.decided_before for one in found] == [False, *[True] * 49]


def test_what_was_changed_since_is_checked_anew() -> None:
    data = a_workflow(wait("a"))
    assert check(data) == []

    data["do"].append(wait("b", then="nowhere"))

    assert [problem.code for problem in check(data)] == ["unknown-target"]
