"""What is known of values before any run: where they come from, which fields are read from them, what they are compared with.

A `Source` stands for something the outside will give (the input, an answer, an event): each expression that reads it says more about it.
All other things say how a value was made of sources. A `Value` is one thing or several that it may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

JSON = Any
ITEM: Final = "[]"  # a step of a path: every item of a list
Key = tuple[str, tuple[str, ...]]  # (root, path): where a leaf is
_MOST = 6  # things one value may be


@dataclass(eq=False, slots=True)
class Source:
    """Something given from outside: `root` says by whom ("input", "answer:/do/0/x", "event:/do/1/y"), `path` where in it."""

    root: str
    path: tuple[str, ...] = ()
    schema: Mapping[str, JSON] | None = None
    document: Mapping[str, JSON] | None = None  # where `$ref` of the schema points into
    fields: dict[str, Source] = field(default_factory=dict)
    item: Source | None = None
    kinds: list[str] = field(default_factory=list)  # object, array, string, number, boolean, as they were asked for
    atoms: list[Atom] = field(default_factory=list)  # in the order they were met
    alike: list[Source] = field(default_factory=list)  # of the same kind as this, since they are added or compared
    needs: list[Formula] = field(default_factory=list)  # what a filter asks of the items
    made: bool = False  # no expression reads it: it is there because its schema says so

    @property
    def key(self) -> Key:
        return self.root, self.path

    def member(self, name: str) -> Source:
        if name not in self.fields:
            self.fields[name] = Source(self.root, (*self.path, name), _member_schema(self, name), self.document or self.schema)
        self.want("object")
        return self.fields[name]

    def element(self) -> Source:
        if self.item is None:
            self.item = Source(self.root, (*self.path, ITEM), _item_schema(self), self.document or self.schema)
        return self.item

    def want(self, kind: str) -> None:
        if kind not in self.kinds:
            self.kinds.append(kind)

    def note(self, atom: Atom) -> None:
        if atom not in self.atoms:
            self.atoms.append(atom)


@dataclass(frozen=True, slots=True)
class Known:
    """A constant."""

    value: JSON


@dataclass(eq=False, slots=True)
class Record:
    """An object that an expression builds; *rest*: objects that were merged in, whose fields it has too."""

    fields: dict[str, Value]
    rest: Value = ()
    closed: bool = True  # every field is known


@dataclass(eq=False, slots=True)
class Listed:
    """A list that an expression builds; *of* is the source it has a part of, *where* what was asked of the items."""

    items: Value
    of: Source | None = None
    where: Formula | None = None
    length: int | None = None  # when it is known
    places: tuple[Value, ...] = ()  # what stands at each place, when that is known


@dataclass(eq=False, slots=True)
class Made:
    """Something computed: its kind; for a truth value the formula, for a length what was measured."""

    kind: str = ""
    formula: Formula | None = None
    size_of: Source | Listed | None = None
    parts: tuple[Source, ...] = ()


Thing = Source | Known | Record | Listed | Made
Value = tuple[Thing, ...]
NOTHING: Final[Value] = (Known(None),)
ANY: Final[Value] = (Made(),)


@dataclass(frozen=True, slots=True)
class Atom:
    """A leaf compared with a constant; `size >` and its kin are about its length."""

    key: Key
    sign: str  # == != < <= > >= · truthy · starts, ends, contains, matches · null · size == …
    literal: JSON = None


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Formula


@dataclass(frozen=True, slots=True)
class Fixed:
    """True or false whatever the data; None: nobody knows."""

    holds: bool | None


Formula = Atom | All | Either | Not | Fixed
UNKNOWN: Final = Fixed(None)
Truth = Literal[True, False]


def union(*values: Value) -> Value:
    """Return what may be any of *values*."""
    found: list[Thing] = []
    for value in values:
        for thing in value:
            if not any(thing is other or (isinstance(thing, Known) and thing == other and _same(thing, other)) for other in found):
                found.append(thing)
    return tuple(found[:_MOST])


def _same(one: Thing, other: Thing) -> bool:
    return isinstance(one, Known) and isinstance(other, Known) and type(one.value) is type(other.value)


def sources(value: Value) -> list[Source]:
    return [thing for thing in value if isinstance(thing, Source)]


def lifted(value: JSON) -> Value:
    """Return a constant as a value whose members can be read."""
    if isinstance(value, Mapping):
        return (Record({str(key): lifted(item) for key, item in value.items()}),)
    if isinstance(value, list):
        return (Listed(union(*map(lifted, value)) if value else (), length=len(value)),)
    return (Known(value),)


def resolved(schema: Any, document: Mapping[str, JSON] | None) -> Mapping[str, JSON]:
    """Return *schema* with its own `$ref` followed inside *document*; empty when there is none to be had."""
    for _ in range(20):
        if not isinstance(schema, Mapping):
            return {}
        ref = schema.get("$ref")
        if not isinstance(ref, str):
            return _merged(schema, document) if "allOf" in schema else schema
        found: Any = document if ref.startswith("#") else None
        for part in ref.lstrip("#").strip("/").split("/"):
            part = part.replace("~1", "/").replace("~0", "~")
            found = found.get(part) if isinstance(found, Mapping) and part else found
        schema = found
    return {}


def _merged(schema: Mapping[str, JSON], document: Mapping[str, JSON] | None) -> Mapping[str, JSON]:
    """Return an `allOf` as one schema, as far as types, properties and what is required go."""
    merged: dict[str, JSON] = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"] if isinstance(schema["allOf"], list) else ():
        own = resolved(part, document)
        merged["properties"] = {**own.get("properties", {}), **merged.get("properties", {})}
        merged["required"] = [*merged.get("required", ()), *own.get("required", ())]
        for key, value in own.items():
            merged.setdefault(key, value)
    return merged


def _member_schema(source: Source, name: str) -> Mapping[str, JSON] | None:
    schema = resolved(source.schema, source.document or source.schema)
    found = (schema.get("properties") or {}).get(name)
    if found is None and isinstance(schema.get("additionalProperties"), Mapping):
        found = schema["additionalProperties"]
    return resolved(found, source.document or source.schema) if isinstance(found, Mapping) else None


def _item_schema(source: Source) -> Mapping[str, JSON] | None:
    schema = resolved(source.schema, source.document or source.schema)
    return resolved(schema.get("items"), source.document or source.schema) or None
