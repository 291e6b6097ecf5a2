"""What one task does outside of its run: the kind of its effect and what it is done to. Tasks without an effect have nothing here.

| task | kind | target |
| --- | --- | --- |
| `call: http` | by its method (RFC 9110 §9.2.1): safe ones read, DELETE is irreversible | METHOD and address |
| `call: openapi`, `call: grpc` | unknown: only the service's description says it | the operation of a document; host:port/service.method |
| `call: asyncapi` | a message is a write, a subscription a read | the channel or operation of a document |
| `call: a2a` | by its method; what an agent makes of a message is unknown | the agent's address |
| `call: mcp` | lists, prompts and resources are reads, tools unknown; unknown is all of a server that is started for it | tool, server |
| `call: NAME:VERSION@default` | as the catalogue says; unknown when it does not | the function's own words |
| `call: NAME` of `use.functions` | what its task does (`effects.py` opens it) | its task's |
| other functions | unknown | the name, and the catalogue's address |
| `emit` / `listen` | write / read | events: type, source |
| `run` | unknown; a known child workflow does what its tasks do | image, language, command, workflow |

Fetching a document (OpenAPI, AsyncAPI, proto, agent card, schema, function) is not told apart from the call that needs it.
"""

from __future__ import annotations

import re
from typing import Any, Final

from dsl.call_phrases import http_target
from dsl.catalogue import DEFAULT_CATALOGUE, Catalogue, EffectKind, Function, Tool, effect_of, find, parse_name, tools_of
from dsl.expressions.program import is_expression
from dsl.pointer import MISSING, get
from dsl.process_phrases import process_target
from dsl.protocol_phrases import a2a_target, asyncapi_target, endpoint_of, grpc_target, mcp_target, openapi_target
from dsl.targets import address, value_of
from dsl.walk import Step
from dsl.words import strategy_words

JSON = Any

# RFC 9110 §9.2.1: GET, HEAD and OPTIONS are safe; what DELETE removed cannot be brought back
_METHODS: Final[dict[str, EffectKind]] = {
    "GET": "read",
    "HEAD": "read",
    "OPTIONS": "read",
    "POST": "write",
    "PUT": "write",
    "PATCH": "write",
    "DELETE": "irreversible",
}
_A2A: Final[dict[str, EffectKind]] = {  # `message/send` and `message/stream`: who knows what the agent does
    "tasks/get": "read",
    "tasks/list": "read",
    "tasks/cancel": "irreversible",
    "tasks/resubscribe": "read",
    "tasks/pushNotificationConfig/set": "write",
    "tasks/pushNotificationConfig/get": "read",
    "tasks/pushNotificationConfig/list": "read",
    "tasks/pushNotificationConfig/delete": "irreversible",
    "agent/getAuthenticatedExtendedCard": "read",
}
_MCP_READS: Final = frozenset(("tools/list", "prompts/list", "prompts/get", "resources/list", "resources/read", "resources/templates/list"))
REACHING: Final = ("call", "emit", "listen", "run")  # the kinds that can have an effect
_FIELD = re.compile(r"\{(\w+)\}")
_LONGEST: Final = 400  # characters of a target; of a longer one the beginning and the end are kept

Outside = tuple[EffectKind, str]


def outside(step: Step, data: JSON, catalogue: Catalogue) -> Outside | None:
    """Return (kind, target) of *step*, None when it has no effect; own functions and child workflows are taken as unknown."""
    found = _found(step, data, catalogue)
    return (found[0], _limited(found[1].strip() or "something")) if found else None


def catalogue_function(call: JSON, data: JSON, catalogue: Catalogue) -> Function | None:
    """Return the function of the default catalogue that *call* names; none when the definition puts its own in that place."""
    shadowed = get(data, f"/use/catalogs/{DEFAULT_CATALOGUE}") is not MISSING or own_function(call, data) is not None
    return None if shadowed else find(call, catalogue)


def own_function(call: JSON, data: JSON) -> dict[str, JSON] | None:
    """Return the task under `use.functions` that *call* names."""
    functions = get(data, "/use/functions")
    task = functions.get(call) if isinstance(functions, dict) and isinstance(call, str) else None
    return task if isinstance(task, dict) and call not in _CALLS else None


def _found(step: Step, data: JSON, catalogue: Catalogue) -> Outside | None:
    task = step.task
    match step.kind:
        case "emit":
            return "write", _emitted(get(task, "/emit/event/with"))
        case "listen":
            return "read", strategy_words(get(task, "/listen/to")).replace("the event ", "event ")
        case "run":
            return "unknown", process_target(task["run"])
        case "call":
            protocol = _CALLS.get(task["call"]) if isinstance(task["call"], str) else None
            return protocol(step) if protocol else _function(step, data, catalogue)
    return None


def _emitted(event: JSON) -> str:
    kind, source = (get(event, f"/{key}") for key in ("type", "source"))
    said = f"event {value_of(kind, 'of a type') if isinstance(kind, str) else 'without a type'}"
    return f"{said} from {value_of(source)}" if isinstance(source, str) else said


def _http(step: Step) -> Outside:
    method, uri = http_target(step)
    return _METHODS.get(method, "unknown"), f"{value_of(method, 'a method') or 'a method'} {address(uri) or 'an unknown address'}"


def _openapi(step: Step) -> Outside:
    return "unknown", openapi_target(step.task.get("with"))


def _grpc(step: Step) -> Outside:
    return "unknown", f"gRPC {grpc_target(step.task.get('with'))}"


def _asyncapi(step: Step) -> Outside:
    arguments = step.task.get("with")
    keys = [key for key in ("message", "subscription") if isinstance(arguments, dict) and key in arguments]
    kind: EffectKind = "unknown" if len(keys) != 1 else "write" if keys == ["message"] else "read"
    return kind, asyncapi_target(arguments)


def _a2a(step: Step) -> Outside:
    arguments = step.task.get("with")
    method = get(arguments, "/method")
    known = method if isinstance(method, str) else ""
    of = "to" if known.startswith("message/") else "of"
    return _A2A.get(known, "unknown"), f"{value_of(known, 'a method') or 'a method'} {of} {a2a_target(arguments)}"


def _mcp(step: Step) -> Outside:
    arguments = step.task.get("with")
    method = get(arguments, "/method")
    served = isinstance(get(arguments, "/transport/http"), dict)  # any other server is a program that is started for the call
    return "read" if served and isinstance(method, str) and method in _MCP_READS else "unknown", mcp_target(arguments)


def _function(step: Step, data: JSON, catalogue: Catalogue) -> Outside | None:
    call, arguments = step.task["call"], step.task.get("with")
    function = catalogue_function(call, data, catalogue)
    if function is None:
        return "unknown", f"{call}{_catalogue_place(call, data)}"
    kind = effect_of(function, arguments, catalogue)
    if kind == "none":
        return None
    return kind, _filled(function, arguments) or function.title


def _catalogue_place(call: JSON, data: JSON) -> str:
    """Return " of https://catalogue.example.com" for a function of a catalogue that the definition declares."""
    parsed = parse_name(call) if isinstance(call, str) else None
    catalogs = get(data, "/use/catalogs")
    declared = catalogs.get(parsed.catalogue) if parsed and isinstance(catalogs, dict) else None
    where = endpoint_of(declared.get("endpoint")) if isinstance(declared, dict) else ""
    return f" of {address(where)}" if where else ""


def _filled(function: Function, arguments: JSON) -> str:
    """Return the function's target with the fields of `with`; an expression is told by what it is made of."""
    values, template = arguments if isinstance(arguments, dict) else {}, function.target
    if isinstance(values.get(function.tools), list):
        values = {**values, function.tools: [_tool_words(tool) for tool in tools_of(function, values)]}

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if is_expression(values.get(name)) and template[: match.start()][-1:].strip():  # in the middle of a path: the pattern tells more
            return match.group()
        return value_of(values.get(name, ""), "an address" if name in ("url", "uri", "endpoint", "address") else "a value")

    return " ".join(_FIELD.sub(value, template).split())


def _tool_words(tool: Tool) -> str:
    """Return "sql:1.0.0 (connection shop, access read)"."""
    settled = ", ".join(f"{name} {value_of(value)}" for name, value in tool.arguments.items())
    return f"{tool.function} ({settled})" if settled else str(tool.function)


def _limited(target: str) -> str:
    if len(target) <= _LONGEST:
        return target
    half = _LONGEST // 2
    return f"{target[:half]}…{target[-half + 1 :]}"


_CALLS: Final = {"http": _http, "openapi": _openapi, "grpc": _grpc, "asyncapi": _asyncapi, "a2a": _a2a, "mcp": _mcp}
