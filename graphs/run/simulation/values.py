"""Make values of shapes: what a call could have answered, an event could hold, an input could be. The same seed makes the same values."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from graphs.run.simulation import texts
from graphs.run.simulation.noting import Sketch
from graphs.run.simulation.shapes import (
    ITEM,
    JSON,
    Atom,
    Key,
    Known,
    Listed,
    Made,
    Record,
    Source,
    Value,
    resolved,
)
from graphs.run.simulation.solve import SIZE, candidates, meets

_DEEPEST = 8
_MOST_PARTS = 2000
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NUMBERS = {
    "amount", "total", "price", "sum", "count", "quantity", "qty", "portions", "stock", "rate", "score", "age", "days", "hours", "minutes",
    "seconds", "employees", "visits", "percent", "limit", "size", "length", "weight", "height", "width", "balance", "cost", "tax",
    "discount",
    "temperature", "level", "year", "month", "latitude", "longitude", "totals", "prices", "amounts",
}  # fmt: skip
_DATES = {"date", "time", "timestamp", "deadline", "at", "on", "until", "since"}
_TRUTHS = {"approved", "active", "enabled", "ready", "ok", "success", "valid", "available", "reserved", "done", "found", "confirmed"}


def _last_word(name: str) -> str:
    words = _WORDS.findall(name)
    return words[-1].lower() if words else ""


def _is_date(name: str) -> bool:
    """Tell whether *name* reads like a time: `date`, `createdAt`, `due_on`; not `at` alone."""
    word = _last_word(name)
    return word in _DATES and (len(_WORDS.findall(name)) > 1 or word not in ("at", "on", "until", "since"))


def _is_truth(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    return bool(words) and (name.lower() in _TRUTHS or (len(words) > 1 and words[0] in ("is", "has", "can", "should", "was")))


@dataclass(slots=True)
class Values:
    """Makes values of what *sketch* found.

    Args:
        fixed: Values of leaves by (root, path); a length has SIZE at its path's end.
        seed: 0 for the plainest values; another one for others of the same shape.
        turn: Which of several possible values a compared leaf has: 0 the one that meets its first comparison.
    """

    sketch: Sketch
    at: datetime
    fixed: Mapping[Key, JSON] = field(default_factory=dict)
    seed: int = 0
    turn: int = 0
    left: int = _MOST_PARTS  # how many values may still be made before only what is needed is

    def root(self, name: str) -> JSON:
        """Return a value for one root; None when nothing is known of it."""
        source = self.sketch.roots.get(name)
        self.left = _MOST_PARTS
        return None if source is None else self.of(source)

    def sample(self, value: Value, number: int = 1) -> JSON:
        """Return one thing that *value* may be."""
        for thing in sorted(value, key=lambda one: isinstance(one, Made)):
            if isinstance(thing, Source):
                return self.of(thing, number)
            if isinstance(thing, Known):
                return thing.value
            if isinstance(thing, Record):
                rest = [found for one in thing.rest if isinstance(found := self.sample((one,), number), dict)]
                own = {name: self.sample(part, number) for name, part in thing.fields.items()}
                return {**{key: item for found in rest for key, item in found.items()}, **own}
            if isinstance(thing, Listed):
                return [self.sample(thing.items, each) for each in (1, 2)] if thing.items else []
            return {"number": 1, "boolean": True, "array": [], "object": {}}.get(thing.kind, f"text-{number}")
        return None

    def of(self, source: Source, number: int = 1) -> JSON:
        """Return a value of *source*; *number* tells the items of a list apart."""
        if source.key in self.fixed:
            return self.fixed[source.key]
        self.left -= 1
        if len(source.path) > _DEEPEST * 2:
            return None
        schema = _one(resolved(source.schema, source.document or source.schema), source.document or source.schema)
        if "const" in schema:
            return schema["const"]
        kind = self._kind(source, schema)
        if kind == "object":
            return self._object(source, schema, number)
        if kind == "array":
            return self._list(source, schema)
        return self._scalar(source, schema, kind, number)

    def _object(self, source: Source, schema: Mapping[str, JSON], number: int) -> JSON:
        """Return an object with everything that is needed or read, and as long as there is room with all that it may have."""
        offered = schema.get("properties") or {}
        roomy = len(source.path) < _DEEPEST and self.left > 0
        read = [name for name, part in source.fields.items() if not part.made]
        names = list(dict.fromkeys([*(offered if roomy else ()), *(schema.get("required") or ()), *read]))
        for name in names:
            if name not in source.fields:
                source.member(name).made = True
            _lend(source.member(name), offered.get(name), source)
        return {name: self.of(source.member(name), number) for name in names}

    def _list(self, source: Source, schema: Mapping[str, JSON]) -> JSON:
        size = self.fixed.get((source.root, (*source.path, SIZE)))
        if not isinstance(size, int):
            size = self._size(source, schema)
        if len(source.path) > _DEEPEST or self.left <= 0:
            size = min(size, int(schema.get("minItems") or 0))
        item = source.element()
        _lend(item, schema.get("items"), source)
        for need in source.needs:
            if need not in item.needs:
                item.needs.append(need)
        return [self.of(item, each + 1) for each in range(size)]

    def _size(self, source: Source, schema: Mapping[str, JSON]) -> int:
        asked = [atom for atom in source.atoms if atom.sign.startswith("size ")]
        options = [value for value in (2, *candidates(asked), 3) if isinstance(value, int)]
        usual = next((value for value in options if not asked or meets(value, asked[0])), 2)
        least, most = int(schema.get("minItems") or 0), schema.get("maxItems")
        return max(least, usual if most is None else min(usual, int(most)))

    def _kind(self, source: Source, schema: Mapping[str, JSON]) -> str:
        wanted = schema.get("type")
        if isinstance(wanted, list):
            wanted = next((one for one in wanted if one != "null"), "null")
        if wanted == "array" or (not wanted and ("items" in schema)):
            return "array"
        if wanted == "object" or (not wanted and (schema.get("properties") or schema.get("required"))):
            return "object"
        if wanted:
            return str(wanted)
        if source.fields:
            return "object"
        measured = any(atom.sign.startswith("size ") for atom in source.atoms)
        if source.item is not None or "array" in source.kinds or (measured and not _asked(source)):
            return "array"
        return _asked(source) or ("object" if "object" in source.kinds else "") or _of_group(source) or ("" if source.path else "object")

    def _scalar(self, source: Source, schema: Mapping[str, JSON], kind: str, number: int) -> JSON:
        asked = [atom for atom in source.atoms if not atom.sign.startswith("size ")]
        options = [value for value in candidates(asked) if _fits(value, schema, kind)] if asked else []
        if options:
            return self._compared(options, asked)
        if schema.get("enum"):
            return schema["enum"][self._choice(source, len(schema["enum"]))]
        if schema.get("examples") and isinstance(schema["examples"], list):
            return schema["examples"][0]
        if "default" in schema:
            return schema["default"]
        if kind == "null":
            return None
        if kind == "boolean":
            return self._choice(source, 2) == 0
        if kind in ("number", "integer"):
            return self._number(source, schema, kind)
        if "object" in source.kinds and kind == "object":
            return {}
        return self._text(source, schema, kind, number)

    def _compared(self, options: list[JSON], asked: list[Atom]) -> JSON:
        """Return the value that meets the first comparison; at a later turn one that meets another, or none."""
        if self.turn == 0:
            return next((value for value in options if meets(value, asked[0])), options[0])
        return options[self.turn % len(options)]

    def _number(self, source: Source, schema: Mapping[str, JSON], kind: str) -> JSON:
        least, most = schema.get("minimum"), schema.get("maximum")
        if least is None and isinstance(schema.get("exclusiveMinimum"), int | float):
            least = schema["exclusiveMinimum"] + 1
        if most is None and isinstance(schema.get("exclusiveMaximum"), int | float):
            most = schema["exclusiveMaximum"] - 1
        value: float = 1 + self._choice(source, 9)
        step = schema.get("multipleOf")
        if least is not None and value < least:
            value = least
        if most is not None and value > most:
            value = most
        if isinstance(step, int | float) and step > 0:
            value = -(-value // step) * step
        return int(value) if kind == "integer" else value

    def _text(self, source: Source, schema: Mapping[str, JSON], kind: str, number: int) -> str:
        name = next((part for part in reversed(source.path) if part != ITEM), "")
        if source.root.startswith("secret:"):
            return f"simulated-{source.root.removeprefix('secret:')}{f'-{name}' if name else ''}"
        made = self._formatted(str(schema.get("format") or ""), kind, name, number)
        if made is None and isinstance(schema.get("pattern"), str):
            made = texts.matching(schema["pattern"])
        if made is None:
            made = f"{name or 'text'}-{number + self._choice(source, 7)}"
        size = self.fixed.get((source.root, (*source.path, SIZE)))
        if isinstance(size, int):
            return made.ljust(size, "x")[:size]
        made = made.ljust(int(schema.get("minLength") or 0), "x")
        return made[: int(schema["maxLength"])] if isinstance(schema.get("maxLength"), int) else made

    def _formatted(self, form: str, kind: str, name: str, number: int) -> str | None:
        moment = self.at + timedelta(hours=number - 1)
        if form == "date-time" or kind == "date" or (not form and kind != "day" and _is_date(name)):
            return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
        if form == "date" or kind == "day":
            return moment.date().isoformat()
        if form in ("uri", "url", "uri-reference") or kind == "url" or re.search(r"(?i)(url|uri|link|href|webhook|endpoint)$", name):
            return f"https://{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-') or 'service'}.example.com"
        if form == "email" or kind == "email" or re.search(r"(?i)(e?mail)$", name):
            return f"person{number}@example.com"
        fixed = {"time": "09:00:00Z", "duration": "PT1H", "hostname": "example.com", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}
        if form == "uuid":
            return f"00000000-0000-4000-8000-{number:012d}"
        return fixed.get(form)

    def _choice(self, source: Source, count: int) -> int:
        """Return 0 for seed 0, else a number below *count* that the seed and the leaf's place decide."""
        if self.seed == 0:
            return 0
        return random.Random(f"{self.seed} {source.root} {source.path}").randrange(count)  # noqa: S311 (samples, not secrets)


def _lend(source: Source, schema: JSON, parent: Source) -> None:
    """Give a part the schema that the chosen form of the whole has for it, when it has none."""
    if source.schema is None and isinstance(schema, Mapping):
        document = parent.document or parent.schema
        source.schema, source.document = resolved(schema, document), document


def _asked(source: Source) -> str:
    """Return the kind that expressions asked for."""
    for kind in source.kinds:
        if kind != "object":
            return kind
    for atom in [atom for atom in source.atoms if not atom.sign.startswith("size ")]:
        if atom.sign == "truthy":
            return "boolean"
        if isinstance(atom.literal, str):
            return "string"
        if isinstance(atom.literal, bool):
            return "boolean"
        if isinstance(atom.literal, int | float):
            return "number"
    return ""


def _of_group(source: Source) -> str:
    """Return the kind of what this is added to or compared with; else what the names among them tell."""
    group, ahead = [source], list(source.alike)
    while ahead and len(group) < 50:
        one = ahead.pop()
        if one not in group:
            group.append(one)
            ahead += one.alike
    for one in group:
        kind = _asked(one) or _schema_kind(one)
        if kind:
            return kind
    names = [next((part for part in reversed(one.path) if part != ITEM), "") for one in group]
    if any(_last_word(name) in _NUMBERS for name in names):
        return "number"
    return "boolean" if any(_is_truth(name) for name in names) else ""


def _schema_kind(source: Source) -> str:
    kind = resolved(source.schema, source.document or source.schema).get("type")
    return {"integer": "number"}.get(str(kind), str(kind)) if isinstance(kind, str) else ""


def _one(schema: Mapping[str, JSON], document: Mapping[str, JSON] | None) -> Mapping[str, JSON]:
    """Return the first alternative of a schema that has several."""
    for key in ("oneOf", "anyOf"):
        options = schema.get(key)
        if isinstance(options, list) and options and "type" not in schema:
            found = [resolved(option, document) for option in options]
            best = next((one for one in found if one.get("type") != "null"), {})
            return {**{name: item for name, item in schema.items() if name != key}, **best}
    return schema


def _fits(value: JSON, schema: Mapping[str, JSON], kind: str) -> bool:
    wanted = schema.get("type") or {"url": "string", "date": "string", "day": "string", "email": "string"}.get(kind, kind)
    allowed = wanted if isinstance(wanted, list) else [wanted]
    if value is None:
        return "null" in allowed or (not schema and kind == "")
    if schema.get("enum") and value not in schema["enum"]:
        return False
    names = {str: ("string",), bool: ("boolean",), int: ("number", "integer"), float: ("number",)}
    own = names.get(type(value), ())
    return allowed in ([""], [None]) or (any(one in own for one in allowed) and _in_range(value, schema))


def _in_range(value: JSON, schema: Mapping[str, JSON]) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    least, most = schema.get("minimum"), schema.get("maximum")
    return (least is None or value >= least) and (most is None or value <= most)
