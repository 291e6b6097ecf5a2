"""What is known of a value before a run: its fields, its items, or only that it is text. None stands for "nothing is known".

Everything here errs on the side of not knowing: an Object is `closed` only when it certainly has no other fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

JSON = Any

_DEEPEST: Final = 8  # levels; what is deeper is not known
_MOST_FIELDS: Final = 500  # of two objects that may be one; more are not known
_MOST_ORIGINS: Final = 4
_OTHERS: Final = " or others"
_OPENING: Final = ("allOf", "anyOf", "oneOf", "not", "if", "patternProperties", "dependentSchemas", "$dynamicRef")


@dataclass(frozen=True, slots=True)
class Object:
    fields: Mapping[str, Shape | None]
    closed: bool = True
    origin: str = ""  # who made it, in words: "'addUp'", "the workflow's input"


@dataclass(frozen=True, slots=True)
class Items:
    """A list; all items alike."""

    item: Shape | None = None


@dataclass(frozen=True, slots=True)
class Scalar:
    word: str  # "text", "a number", "true or false"


Shape = Object | Items | Scalar

TEXT: Final = Scalar("text")
NUMBER: Final = Scalar("a number")
TRUTH: Final = Scalar("true or false")


def either(one: Shape | None, other: Shape | None, depth: int = 0) -> Shape | None:
    """Return what is known of a value that is one or the other: a field is there when one of the two may have it."""
    if one is None or other is None or depth > _DEEPEST:
        return None
    if one is other or one == other:
        return one
    if isinstance(one, Object) and isinstance(other, Object):
        if len(one.fields) + len(other.fields) > _MOST_FIELDS:
            return None
        names = dict.fromkeys([*one.fields, *other.fields])
        fields = {
            name: either(one.fields[name], other.fields[name], depth + 1)
            if name in one.fields and name in other.fields
            else one.fields.get(name) if one.closed and other.closed and name in one.fields
            else other.fields.get(name) if one.closed and other.closed else None
            for name in names
        }  # fmt: skip
        return Object(fields, one.closed and other.closed, _origins(one.origin, other.origin))
    if isinstance(one, Items) and isinstance(other, Items):
        return Items(either(one.item, other.item, depth + 1))
    return None


def _origins(one: str, other: str) -> str:
    """Return the names of who may have made a value, the first few of them."""
    if one == other or one.endswith(_OTHERS):
        return one
    names = list(dict.fromkeys([*one.split(" or "), *other.split(" or ")]))
    return " or ".join(names) if len(names) <= _MOST_ORIGINS else " or ".join(names[:_MOST_ORIGINS]) + _OTHERS


def together(one: Shape | None, other: Shape | None, origin: str) -> Shape | None:
    """Return what is known of `one + other`."""
    if isinstance(other, Object):
        known = one.fields if isinstance(one, Object) else {}
        closed = other.closed and isinstance(one, Object) and one.closed
        left = known if other.closed else dict.fromkeys(known)
        return Object({**left, **other.fields}, closed, origin)
    if isinstance(one, Items) and isinstance(other, Items):
        return Items(either(one.item, other.item))
    return one if isinstance(one, Scalar) and one == other else None


def of_schema(schema: JSON, origin: str) -> Shape | None:
    """Return what a JSON Schema certainly says; only `#/…` references are followed."""
    return _of_schema(schema, schema, origin, 0)


def _of_schema(schema: JSON, root: JSON, origin: str, depth: int) -> Shape | None:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    if "$ref" in schema:
        target = _followed(schema["$ref"], root)
        return _of_schema(target, root, origin, depth + 1)
    kind = _kind(schema)
    if kind == "object":
        properties = schema.get("properties")
        fields = {
            name: _of_schema(part, root, f"{origin}", depth + 1)
            for name, part in (properties if isinstance(properties, dict) else {}).items()
        }
        closed = schema.get("additionalProperties") is False and not any(key in schema for key in _OPENING)
        return Object(fields, closed, origin)
    if kind == "array":
        return Items(_of_schema(schema.get("items"), root, origin, depth + 1))
    return {"string": TEXT, "number": NUMBER, "integer": NUMBER, "boolean": TRUTH}.get(kind)


def _kind(schema: dict[str, JSON]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        others = [one for one in kind if one != "null"]
        kind = others[0] if len(others) == 1 else None
    return kind if isinstance(kind, str) else ""


def _followed(reference: JSON, root: JSON) -> JSON:
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    from dsl.pointer import MISSING, get

    found = get(root, reference[1:])
    return None if found is MISSING else found
