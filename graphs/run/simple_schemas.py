"""JSON Schemas of the simplest kind, checked in a twentieth of the time: types, required and known properties, lists of one kind, values.

The answer is "certainly fits" or nothing: whatever a value is told is wrong with it, jsonschema tells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphs.run.ports import JSON

Fits = Callable[[JSON], bool]
_REMARKS = {"$schema", "title", "description", "default", "examples", "$comment"}
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}


def certainly(schema: JSON) -> Fits | None:
    """Return a function that tells whether a value certainly fits *schema*; None when the schema says more than is understood here."""
    if not isinstance(schema, dict):
        return None
    parts: list[Fits | None] = []
    for keyword, value in schema.items():
        if keyword in _KEYWORDS:
            parts.append(_KEYWORDS[keyword](value, schema))
        elif keyword == "additionalProperties" and value is False:
            parts.append(_known(frozenset(schema.get("properties") or ())))
        elif keyword not in _REMARKS and not keyword.startswith("x-"):
            return None
    known = [part for part in parts if part is not None]
    return None if len(known) < len(parts) else lambda value: all(fits(value) for fits in known)


def _type(wanted: Any, _schema: Any) -> Fits | None:
    names = [wanted] if isinstance(wanted, str) else wanted
    if not all(name in _TYPES for name in names):
        return None
    types = frozenset(kind for name in names for kind in _TYPES[name])
    return lambda value: type(value) in types


def _required(names: Any, _schema: Any) -> Fits | None:
    if not isinstance(names, list):  # as draft 3 has it
        return None
    return lambda value: type(value) is not dict or all(name in value for name in names)


def _properties(schemas: Any, _schema: Any) -> Fits | None:
    checks = {name: certainly(schema) for name, schema in schemas.items()}
    if None in checks.values():
        return None
    return lambda value: type(value) is not dict or all(name not in value or fits(value[name]) for name, fits in checks.items() if fits)


def _items(schema: Any, whole: Any) -> Fits | None:
    fits = certainly(schema)
    return None if fits is None or "prefixItems" in whole else lambda value: type(value) is not list or all(fits(one) for one in value)


def _known(names: frozenset[str]) -> Fits:
    return lambda value: type(value) is not dict or value.keys() <= names


_KEYWORDS: dict[str, Callable[[Any, Any], Fits | None]] = {
    "type": _type,
    "required": _required,
    "properties": _properties,
    "items": _items,
}
