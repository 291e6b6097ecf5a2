"""Closed objects of the wire: a table of fields says where each stands in the language and on the wire.

Writing takes out of the data what a field holds exactly; what is left over stays as it is in `extra`. Reading puts the fields back
and lays `extra` under them. So the way there and back loses nothing, whatever the table leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dsl.nearest import did_you_mean, quoted
from dsl.pointer import MISSING, join
from dsl.wire.problems import Reader, named
from dsl.wire.shapes import Shape, closed, nullable, ref
from dsl.wire.values import UNFIT, is_given, pairs_from_wire, pairs_to_wire

if TYPE_CHECKING:
    from dsl.catalogue import Catalogue

JSON = Any
Path = tuple[str, ...]
EXTRA = "extra"


@dataclass(frozen=True)
class Field:
    """One field: `path` in the language, `wire` (its last part by default; two parts: inside an object) on the wire."""

    path: Path
    shape: Shape
    wire: Path = ()
    required: bool = False
    about: str = ""  # a description, for the decoder's schema

    @property
    def place(self) -> Path:
        return self.wire or self.path[-1:]

    def schema(self) -> dict[str, JSON]:
        schema = self.shape.schema() if self.required else nullable(self.shape.schema())
        if not self.about:
            return schema
        return {"description": self.about, **({"anyOf": [schema]} if "$ref" in schema else schema)}  # a $ref stands alone in strict mode


@dataclass(frozen=True)
class Record:
    """A closed object of `fields`; `implied` is added when it is missing, and not written when it is exactly that."""

    fields: tuple[Field, ...]
    implied: Mapping[Path, JSON] = field(default_factory=dict)
    extra: bool = True
    about: str = ""

    def properties(self) -> dict[str, JSON]:
        """Return the schema of every property, `extra` last."""
        found: dict[str, JSON] = {}
        inner: dict[str, dict[str, JSON]] = {}
        needed: set[str] = set()
        for each in self.fields:
            if len(each.place) == 1:
                found[each.place[0]] = each.schema()
            else:
                inner.setdefault(each.place[0], {})[each.place[1]] = each.schema()
                found[each.place[0]] = {}
                needed |= {each.place[0]} if each.required else set()
        for name, properties in inner.items():
            found[name] = closed(properties) if name in needed else {"anyOf": [closed(properties), {"type": "null"}]}
        return {**found, **({EXTRA: nullable(ref("pairs"))} if self.extra else {})}

    def to_wire(self, data: dict[str, JSON], catalogue: Catalogue) -> JSON:
        """Return the fields and `extra`; UNFIT when something is left over and there is no `extra`."""
        wire, rest = self.taken(data, catalogue)
        for path, value in self.implied.items():
            if _get(rest, path) == value:
                rest = _without(rest, path)
        if self.extra:
            return {**wire, EXTRA: pairs_to_wire(rest) if rest else None}
        return UNFIT if rest else wire

    def lacks(self, wire: dict[str, JSON]) -> bool:
        """Tell whether a field that must be written is not there."""
        return any(each.required and _get(wire, each.place) in (None, MISSING) for each in self.fields)

    def taken(self, data: dict[str, JSON], catalogue: Catalogue) -> tuple[dict[str, JSON], dict[str, JSON]]:
        """Return the fields, and what of *data* they do not hold."""
        wire: dict[str, JSON] = {}
        for each in self.fields:
            found = _get(data, each.path)
            written = UNFIT if found is MISSING else each.shape.to_wire(found, catalogue)
            if written is UNFIT or not (each.required or is_given(written)):
                written = None
            else:
                data = _without(data, each.path)
            _put(wire, each.place, written)
        for name in {each.place[0] for each in self.fields if len(each.place) == 2}:
            if all(value is None for value in wire[name].values()):
                wire[name] = None
        return wire, data

    def from_wire(self, wire: JSON, at: str, reader: Reader, known: frozenset[str] = frozenset()) -> JSON:
        """Return the language's object, MISSING when *wire* is no object; *known* are properties that the caller reads."""
        if not isinstance(wire, dict):
            return reader.wrong(at, f"{named(wire)} stands where an object is wanted")
        self._refuse_unknown(wire, at, reader, known)
        data: dict[str, JSON] = {}
        for each in self.fields:
            place, value = join(at, *each.place), _get(wire, each.place)
            if is_given(value) or (each.required and value is not MISSING and value is not None):
                read = each.shape.from_wire(value, place, reader)
                if read is not MISSING and not _can_put(data, each.path):
                    reader.wrong(place, f"'{each.place[-1]}' and another field say the same", "write one of them, and null for the other")
                elif read is not MISSING:
                    _put(data, each.path, read)
        if is_given(wire.get(EXTRA)):
            _lay_under(data, pairs_from_wire(wire[EXTRA], join(at, EXTRA), reader), join(at, EXTRA), reader)
        self._require(data, wire, at, reader)
        for path, value in self.implied.items():
            if _get(data, path) is MISSING and _can_put(data, path):
                _put(data, path, value)
        return data

    def _refuse_unknown(self, wire: dict[str, JSON], at: str, reader: Reader, known: frozenset[str]) -> None:
        names = {each.place[0] for each in self.fields} | known | ({EXTRA} if self.extra else set())
        for name in wire.keys() - names:
            hint = did_you_mean(str(name), names, f"what is known here: {quoted(sorted(names), 12)}; anything else goes into `extra`")
            reader.wrong(join(at, str(name)), f"'{name}' is not known here", hint)
        for name in {each.place[0] for each in self.fields if len(each.place) == 2}:
            inner = {each.place[1] for each in self.fields if each.place[0] == name}
            value = wire.get(name)
            if is_given(value) and not isinstance(value, dict):
                reader.wrong(join(at, name), f"{named(value)} stands where an object is wanted")
            for key in value.keys() - inner if isinstance(value, dict) else ():
                reader.wrong(join(at, name, str(key)), f"'{key}' is not known here", did_you_mean(str(key), inner))

    def _require(self, data: dict[str, JSON], wire: dict[str, JSON], at: str, reader: Reader) -> None:
        for each in self.fields:
            if each.required and _get(data, each.path) is MISSING and not is_given(_get(wire, each.place)):
                reader.wrong(at, f"'{'.'.join(each.place)}' is missing", f"write `{each.place[-1]}`")


@dataclass(frozen=True)
class Nested:
    """An object of the language as an object of the wire, described once in `$defs` when it has a name there."""

    record: Record
    definition: str = ""
    keep_empty: bool = False

    def schema(self) -> dict[str, JSON]:
        return ref(self.definition) if self.definition else closed(self.record.properties(), self.record.about)

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        return self.record.to_wire(value, catalogue) if isinstance(value, dict) and (value or self.keep_empty) else UNFIT

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        read = self.record.from_wire(value, at, reader)
        return MISSING if read == {} and not self.keep_empty else read


@dataclass(frozen=True)
class Named:
    """An object of chosen names as a list, each item with its `name`; `as_items`: a list of one-key objects instead."""

    record: Record | None = None
    shape: Shape | None = None  # instead of a record: one whose wire form is an object
    as_items: bool = False

    def schema(self) -> dict[str, JSON]:
        inner = self.record.properties() if self.record else self._shape().schema()["properties"]
        return {"type": "array", "items": closed({"name": {"type": "string"}, **inner})}

    def to_wire(self, value: JSON, catalogue: Catalogue) -> JSON:
        entries = _entries(value, as_items=self.as_items)
        if entries is None:
            return UNFIT
        items = [(name, self._written(item, catalogue)) for name, item in entries]
        return UNFIT if any(item is UNFIT for _, item in items) else [{"name": name, **item} for name, item in items]

    def from_wire(self, value: JSON, at: str, reader: Reader) -> JSON:
        if not isinstance(value, list):
            return reader.wrong(at, f"{named(value)} stands where a list is wanted", 'write [{"name": "…", …}]')
        found: list[tuple[str, JSON]] = []
        for position, item in enumerate(value):
            place = join(at, position)
            name = item.get("name") if isinstance(item, dict) else None
            if not isinstance(name, str):
                reader.wrong(place, "the item has no name", 'write {"name": "…", …}')
            elif name in dict(found) and not self.as_items:
                reader.wrong(place, f"the name '{name}' is there twice", "write each name once")
            else:
                found.append((name, self._read({key: inner for key, inner in item.items() if key != "name"}, place, reader)))
        return [{name: item} for name, item in found] if self.as_items else dict(found)

    def _shape(self) -> Shape:
        if self.shape is None:
            raise AssertionError("a Named has a record or a shape")
        return self.shape

    def _written(self, item: JSON, catalogue: Catalogue) -> JSON:
        if self.record is None:
            return self._shape().to_wire(item, catalogue)
        return self.record.to_wire(item, catalogue) if isinstance(item, dict) and "name" not in self.record.properties() else UNFIT

    def _read(self, item: dict[str, JSON], at: str, reader: Reader) -> JSON:
        return self.record.from_wire(item, at, reader) if self.record else self._shape().from_wire(item, at, reader)


def _entries(value: JSON, *, as_items: bool) -> list[tuple[str, JSON]] | None:
    """Return (name, what it is) of an object, or of a list of one-key objects; None when it is neither."""
    if not as_items:
        return list(value.items()) if isinstance(value, dict) else None
    if not isinstance(value, list) or any(not isinstance(item, dict) or len(item) != 1 for item in value):
        return None
    return [next(iter(item.items())) for item in value]


def _get(data: JSON, path: Path) -> JSON:
    for part in path:
        if not isinstance(data, dict) or part not in data:
            return MISSING
        data = data[part]
    return data


def _without(data: dict[str, JSON], path: Path) -> dict[str, JSON]:
    """Return *data* less what stands at *path*, and less the objects that are empty then."""
    head, rest = path[0], path[1:]
    inner = _without(data[head], rest) if rest else None
    return {name: inner if name == head else value for name, value in data.items() if name != head or inner}


def _put(data: dict[str, JSON], path: Path, value: JSON) -> None:
    for part in path[:-1]:
        data = data.setdefault(part, {})
    data[path[-1]] = value


def _can_put(data: JSON, path: Path) -> bool:
    """Tell whether nothing stands at *path*, nor anything but an object above it."""
    for part in path:
        if not isinstance(data, dict):
            return False
        if part not in data:
            return True
        data = data[part]
    return False


def _lay_under(data: dict[str, JSON], extra: JSON, at: str, reader: Reader) -> None:
    """Add what *extra* has; a value that a field has given already is a mistake."""
    if not isinstance(extra, dict):
        return
    for name, value in extra.items():
        if name not in data:
            data[name] = value
        elif isinstance(data[name], dict) and isinstance(value, dict):
            _lay_under(data[name], value, at, reader)
        else:
            reader.wrong(at, f"'{name}' is given by a field and in `extra`", "leave it out of `extra`")
