"""Which events a `listen` (or a schedule's `on`) takes: filters, correlation, and how many of them make it complete.

Pure: no clock, no store. `strategies.py` makes a `Fixed` of what is written; a `Listening` is then shown one event after another::

    strategy = strategies.prepare(data["listen"]["to"], "/do/0/hear/listen/to", problem)
    listening = Listening(await strategies.fix(strategy, evaluate, task_input))
    taken = await listening.take(event, evaluate)     # None: not for us
    if taken: listening.keep(taken)                   # counted from now on
    listening.complete                                # nothing more is waited for

Source: DSL 1.0.3 reference, "Event Consumption Strategy", "Event Filter", "Correlation"; where it leaves room, sdk-java's predicates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from dsl.expressions import ExpressionError
from graphs.run import patterns
from graphs.run.errors import BASE, WorkflowError
from graphs.run.ports import JSON
from graphs.run.templates import Expr

Evaluate = Callable[[Expr, JSON], Awaitable[JSON]]  # raises WorkflowError or ExpressionError
Mode = Literal["one", "any", "all"]
MISSING: Final = object()
PLAIN = re.compile(r"[^\\^$*+?{}\[\]|()]*")  # a text of these alone is no pattern; a dot in it is a dot


# what is compared


@dataclass(frozen=True, slots=True)
class Equal:
    """The value itself; of an object, its members and possibly more."""

    value: JSON


@dataclass(frozen=True, slots=True)
class Text:
    """A literal text: equal to it, or matching it as a pattern from end to end."""

    text: str
    pattern: patterns.Pattern | None


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression that must hold for the value."""

    expression: Expr


@dataclass(frozen=True, slots=True)
class Members:
    """An object that has these members, each matching, and possibly more."""

    members: tuple[tuple[str, Test], ...]


Test = Equal | Text | Condition | Members


# as it is for one listening


@dataclass(frozen=True, slots=True)
class FixedCorrelation:
    name: str
    source: Expr
    expected: JSON  # MISSING: the first extracted value
    constant: bool = False  # written as a text: a number or truth value of the same spelling is equal too


@dataclass(frozen=True, slots=True)
class FixedFilter:
    tests: tuple[tuple[str, Test], ...]
    correlations: tuple[FixedCorrelation, ...] = ()


@dataclass(frozen=True, slots=True)
class Fixed:
    mode: Mode
    filters: tuple[FixedFilter, ...]
    endless: bool = False
    until: Fixed | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """That an event is for a listening, and as what; plain enough to be written down (`to_json`)."""

    filter: int  # which one it satisfies, from 0
    until: bool = False  # one of `until`: not part of the output
    keys: Mapping[str, JSON] = field(default_factory=dict)  # correlation values seen for the first time

    def to_json(self) -> dict[str, JSON]:
        return {"filter": self.filter, "until": self.until, "keys": dict(self.keys)}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Taken:
        return cls(data["filter"], data["until"], data["keys"])


class Listening:
    """What one listening has had so far."""

    def __init__(self, fixed: Fixed) -> None:
        self.fixed = fixed
        self.keys: dict[str, JSON] = {}
        self._satisfied: set[int] = set()
        self._ended: set[int] = set()  # filters of `until`

    @property
    def complete(self) -> bool:
        """Whether it needs no more events, an `until` condition apart."""
        fixed = self.fixed
        if fixed.until is not None and _complete(fixed.until, self._ended):
            return True
        return not fixed.endless and _complete(fixed, self._satisfied)

    def copy(self) -> Listening:
        """Return one that has had the same so far."""
        other = Listening(self.fixed)
        other.keys, other._satisfied, other._ended = dict(self.keys), set(self._satisfied), set(self._ended)
        return other

    async def take(self, event: Mapping[str, JSON], evaluate: Evaluate) -> Taken | None:
        """Return as what *event* is for this listening, None when it is not. Nothing is remembered: `keep` does that."""
        until = self.fixed.until
        if until is not None:
            found = await self._first(until, self._ended, event, evaluate)
            if found is not None:
                return replace(found, until=True)
        return await self._first(self.fixed, self._satisfied, event, evaluate)

    def keep(self, taken: Taken) -> None:
        """Count an event that was taken."""
        (self._ended if taken.until else self._satisfied).add(taken.filter)
        self.keys.update(taken.keys)

    async def _first(self, fixed: Fixed, had: set[int], event: Mapping[str, JSON], evaluate: Evaluate) -> Taken | None:
        if fixed.mode == "any" and not fixed.filters:
            return Taken(0)
        for number, one in enumerate(fixed.filters):
            if fixed.mode == "all" and number in had:
                continue
            keys = await _fits(one, event, self.keys, evaluate)
            if keys is not None:
                return Taken(number, keys=keys)
        return None


def _complete(fixed: Fixed, had: set[int]) -> bool:
    return len(had) >= len(fixed.filters) if fixed.mode == "all" else bool(had)


# compare


async def _fits(one: FixedFilter, event: Mapping[str, JSON], known: Mapping[str, JSON], evaluate: Evaluate) -> dict[str, JSON] | None:
    """Return the correlation values that are new, or None when *event* does not fit."""
    for name, test in one.tests:
        value = data_of(event) if name == "data" else event.get(name)
        if value is None and not isinstance(test, Condition) and test != Equal(None):
            return None
        if not await _holds(test, value, evaluate, attribute=name != "data"):
            return None
    keys: dict[str, JSON] = {}
    for each in one.correlations:
        value = await _quietly(each.source, event, evaluate)
        if value is None:
            return None
        expected = known.get(each.name, MISSING) if each.expected is MISSING else each.expected
        if expected is MISSING:
            keys[each.name] = value
        elif not same(value, expected) and not (each.constant and spelled(value) == expected):
            return None
    return keys


async def _holds(test: Test, value: JSON, evaluate: Evaluate, *, attribute: bool) -> bool:
    if isinstance(test, Text):
        return _matches(test, spelled(value) if attribute else value)
    if isinstance(test, Equal):
        return contains(value, test.value) or (attribute and spelled(value) is not None and spelled(value) == spelled(test.value))
    if isinstance(test, Condition):
        result = await _quietly(test.expression, value, evaluate)
        return result is not None and result is not False
    if not isinstance(value, Mapping):
        return False
    for name, member in test.members:
        if name not in value or not await _holds(member, value[name], evaluate, attribute=False):
            return False
    return True


def text_test(text: str) -> Text:
    """Return the test a literal text stands for."""
    if PLAIN.fullmatch(text):
        return Text(text, None)
    try:
        return Text(text, patterns.compiled(rf"\A(?:{text})\Z"))
    except patterns.PatternRefused:
        return Text(text, None)


def _matches(test: Text, value: JSON) -> bool:
    if value == test.text:
        return True
    if test.pattern is None or not isinstance(value, str):
        return False
    try:
        return test.pattern.search(value)
    except patterns.TooMuchWork:
        return False


async def _quietly(expression: Expr, value: JSON, evaluate: Evaluate) -> JSON:
    """Return what *expression* gives for *value*; one that fails there gives null. Raises what is no error of the expression."""
    try:
        return await evaluate(expression, value)
    except (WorkflowError, ExpressionError) as error:
        if not is_expression_error(error):
            raise
        return None


def is_expression_error(error: Exception) -> bool:
    return isinstance(error, ExpressionError) or (isinstance(error, WorkflowError) and error.type == f"{BASE}expression")


def data_of(event: Mapping[str, JSON]) -> JSON:
    """Return an event's data; binary data as its base64 text."""
    return event["data"] if "data" in event else event.get("data_base64")


def contains(value: JSON, wanted: JSON) -> bool:
    """Tell whether *value* is *wanted*; of an object, whether it has these members."""
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and all(name in value and contains(value[name], one) for name, one in wanted.items())
    return same(value, wanted)


def same(one: JSON, other: JSON) -> bool:
    """Compare as JSON does: 1 is 1.0, and true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    return bool(one == other)


def spelled(value: JSON) -> str | None:
    """Return a scalar as an HTTP header spells it: attributes come as texts, whatever they were; None for what is no scalar."""
    if isinstance(value, str):
        return value
    return None if value is None or isinstance(value, dict | list) else json.dumps(value)
