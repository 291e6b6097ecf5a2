"""Schemas of OpenAPI 2.0, 3.0 and 3.1 to JSON Schema 2020-12, each part of a document once, recursion as local `$defs`.

Two directions: `in` is what is sent (without `readOnly` properties), `out` what comes back (without `writeOnly` ones). What is wrong is
left out and reported, so a result is always a schema that a validator can use.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from dsl.imports.circles import Circles
from dsl.imports.findings import Findings, References
from dsl.imports.keywords import KEYWORDS, TYPES, WRONG, is_schema, usable_pattern, value
from dsl.imports.naming import Names, fitting
from dsl.pointer import join, last

JSON = Any
Direction = Literal["in", "out"]
Key = tuple[str, Direction]

MAX_SCHEMA_VALUES: Final = 2_000  # of the `$defs` of one function's input or output; what lies further inside is "anything"
MAX_EXAMPLE: Final = 300  # characters; a larger one explains nothing

_ONE = ("not", "if", "then", "else", "contains", "propertyNames", "additionalProperties", "unevaluatedItems", "unevaluatedProperties")
_MANY = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("properties", "patternProperties", "dependentSchemas")
_HIDDEN: Final[dict[Direction, str]] = {"in": "readOnly", "out": "writeOnly"}


@dataclass(slots=True)
class Part:
    """A schema of the document, converted."""

    schema: dict[str, JSON]
    needs: dict[Key, JSON]  # the parts it refers to, each with its source
    values: int = 0


class Schemas:
    """Converts the schemas of one document."""

    def __init__(self, references: References, findings: Findings) -> None:
        self._references, self._findings = references, findings
        self._parts: dict[Key, Part] = {}
        self._names: dict[Key, str] = {}
        self._whole: dict[Key, Part] = {}  # what `part` gave
        self._taken: dict[Direction, Names] = {"in": Names(), "out": Names()}
        self._circles = Circles(references)
        self.cut = 0  # how many inputs and outputs were larger than the limit

    def part(self, node: JSON, at: str, direction: Direction) -> Part:
        """Return *node*, which stands at the pointer *at*, as a part; a mere `$ref` gives what it names."""
        if (at, direction) in self._whole:
            return self._whole[at, direction]
        part = Part({}, {})
        part.schema = self._schema(node, at, direction, part)
        self._complete(part.needs)
        while set(part.schema) == {"$ref"}:
            part = self._parts[next(iter(part.needs))]
        self._whole[at, direction] = part
        return part

    def definitions(self, needs: Iterable[Key]) -> dict[str, JSON]:
        """Return the `$defs` for *needs* and all they need in turn, nearest first, until they have 2,000 values; the rest is anything."""
        found: dict[str, JSON] = {}
        waiting = deque(dict.fromkeys(needs))
        seen, values = set(waiting), 0
        while waiting:
            key = waiting.popleft()
            part = self._parts[key]
            if values + part.values > MAX_SCHEMA_VALUES:
                found[self._names[key]] = {"description": "more than is told here"}
                self.cut += values <= MAX_SCHEMA_VALUES
                values = MAX_SCHEMA_VALUES + 1
                continue
            values += part.values
            found[self._names[key]] = part.schema
            fresh = [need for need in part.needs if need not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
        return found

    def _complete(self, needs: dict[Key, JSON]) -> None:
        """Convert *needs* and all they need; a queue, since chains of parts can be long."""
        waiting = deque(needs.items())
        while waiting:
            key, source = waiting.popleft()
            if key not in self._parts:
                part = self._parts[key] = Part({}, {})
                part.schema = self._schema(source, *key, part)
                waiting.extend(part.needs.items())

    def _schema(self, node: JSON, at: str, direction: Direction, part: Part) -> dict[str, JSON]:
        part.values += 1
        if isinstance(node, bool):
            return {} if node else {"not": {}}
        if not isinstance(node, dict):
            self._wrong(at, "a schema must be a mapping")
            return {}
        found: dict[str, JSON] = {}
        unsure = [word for word in ("not", "if") if _holds_reference(node.get(word))]
        for keyword, given in node.items():
            if keyword in unsure or (keyword in ("then", "else") and "if" in unsure):
                continue  # what is only known in part would refuse too much there
            self._keyword(keyword, given, join(at, keyword), direction, part, found)
        if "$ref" in node:
            found.update(self._reference(node, at, direction, part))
        _any_of(found)
        self._adjust(node, found)
        self._without_hidden(node, at, direction, found)
        part.values += len(found)
        return _nullable(node, found)

    def _keyword(self, keyword: str, given: JSON, at: str, direction: Direction, part: Part, found: dict[str, JSON]) -> None:
        """Add what *keyword* becomes to *found*; what is wrong is reported and left out."""
        kept: JSON = WRONG
        if keyword in KEYWORDS:
            kept = KEYWORDS[keyword](given)
        elif keyword in _ONE:
            kept = given if isinstance(given, bool) else self._schema(given, at, direction, part) if is_schema(given) else WRONG
        elif keyword in _MANY:
            items = given if isinstance(given, list) and given else None
            kept = [self._schema(item, join(at, n), direction, part) for n, item in enumerate(items)] if items else WRONG
        elif keyword in _NAMED:
            kept = self._map(keyword, given, at, direction, part) if isinstance(given, dict) else WRONG
        elif keyword == "items":
            kept, keyword = self._items(given, at, direction, part)
        elif keyword == "type":
            kept = _type(given)
        else:
            return
        if kept is WRONG:
            self._wrong(at, f"'{keyword}' cannot be {_short(given)}")
        else:
            found[keyword] = kept

    def _map(self, keyword: str, given: dict[str, JSON], at: str, direction: Direction, part: Part) -> dict[str, JSON]:
        names = (name for name in given if keyword != "patternProperties" or usable_pattern(name))
        return {name: self._schema(given[name], join(at, name), direction, part) for name in names}

    def _items(self, given: JSON, at: str, direction: Direction, part: Part) -> tuple[JSON, str]:
        if isinstance(given, list):  # as drafts before 2020-12 had it
            return [self._schema(item, join(at, n), direction, part) for n, item in enumerate(given)] or WRONG, "prefixItems"
        return self._schema(given, at, direction, part) if is_schema(given) else WRONG, "items"

    def _reference(self, node: dict[str, JSON], at: str, direction: Direction, part: Part) -> dict[str, JSON]:
        found = self._references.step(node["$ref"], at, "warning")
        if found is None:
            return {}
        target, where = found
        if self._circles.lead_too_far(node, at):
            message = "this schema is made of itself, or of so many others that judging one value by it would never end; it is left out"
            self._findings.add("endless-reference", at, message, "", "warning")
            return {}
        key = (where, direction)
        if key not in self._names:
            self._names[key] = self._taken[direction].take(fitting(last(where), "part"))
        part.needs[key] = target
        return {"$ref": f"#/$defs/{self._names[key]}"}

    def _without_hidden(self, node: dict[str, JSON], at: str, direction: Direction, found: dict[str, JSON]) -> None:
        """Take out the properties that only go the other way, also from `required`."""
        properties = node.get("properties")
        if not isinstance(properties, dict):
            return
        hidden = {name for name, item in properties.items() if self._is_hidden(item, join(at, "properties", name), direction)}
        if hidden:
            found["properties"] = {name: item for name, item in found["properties"].items() if name not in hidden}
            if "required" in found:
                found["required"] = [name for name in found["required"] if name not in hidden]

    def _is_hidden(self, node: JSON, at: str, direction: Direction) -> bool:
        word = _HIDDEN[direction]
        if isinstance(node, dict) and "$ref" in node and node.get(word) is not True:
            found = self._references.follow(node, at, "warning")
            node = found[0] if found else None
        return isinstance(node, dict) and node.get(word) is True

    def _adjust(self, node: dict[str, JSON], found: dict[str, JSON]) -> None:
        """What 2.0 and 3.0 write otherwise: exclusive limits, one example, files; and patterns that Python can use."""
        for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            given = node.get(exclusive)
            if given is True and limit in found:
                found[exclusive] = found.pop(limit)
            elif isinstance(given, int | float) and not isinstance(given, bool) and (kept := KEYWORDS["minimum"](given)) is not WRONG:
                found[exclusive] = kept
        if "example" in node and "examples" not in found:
            found["examples"] = [value(node["example"])]
        if "examples" in found and len(str(found["examples"])) > MAX_EXAMPLE:
            del found["examples"]
        if node.get("type") == "file":
            found |= {"type": "string", "format": "binary"}
        if isinstance(node.get("pattern"), str) and usable_pattern(node["pattern"]):
            found["pattern"] = node["pattern"]

    def _wrong(self, at: str, message: str) -> None:
        self._findings.add("invalid-schema", at, f"{message}; it is left out", "", "warning")


def _type(given: JSON) -> JSON:
    if given == "file":
        return "string"
    if isinstance(given, list):
        kept = [item for number, item in enumerate(given) if item in TYPES and item not in given[:number]]
        return (kept if len(kept) > 1 else kept[0]) if kept and all(item in TYPES for item in given) else WRONG
    return given if isinstance(given, str) and given in TYPES else WRONG


def _any_of(found: dict[str, JSON]) -> None:
    """Make `oneOf` an `anyOf`: forms that are known in part, or overlap as they often do, would exclude each other wrongly."""
    if "oneOf" in found:
        forms = found.pop("oneOf")
        if "anyOf" in found:
            found["allOf"] = [*found.get("allOf", ()), {"anyOf": forms}]
        else:
            found["anyOf"] = forms


def _holds_reference(node: JSON) -> bool:
    if isinstance(node, dict):
        return "$ref" in node or any(_holds_reference(item) for item in node.values())
    return isinstance(node, list) and any(_holds_reference(item) for item in node)


def _nullable(node: dict[str, JSON], found: dict[str, JSON]) -> dict[str, JSON]:
    """Return *found*, allowing null where *node* says `nullable` (3.0) or `x-nullable` (2.0)."""
    if node.get("nullable") is not True and node.get("x-nullable") is not True:
        return found
    if "enum" in found and None not in found["enum"]:
        found["enum"] = [*found["enum"], None]
    if "type" in found:
        kinds = found["type"] if isinstance(found["type"], list) else [found["type"]]
        found["type"] = [*kinds, "null"] if "null" not in kinds else kinds
    if any(word in found for word in ("$ref", "allOf", "anyOf", "const")):
        return {"anyOf": [found, {"type": "null"}]}
    return found


def _short(given: JSON) -> str:
    text = str(given) if given is None or isinstance(given, str | int | float) else "a list" if isinstance(given, list) else "a mapping"
    return f"'{text[:40]}'" if isinstance(given, str) else text[:40]
