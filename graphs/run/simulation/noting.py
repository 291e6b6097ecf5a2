"""What a walk over shapes finds, and how an expression is read on it: every reading is noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from dsl.expressions import is_expression, strip
from graphs.run.ports import JSON
from graphs.run.simulation import operations, reading
from graphs.run.simulation.shapes import ANY, Fixed, Formula, Known, Listed, Record, Source, Value, sources, union

_EVALUATIONS = 20_000  # in all: a definition with more is looked into as far as that goes
_WAYS = 4  # formulas that are kept for one way


@dataclass(frozen=True, slots=True)
class Unknown:
    """A field that an expression reads and that nothing can have there."""

    reference: str
    name: str
    known: tuple[str, ...]


@dataclass(slots=True)
class Sketch:
    """What a walk found. `ways`: (reference, way) → the formulas that lead there, by kind of decision."""

    roots: dict[str, Source] = field(default_factory=dict)
    ways: dict[tuple[str, str], list[Formula]] = field(default_factory=dict)
    dark: set[str] = field(default_factory=set)  # references of tasks with expressions that were not looked into
    loops: dict[str, Value] = field(default_factory=dict)  # what a `for` goes through, by its reference
    _unknown: Counter[tuple[str, str, tuple[str, ...]]] = field(default_factory=Counter)
    _visited: Counter[str] = field(default_factory=Counter)

    def unknown(self) -> list[Unknown]:
        """Return the fields that are never there, however the task is reached."""
        return [Unknown(*key) for key, count in self._unknown.items() if count >= self._visited[key[0]]]


class Noting:
    """Notes in `sketch` what it is shown."""

    def __init__(self) -> None:
        self.sketch = Sketch()
        self.left = _EVALUATIONS

    def source(self, root: str, schema: JSON) -> Value:
        """Return the one source of this name; the first schema counts."""
        if root not in self.sketch.roots:
            self.sketch.roots[root] = Source(root, schema=schema if isinstance(schema, Mapping) else None)
        return (self.sketch.roots[root],)

    def read(self, text: str, data: Value, variables: Mapping[str, Value], reference: str) -> Value:
        self.left -= 1
        if self.left < 0:
            self.sketch.dark.add(reference)
            return ANY
        code = strip(text)
        if not reading.understood(code):
            self.sketch.dark.add(reference)
        value, found = reading.read(code, data, variables)
        for one in {(each.name, each.known) for each in found}:
            self.sketch._unknown[(reference, *one)] += 1
        return value

    def condition(self, text: JSON, data: Value, variables: Mapping[str, Value], reference: str) -> Formula:
        if not isinstance(text, str):
            return Fixed(bool(text))
        return operations.truth(self.read(text, data, variables, reference))

    def template(self, value: JSON, data: Value, variables: Mapping[str, Value], reference: str, *, bare: bool = False) -> Value:
        """Return a value that may hold expressions; *bare*: a text is one without the wrapper too."""
        if isinstance(value, str):
            return self.read(value, data, variables, reference) if bare or is_expression(value) else (Known(value),)
        if isinstance(value, Mapping):
            return (Record({str(key): self.template(item, data, variables, reference) for key, item in value.items()}),)
        if isinstance(value, list):
            return (Listed(union(*(self.template(item, data, variables, reference) for item in value)), length=len(value)),)
        return (Known(value),)

    def promise(self, data: Value, own: Mapping[str, JSON]) -> None:
        """Let the sources of *data* have the schema that stands in *own* (an `input` or an `output`)."""
        document = (own.get("schema") or {}).get("document")
        for source in sources(data):
            source.schema = source.schema or (document if isinstance(document, Mapping) else None)

    def way(self, reference: str, way: str, formula: Formula) -> None:
        known = self.sketch.ways.setdefault((reference, way), [])
        if formula not in known and len(known) < _WAYS:
            known.append(formula)
