"""Calls of catalogue functions: does the function exist, and is `with` what it takes?

An expression in `with` is not known before the run: what its value could break is not reported here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from dsl.catalogue import DEFAULT_CATALOGUE, Catalogue, Function, parse_name, tools_of
from dsl.expressions.program import is_expression
from dsl.kinds import PROTOCOLS
from dsl.nearest import did_you_mean, quoted
from dsl.pointer import join
from dsl.problems import Problem
from dsl.walk import Step

# a whole cannot be judged while a part of it is an expression
_OF_WHOLES = frozenset({"anyOf", "oneOf", "allOf", "not", "if", "contains", "uniqueItems", "const", "enum", "dependentSchemas"})


def check_call(step: Step, catalogue: Catalogue, own_functions: frozenset[str]) -> Iterator[Problem]:
    """Yield what is wrong with a `call` that is not HTTP. With an empty *catalogue* only the form of the name is judged."""
    call = step.task.get("call")
    if not isinstance(call, str) or call in PROTOCOLS or call in own_functions or "://" in call:
        return
    reference = join(step.reference, "call")
    parsed = parse_name(call)
    if parsed is None or parsed.catalogue not in ("", DEFAULT_CATALOGUE):
        hint = "write `http`, or a function of the default catalogue as in 'notify:1.0.0@default'"
        yield Problem(code="unknown-function", reference=reference, message=f"there is no function '{call}'", hint=hint)
        return
    function = catalogue.get(parsed.key)
    if not parsed.version or not parsed.catalogue:
        hint = _full_name(parsed.name, catalogue)
        yield Problem(code="unknown-function", reference=reference, message=f"'{call}' is no full function name", hint=hint)
    elif function is not None:
        yield from _check_arguments(step, function)
        yield from _check_tools(step, function, catalogue)
    elif catalogue:
        yield _unknown(call, parsed.name, reference, catalogue)


def _full_name(name: str, catalogue: Catalogue) -> str:
    own = sorted(key for key in catalogue if key.startswith(f"{name}:"))
    if own:
        return f"write '{own[-1]}@{DEFAULT_CATALOGUE}'"
    calls = ["http", *(function.name for function in catalogue.values())]
    return did_you_mean(name, calls, f"write '{name}:1.0.0@{DEFAULT_CATALOGUE}', with the version you mean")


def _unknown(call: str, name: str, reference: str, catalogue: Catalogue) -> Problem:
    own = sorted(key for key in catalogue if key.startswith(f"{name}:"))
    if own:
        return Problem(
            code="unknown-function",
            reference=reference,
            message=f"'{call}' is not there in this version",
            hint=f"there is {quoted(f'{key}@default' for key in own)}",
        )
    known = [f"{key}@{DEFAULT_CATALOGUE}" for key in sorted(catalogue)]
    names = {function.name: f"{function.key}@{DEFAULT_CATALOGUE}" for function in catalogue.values()}
    near = did_you_mean(name, names)
    hint = next((f"did you mean '{full}'?" for short, full in names.items() if f"'{short}'" in near), f"there are {quoted(known)}")
    return Problem(code="unknown-function", reference=reference, message=f"there is no function '{call}'", hint=hint)


def _check_arguments(step: Step, function: Function) -> Iterator[Problem]:
    if not function.input:
        return
    arguments = step.task.get("with", {})
    if not isinstance(arguments, dict):
        return
    for error in _validator(_Frozen(function.input, function.key)).iter_errors(arguments):
        if not _unsettled(error.instance, error.validator):
            yield from _argument_problems(error, join(step.reference, "with"), function)


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


def _argument_problems(error: Any, base: str, function: Function) -> Iterator[Problem]:
    reference = join(base, *error.absolute_path)
    properties = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
    if error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance:
                about = properties.get(name, {}).get("description", "")
                hint = f"add `{name}: …`" + (f" ({about})" if about else "")
                yield Problem(code="missing-argument", reference=reference, message=f"'{function.name}' needs '{name}'", hint=hint)
    elif error.validator == "additionalProperties":
        for name in sorted(set(error.instance) - set(properties)):
            hint = did_you_mean(name, properties, f"it takes {quoted(properties)}")
            yield Problem(
                code="unknown-argument", reference=join(reference, name), message=f"'{function.name}' takes no '{name}'", hint=hint
            )
    else:
        yield Problem(
            code="invalid-argument",
            reference=reference,
            message=f"'{function.name}' cannot take this: {error.message[:200]}",
            hint=_wanted(error),
        )


def _wanted(error: Any) -> str:
    if error.validator == "enum":
        return f"use one of: {', '.join(str(value) for value in error.validator_value)}"
    return str(error.schema.get("description", "")) if isinstance(error.schema, Mapping) else ""


def _unsettled(instance: Any, keyword: str) -> bool:
    return is_expression(instance) or (keyword in _OF_WHOLES and _holds_expression(instance))


def _holds_expression(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_expression(item) for item in value.values())
    return any(_holds_expression(item) for item in value) if isinstance(value, list) else is_expression(value)


class _Frozen:
    """A schema that can be a cache key; equal by name and identity, because functions are frozen values."""

    __slots__ = ("key", "schema")

    def __init__(self, schema: dict[str, Any], key: str) -> None:
        self.schema, self.key = schema, key

    def __hash__(self) -> int:
        return hash((self.key, id(self.schema)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Frozen) and self.schema is other.schema


@lru_cache(maxsize=512)
def _validator(frozen: _Frozen) -> Any:
    from jsonschema import Draft202012Validator  # 60 ms, needed only where a function is called
    from referencing import Registry

    return Draft202012Validator(frozen.schema, registry=Registry())  # an empty registry: nothing is ever fetched
