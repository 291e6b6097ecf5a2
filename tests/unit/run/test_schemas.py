"""JSON Schemas: findings in words for people, nothing fetched, and no pattern or text keeps the process busy."""

from __future__ import annotations

import re
import time
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.run.patterns import PatternRefused, TooMuchWork, compiled
from graphs.run.schemas import JsonSchema, problem_in
from tests.unit.run.harness import World

PERSON = {"type": "object", "required": ["email"], "properties": {"email": {"type": "string"}, "age": {"minimum": 18}}}


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        (PERSON, None, "it must be an object, and is nothing (null)"),
        (PERSON, {}, "it needs 'email'"),
        (PERSON, {"email": 3, "age": 7}, "'email' must be a text, and is a number; 'age' must be at least 18, and is 7"),
        ({"items": PERSON}, [{"email": "a"}, {"email": None}], "'[1].email' must be a text, and is nothing (null)"),
        ({"type": ["string", "null"]}, True, "it must be a text or nothing (null), and is a boolean"),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"a": 1, "b": 2, "c": 3}, "it takes no 'b', 'c'"),
        ({"enum": ["x", None, 1.5]}, False, 'it must be one of "x", null, 1.5, and is false'),
        ({"const": None}, {"a": [None]}, 'it must be exactly null, and is {"a": [null]}'),
        ({"pattern": "^[A-Z]+$"}, "abc", 'it must match the pattern ^[A-Z]+$, and is "abc"'),
        ({"format": "ipv4"}, "300.1.1.1", 'it must be a valid ipv4, and is "300.1.1.1"'),
        ({"anyOf": [{"type": "null"}, {"type": "array"}]}, 1, "it fits none of the 2 forms it may have"),
        ({"properties": {"a": False}}, {"a": 1}, "1 is not allowed"),
        ({"minItems": 2}, [], "it must have at least 2 items"),
    ],
)
def test_a_finding_is_a_sentence_without_python_in_it(schema: dict[str, Any], value: Any, words: str) -> None:
    assert JsonSchema(schema).check(value) == words


def test_what_is_needed_is_said_in_words() -> None:
    assert JsonSchema(PERSON).needs() == "an object with 'email'"
    assert JsonSchema({"type": "array"}).needs() == "a list"


class TestBounds:
    async def test_a_reference_to_elsewhere_is_never_fetched(self, world: World) -> None:
        url = f"{world.url}/schema.json"

        said = JsonSchema({"$ref": url}).check(1)

        assert said == f"the schema refers to '{url}', which is not part of it"
        assert world.requests == []

    @pytest.mark.parametrize("draft", [{}, {"$schema": "http://json-schema.org/draft-07/schema#"}])
    @pytest.mark.parametrize(
        "schema",
        [
            {"properties": {"a": {"pattern": "^(a+)+$"}}},
            {"patternProperties": {"^(a+)+$": False}},
            {"patternProperties": {"^(a+)+$": {}}, "additionalProperties": {"type": "string"}},
            {"properties": {"a": {"properties": {"b": {"$ref": "#"}}}, "b": {"pattern": "^(a|a)*$"}}},
        ],
    )
    def test_no_pattern_keeps_the_process_busy(self, schema: dict[str, Any], draft: dict[str, Any]) -> None:
        evil = "a" * 60 + "!"
        began = time.perf_counter()

        JsonSchema({**draft, **schema}).check({"a": evil, evil: "x", "b": evil})
        JsonSchema({**draft, **schema}).check({"a": {"b": {"a": evil, "b": evil}}})

        assert time.perf_counter() - began < 2

    def test_a_subschema_of_another_draft_is_bounded_too(self) -> None:
        inner = {"$schema": "http://json-schema.org/draft-07/schema#", "pattern": "^(a+)+$"}

        assert "must match" in JsonSchema({"properties": {"a": inner}}).check({"a": "a" * 60 + "!"})

    def test_a_schema_that_refers_to_itself_without_end_is_a_finding(self) -> None:
        assert "without end" in JsonSchema({"$ref": "#"}).check(1)

    def test_a_text_too_long_for_its_pattern_is_a_finding(self) -> None:
        assert "too long" in JsonSchema({"pattern": "^(.|a|b|c|d)*x$"}).check("a" * 1_000_000)

    @pytest.mark.parametrize("schema", [{"pattern": r"(?=a)b"}, {"items": {"pattern": "("}}, {"patternProperties": {r"(a)\1": {}}}])
    def test_a_pattern_that_cannot_be_bounded_is_refused(self, schema: dict[str, Any]) -> None:
        assert "pattern" in problem_in(schema) or "regular expression" in problem_in(schema)

    def test_keywords_that_cannot_be_bounded_together_are_refused(self) -> None:
        assert "unevaluatedProperties" in problem_in({"patternProperties": {"a": {}}, "allOf": [{"unevaluatedProperties": False}]})


PATTERNS = [
    r"^[a-z]+(-[a-z0-9]+)*$", r"^(\d{1,3}\.){3}\d{1,3}$", r"^[^@\s]+@[^@\s]+\.[^@\s]+$", r"^(a+)+$", r"(a|ab)(c|bcd)(d*)", r"a{2,4}?b",
    r"\bfoo\b", r"^$", r"x*", r"[^a-c\d]\w", r"\Aab\Z", r"^a|b$", r"(a*)*b", r"(?:a|b){0,3}c", r".",
    r"\S+\s\D", r"a\Bb", "^(|a)+$", r"[\w.-]+",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.text(alphabet="abcdxfo019-.@ \n_é", max_size=12))
def test_a_pattern_finds_what_pythons_finds(pattern: str, text: str) -> None:
    assert compiled(pattern).search(text) == (re.search(pattern, text) is not None)


@given(pattern=st.text(alphabet="ab|()*+?.^$[]{}12,\\d", max_size=10), text=st.text(alphabet="ab1\n", max_size=8))
def test_any_pattern_is_refused_or_finds_what_pythons_finds(pattern: str, text: str) -> None:
    try:
        search = compiled(pattern).search
    except PatternRefused:
        return

    with warnings.catch_warnings(action="ignore"):
        assert search(text) == (re.search(pattern, text) is not None)


def test_the_work_for_one_text_is_limited() -> None:
    with pytest.raises(TooMuchWork):
        compiled("(a?){2000}x").search("a" * 10_000)
    with pytest.raises(PatternRefused, match="repeats too much"):
        compiled("((a{100}){100}){100}")
