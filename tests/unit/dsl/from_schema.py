"""Random definitions made from the official JSON Schema: half of them fit it, the others have a twist or more.

Each is steered to one property of the schema, so that rare ones are met as often as common ones. Of draft 2020-12 this knows what the
schema uses. `oneOf`, `anyOf`: one branch is taken (a twist takes two); `allOf`, `$ref` and what stands beside them are laid together;
`if` and `not` are left to chance. Whether a definition is valid is not known here: an oracle says so.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.unit.dsl import official

JSON = Any

NAMES = ("a", "shop", "x-1", "first item", "ä", "", "then", "do", "call", "with", "use", "/~", "${ .k }")
TEXTS = (
    *("x", "end", "continue", "", "PT1S", "http", "1.0.0", "https://a.example/b"),
    *("${ .a }", "${ .a | length }", ".a", "text ${ .a } text", "${ .a\n}"),
)
PLAIN = (None, True, False, 0, -1, 3, 2.5, *TEXTS)
A_TASK = {"x": {"wait": "PT1S"}}
JUNK = (*PLAIN, [], {}, [None], ["x"], {"a": 1}, {"use": "x"}, A_TASK, [A_TASK], {"one": {"with": {"a": 1}}})
OF_ANY = st.sampled_from([*PLAIN, [1, "a"], {"a": {"b": [1]}}])
A_DOCUMENT = {"dsl": "1.0.3", "namespace": "test", "name": "a-workflow", "version": "1.0.0"}
DEEPEST = 2  # lists of tasks inside each other
TWISTS = 25  # where there are twists at all, one decision in so many is one
FAR = 10_000


@st.composite
def definitions(draw: st.DrawFn) -> JSON:
    """Return a definition that has, among others, one property drawn from all that the schema describes."""
    maker = Maker(draw, twists=draw(st.booleans()))
    goal = draw(st.sampled_from(_goals()))
    task = _at("#/$defs/task")
    if _distance(task, goal) < FAR and draw(st.integers(0, 2)):  # the nearest way would lead through `use.functions`
        return {"document": A_DOCUMENT, "do": [{"x": maker.value(task, goal=goal)}]}
    data = maker.value(official.schema(), goal=goal)
    if isinstance(data, dict) and draw(st.integers(0, 9)):
        data["document"] = A_DOCUMENT
    return data


@dataclass(slots=True)
class Shape:
    """What a schema asks of one value, with its references and branches laid together."""

    types: list[str] = field(default_factory=list)
    properties: dict[str, list[JSON]] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    others: list[JSON] = field(default_factory=list)  # schemas of `additionalProperties`
    values: list[JSON] = field(default_factory=list)  # `const` and `enum`
    patterns: list[str] = field(default_factory=list)
    items: list[JSON] = field(default_factory=list)
    least: int = 0
    most: int = 3
    smallest: int = -3
    largest: int = 1000


class Maker:
    """Makes values of parts of the schema. A *goal* is the number of the property to be met on the way, 0 when there is none."""

    def __init__(self, draw: st.DrawFn, *, twists: bool) -> None:
        self._draw = draw
        self._twists = twists
        self._lists = 0

    def value(self, *schemas: JSON, goal: int = 0) -> JSON:
        """Return a value that more or less fits all of *schemas*."""
        if self._twisted():
            return self._draw(st.sampled_from(JUNK))
        goal = 0 if any(id(schema) == goal for schema in schemas) else goal
        shape = Shape()
        for schema in schemas:
            self._lay(schema, shape, goal)
        if shape.values and not self._twisted():
            return self._draw(st.sampled_from(shape.values))
        match shape.types[0] if shape.types else "object" if shape.properties or shape.required else "":
            case "object":
                return self._object(shape, goal)
            case "array":
                return self._array(shape, goal)
            case "string":
                return self._text(shape)
            case "integer":
                return self._integer(shape)
            case "boolean":
                return self._draw(st.booleans())
        return self._draw(OF_ANY)

    def _lay(self, schema: JSON, shape: Shape, goal: int) -> None:
        if not isinstance(schema, dict):
            return
        shape.types += [schema["type"]] if "type" in schema else []
        for name, inner in schema.get("properties", {}).items():
            shape.properties.setdefault(name, []).append(inner)
        shape.required += [name for name in schema.get("required", ()) if name not in shape.required]
        shape.others += [schema["additionalProperties"]] if "additionalProperties" in schema else []
        shape.values += schema.get("enum", [schema["const"]] if "const" in schema else [])
        shape.patterns += [schema["pattern"]] if "pattern" in schema else []
        shape.items += [schema["items"]] if "items" in schema else []
        shape.least = max(shape.least, *(schema.get(word, 0) for word in ("minProperties", "minItems", "minLength")))
        shape.most = min(shape.most, schema.get("maxProperties", shape.most))
        shape.smallest, shape.largest = schema.get("minimum", shape.smallest), schema.get("maximum", shape.largest)
        for part in (*self._branches(schema, goal), *schema.get("allOf", ())):
            self._lay(part, shape, goal)
        if "$ref" in schema:
            self._lay(_at(schema["$ref"]), shape, goal)

    def _branches(self, schema: JSON, goal: int) -> list[JSON]:
        branches = schema.get("oneOf") or schema.get("anyOf")
        if not branches:
            return []
        nearest = min(branches, key=lambda branch: _distance(branch, goal))
        if _distance(nearest, goal) < FAR:
            return [nearest]
        return self._some(branches, 2 if self._twisted() else 1)

    def _object(self, shape: Shape, goal: int) -> JSON:
        optional = [name for name in shape.properties if name not in shape.required and False not in shape.properties[name]]
        ahead = self._ahead(shape, goal)
        names = [*shape.required, *([ahead] if ahead else [])]
        if optional:
            names += self._some(optional, self._draw(st.integers(0, min(len(optional), 2))))
        others = [other for other in shape.others if other is not True] or ([True] if not shape.properties else [])
        if others:
            fewest = max(shape.least - len(set(names)), int(bool(goal) and not ahead))
            names += self._some(NAMES, self._draw(st.integers(max(fewest, 0), max(fewest, min(shape.most, 2)))))
        elif len(names) < shape.least and optional:
            names.append(self._draw(st.sampled_from(optional)))
        if names and self._twisted():
            names.remove(self._draw(st.sampled_from(names)))
        if self._twisted():
            names.append(self._draw(st.sampled_from(NAMES)))
        on_way = ahead or (next((name for name in names if name not in shape.properties), "") if others else "")
        return {name: self.value(*shape.properties.get(name, others), goal=goal if name == on_way else 0) for name in dict.fromkeys(names)}

    def _ahead(self, shape: Shape, goal: int) -> str:
        """Return the property behind which *goal* is nearest, empty when there is none."""
        distances = {name: min(_distance(inner, goal) for inner in schemas) for name, schemas in shape.properties.items()}
        name = min(distances, key=distances.__getitem__, default="")
        return name if name and distances[name] < FAR else ""

    def _array(self, shape: Shape, goal: int) -> JSON:
        named = any("maxProperties" in item for item in shape.items)  # a list of named things, tasks mostly
        if named and self._lists >= DEEPEST and not goal:
            return []
        self._lists += named
        fewest = 0 if self._twisted() else max(shape.least, int(bool(goal)))
        count = self._draw(st.integers(fewest, max(fewest, 2)))
        found = [self.value(*shape.items, goal=0 if index else goal) for index in range(count)]
        self._lists -= named
        return found

    def _text(self, shape: Shape) -> JSON:
        if shape.patterns and not self._twisted():
            return self._draw(_matching(self._draw(st.sampled_from(shape.patterns))))
        return self._draw(st.sampled_from([text for text in TEXTS if len(text) >= shape.least]))

    def _integer(self, shape: Shape) -> JSON:
        if self._twisted():
            return self._draw(st.sampled_from([shape.smallest - 1, shape.largest + 1, 2**53 - 1, 3.0]))
        return self._draw(st.integers(shape.smallest, shape.largest))

    def _some(self, choices: Any, count: int) -> list[Any]:
        drawn = {self._draw(st.integers(0, len(choices) - 1)) for _ in range(count)}
        return [choices[index] for index in sorted(drawn)]

    def _twisted(self) -> bool:
        return self._twists and bool(self._draw(st.integers(0, TWISTS - 1)) == TWISTS - 1)


def _at(reference: str) -> JSON:
    found = official.schema()
    for part in reference.removeprefix("#").split("/")[1:]:
        found = found[part]
    return found


@cache
def _matching(pattern: str) -> st.SearchStrategy[str]:
    simple = [text for text in TEXTS if official.ecma(pattern).search(text)]
    strange = st.from_regex(official.ecma(pattern), alphabet=st.characters(codec="ascii"))
    return st.sampled_from(simple) | strange if simple else strange


def _next(schema: JSON) -> Iterator[JSON]:
    """Yield the schemas that a value of *schema*, or a part of it, may have to fit."""
    yield from schema.get("properties", {}).values()
    for keyword in ("oneOf", "anyOf", "allOf"):
        yield from schema.get(keyword, ())
    yield from (schema[keyword] for keyword in ("items", "additionalProperties") if keyword in schema)
    if "$ref" in schema:
        yield _at(schema["$ref"])


@cache
def _sources() -> tuple[list[int], dict[int, list[int]]]:
    """Return the properties that the schema describes, and for each schema those from which one step leads to it (all as `id`s)."""
    goals: list[int] = []
    sources: dict[int, list[int]] = defaultdict(list)
    found, seen = [official.schema()], set()
    for schema in found:
        if id(schema) in seen or not isinstance(schema, dict):
            continue
        seen.add(id(schema))
        goals += [id(inner) for inner in schema.get("properties", {}).values() if isinstance(inner, dict)]
        for inner in _next(schema):
            sources[id(inner)].append(id(schema))
            found.append(inner)
    return goals, sources


def _goals() -> list[int]:
    return _sources()[0]


@cache
def _distances(goal: int) -> dict[int, int]:
    sources = _sources()[1]
    found, ahead = {goal: 0}, deque([goal])
    while ahead:
        at = ahead.popleft()
        for source in sources[at]:
            if source not in found:
                found[source] = found[at] + 1
                ahead.append(source)
    return found


def _distance(schema: JSON, goal: int) -> int:
    return _distances(goal).get(id(schema), FAR) if goal else FAR
