"""Values and findings in words for people: JSON's names of things, never Python's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphs.run.ports import JSON

_LONGEST = 60
TYPES = {"null": "nothing (null)", "boolean": "a boolean", "string": "a text", "number": "a number", "integer": "a whole number"}
TYPES.update({"array": "a list", "object": "an object"})


def kind(value: JSON) -> str:
    """Return what *value* is: "a text", "nothing (null)"."""
    if value is None or isinstance(value, bool):
        return TYPES["null" if value is None else "boolean"]
    if isinstance(value, str):
        return TYPES["string"]
    return TYPES["object" if isinstance(value, Mapping) else "array" if isinstance(value, list) else "number"]


def shown(value: JSON) -> str:
    """Return *value* as JSON; what it is when that is long (not its beginning: half a secret would not be recognised as one)."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{kind(value)} of {len(text)} characters"


def within(path: Iterable[JSON]) -> str:
    """Return where in a value something stands: `orders[3].amount`; "" for the whole."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def place(path: Iterable[JSON]) -> str:
    """Return the same in quotes; "it" for the whole."""
    text = within(path)
    return f"'{text}'" if text else "it"


def finding(error: Any) -> str:
    """Return one finding of a JSON Schema validator (`jsonschema.ValidationError`) as a sentence."""
    say = _FINDINGS.get(error.validator)
    where = place(error.absolute_path)
    if error.schema is False:
        return f"{shown(error.instance)} is not allowed"  # the validator does not say where
    return f"{where} {say(error.validator_value, error.instance, error)}" if say else f"{where} does not fit '{error.validator}'"


def _type(wanted: JSON, value: JSON, _error: Any) -> str:
    names = [wanted] if isinstance(wanted, str) else wanted
    return f"must be {' or '.join(TYPES.get(name, str(name)) for name in names)}, and is {kind(value)}"


def _required(wanted: JSON, value: JSON, _error: Any) -> str:
    missing = [f"'{name}'" for name in wanted if name not in value]  # the validator reports each of them: the sentences are the same
    return f"needs {', '.join(missing)}"


def _additional(_wanted: JSON, _value: JSON, error: Any) -> str:
    return f"takes no {error.message}"


def _count(few: str, many: str) -> Callable[[JSON, JSON, Any], str]:
    return lambda wanted, _value, _error: f"must have {few} {wanted} {many}"


def _than(words: str) -> Callable[[JSON, JSON, Any], str]:
    return lambda wanted, value, _error: f"must be {words} {shown(wanted)}, and is {shown(value)}"


_FINDINGS: Mapping[str, Callable[[JSON, JSON, Any], str]] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _additional,
    "enum": lambda wanted, value, _error: f"must be one of {', '.join(shown(one) for one in wanted)}, and is {shown(value)}",
    "const": _than("exactly"),
    "minimum": _than("at least"),
    "maximum": _than("at most"),
    "exclusiveMinimum": _than("more than"),
    "exclusiveMaximum": _than("less than"),
    "multipleOf": _than("a multiple of"),
    "minLength": _count("at least", "characters"),
    "maxLength": _count("at most", "characters"),
    "minItems": _count("at least", "items"),
    "maxItems": _count("at most", "items"),
    "minProperties": _count("at least", "members"),
    "maxProperties": _count("at most", "members"),
    "uniqueItems": lambda _wanted, _value, _error: "holds the same item twice",
    "pattern": lambda wanted, value, _error: f"must match the pattern {wanted}, and is {shown(value)}",
    "format": lambda wanted, value, _error: f"must be a valid {wanted}, and is {shown(value)}",
    "contains": lambda _wanted, _value, _error: "holds no item of the kind it needs",
    "not": lambda _wanted, value, _error: f"must not be {shown(value)}",
    "anyOf": lambda wanted, _value, _error: f"fits none of the {len(wanted)} forms it may have",
    "oneOf": lambda wanted, _value, _error: f"must fit exactly one of the {len(wanted)} forms it may have",
    "dependentRequired": lambda _wanted, _value, error: f"lacks something that goes with what it has: {error.message}",
}
