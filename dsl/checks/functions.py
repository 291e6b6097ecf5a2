"""Calls of functions: does the function exist, and is `with` what it takes?

An expression in `with` is not known before the run: what its value could break is not reported here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from dsl.catalogue import DEFAULT_CATALOGUE, Catalogue, Function, parse_name, tools_of
from dsl.checks.arguments import argument_problems, holds_expression
from dsl.expressions.program import is_expression
from dsl.kinds import PROTOCOLS
from dsl.nearest import did_you_mean, nearest, quoted
from dsl.pointer import get, join
from dsl.problems import Problem
from dsl.walk import Step

JSON = Any

# a whole cannot be judged while a part of it is an expression
_OF_WHOLES = frozenset({"anyOf", "oneOf", "allOf", "not", "if", "contains", "uniqueItems", "const", "enum", "dependentSchemas"})


def check_call(step: Step, catalogue: Catalogue, own: Mapping[str, JSON], catalogs: Collection[str]) -> Iterator[Problem]:
    """
    Yield what is wrong with a `call` of a function.

    Args:
        catalogue: What `NAME:VERSION@default` can name; without any, such names are judged by their form only.
        own: The tasks of `use.functions`, by name.
        catalogs: The names of `use.catalogs`; what is in them is not known here.
    """
    call = step.task.get("call")
    if not isinstance(call, str) or call in PROTOCOLS or "://" in call:
        return
    reference = join(step.reference, "call")
    parsed = parse_name(call)
    if call in own:
        schema = get(own[call], "/input/schema/document")
        yield from check_arguments(step.task.get("with", {}), join(step.reference, "with"), call, schema, trusted=False)
    elif parsed is None or not (parsed.catalogue and parsed.version):
        yield _no_full_name(call, reference, catalogue, own)
    elif parsed.catalogue in catalogs:
        return
    elif parsed.catalogue != DEFAULT_CATALOGUE:
        hint = f"declare it under `use: {{catalogs: {{{parsed.catalogue}: {{endpoint: …}}}}}}`, or write '@{DEFAULT_CATALOGUE}'"
        hint = did_you_mean(parsed.catalogue, [*catalogs, DEFAULT_CATALOGUE], hint)
        yield _problem("unknown-catalog", reference, f"no catalogue is named '{parsed.catalogue}'", hint)
    elif parsed.key in catalogue:
        function = catalogue[parsed.key]
        yield from check_arguments(step.task.get("with", {}), join(step.reference, "with"), function.name, function.input, trusted=True)
        yield from _check_tools(step, function, catalogue)
    elif catalogue:
        yield _unknown(call, parsed.name, reference, catalogue)


def _no_full_name(call: str, reference: str, catalogue: Catalogue, own: Mapping[str, JSON]) -> Problem:
    name = call.partition("@")[0].partition(":")[0].strip()
    near = nearest(call, own) or nearest(call, PROTOCOLS)
    full = sorted(key for key in catalogue if key.startswith(f"{name}:"))
    similar = nearest(name, {function.name for function in catalogue.values()})
    if full:
        hint = f"write '{full[-1]}@{DEFAULT_CATALOGUE}'"
    elif near or similar:
        hint = f"did you mean '{near or _latest(str(similar), catalogue)}'?"
    elif is_expression(call):
        hint = "which function is called is fixed; choose between calls with a `switch`"
    else:
        hint = f"write `http`, a name of `use.functions`, or NAME:VERSION@{DEFAULT_CATALOGUE} as in 'notify:1.0.0@{DEFAULT_CATALOGUE}'"
    message = f"'{call}' is no full function name" if full else f"there is no function '{call}'"
    return _problem("unknown-function", reference, message, hint)


def _latest(name: str, catalogue: Catalogue) -> str:
    return max(f"{function.key}@{DEFAULT_CATALOGUE}" for function in catalogue.values() if function.name == name)


def _unknown(call: str, name: str, reference: str, catalogue: Catalogue) -> Problem:
    versions = sorted(key for key in catalogue if key.startswith(f"{name}:"))
    if versions:
        hint = f"there is {quoted(f'{key}@{DEFAULT_CATALOGUE}' for key in versions)}"
        return _problem("unknown-function", reference, f"'{call}' is not there in this version", hint)
    similar = nearest(name, {function.name for function in catalogue.values()})
    known = quoted(f"{key}@{DEFAULT_CATALOGUE}" for key in sorted(catalogue))
    hint = f"did you mean '{_latest(similar, catalogue)}'?" if similar else f"there are {known}"
    return _problem("unknown-function", reference, f"there is no function '{call}'", hint)


def _check_tools(step: Step, function: Function, catalogue: Catalogue) -> Iterator[Problem]:
    """Yield a problem for each tool that is no function of the catalogue."""
    known = [key for key, one in sorted(catalogue.items()) if not one.tools]
    for position, tool in enumerate(tools_of(function, step.task.get("with"))):
        name = tool.function
        if is_expression(name) or not isinstance(name, str) or name in known:
            continue
        short = {one.name: key for key, one in catalogue.items()}
        hint = f"did you mean '{short[name]}'?" if name in short else did_you_mean(name, known, f"there are {quoted(known)}")
        message = f"there is no function '{name}' that '{function.name}' could use as a tool"
        yield Problem(code="unknown-function", reference=join(step.reference, "with", function.tools, position), message=message, hint=hint)


def check_arguments(arguments: JSON, pointer: str, name: str, schema: JSON, *, trusted: bool) -> Iterator[Problem]:
    """
    Yield how *arguments*, which stand at *pointer*, break the JSON Schema of *name*; what is an expression cannot break it yet.

    Args:
        trusted: False for a schema that came with a definition: its patterns are not tried, since one may take for ever.
    """
    if not isinstance(arguments, dict) or not isinstance(schema, dict) or not schema or (not trusted and _has_patterns(schema)):
        return
    from jsonschema.exceptions import SchemaError, UnknownType
    from referencing.exceptions import Unresolvable

    try:
        errors = [error for error in _validator(_Frozen(schema)).iter_errors(arguments) if not _unsettled(error.instance, error.validator)]
        found = [problem for error in errors for problem in argument_problems(error, pointer, name)]
    except (SchemaError, UnknownType, Unresolvable, TypeError, AttributeError, ValueError, RecursionError, re.error):
        return  # the schema itself is wrong, which has its own problem
    yield from found


def _has_patterns(schema: JSON) -> bool:
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "pattern" in value or "patternProperties" in value:
                return True
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False


def _unsettled(instance: JSON, keyword: str) -> bool:
    return is_expression(instance) or (keyword in _OF_WHOLES and holds_expression(instance))


class _Frozen:
    """A schema that can be a cache key, equal by identity; holding it keeps the identity from being given to another."""

    __slots__ = ("schema",)

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Frozen) and self.schema is other.schema


@lru_cache(maxsize=512)
def _validator(frozen: _Frozen) -> Any:
    from jsonschema import Draft202012Validator  # 60 ms, needed only where a function is called
    from referencing import Registry

    return Draft202012Validator(frozen.schema, registry=Registry())  # an empty registry: nothing is ever fetched


def _problem(code: str, reference: str, message: str, hint: str) -> Problem:
    return Problem(code=code, reference=reference, message=message, hint=hint)
