"""The JSON Schema of the wire, for decoders that constrain what a model writes.

It keeps to what every such decoder takes. OpenAI's strict mode (Structured Outputs, "Supported schemas"): the root is an object and no
`anyOf`; every object has `additionalProperties: false` and all properties in `required`; what is optional may be null; no `allOf`,
`oneOf`, `not`, `if`, `patternProperties`, `minProperties` …; a `$ref` stands alone; at most 10 levels of nesting, 5,000 properties, 1,000
enum values, 120,000 characters of names; recursion is allowed; alternatives of an `anyOf` begin with different keys or with one that
tells them apart (here `kind`). llama.cpp (Ollama) and xgrammar (vLLM) know these keywords too; a fixed word is an `enum`, as not all know
`const`. One kind of task and the document around it take at most 6,000 bytes of compact JSON.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from dsl.catalogue import DEFAULT_CATALOGUE
from dsl.nearest import did_you_mean
from dsl.problems import Problem
from dsl.wire.functions import record_of
from dsl.wire.problems import WireError
from dsl.wire.records import Record
from dsl.wire.shapes import closed, ref
from dsl.wire.tables import AUTHENTICATION, DEFINITION, ENDPOINT_PARTS, FILTER, GROUPS, RETRY, TASK

if TYPE_CHECKING:
    from dsl.catalogue import Function

JSON = Any
Part = Literal["definition", "tasks"]

_VALUE: Final = {
    "anyOf": [
        {"type": "string"},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "null"},
        {"type": "array", "items": ref("any")},
        {"description": "an object", **closed({"fields": ref("pairs")})},
    ]
}


def wire_schema(
    kinds: Collection[str] | None = None, functions: Mapping[str, Function] | Iterable[Function] = (), *, part: Part = "definition"
) -> dict[str, JSON]:
    """
    Return the schema of definitions made of some kinds of tasks.

    Args:
        kinds: Kinds of the language (`call` and `run`: all of theirs) or of the wire (`http`, `script` …); None: all.
        functions: The catalogue's functions that may be called; each is a kind of its own.
        part: `definition`, or `tasks`: `{"tasks": […]}` alone, as for one step of a plan.

    Raises:
        WireError: a kind is not known, or there is neither kind nor function.
    """
    given = functions.values() if isinstance(functions, Mapping) else functions
    tasks = [_task(kind, TASK[kind]) for kind in _expanded(kinds)]
    tasks += [_task(call, record_of(call, each)) for each in given for call in [f"{each.key}@{DEFAULT_CATALOGUE}"]]
    if not tasks:
        message = "a schema without any kind of task holds nothing"
        raise WireError([Problem(code="unknown-kind", reference="", message=message, hint="name a kind or a function")])
    root = DEFINITION.properties() if part == "definition" else {"tasks": {"type": "array", "items": ref("task")}}
    return {**closed(root), "$defs": _definitions(root, tasks)}


def _expanded(kinds: Collection[str] | None) -> list[str]:
    """Return the wire's kinds in the order of the table."""
    if kinds is None:
        return list(TASK)
    wanted = {inner for kind in kinds for inner in GROUPS.get(kind, (kind,))}
    for kind in sorted(wanted - TASK.keys()):
        hint = did_you_mean(kind, [*TASK, *GROUPS], f"the kinds are {', '.join(TASK)}")
        raise WireError([Problem(code="unknown-kind", reference="", message=f"'{kind}' is no kind of task", hint=hint)])
    return [kind for kind in TASK if kind in wanted]


def _task(kind: str, record: Record) -> dict[str, JSON]:
    return closed({"kind": {"type": "string", "enum": [kind]}, "name": {"type": "string"}, **record.properties()}, record.about)


def _definitions(root: JSON, tasks: list[JSON]) -> dict[str, JSON]:
    """Return the definitions that are referred to from *root*, one by way of another."""
    known: dict[str, JSON] = {
        "task": tasks[0] if len(tasks) == 1 else {"anyOf": tasks},
        "any": _VALUE,
        "pairs": {"type": "array", "items": closed({"name": {"type": "string"}, "value": ref("any")})},
        "duration": {"type": "string", "description": "5 minutes, 1 day 2 hours, PT5M, or ${ … }"},
        "filter": closed(FILTER.properties(), FILTER.about),
        "retry": closed(RETRY.properties()),
        "authentication": AUTHENTICATION.scheme(),
        "endpoint": closed(ENDPOINT_PARTS.properties()),
    }
    needed: dict[str, JSON] = {}
    waiting = [root]
    while waiting:
        for name in _referred(waiting.pop()):
            if name not in needed:
                needed[name] = known[name]
                waiting.append(known[name])
    return {name: needed[name] for name in known if name in needed}


def _referred(schema: JSON) -> set[str]:
    if isinstance(schema, dict):
        found = {schema["$ref"].removeprefix("#/$defs/")} if isinstance(schema.get("$ref"), str) else set()
        return found.union(*(_referred(inner) for inner in schema.values()))
    return set().union(*(_referred(inner) for inner in schema)) if isinstance(schema, list) else set()
