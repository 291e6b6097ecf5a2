"""Which `$ref`s between schemas would never end, or make so many schemas judge one value that it takes for ever.

Only keywords that judge the same value count (`allOf`, `anyOf`, `not` …): through `properties` or `items` a schema may come back to itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from dsl.imports.findings import References
from dsl.pointer import join

JSON = Any

MAX_JUDGEMENTS: Final = 1_000  # schemas that judge one value, each as often as it does so
_ONE: Final = ("not", "if", "then", "else")
_MANY: Final = ("allOf", "anyOf", "oneOf")
_JUDGES: Final = frozenset({*_ONE, *_MANY, "dependentSchemas", "$ref"})


@dataclass(slots=True)
class _Walk:
    """A schema whose inner ones are being walked."""

    at: str
    inner: Iterator[tuple[JSON, str, bool]]
    by_reference: bool = False  # how it was come to
    cost: int = 1


class Circles:
    """The schemas of one document, each walked once."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._cost: dict[str, int] = {}  # how many schemas judge one value, by the pointer of the outermost; 0 while that is counted
        self._cut_at: set[str] = set()

    def lead_too_far(self, node: JSON, at: str) -> bool:
        """Return whether the `$ref` of the schema at *at* would never end, or multiply what judges one value beyond the limit."""
        if at not in self._cost:
            self._explore(node, at)
        return at in self._cut_at

    def _explore(self, node: JSON, at: str) -> None:
        """Walk what judges the same value as *node*, depth first and each place once; find the `$ref`s that close a circle or multiply."""
        self._cost[at] = 0  # open: it is being walked
        stack = [_Walk(at, self._same_value(node, at))]
        while stack:
            here = stack[-1]
            for child, place, is_reference in here.inner:
                if place not in self._cost:
                    self._cost[place] = 0
                    stack.append(_Walk(place, self._same_value(child, place), is_reference))
                    break
                self._count(stack, self._cost[place], is_reference)
            else:
                stack.pop()
                self._cost[here.at] = here.cost
                if stack:
                    self._count(stack, here.cost, here.by_reference)

    def _count(self, stack: list[_Walk], cost: int, is_reference: bool) -> None:
        """Add the *cost* of an inner schema to the one that is walked, or cut the `$ref`; 0 is one that is open: a circle."""
        if is_reference and not 0 < cost <= MAX_JUDGEMENTS:
            self._cut_at.add(stack[-1].at)
        elif cost:
            stack[-1].cost += cost
        else:  # the circle is closed by a schema that stands inside: the last `$ref` on the way here goes
            entered = next(number for number in range(len(stack) - 1, 0, -1) if stack[number].by_reference)
            self._cut_at.add(stack[entered - 1].at)

    def _same_value(self, node: JSON, at: str) -> Iterator[tuple[JSON, str, bool]]:
        """Yield the schemas that judge the same value as *node*: (schema, its pointer, whether `$ref` leads there)."""
        if not isinstance(node, dict) or _JUDGES.isdisjoint(node):
            return
        if "$ref" in node:
            found = self._references.step(node["$ref"], at, "warning")
            if found is not None:
                yield *found, True
        yield from ((node[word], join(at, word), False) for word in _ONE if word in node)
        for word in _MANY:
            items = node.get(word)
            yield from ((item, join(at, word, n), False) for n, item in enumerate(items if isinstance(items, list) else ()))
        schemas = node.get("dependentSchemas")
        for name, item in (schemas if isinstance(schemas, dict) else {}).items():
            yield item, join(at, "dependentSchemas", name), False
