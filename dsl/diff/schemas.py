"""How two JSON Schemas differ: what one accepts and the other does not. Cautious: what cannot be compared counts as both.

Source: JSON Schema 2020-12, validation vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from dsl.edit.equal import same
from dsl.pointer import join
from dsl.words import joined

JSON = Any
Effect = Literal["required", "optional", "gone", "closed", "new", "narrower", "wider", "unclear"]

_LOWER: Final = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
_UPPER: Final = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
_WORDS_ONLY: Final = {"title", "description", "examples", "default", "$comment", "$schema", "$id", "deprecated", "readOnly", "writeOnly"}
_COMPARED: Final = {"type", "required", "properties", "items", "enum", "const", "additionalProperties", *_LOWER, *_UPPER, *_WORDS_ONLY}
_ALL: Final = frozenset(("null", "boolean", "object", "array", "number", "string", "integer"))


@dataclass(frozen=True, slots=True)
class SchemaChange:
    effect: Effect
    pointer: str  # in the schema
    words: str  # "'orderId' is now required"


def schema_changes(old: JSON, new: JSON, pointer: str = "", path: str = "") -> Iterator[SchemaChange]:
    """Yield what differs from *old* to *new*; *path* names the value for people, "" is the whole."""
    if same(old, new):
        return
    if not isinstance(old, dict) or not isinstance(new, dict):
        yield from _as_boolean(old, new, pointer, path)
        return
    yield from _types(old, new, pointer, path)
    yield from _choices(old, new, pointer, path)
    yield from _limits(old, new, pointer, path)
    yield from _properties(old, new, pointer, path)
    yield from _closed(old, new, pointer, path)
    if "items" in old or "items" in new:
        yield from schema_changes(old.get("items", {}), new.get("items", {}), join(pointer, "items"), f"{path}[]")
    for key in sorted(old.keys() | new.keys()):
        if key not in _COMPARED and not same(old.get(key), new.get(key)):
            effect: Effect = "narrower" if key not in old and key in ("pattern", "format", "allOf", "not") else "unclear"
            yield SchemaChange(effect, join(pointer, key), f"`{key}` of {_named(path)} is another")


def _named(path: str) -> str:
    return f"'{path}'" if path else "the whole"


def _as_boolean(old: JSON, new: JSON, pointer: str, path: str) -> Iterator[SchemaChange]:
    """Compare where one side is `true`, `false` or no schema."""
    was_open, is_open = old in (True, {}), new in (True, {})
    if was_open == is_open and old is not False and new is not False:
        yield SchemaChange("unclear", pointer, f"{_named(path)} is described another way")
    elif was_open or new is False:
        yield SchemaChange("narrower", pointer, f"{_named(path)} is narrower")
    else:
        yield SchemaChange("wider", pointer, f"{_named(path)} is wider")


def _types(old: dict[str, JSON], new: dict[str, JSON], pointer: str, path: str) -> Iterator[SchemaChange]:
    was, now = _type_set(old), _type_set(new)
    words = f"{_named(path)} is now {_type_words(now)} (was {_type_words(was)})"
    at = join(pointer, "type")
    if not was <= now:
        yield SchemaChange("narrower", at, words)
    if not now <= was:
        yield SchemaChange("wider", at, words)


def _type_set(schema: dict[str, JSON]) -> frozenset[str]:
    found = schema.get("type")
    names = [found] if isinstance(found, str) else found if isinstance(found, list) else None
    if names is None:
        return _ALL
    return frozenset(str(name) for name in names) | (frozenset({"integer"}) if "number" in names else frozenset())


def _type_words(types: frozenset[str]) -> str:
    return "anything" if types == _ALL else joined(sorted(types - ({"integer"} if "number" in types else set())), "or")


def _choices(old: dict[str, JSON], new: dict[str, JSON], pointer: str, path: str) -> Iterator[SchemaChange]:
    was, now = _allowed(old), _allowed(new)
    if was is None and now is None:
        return
    at = join(pointer, "const" if "const" in new else "enum")
    if was is None or (now is not None and any(not _among(value, now) for value in was)):
        yield SchemaChange("narrower", at, f"{_named(path)} has fewer values to choose from")
    if now is None or (was is not None and any(not _among(value, was) for value in now)):
        yield SchemaChange("wider", at, f"{_named(path)} has more values to choose from")


def _allowed(schema: dict[str, JSON]) -> list[JSON] | None:
    if "const" in schema:
        return [schema["const"]]
    return schema["enum"] if isinstance(schema.get("enum"), list) else None


def _among(value: JSON, values: list[JSON]) -> bool:
    return any(same(value, other) for other in values)


def _limits(old: dict[str, JSON], new: dict[str, JSON], pointer: str, path: str) -> Iterator[SchemaChange]:
    for key in sorted(_LOWER | _UPPER):
        was, now = old.get(key), new.get(key)
        if same(was, now):
            continue
        numbers = isinstance(was, int | float) and isinstance(now, int | float)
        tighter = was is None or (numbers and (now > was if key in _LOWER else now < was))
        words = f"`{key}` of {_named(path)} is now {'gone' if now is None else now}" + (f" (was {was})" if was is not None else "")
        yield SchemaChange("narrower" if tighter else "wider", join(pointer, key), words)


def _properties(old: dict[str, JSON], new: dict[str, JSON], pointer: str, path: str) -> Iterator[SchemaChange]:
    was, now = _mapping(old.get("properties")), _mapping(new.get("properties"))
    needed_before, needed = _names(old.get("required")), _names(new.get("required"))
    for name in [*was, *(name for name in now if name not in was), *sorted((needed | needed_before) - was.keys() - now.keys())]:
        inner = f"{path}.{name}" if path else name
        at = join(pointer, "properties", name)
        if name in was and name not in now:
            open_ = new.get("additionalProperties", True) is not False
            yield SchemaChange("gone" if open_ else "closed", at, f"'{inner}' is gone")
        elif name in now and name not in was:
            yield SchemaChange("required" if name in needed else "new", at, f"'{inner}' is new{' and required' if name in needed else ''}")
            continue
        if name in needed and name not in needed_before:
            yield SchemaChange("required", join(pointer, "required"), f"'{inner}' is now required")
        elif name in needed_before and name not in needed and (name in now or name not in was):
            yield SchemaChange("optional", join(pointer, "required"), f"'{inner}' is no longer required")
        if name in was and name in now:
            yield from schema_changes(was[name], now[name], at, inner)


def _closed(old: dict[str, JSON], new: dict[str, JSON], pointer: str, path: str) -> Iterator[SchemaChange]:
    was, now = old.get("additionalProperties", True), new.get("additionalProperties", True)
    if same(was, now):
        return
    yield from (
        SchemaChange(change.effect, join(pointer, "additionalProperties"), f"what {_named(path)} may hold beside its properties is another")
        for change in _as_boolean(was, now, pointer, path)
    )


def _mapping(value: JSON) -> dict[str, JSON]:
    return value if isinstance(value, dict) else {}


def _names(value: JSON) -> set[str]:
    return {name for name in value if isinstance(name, str)} if isinstance(value, list) else set()
