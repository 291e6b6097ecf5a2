"""What `parameters` of a call gives, put where it belongs. What an operation does not name forms its body.

A text counts as the number or boolean it spells, and one value as a list of one: in a URL they are the same. A body is judged as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dsl.bindings import OpenApiParameter, OpenApiSecurity
from dsl.nearest import did_you_mean, quoted
from graphs.run.errors import WorkflowError
from graphs.run.http_values import scalar_text
from graphs.run.openapi.operations import Operation
from graphs.run.patterns import PatternRefused
from graphs.run.ports import JSON
from graphs.run.schemas import JsonSchema

NOTHING: Any = object()
_PLACES = {"path": "in the path", "query": "in the query", "header": "in a header", "cookie": "in a cookie", "form": "in the form"}

# OpenAPI 3.1.1, 4.8.12.1: a description of it is to be ignored. A value for it is a key all the same, and never a part of the body.
_AUTHORIZATION = OpenApiSecurity(scheme="Authorization", kind="apiKey", name="Authorization", place="header")


@dataclass(slots=True)
class Given:
    """Everything a request is made of."""

    values: dict[str, JSON] = field(default_factory=dict)  # by the parameter's field
    body: JSON = NOTHING
    variables: dict[str, str] = field(default_factory=dict)  # of the server's URL
    keys: list[tuple[OpenApiSecurity, str]] = field(default_factory=list)  # schemes of kind apiKey


def assign(operation: Operation, parameters: Mapping[str, JSON]) -> Given:
    """Return *parameters* by where they go. Raises WorkflowError (validation) naming the one that is wrong, missing or unknown."""
    given, unnamed = _sorted(operation, parameters)
    if unnamed:
        given.body = _body_of(operation, given.body, unnamed)
    for parameter in operation.binding.parameters:
        _complete(operation, parameter, given)
    for parameter in operation.binding.parameters:
        if parameter.field in given.values:
            given.values[parameter.field] = _fitting(operation, parameter, given.values[parameter.field])
    _judge_body(operation, given.body)
    return given


def _sorted(operation: Operation, parameters: Mapping[str, JSON]) -> tuple[Given, dict[str, JSON]]:
    """Return what is known by its name, and the rest."""
    binding, given, rest = operation.binding, Given(), dict[str, JSON]()
    fields = {one.field for one in binding.parameters}
    keys = {word: one for one in _key_schemes(operation) for word in (one.name, one.scheme)}
    for name, value in parameters.items():
        if name in fields:
            if value is not None:
                given.values[name] = value
        elif binding.body and binding.body.field == name:
            given.body = value
        elif name in binding.variables:
            given.variables[name] = _variable(operation, name, value)
        elif name in keys:
            given.keys.append((keys[name], scalar_text(value)))
        elif name.lower() == "authorization" and not (binding.body and name in _properties(operation, binding.body.field)):
            given.keys.append((_AUTHORIZATION, scalar_text(value)))
        else:
            rest[name] = value
    return given, rest


def _key_schemes(operation: Operation) -> Iterator[OpenApiSecurity]:
    return (scheme for way in operation.binding.security for scheme in way if scheme.kind == "apiKey" and scheme.name)


def _variable(operation: Operation, name: str, value: JSON) -> str:
    allowed, text = operation.binding.variables[name].allowed, scalar_text(value)
    if isinstance(value, dict | list) or value is None or (allowed and text not in allowed):
        raise _wrong(operation, f"'{name}' of the server's address must be {' or '.join(allowed) or 'a text'}")
    return text


def _body_of(operation: Operation, whole: JSON, unnamed: dict[str, JSON]) -> JSON:
    """Return the body that *unnamed* parameters form. Raises WorkflowError when there is none to form."""
    body = operation.binding.body
    if body is None or not body.field:
        raise _unknown(operation, unnamed, "")
    if whole is NOTHING:
        schema = resolved(operation, _schema(operation, body.field))
        strange = {name: value for name, value in unnamed.items() if name not in schema.get("properties", {})}
        if strange and schema.get("additionalProperties") is False:
            raise _unknown(operation, strange, "", schema.get("properties", {}))
        return unnamed
    if body.field in _properties(operation, body.field):
        return {**unnamed, body.field: whole}
    raise _unknown(operation, unnamed, f", and '{body.field}' is the whole body")


def _unknown(operation: Operation, unnamed: Mapping[str, JSON], more: str, others: Iterable[str] = ()) -> WorkflowError:
    name, known = next(iter(unnamed)), [*operation.input.get("properties", {}), *others]
    hint = did_you_mean(name, known, f"it has {quoted(known)}" if known else "it has none")
    return _wrong(operation, f"there is no parameter '{name}'{more}; {hint}")


def _complete(operation: Operation, parameter: OpenApiParameter, given: Given) -> None:
    """Give a required parameter its default. Raises WorkflowError when it has none."""
    if not parameter.required or parameter.field in given.values:
        return
    schema = _schema(operation, parameter.field)
    if "default" not in schema:
        raise _wrong(operation, f"the parameter '{parameter.field}' is missing, which goes {_PLACES[parameter.place]}")
    given.values[parameter.field] = schema["default"]


def _fitting(operation: Operation, parameter: OpenApiParameter, value: JSON) -> JSON:
    """Return *value* in the form its schema wants."""
    validator = _validator(operation, parameter.field)
    if validator is None or (parameter.place == "form" and isinstance(value, dict)):
        return value
    first = ""
    for form in _forms(value):
        wrong = validator.check(form)
        if not wrong:
            return form
        first = first or wrong
    raise _wrong(operation, f"the parameter '{parameter.field}' does not fit: {first}")


def _forms(value: JSON) -> Iterator[JSON]:
    """Yield what *value* may stand for where it is written as text anyway."""
    yield value
    if isinstance(value, list):
        yield [next(iter(list(_forms(item))[1:]), item) for item in value]
    elif not isinstance(value, dict):
        others = [_spelled(value)] if isinstance(value, str) else [scalar_text(value)]
        yield from others
        yield from ([one] for one in (value, *others))


def _spelled(text: str) -> JSON:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text if isinstance(found, dict | list) or found is None else found


def _judge_body(operation: Operation, body: JSON) -> None:
    described = operation.binding.body
    if described is None or not described.field:
        return
    if body is NOTHING:
        if described.required:
            raise _wrong(operation, f"the body is missing: give its properties, or all of it as '{described.field}'")
        return
    validator = _validator(operation, described.field)
    if validator is not None and (wrong := validator.check(body)):
        raise _wrong(operation, f"the body ('{described.field}') does not fit: {wrong}")


def _schema(operation: Operation, name: str) -> Mapping[str, JSON]:
    found = operation.input.get("properties", {}).get(name)
    return found if isinstance(found, Mapping) else {}


def _properties(operation: Operation, name: str) -> Mapping[str, JSON]:
    return resolved(operation, _schema(operation, name)).get("properties", {})  # type: ignore[no-any-return]


def resolved(operation: Operation, schema: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """Return what a `$ref` of *schema* stands for."""
    for _ in range(20):
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            break
        schema = operation.input.get("$defs", {}).get(reference.rpartition("/")[2]) or {}
    return schema if isinstance(schema, Mapping) else {}


def _validator(operation: Operation, name: str) -> JsonSchema | None:
    """Return what judges the field *name*, None when its schema cannot be used: then the server judges."""
    if name not in operation.judges:
        operation.judges[name] = _made(operation, _schema(operation, name))
    return operation.judges[name]


def _made(operation: Operation, schema: Mapping[str, JSON]) -> JsonSchema | None:
    from jsonschema import SchemaError

    if not schema:
        return None
    try:
        return JsonSchema({**schema, "$defs": operation.input.get("$defs", {})})
    except (SchemaError, PatternRefused, RecursionError):
        return None


def _wrong(operation: Operation, words: str) -> WorkflowError:
    return WorkflowError.of("validation", f"the operation '{operation.name}' cannot be called so: {words}")
