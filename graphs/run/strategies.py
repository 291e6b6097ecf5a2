"""What a listening waits for: `prepare` compiles a strategy as it is written, `fix` settles what its expressions say for one listening.

An expression in an attribute is evaluated once, on the task's input: a text, a number, an object is what the event must have there.
One that gives true or false, or that makes sense for a text only, is a condition on the attribute itself (`.` is the attribute). `data`
given as one expression is always a condition on the event's data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dsl.expressions import ExpressionError, is_expression, syntax_error
from dsl.pointer import join
from graphs.run import patterns, templates
from graphs.run.errors import WorkflowError
from graphs.run.matching import (
    MISSING,
    PLAIN,
    Condition,
    Equal,
    Evaluate,
    Fixed,
    FixedCorrelation,
    FixedFilter,
    Members,
    Mode,
    Test,
    is_expression_error,
    text_test,
)
from graphs.run.ports import JSON
from graphs.run.templates import Const, Expr, Loose, Template

Problem = Callable[[str, str, str, str], None]  # code, reference, message, hint


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
    if PLAIN.fullmatch(text):
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
            if not is_expression_error(error):
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


async def _settled(name: str, expression: Expr, evaluate: Evaluate, data: JSON) -> Test:
    """Tell a value from a condition: a condition gives true or false, here or for a text."""
    try:
        value = await evaluate(expression, data)
    except (WorkflowError, ExpressionError) as error:
        if not is_expression_error(error) or not await _is_condition(expression, evaluate):
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
        if not is_expression_error(error):
            raise
        return False
