"""What a function cannot take, in words: the errors of JSON Schema as problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dsl.expressions.errors import shown
from dsl.expressions.program import is_expression
from dsl.nearest import did_you_mean, quoted
from dsl.pointer import join
from dsl.problems import Problem

JSON = Any

_TYPES: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object (`key: value` lines)",
    "array": "a list (`- ` items)",
    "null": "null",
}
_LIMITS: Final = {
    "minimum": "it must be at least {}",
    "maximum": "it must be at most {}",
    "exclusiveMinimum": "it must be more than {}",
    "exclusiveMaximum": "it must be less than {}",
    "multipleOf": "it must be a multiple of {}",
    "minLength": "it must have at least {} characters",
    "maxLength": "it must have at most {} characters",
    "minItems": "it must have at least {} items",
    "maxItems": "it must have at most {} items",
    "minProperties": "it must have at least {} fields",
    "maxProperties": "it must have at most {} fields",
    "pattern": "it must match {}",
    "format": "it must be of the form '{}'",
    "const": "it must be {}",
}


def argument_problems(error: Any, base: str, function: str) -> Iterator[Problem]:
    """Yield the problems that a jsonschema ValidationError of the arguments at *base* stands for; an object may lack several things."""
    reference = join(base, *error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    properties = schema.get("properties", {})
    if error.validator == "required":
        unknown = set(error.instance) - set(properties) if schema.get("additionalProperties") is False else set()
        for name in error.validator_value:
            if name not in error.instance and not did_you_mean(name, unknown):  # a misspelt one has its own problem
                yield _missing(name, properties, reference, function)
    elif error.validator == "additionalProperties":
        for name in sorted(set(error.instance) - set(properties)):
            hint = did_you_mean(
                name, set(properties) - set(error.instance), f"it takes {quoted(properties)}" if properties else "remove it"
            )
            yield _problem("unknown-argument", join(reference, name), f"'{function}' takes no '{name}'", hint)
    else:
        value = error.instance
        what = f"'{shown(value)}'" if isinstance(value, str) else _kind(value)
        yield _problem("invalid-argument", reference, f"'{function}' cannot take {what} here: {_reason(error)}", _hint(error, schema))


def _missing(name: str, properties: Mapping[str, JSON], reference: str, function: str) -> Problem:
    described = properties.get(name)
    about = described.get("description", "") if isinstance(described, Mapping) else ""
    hint = f"add `{name}: …`" + (f" ({about})" if about else "")
    return _problem("missing-argument", reference, f"'{function}' needs '{name}'", hint)


def _reason(error: Any) -> str:
    wanted = error.validator_value
    if error.validator == "type":
        return f"{_wanted_types(wanted)} is wanted"
    if error.validator == "enum":
        return "it is none of the values that are allowed"
    if error.validator in ("oneOf", "anyOf"):
        return "it has none of the forms that are allowed" if "not valid under any" in error.message else "it fits more than one form"
    if error.validator == "uniqueItems":
        return "an item is there twice"
    return _LIMITS[error.validator].format(shown(str(wanted))) if error.validator in _LIMITS else str(error.message)[:200]


def _wanted_types(wanted: JSON) -> str:
    types = wanted if isinstance(wanted, list) else [wanted]
    return " or ".join(_TYPES.get(str(one), str(one)) for one in types)


def _hint(error: Any, schema: Mapping[str, JSON]) -> str:
    about = str(schema.get("description", ""))
    if error.validator == "enum":
        values = [str(value) for value in error.validator_value]
        return did_you_mean(str(error.instance), values, f"use one of: {', '.join(values)}")
    if error.validator == "type" and error.validator_value == "string" and isinstance(error.instance, int | float):
        return "put it in quotes"
    if error.validator == "type":
        return f"give {_wanted_types(error.validator_value)}, or an expression ${{ … }} that does"
    return about or "change it, or give an expression ${ … } whose value fits"


def _kind(value: JSON) -> str:
    if value is None:
        return "an empty value"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else str(value)[:60]


def holds_expression(value: JSON) -> bool:
    """Tell whether *value* is an expression or has one inside."""
    if isinstance(value, dict):
        return any(holds_expression(item) for item in value.values())
    return any(holds_expression(item) for item in value) if isinstance(value, list) else is_expression(value)


def _problem(code: str, reference: str, message: str, hint: str) -> Problem:
    return Problem(code=code, reference=reference, message=message, hint=hint)
