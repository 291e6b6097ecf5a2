"""How one field of the wire is written, read and described to a decoder.

A shape that cannot hold a value of the language answers UNFIT when it writes; the value then goes to `extra` as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from dsl.nearest import did_you_mean
from dsl.pointer import join
from dsl.wire.problems import Reader, named
from dsl.wire.values import (
    UNFIT,
    duration_from_wire,
    duration_to_wire,
    pairs_from_wire,
    pairs_to_wire,
    value_from_wire,
    value_to_wire,
)

if TYPE_CHECKING:
    from dsl.catalogue import Catalogue

JSON = Any
TEXT_SCHEMA: Final = {"type": "string"}
NULL: Final = {"type": "null"}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def closed(properties: Mapping[str, JSON], about: str = "") -> dict[str, JSON]:
    """Return the schema of an object with exactly these properties, all written."""
    schema = {"type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False}
    return {"description": about, **schema} if about else schema


def nullable(schema: dict[str, JSON]) -> dict[str, JSON]:
    """Return *schema* or null; the short form where the type alone says it."""
    if schema == ref("any"):
        return schema
    if schema.keys() == {"type"} and isinstance(schema["type"], str):
        return {"type": [schema["type"], "null"]}
    if schema.keys() == {"anyOf"}:
        return {"anyOf": [*schema["anyOf"], NULL]}
    return {"anyOf": [schema, NULL]}


class Shape(Protocol):
    """One way to write a value."""

    def schema(self) -> dict[str, JSON]: ...

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        """Return *value* for the wire, or UNFIT."""

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        """Return the language's value, or MISSING with a problem noted."""


@dataclass(frozen=True)
class Text:
    """Text, an expression too."""

    def schema(self) -> dict[str, JSON]:
        return TEXT_SCHEMA

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        return value if isinstance(value, str) else UNFIT

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        if isinstance(value, bool):
            return "true" if value else "false"  # `when: true`
        if isinstance(value, int | float):
            return str(value)
        return value if isinstance(value, str) else reader.wrong(at, f"{named(value)} stands where text is wanted", "put it in quotes")


@dataclass(frozen=True)
class Integer:
    def schema(self) -> dict[str, JSON]:
        return {"type": "integer"}

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        return value if type(value) is int else UNFIT

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        if isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) < 18:
            return int(value)
        return value if type(value) is int else reader.wrong(at, f"{named(value)} is no whole number", "write digits only")


@dataclass(frozen=True)
class Boolean:
    def schema(self) -> dict[str, JSON]:
        return {"type": "boolean"}

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        return value if isinstance(value, bool) else UNFIT

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        known = {"true": True, "false": False}
        if isinstance(value, str) and value.lower() in known:
            return known[value.lower()]
        return value if isinstance(value, bool) else reader.wrong(at, f"{named(value)} is neither true nor false")


@dataclass(frozen=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]

    def schema(self) -> dict[str, JSON]:
        return {"type": "string", "enum": list(self.words)}

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        return value if isinstance(value, str) and value in self.words else UNFIT

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        if isinstance(value, str):
            return next((word for word in self.words if word.lower() == value.lower()), value)  # a wrong one gets its problem from `check`
        return reader.wrong(at, f"{named(value)} stands where a word is wanted", f"use one of: {', '.join(self.words)}")


@dataclass(frozen=True)
class Duration:
    """ "5 minutes", "PT5M" or an expression."""

    def schema(self) -> dict[str, JSON]:
        return ref("duration")

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        return duration_to_wire(value)

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        return duration_from_wire(value, at, reader)


@dataclass(frozen=True)
class Value:
    """Any JSON; null is nothing, so a null that means null goes to `extra`."""

    def schema(self) -> dict[str, JSON]:
        return ref("any")

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        return UNFIT if value is None else value_to_wire(value)

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        return value_from_wire(value, at, reader)


@dataclass(frozen=True)
class Scalar:
    """A value of one of some JSON types, or text with an expression."""

    types: tuple[str, ...]

    def schema(self) -> dict[str, JSON]:
        return {"anyOf": [{"type": name} for name in (*self.types, "string")]}

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        fits = {"number": (int, float), "integer": (int,), "boolean": (bool,)}
        if isinstance(value, bool):
            return value if "boolean" in self.types else UNFIT
        return value if isinstance(value, str) or any(isinstance(value, fits[name]) for name in self.types) else UNFIT

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        return value_from_wire(value, at, reader)


@dataclass(frozen=True)
class Pairs:
    """An object whose names are chosen freely."""

    def schema(self) -> dict[str, JSON]:
        return ref("pairs")

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        return pairs_to_wire(value) if isinstance(value, dict) else UNFIT

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        return pairs_from_wire(value, at, reader)


@dataclass(frozen=True)
class OrText:
    """Text (a name, an expression), or something with parts."""

    inner: Shape

    def schema(self) -> dict[str, JSON]:
        return {"anyOf": [TEXT_SCHEMA, self.inner.schema()]}

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        return value if isinstance(value, str) else self.inner.to_wire(value, catalogue)

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        return value if isinstance(value, str) else self.inner.from_wire(value, at, reader)


@dataclass(frozen=True)
class Listed:
    """A list."""

    item: Shape

    def schema(self) -> dict[str, JSON]:
        return {"type": "array", "items": self.item.schema()}

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        if not isinstance(value, list):
            return UNFIT
        items = [self.item.to_wire(item, catalogue) for item in value]
        return UNFIT if any(item is UNFIT for item in items) else items

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        if not isinstance(value, list):
            return reader.wrong(at, f"{named(value)} stands where a list is wanted", "write [ … ]")
        return [self.item.from_wire(item, join(at, position), reader) for position, item in enumerate(value)]


@dataclass(frozen=True)
class Authentication:
    """The name of one in `use.authentications`, or a scheme and its fields."""

    schemes: tuple[str, ...] = ("basic", "bearer", "digest", "oauth2", "oidc")
    or_name: bool = True

    def schema(self) -> dict[str, JSON]:
        return {"anyOf": [TEXT_SCHEMA, ref("authentication")]} if self.or_name else self.scheme()

    def scheme(self) -> dict[str, JSON]:
        """Return what `$defs/authentication` is."""
        return closed({"scheme": {"type": "string", "enum": list(self.schemes)}, "fields": ref("pairs")})

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        if not isinstance(value, dict) or len(value) != 1:
            return UNFIT
        [(scheme, fields)] = value.items()
        if scheme == "use" and self.or_name and isinstance(fields, str):
            return fields
        return {"scheme": scheme, "fields": pairs_to_wire(fields)} if scheme in self.schemes and isinstance(fields, dict) else UNFIT

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        if isinstance(value, str) and self.or_name:
            return {"use": value}
        scheme = value.get("scheme") if isinstance(value, dict) else None
        if not isinstance(scheme, str):
            hint = f"use one of: {', '.join(self.schemes)}"
            return reader.wrong(at, f"{named(value)} is no authentication", f'write {{"scheme": "bearer", "fields": […]}}; {hint}')
        for name in value.keys() - {"scheme", "fields"}:
            reader.wrong(join(at, str(name)), f"'{name}' is not known here", "write it as one of `fields`")
        if scheme not in self.schemes:
            return reader.wrong(join(at, "scheme"), f"'{scheme}' is no scheme", did_you_mean(scheme, self.schemes))
        return {scheme: pairs_from_wire(value.get("fields") or [], join(at, "fields"), reader)}


@dataclass(frozen=True)
class OneKey:
    """`{exponential: {}}` as the word."""

    words: tuple[str, ...]

    def schema(self) -> dict[str, JSON]:
        return {"type": "string", "enum": list(self.words)}

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        return next((word for word in self.words if value == {word: {}}), UNFIT)

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        if isinstance(value, str) and value in self.words:
            return {value: {}}
        return reader.wrong(at, f"{named(value)} is not allowed here", f"use one of: {', '.join(self.words)}")
