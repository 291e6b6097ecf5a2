"""Inline JSON Schemas of `input`, `output` and `export`: the slips that make a schema mean nothing or fail when the run comes to it.

No whole validation against the metaschema: that is slow and its words help nobody. Formats other than JSON are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dsl.expressions.program import is_expression
from dsl.nearest import did_you_mean, nearest
from dsl.pointer import get, join, last, parent
from dsl.problems import Problem, Severity
from dsl.walk import all_steps, subscription_of

JSON = Any

_TYPES: Final = ("string", "number", "integer", "boolean", "object", "array", "null")
_ALIASES: Final = {
    **dict.fromkeys(("str", "text", "char", "varchar"), "write 'string'"),
    **dict.fromkeys(("int", "long"), "write 'integer'"),
    **dict.fromkeys(("float", "double", "decimal"), "write 'number'"),
    "bool": "write 'boolean'",
    **dict.fromkeys(("dict", "map", "json", "record"), "write 'object'"),
    **dict.fromkeys(("list", "tuple", "set"), "write 'array'"),
    "none": "write 'null'",
    **dict.fromkeys(("date", "time", "email", "uuid", "uri", "hostname"), "write `type: string, format: KEY`"),
    **dict.fromkeys(("datetime", "timestamp"), "write `type: string, format: date-time`"),
    "url": "write `type: string, format: uri`",
    "any": "leave `type` out: then any value fits",
}
_MAPS: Final = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_SCHEMAS: Final = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "unevaluatedProperties")
_NUMBERS: Final = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems",
    "minProperties", "maxProperties",
)  # fmt: skip


def schemas(data: dict[str, JSON]) -> Iterator[Problem]:
    """Yield what is wrong in the inline JSON Schemas of the document and of its tasks."""
    owners: list[tuple[JSON, str, tuple[str, ...]]] = [(data, "", ("input", "output"))]
    for step in all_steps(data):
        owners.append((step.task, step.reference, ("input", "output", "export")))
        if step.kind == "listen":
            owners.append((step.task.get("foreach"), join(step.reference, "foreach"), ("output", "export")))
        elif subscription := subscription_of(step.task):
            owners.append((subscription.get("foreach"), join(step.reference, "with", "subscription", "foreach"), ("output", "export")))
    for owner, pointer, parts in owners:
        for part in parts if isinstance(owner, dict) else ():
            schema = get(owner, f"/{part}/schema") if part in owner else None
            if isinstance(schema, dict) and "document" in schema and str(schema.get("format", "json")).startswith("json"):
                yield from _document(schema["document"], join(pointer, part, "schema", "document"))


def _document(document: JSON, pointer: str) -> Iterator[Problem]:
    waiting = [(document, pointer)]  # a loop: a schema may be as deep as the text allows
    while waiting:
        schema, here = waiting.pop()
        if isinstance(schema, bool) or (isinstance(schema, str) and is_expression(schema)):
            continue
        if not isinstance(schema, dict):
            hint = f"write `{{type: {schema}}}`" if schema in _TYPES else "write an object as in `{type: string}`"
            yield _problem(here, f"a schema is an object, and '{last(here)}' is {_named(schema)}", hint)
            continue
        yield from _keywords(schema, here)
        waiting += _inside(schema, here)


def _inside(schema: dict[str, JSON], here: str) -> Iterator[tuple[JSON, str]]:
    for key in _MAPS:
        named = schema.get(key)
        for name, item in named.items() if isinstance(named, dict) else ():
            yield item, join(here, key, name)
    for key in _LISTS:
        listed = schema.get(key)
        for index, item in enumerate(listed) if isinstance(listed, list) else ():
            yield item, join(here, key, index)
    for key in _SCHEMAS:
        if key in schema and not (key == "items" and isinstance(schema[key], list)):  # a list: how older drafts write prefixItems
            yield schema[key], join(here, key)


def _keywords(schema: dict[str, JSON], here: str) -> Iterator[Problem]:
    yield from _type(schema, here)
    yield from _required(schema, here)
    for key in ("properties", "patternProperties", "$defs", "definitions"):
        if key in schema and not isinstance(schema[key], dict):
            yield _problem(join(here, key), f"'{key}' is {_named(schema[key])}, not an object", f"write `{key}: {{NAME: {{type: …}}}}`")
    for key in ("enum", *_LISTS):
        if key in schema and not isinstance(schema[key], list):
            yield _problem(join(here, key), f"'{key}' is {_named(schema[key])}, not a list", "write each value as an item of a list")
    for key in _NUMBERS:
        value = schema.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            hint = f"write {value} without quotes" if isinstance(value, str) and value.isdigit() else "write a number"
            yield _problem(join(here, key), f"'{key}' is {_named(value)}, not a number", hint)


def _type(schema: dict[str, JSON], here: str) -> Iterator[Problem]:
    if "type" not in schema:
        return
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    for one in types:
        if one not in _TYPES:
            hint = _ALIASES.get(str(one).lower(), "").replace("KEY", str(one).lower())
            hint = hint or did_you_mean(str(one), _TYPES, f"use one of: {', '.join(_TYPES)}")
            yield _problem(join(here, "type"), f"{_named(one)} is no type of JSON Schema", hint)
            return


def _required(schema: dict[str, JSON], here: str) -> Iterator[Problem]:
    required, reference = schema.get("required", []), join(here, "required")
    properties = schema.get("properties")
    if isinstance(required, bool):
        inside = last(parent(here)) == "properties"
        name = last(here) if inside else "NAME"
        yield _problem(
            reference,
            "'required' is a list of names beside `properties`",
            f"remove it here, and write `required: [{name}]` beside `properties`",
        )
    elif not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        hint = f"write `required: [{required}]`" if isinstance(required, str) else "write `required: [NAME, …]`"
        yield _problem(reference, f"'required' is {_named(required)}, not a list of names", hint)
    elif isinstance(properties, dict):
        for index, name in enumerate(required):
            near = nearest(name, properties) if name not in properties else None
            if near and near not in required:
                message = f"'{name}' is required, and the property is called '{near}'"
                yield _problem(join(reference, index), message, f"write '{near}', or describe '{name}' too", "warning")


def _named(value: JSON) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else f"'{str(value)[:60]}'"


def _problem(reference: str, message: str, hint: str, severity: Severity = "error") -> Problem:
    return Problem(code="invalid-schema", reference=reference, message=message, hint=hint, severity=severity)
