"""Calls of catalogue functions on the wire: `with` is a closed object typed by the function's own input schema.

What a property becomes: text, whole numbers, numbers and booleans are themselves (the last three, or text with an expression); an
enum of words is those words; everything else any value. A schema that is open or has no properties gives name/value pairs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dsl.pointer import join
from dsl.wire.problems import Reader
from dsl.wire.records import Field, Record
from dsl.wire.shapes import Choice, Listed, Pairs, Scalar, Shape, Text, Value, ref
from dsl.wire.values import pairs_from_wire, value_from_wire

if TYPE_CHECKING:
    from dsl.catalogue import Catalogue, Function

JSON = Any
_LIMIT: Final = 3_000  # bytes of a function's typed form; a longer one is written without words, or as pairs
_ABOUT: Final = 80


@dataclass(frozen=True)
class Arguments:
    """`with` as it comes, typed or as pairs; read without knowing the function."""

    def schema(self) -> dict[str, JSON]:
        return ref("pairs")

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        return Pairs().to_wire(value, catalogue)

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        if not isinstance(value, dict):
            return pairs_from_wire(value, at, reader)
        return {name: value_from_wire(item, join(at, name), reader) for name, item in value.items() if item is not None}


def record_of(call: str, function: Function) -> Record:
    """Return the record of a call of *function*; its words are left out, and then its types, where they make it too long."""
    typed = is_closed(function)
    records = [_record(call, function, typed=True, words=True), _record(call, function, typed=True, words=False)] if typed else []
    fitting = [record for record in records if len(json.dumps(record.properties())) <= _LIMIT]
    return fitting[0] if fitting else _record(call, function, typed=False, words=False)


def is_closed(function: Function) -> bool:
    """Tell whether the function's input has named properties and no others."""
    schema = function.input
    return bool(schema.get("properties")) and schema.get("additionalProperties") is False and "patternProperties" not in schema


def read_call(kind: str, wire: dict[str, JSON], at: str, reader: Reader, head: frozenset[str]) -> JSON:
    """Return the task that calls *kind*."""
    from dsl.wire.tables import AFTER, BEFORE

    return Record((*BEFORE, Field(("with",), Arguments()), *AFTER), {("call",): kind}).from_wire(wire, at, reader, head)


def _record(call: str, function: Function, *, typed: bool, words: bool) -> Record:
    from dsl.wire.tables import AFTER, BEFORE

    given = tuple(_argument(name, schema, function, words=words) for name, schema in function.input["properties"].items()) if typed else ()
    about = _short(f"{function.title}. {function.summary}", 160)
    return Record((*BEFORE, *(given or (Field(("with",), Pairs()),)), *AFTER), {("call",): call}, about=about)


def _argument(name: str, schema: JSON, function: Function, *, words: bool) -> Field:
    about = _short(schema.get("description", ""), _ABOUT) if words and isinstance(schema, dict) else ""
    return Field(("with", name), _shape(schema), ("with", name), name in function.input.get("required", ()), about)


def _shape(schema: JSON) -> Shape:
    if not isinstance(schema, dict):
        return Value()
    words = [word for word in schema.get("enum", ()) if word is not None]
    if words and all(isinstance(word, str) for word in words):
        return Choice(tuple(words))
    kinds = schema.get("type", ())
    types = {kinds} if isinstance(kinds, str) else set(kinds)
    types.discard("null")
    if types == {"string"}:
        return Text()
    if types and types <= {"string", "number", "integer", "boolean"}:
        return Scalar(tuple(sorted(types - {"string"})))
    if types == {"array"} and schema.get("items") == {"type": "string"}:
        return Listed(Text())
    return Value()


def _short(text: object, limit: int) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
