"""Values of a definition that may hold expressions, prepared once so that a step only evaluates.

strict   a string is an expression only as `${ … }`, everywhere inside objects and lists
bare     `if when exceptWhen while in from as until`: a string is an expression with or without the wrapper
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dsl.expressions import is_expression, strip, variables_in
from graphs.run.ports import JSON

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
class ObjectTemplate:
    members: tuple[tuple[str, Template], ...]


@dataclass(frozen=True, slots=True)
class ListTemplate:
    items: tuple[Template, ...]


Template = Const | Expr | ObjectTemplate | ListTemplate
Evaluate = Callable[[Expr], Awaitable[JSON]]


def expression(text: str) -> Expr:
    """Prepare *text*, wrapped or bare."""
    source = strip(text)
    secrets = {"".join(match) for match in _SECRET.findall(source)}
    return Expr(source, variables_in(source), tuple(sorted(secrets)))


def strict(value: JSON) -> Template:
    """Prepare *value* by the strict rule; what holds no expression becomes one constant."""
    if isinstance(value, str) and is_expression(value):
        return expression(value)
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
    if isinstance(template, ObjectTemplate):
        return {key: await resolve(member, evaluate) for key, member in template.members}
    return [await resolve(item, evaluate) for item in template.items]
