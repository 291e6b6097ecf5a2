"""Which events a `listen` (or a schedule's `on`) takes: filters, correlation, and how many of them make it complete.

Pure: no clock, no store. `prepare` compiles a strategy, `fix` settles what its expressions say for one listening, and a `Listening` is then
shown one event after another::

    strategy = prepare(data["listen"]["to"], "/do/0/hear/listen/to", problem)
    listening = Listening(await fix(strategy, evaluate, task_input))
    taken = await listening.take(event, evaluate)     # None: not for us
    if taken: listening.keep(taken)                   # counted from now on
    listening.complete                                # nothing more is waited for

An expression in an attribute is evaluated once, on the task's input: a text, a number, an object is what the event must have there.
One that gives true or false, or that makes sense for a text only, is a condition on the attribute itself (`.` is the attribute). `data`
given as one expression is always a condition on the event's data.

Source: DSL 1.0.3 reference, "Event Consumption Strategy", "Event Filter", "Correlation"; where it leaves room, sdk-java's predicates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from dsl.expressions import ExpressionError, is_expression, syntax_error
from dsl.pointer import join
from graphs.run import patterns, templates
from graphs.run.errors import BASE, WorkflowError
from graphs.run.ports import JSON
from graphs.run.templates import Const, Expr, Loose, Template

Evaluate = Callable[[Expr, JSON], Awaitable[JSON]]  # raises WorkflowError or ExpressionError
Problem = Callable[[str, str, str, str], None]  # code, reference, message, hint
Mode = Literal["one", "any", "all"]
MISSING: Final = object()
_PLAIN = re.compile(r"[^\\^$*+?{}\[\]|()]*")  # a text of these alone is no pattern; a dot in it is a dot


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


# as it is written


@dataclass(frozen=True, slots=True)
class Correlation:
    name: str
    source: Expr  # `from`: sees the whole event as `.`
    expect: Template | None  # None: the first extracted value


@dataclass(frozen=True, slots=True)
class Filter:
    attributes: tuple[tuple[str, Template], ...]
    correlations: tuple[Correlation, ...] = ()


@dataclass(frozen=True, slots=True)
class Strategy:
    """`any` without filters takes every event."""

    mode: Mode
    filters: tuple[Filter, ...]
    condition: Expr | None = None  # `until` as an expression over what was consumed; whoever listens evaluates it
    until: Strategy | None = None  # `until` as events

    @property
    def endless(self) -> bool:
        """Whether an event of ours does not complete it by itself."""
        return self.condition is not None or self.until is not None


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


# compile


def prepare(data: Mapping[str, JSON], reference: str, problem: Problem) -> Strategy:
    """Compile a strategy that stands at *reference*; what cannot be compiled is told to *problem*."""
    mode: Mode = "one" if "one" in data else "all" if "all" in data else "any"
    if mode == "one":
        filters: list[Filter] = [_filter(data["one"], join(reference, "one"), problem)]
    else:
        filters = [_filter(one, join(reference, mode, number), problem) for number, one in enumerate(data.get(mode) or ())]
    until = data.get("until")
    if isinstance(until, Mapping):
        return Strategy(mode, tuple(filters), until=prepare(until, join(reference, "until"), problem))
    condition = None if until is None else templates.expression(until if isinstance(until, str) else str(until).lower())
    return Strategy(mode, tuple(filters), condition)


def _filter(data: Mapping[str, JSON], reference: str, problem: Problem) -> Filter:
    attributes = data.get("with") or {}
    for path, text in _texts(attributes):
        wrong = _refused(text)
        if wrong:
            problem("invalid-pattern", join(reference, "with", *path), wrong, "write the text as it stands, or a simpler pattern")
    correlations = tuple(_correlation(str(name), one) for name, one in (data.get("correlate") or {}).items())
    return Filter(tuple((str(name), templates.strict(value)) for name, value in attributes.items()), correlations)


def _correlation(name: str, data: Mapping[str, JSON]) -> Correlation:
    expect = data.get("expect")
    if expect is None:
        template: Template | None = None
    elif isinstance(expect, str) and not is_expression(expect) and _looks_like_a_path(expect):
        template = templates.expression(expect)
    else:
        template = templates.strict(expect)
    return Correlation(name, templates.expression(str(data["from"])), template)


def _looks_like_a_path(text: str) -> bool:
    """Tell whether a bare `expect` is meant as an expression: `.order.id`, `$context.order`."""
    return re.match(r"\.[\w\[\"]|\$\w", text.strip()) is not None and syntax_error(text) is None


def _texts(value: JSON, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str) and not is_expression(value):
        yield path, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from _texts(member, (*path, str(name)))


def _refused(text: str) -> str:
    """Return why *text*, a pattern for `re`, cannot be matched; a text that is no pattern at all is simply compared."""
    if _PLAIN.fullmatch(text):
        return ""
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError):
        return ""
    try:
        patterns.compiled(rf"\A(?:{text})\Z")
    except patterns.PatternRefused as refused:
        return str(refused).replace(rf"\A(?:{text})\Z", text)
    return ""


# settle


async def fix(strategy: Strategy, evaluate: Evaluate, data: JSON) -> Fixed:
    """Evaluate what a listening knows when it begins. Raises what *evaluate* raises, and WorkflowError for an attribute without a value."""
    filters = tuple([await _fix_filter(one, evaluate, data) for one in strategy.filters])
    until = None if strategy.until is None else await fix(strategy.until, evaluate, data)
    return Fixed(strategy.mode, filters, strategy.endless, until)


async def _fix_filter(one: Filter, evaluate: Evaluate, data: JSON) -> FixedFilter:
    tests: list[tuple[str, Test]] = []
    for name, template in one.attributes:
        if name == "data" and isinstance(template, Expr):
            tests.append((name, Condition(template)))
        else:
            tests.append((name, await _test(name, template, evaluate, data)))
    correlations = []
    for each in one.correlations:
        if each.expect is None:
            correlations.append(FixedCorrelation(each.name, each.source, MISSING))
        else:
            expected = await templates.resolve(each.expect, lambda expression: evaluate(expression, data))
            correlations.append(FixedCorrelation(each.name, each.source, expected, isinstance(each.expect, Const)))
    return FixedFilter(tuple(tests), tuple(correlations))


async def _test(name: str, template: Template, evaluate: Evaluate, data: JSON) -> Test:
    if isinstance(template, Const):
        return _literal(template.value)
    if isinstance(template, Expr):
        return await _settled(name, template, evaluate, data)
    if isinstance(template, Loose):
        try:
            return await _settled(name, template.expression, evaluate, data)
        except (WorkflowError, ExpressionError) as error:
            if not _is_expression_error(error):
                raise
            return _literal(template.text)
    if isinstance(template, templates.ObjectTemplate):
        return Members(tuple([(key, await _test(f"{name}.{key}", member, evaluate, data)) for key, member in template.members]))
    return Equal(await templates.resolve(template, lambda expression: evaluate(expression, data)))


def _literal(value: JSON) -> Test:
    if isinstance(value, str):
        return text_test(value)
    if isinstance(value, Mapping):
        return Members(tuple((str(key), _literal(member)) for key, member in value.items()))
    return Equal(value)


def text_test(text: str) -> Text:
    """Return the test a literal text stands for."""
    if _PLAIN.fullmatch(text):
        return Text(text, None)
    try:
        return Text(text, patterns.compiled(rf"\A(?:{text})\Z"))
    except patterns.PatternRefused:
        return Text(text, None)


async def _settled(name: str, expression: Expr, evaluate: Evaluate, data: JSON) -> Test:
    """Tell a value from a condition: a condition gives true or false, here or for a text."""
    try:
        value = await evaluate(expression, data)
    except (WorkflowError, ExpressionError) as error:
        if not _is_expression_error(error) or not await _is_condition(expression, evaluate):
            raise
        return Condition(expression)
    if isinstance(value, bool):
        return Condition(expression)
    if value is None:
        if await _is_condition(expression, evaluate):
            return Condition(expression)
        raise WorkflowError.of("expression", f"the filter of the event needs a value for '{name}', and '{expression.source}' gave null")
    return Equal(value)


async def _is_condition(expression: Expr, evaluate: Evaluate) -> bool:
    try:
        return isinstance(await evaluate(expression, ""), bool)
    except (WorkflowError, ExpressionError) as error:
        if not _is_expression_error(error):
            raise
        return False


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
        if not _is_expression_error(error):
            raise
        return None


def _is_expression_error(error: Exception) -> bool:
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
