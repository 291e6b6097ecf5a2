"""What a definition says of data in other words than expressions: functions' schemas, filters of events, addresses, the error type."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dsl.catalogue import Function
from dsl.expressions import is_expression, strip
from graphs.run.ports import JSON
from graphs.run.simulation import reading
from graphs.run.simulation.jq import NotRead, parse
from graphs.run.simulation.shapes import Atom, Source, Value, sources

_URI_FIELD = re.compile(r"\{([A-Za-z_]\w*)\}")
ERROR = {  # RFC 7807, as the language has it
    "type": "object",
    "additionalProperties": False,
    "required": ["type", "status"],
    "properties": {
        name: {"type": "integer" if name == "status" else "string"} for name in ("type", "status", "title", "detail", "instance")
    },
}
# functions whose output, or a field of it, is described by a field of the call
_DESCRIBED = {"ask": ("schema", ""), "agent": ("output", "answer"), "extract": ("schema", "value")}


def as_asked(source: Source, schema: JSON) -> None:
    """Let a leaf that is handed to a function be what the function takes."""
    if isinstance(schema, Mapping) and ("type" in schema or "enum" in schema) and not (source.schema or source.fields or source.item):
        source.schema = schema


def promised(function: Function, arguments: Mapping[str, JSON]) -> Mapping[str, JSON] | None:
    """Return the schema of what a function gives, the part included that a field of the call describes."""
    described, place = _DESCRIBED.get(function.name, ("", ""))
    wanted = arguments.get(described)
    if not isinstance(wanted, Mapping):
        return function.output or None
    if not place:
        return wanted
    return {**function.output, "properties": {**(function.output.get("properties") or {}), place: wanted}}


def filters(to: Mapping[str, JSON]) -> list[Mapping[str, JSON]]:
    found = [to["one"]] if isinstance(to.get("one"), Mapping) else [one for key in ("any", "all") for one in to.get(key) or ()]
    until = to.get("until")
    return [one for one in (found + (filters(until) if isinstance(until, Mapping) else [])) if isinstance(one, Mapping)]


def envelope(event: Source, to: Mapping[str, JSON]) -> None:
    """Give an event the fields of a CloudEvent, those that its filter names as constants with these."""
    event.want("object")
    for name in ("id", "source", "type", "time", "data"):
        event.member(name)
    for one in filters(to)[:1]:
        for name, value in (one.get("with") or {}).items():
            if isinstance(value, str) and not is_expression(value):
                event.member(name).note(Atom(event.member(name).key, "==", value))
            elif name == "data" and isinstance(value, Mapping):
                _constants(event.member("data"), value)


def _constants(source: Source, value: JSON) -> None:
    for name, member in value.items():
        if isinstance(member, Mapping):
            _constants(source.member(name), member)
        elif not is_expression(member):
            source.member(name).note(Atom(source.member(name).key, "==", member))


def address(uri: str, data: Value, variables: Mapping[str, Value]) -> None:
    """Note which leaf is (the beginning of) an address, and what fills the places of a template."""
    if not is_expression(uri):
        for name in _URI_FIELD.findall(uri):
            for source in sources(reading.member(data, name)):
                source.want("string")
        return
    try:
        tree = parse(strip(uri))
    except NotRead:
        return
    while tree.op == "arithmetic":
        tree = tree.parts[0]
    if tree.op == "text" and tree.value and tree.value[0] == "" and tree.parts:
        tree = tree.parts[0]
    for source in sources(reading.evaluate(tree, data, reading.Reading(variables, lenient=1))):
        source.kinds.insert(0, "url")
