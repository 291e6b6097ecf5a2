"""Functions whose effect depends on how they are called: by a field of `with`, or by the tools they are given."""

from __future__ import annotations

from typing import Any

import pytest

import dsl
from dsl.catalogue import Function, effect_of

SQL = Function(
    name="sql", version="1.0.0", title="SQL", effect="write", idempotent=False, narrower={"access": {"read": "read"}},
    input={"type": "object", "properties": {"access": {"enum": ["read", "write"], "default": "read"}}},
)  # fmt: skip
SEND = Function(name="send", version="1.0.0", title="Send", effect="irreversible", idempotent=False)
AGENT = Function(
    name="agent", version="1.0.0", title="Agent", effect="none", idempotent=True, target="with {tools}", tools="tools", servers="mcp"
)
CATALOGUE = {one.key: one for one in (SQL, SEND, AGENT)}


@pytest.mark.parametrize(
    ("function", "arguments", "effect"),
    [
        (SQL, {}, "read"),
        (SQL, {"access": "read"}, "read"),
        (SQL, {"access": "write"}, "write"),
        (SQL, {"access": "${ .how }"}, "write"),
        (AGENT, {}, "none"),
        (AGENT, {"tools": ["sql:1.0.0"]}, "read"),
        (AGENT, {"tools": ["sql:1.0.0", "send:1.0.0@default"]}, "irreversible"),
        (AGENT, {"tools": [{"function": "sql:1.0.0", "with": {"access": "write"}}]}, "write"),
        (AGENT, {"tools": "${ .tools }"}, "unknown"),
        (AGENT, {"tools": ["agent:1.0.0"]}, "unknown"),
        (AGENT, {"tools": ["sql:1.0.0"], "mcp": ["notes"]}, "unknown"),
    ],
)
def test_the_effect_of_a_call_is_the_worst_it_can_do(function: Function, arguments: Any, effect: str) -> None:
    assert effect_of(function, arguments, CATALOGUE) == effect


def test_a_definition_tells_them_and_names_a_tool_that_is_not_there() -> None:
    tasks = [{"a": {"call": "agent:1.0.0@default", "with": {"tools": ["sql:1.0.0"]}}}, {"b": {"call": "agent:1.0.0@default", "with": {}}}]
    document = {"dsl": "1.0.3", "namespace": "test", "name": "t", "version": "0.1.0"}

    good = dsl.examine({"document": document, "do": tasks}, CATALOGUE)
    bad = dsl.examine({"document": document, "do": [{"a": {"call": "agent:1.0.0@default", "with": {"tools": ["sqll:1.0.0"]}}}]}, CATALOGUE)

    assert [(effect.reference, effect.kind, effect.target) for effect in good.effects] == [("/do/0/a", "read", "with sql:1.0.0")]
    assert [(problem.reference, problem.hint) for problem in bad.problems if problem.severity == "error"] == [
        ("/do/0/a/with/tools/0", "did you mean 'sql:1.0.0'?")
    ]


def test_arguments_that_are_settled_stand_with_the_tool() -> None:
    document = {"dsl": "1.0.3", "namespace": "test", "name": "t", "version": "0.1.0"}
    tool = {"function": "sql:1.0.0", "with": {"access": "write"}}
    tasks = [{"a": {"call": "agent:1.0.0@default", "with": {"tools": [tool, "send:1.0.0"]}}}]

    (effect,) = dsl.examine({"document": document, "do": tasks}, CATALOGUE).effects

    assert effect.target == "with sql:1.0.0 (access write), send:1.0.0"


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("agent", {"instructions": "Find out why"}, "Have an agent do it: Find out why"),
        ("sql", {"connection": "shop", "statement": "SELECT 1"}, "Ask shop: SELECT 1"),
        ("sql", {"connection": "shop", "statement": "DELETE FROM x", "access": "write"}, "Change shop: DELETE FROM x"),
        ("read-document", {"url": "https://example.org/a.pdf"}, "Read the document at https://example.org/a.pdf"),
        ("write-document", {"to": "pdf", "title": "Report"}, "Write a PDF: Report"),
        ("fetch-page", {"url": "https://example.org/news"}, "Fetch the page https://example.org/news"),
        ("chart", {"kind": "bar", "title": "Sales"}, "Draw a bar chart: Sales"),
    ],
)
def test_a_call_reads_as_a_sentence(name: str, arguments: Any, words: str) -> None:
    document = {"dsl": "1.0.3", "namespace": "test", "name": "t", "version": "0.1.0"}

    (line,) = dsl.outline({"document": document, "do": [{"a": {"call": f"{name}:1.0.0@default", "with": arguments}}]}, {})

    assert line.text == words
