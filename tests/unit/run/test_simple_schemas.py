"""What is certain without jsonschema is what jsonschema says."""

from __future__ import annotations

from typing import Any

import pytest

from graphs.run.schemas import JsonSchema
from graphs.run.simple_schemas import certainly

ORDER = {
    "type": "object", "required": ["id"], "additionalProperties": False, "title": "An order", "x-shown": True,
    "properties": {
        "id": {"type": "integer"}, "total": {"type": ["number", "null"]}, "lines": {"type": "array", "items": {"type": "string"}},
    },
}  # fmt: skip
SCHEMAS: list[dict[str, Any]] = [ORDER, {"type": ["string", "object"]}, {"items": ORDER}, {"required": ["id"]}, {}]
VALUES: list[Any] = [
    {"id": 1}, {"id": 1, "total": 2.5, "lines": ["a"]}, {"id": True}, {"id": 1.0}, {"id": "1"}, {"total": 1}, {"id": 1, "more": 1},
    {"id": 1, "lines": ["a", 1]}, {"id": 1, "total": None}, [{"id": 1}], [1], [], "text", 1, None, True,
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=str)
@pytest.mark.parametrize("schema", SCHEMAS, ids=range(len(SCHEMAS)))
def test_what_is_certain_is_what_jsonschema_says(schema: dict[str, Any], value: Any) -> None:
    whole = JsonSchema(schema)
    fits = certainly(schema)
    whole._certainly = None

    assert fits is not None
    assert not (fits(value) and whole.check(value))


def test_an_ordinary_value_is_certain() -> None:
    fits = certainly(ORDER)

    assert fits is not None
    assert fits({"id": 1, "total": None, "lines": ["a"]})


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "a"},
        {"properties": {"a": {"enum": [1]}}},
        {"items": [{}]},
        {"$ref": "#/x"},
        {"additionalProperties": {}},
        {"required": True},
    ],
)
def test_a_schema_that_says_more_is_left_to_jsonschema(schema: dict[str, Any]) -> None:
    assert certainly(schema) is None
