"""Expressions that are looked at and never run: which fields they read, what they compare."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from dsl.expressions import Expressions
from graphs.run.schemas import JsonSchema
from graphs.run.simulation import reading
from graphs.run.simulation.jq import NotRead, parse
from graphs.run.simulation.noting import Sketch
from graphs.run.simulation.shapes import Source
from graphs.run.simulation.solve import solutions
from graphs.run.simulation.texts import matching
from graphs.run.simulation.values import Values

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def made(expression: str, schema: dict[str, Any] | None = None, **fixed: Any) -> Any:
    """Return a value in which everything that *expression* reads is there."""
    source = Source("input", schema=schema)
    reading.read(expression, (source,), {})
    return Values(Sketch(roots={"input": source}), AT, {("input", (name,)): value for name, value in fixed.items()}).root("input")


# every one must work on the value that is made for it
WORKING = [
    "reduce .lines[] as $line ({}; .[$line.shop] += $line.total)",
    ".count += 1 | .count",
    "[limit(2; .items[] | .price * 2)] | add",
    ".groups | map(.members) | flatten | map(.age + 1)",
    "del(.secret) | .total - 1",
    ".prices[.currency] // 1",
    ".a.b.c",
    ".orders | map(.total) | add",
    "[.lines[] | .price * .count] | add",
    '.lines | map(.name) | join(", ")',
    '"Order \\(.id): \\(.customer.name)"',
    '.first + " " + .last',
    ".a - .b",
    ".lines | sort_by(.day) | last | .value + 1",
    ".tags | map(ascii_downcase) | unique | length",
    '.text | split(" ") | map(ltrimstr("#"))',
    ".data | to_entries | map({(.key): .value}) | add",
    "if .big then .price else .other.price end | . + 1",
    ".x as $x | .lines | map(.n + $x)",
    "reduce .lines[] as $line (0; . + $line.amount)",
    "[.a, .b] | map(. + 1)",
    ".created | fromdate | . + 60",
    ".meta.count // 0 | . + 1",
    "{id, sum: (.lines | map(.total) | add)} | .sum + 1",
    ".lines | group_by(.shop) | map({shop: .[0].shop, total: (map(.amount) | add)})",
    "def twice: . * 2; .n | twice",
    ".lines[1:] | map(.n) | add",
    '.lines | first | .name | startswith("a")',
    '(.name | test("^a")) or (.code | endswith("z"))',
    ".list | any(. > 3)",
    '(.n | tostring) + " euro"',
    "(.total | tonumber) > 5",
    '.a["b c"].d + 1',
    '.a?.b? // "none"',
]


@pytest.mark.parametrize("expression", WORKING)
async def test_a_value_is_made_on_which_the_expression_works(expression: str, expressions: Expressions) -> None:
    await expressions.evaluate(expression, made(expression), {})  # raises ExpressionError when it does not


@pytest.mark.parametrize("wrong", [".a |", "map(", "{a:", '"open', ". as [$a, $b] | $a", "label $out | 1", "@", "a b"])
def test_what_is_not_understood_is_left_alone(wrong: str) -> None:
    with pytest.raises(NotRead):
        parse(wrong)
    assert reading.read(wrong, (Source("input"),), {})[1] == []


def test_deep_nesting_is_left_alone() -> None:
    with pytest.raises(NotRead):
        parse("(" * 5000 + "." + ")" * 5000)


SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 7, "multipleOf": 5}}},
    {"type": "string", "format": "date-time"},
    {"type": "string", "format": "email"},
    {"type": "string", "format": "uuid"},
    {"type": "string", "pattern": "^[A-Z]{3}-\\d{4}(-(x|y))?$"},
    {"type": "string", "minLength": 30, "maxLength": 40},
    {"type": "array", "minItems": 4, "items": {"enum": ["x", "y"]}},
    {"type": "array", "maxItems": 1, "items": {"type": "number", "exclusiveMinimum": 0, "maximum": 1}},
    {"anyOf": [{"type": "null"}, {"type": "object", "required": ["k"], "properties": {"k": {"const": 3}}}]},
    {"allOf": [{"required": ["a"], "properties": {"a": {"type": "boolean"}}}, {"properties": {"b": {"type": "string"}}}], "type": "object"},
    {
        "$ref": "#/$defs/tree",
        "$defs": {"tree": {"type": "object", "properties": {"next": {"$ref": "#/$defs/tree"}, "n": {"type": "integer"}}}},
    },
    {"type": ["null", "number"]},
    {"type": "object", "additionalProperties": False},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: json.dumps(schema)[:40])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_sample_fits_its_schema(schema: dict[str, Any], seed: int) -> None:
    sample = Values(Sketch(roots={"input": Source("input", schema=schema)}), AT, seed=seed).root("input")
    assert JsonSchema(schema).check(sample) == ""


def test_a_schema_that_refers_to_itself_in_many_ways_makes_a_value_of_bounded_size() -> None:
    many = {name: {"type": "array", "items": {"$ref": "#"}} for name in "abcdef"}
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, **many}}
    values = Values(Sketch(roots={"input": Source("input", schema=schema)}), AT)
    first, again = json.dumps(values.root("input")), json.dumps(values.root("input"))

    assert len(first) < 200_000
    assert first == again
    assert JsonSchema(schema).check(json.loads(first)) == ""


@pytest.mark.parametrize("pattern", ["^a+b?c*$", "[^a-z]x", "(foo|bar){2}", "^\\w+@\\w+\\.de$", "\\s\\d", "^$", "a{3,}"])
def test_a_text_for_a_pattern(pattern: str) -> None:
    import re

    assert re.search(pattern, matching(pattern))


CONDITIONS = [
    ".n > 5",
    ".n >= 5 and .n <= 5",
    '(.n > 5 and .m < 3) or .s == "x"',
    ".flag | not",
    ".s != null",
    "(.l | length) == 2",
    "5 < .n",
    '.s | contains("needle")',
]


@pytest.mark.parametrize("condition", CONDITIONS)
async def test_a_solution_makes_the_condition_true(condition: str, expressions: Expressions) -> None:
    source = Source("input")
    formula, _ = reading.condition(condition, (source,), {})
    found = next(solutions(formula))
    data = Values(Sketch(roots={"input": source}), AT, found).root("input")

    assert await expressions.evaluate(condition, data, {}) is True


@pytest.mark.parametrize("condition", [".n > 5 and .n < 5", '.s == "a" and .s == "b"', "(.l | length) < 0"])
def test_what_cannot_be_has_no_solution(condition: str) -> None:
    formula, _ = reading.condition(condition, (Source("input"),), {})
    assert list(solutions(formula)) == []
