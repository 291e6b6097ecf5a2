"""Values of a definition that may hold expressions, prepared once so that a step only evaluates.

strict   a string is an expression only as `${ … }`, everywhere inside objects and lists
loose    (`evaluate.mode: loose`) every string is tried as an expression; one that cannot be evaluated stays the text it is
bare     `if when exceptWhen while in from as until`: a string is an expression with or without the wrapper
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from dsl.expressions import is_expression, strip, variables_in
from dsl.expressions.syntax import syntax_error
from graphs.run.errors import BASE, WorkflowError
from graphs.run.ports import JSON

_loose: ContextVar[bool] = ContextVar("loose", default=False)
_SECRET = re.compile(r"""\$secrets\s*(?:\.\s*([A-Za-z_]\w*)|\.?\s*\[\s*"([^"\\]+)"\s*\]|\.\s*"([^"\\]+)")""")


@dataclass(frozen=True, slots=True)
class Expr:
    source: str  # jq, unwrapped
    names: frozenset[str]  # variables it mentions, without `$`
    secrets: tuple[str, ...] = ()  # secrets it names; empty together with "secrets" in names: which ones is known only to jq


@dataclass(frozen=True, slots=True)
class Const:
    value: JSON


@dataclass(frozen=True, slots=True)
class Loose:
    """A text that may be an expression."""

    expression: Expr
    text: str


@dataclass(frozen=True, slots=True)
class ObjectTemplate:
    members: tuple[tuple[str, Template], ...]


@dataclass(frozen=True, slots=True)
class ListTemplate:
    items: tuple[Template, ...]


Template = Const | Expr | Loose | ObjectTemplate | ListTemplate
Evaluate = Callable[[Expr], Awaitable[JSON]]


def expression(text: str) -> Expr:
    """Prepare *text*, wrapped or bare."""
    source = strip(text)
    secrets = {"".join(match) for match in _SECRET.findall(source)}
    return Expr(source, variables_in(source), tuple(sorted(secrets)))


@contextmanager
def loosely(loose: bool) -> Iterator[None]:
    """Let `strict` take every string for a possible expression, inside the `with`, when *loose*."""
    token = _loose.set(loose)
    try:
        yield
    finally:
        _loose.reset(token)


def strict(value: JSON) -> Template:
    """Prepare *value* by the strict rule; what holds no expression becomes one constant."""
    if isinstance(value, str) and is_expression(value):
        return expression(value)
    if isinstance(value, str) and _loose.get() and syntax_error(value) is None:
        return Loose(expression(value), value)
    if isinstance(value, dict):
        members = tuple((key, strict(item)) for key, item in value.items())
        return Const(value) if all(isinstance(item, Const) for _, item in members) else ObjectTemplate(members)
    if isinstance(value, list):
        items = tuple(strict(item) for item in value)
        return Const(value) if all(isinstance(item, Const) for item in items) else ListTemplate(items)
    return Const(value)


def bare(value: JSON) -> Template:
    """Prepare the value of `from` or `as`: a string is an expression, inside an object only a wrapped one."""
    return expression(value) if isinstance(value, str) else strict(value)


async def resolve(template: Template, evaluate: Evaluate) -> JSON:
    """Return the value of *template*, its expressions evaluated one after another in the order they are written."""
    if isinstance(template, Const):
        return template.value
    if isinstance(template, Expr):
        return await evaluate(template)
    if isinstance(template, Loose):
        try:
            return await evaluate(template.expression)
        except WorkflowError as error:
            if error.type == f"{BASE}expression":
                return template.text
            raise
    if isinstance(template, ObjectTemplate):
        return {key: await resolve(member, evaluate) for key, member in template.members}
    return [await resolve(item, evaluate) for item in template.items]
