"""Calls of gRPC, OpenAPI, AsyncAPI, A2A and MCP: what they reach, and what they do in a phrase."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dsl.expressions.program import is_expression, strip
from dsl.jq_words import condition_words, field_words, holds_code, value_words, where_words
from dsl.pointer import MISSING, get
from dsl.targets import place, short_address, value_of
from dsl.walk import Step
from dsl.words import duration_words, joined, shortened

JSON = Any

_GIVEN: Final = 4  # arguments are told
_SHORT: Final = 40  # characters of a value, in a phrase


def endpoint_of(endpoint: JSON) -> str:
    """Return the address of an endpoint as it is written, "" without one."""
    uri = endpoint.get("uri") if isinstance(endpoint, dict) else endpoint
    return uri if isinstance(uri, str) else ""


def resource_of(resource: JSON) -> str:
    """Return the address of an external resource as it is written."""
    return endpoint_of(resource.get("endpoint")) if isinstance(resource, dict) else ""


def given_words(arguments: JSON) -> str:
    """Return " with petId 69 and status": short constants with their value, other arguments by name; "" without arguments."""
    if not isinstance(arguments, dict) or not arguments:
        return " with what an expression gives" if is_expression(arguments) else ""
    told = [_given(name, value) for name, value in list(arguments.items())[:_GIVEN]]
    return f" with {joined(told + ([f'{len(arguments) - _GIVEN} more'] if len(arguments) > _GIVEN else []))}"


def constants_words(arguments: JSON) -> str:
    """Return " (petId: 69, status: available)", the short constants of *arguments*; "" without any."""
    values = arguments.items() if isinstance(arguments, dict) else ()
    told = [f"{name}: {_constant(value)}" for name, value in values if _constant(value)]
    return f" ({', '.join(told[:_GIVEN])}{', …' if len(told) > _GIVEN else ''})" if told else ""


def grpc_target(arguments: JSON) -> str:
    """Return "localhost:5011/GreeterApi.Greeter.SayHello"."""
    host, port = (get(arguments, f"/service/{key}") for key in ("host", "port"))
    where = _text(host) + (f":{port}" if isinstance(port, int) else "")
    return f"{where}/{_text(get(arguments, '/service/name'))}.{_text(get(arguments, '/method'))}"


def openapi_target(arguments: JSON) -> str:
    """Return "the operation findPets of https://shop.example.com/openapi.json"."""
    return f"the operation {_text(get(arguments, '/operationId'))} of {_place(resource_of(get(arguments, '/document')))}"


def asyncapi_target(arguments: JSON) -> str:
    """Return "the channel /orders of https://shop.example.com/asyncapi.json, server staging"."""
    kind = "channel" if get(arguments, "/operation") is MISSING else "operation"
    server = get(arguments, "/server/name")
    where = f"the {kind} {_text(get(arguments, f'/{kind}'))} of {_place(resource_of(get(arguments, '/document')))}"
    return where + (f", server {server}" if isinstance(server, str) else "")


def a2a_target(arguments: JSON) -> str:
    """Return "the agent at https://agents.example.com"; its card's address where that says who it is."""
    card = resource_of(get(arguments, "/agentCard"))
    return f"the agent at {_place(card or endpoint_of(get(arguments, '/server')))}"


def mcp_server(arguments: JSON) -> str:
    """Return "the MCP server at https://…", or for one that is started for the call "the MCP server “npx some-server@latest”"."""
    command = get(arguments, "/transport/stdio/command")
    if not isinstance(command, str):
        return f"the MCP server at {_place(endpoint_of(get(arguments, '/transport/http/endpoint')))}"
    more = get(arguments, "/transport/stdio/arguments")
    words = [command, *(one for one in more if isinstance(one, str))] if isinstance(more, list) else [command]
    return f"the MCP server “{shortened(' '.join(words), 60)}”"


def mcp_target(arguments: JSON) -> str:
    """Return what is used of an MCP server: "the tool add_message of the MCP server at …"."""
    method = get(arguments, "/method")
    what = _MCP_PARTS.get(method if isinstance(method, str) else "", "")
    name = get(arguments, "/parameters/uri" if method == "resources/read" else "/parameters/name")
    named = f" {value_of(name)}" if isinstance(name, str) and name and not what.endswith("s") else " that an expression names"
    return f"the {what}{'' if what.endswith('s') else named} of {mcp_server(arguments)}" if what else mcp_server(arguments)


def consumption_words(arguments: JSON) -> tuple[str, str]:
    """Return which messages a subscription takes, and until when: ("5 messages", ""), ("every message", ", until the count is 5")."""
    consume, condition = get(arguments, "/subscription/consume"), get(arguments, "/subscription/filter")
    consume = consume if isinstance(consume, dict) else {}
    amount = consume.get("amount")
    which = f"{amount} message{'' if amount == 1 else 's'}" if isinstance(amount, int) else "every message"
    ends = f" where {where_words(condition)}" if isinstance(condition, str) else ""
    if isinstance(consume.get("while"), str):
        ends += ", without end" if strip(consume["while"]) == "true" else f", as long as {condition_words(consume['while'])}"
    if isinstance(consume.get("until"), str):
        ends += ", without end" if strip(consume["until"]) == "false" else f", until {condition_words(consume['until'])}"
    return which, ends + (f", for {duration_words(consume['for'])} at most" if isinstance(consume.get("for"), str | dict) else "")


def protocol_words(step: Step) -> str | None:
    """Return what a call of one of these protocols does, None for other calls."""
    say = _SAY.get(step.task["call"]) if step.kind == "call" and isinstance(step.task["call"], str) else None
    arguments = step.task.get("with")
    return say(arguments if isinstance(arguments, dict) else {}) if say else None


def protocol_aim(step: Step) -> tuple[str, str] | None:
    """Return (verb, address) of a call of one of these protocols, for places with little room; None for other calls."""
    arguments = step.task.get("with")
    if step.kind != "call" or not isinstance(arguments, dict):
        return None
    match step.task["call"]:
        case "grpc":
            return "Call", grpc_target(arguments)
        case "openapi":
            return "Call", _text(get(arguments, "/operationId"))
        case "asyncapi":
            verb = "Publish to" if "message" in arguments else "Listen to"
            return verb, _text(next((arguments[key] for key in ("channel", "operation") if key in arguments), ""))
        case "a2a":
            address = resource_of(arguments.get("agentCard")) or endpoint_of(arguments.get("server"))
            return "Ask the agent", short_address(address) or "at an address"
    return None


def _grpc(arguments: dict[str, JSON]) -> str:
    service, target = _text(get(arguments, "/service/name")), grpc_target(arguments)
    where = target.partition("/")[0]
    return f"Call {_text(arguments.get('method'))} of the gRPC service {service} at {where}{given_words(arguments.get('arguments'))}"


def _openapi(arguments: dict[str, JSON]) -> str:
    return f"Call {openapi_target(arguments)}{given_words(arguments.get('parameters'))}"


def _asyncapi(arguments: dict[str, JSON]) -> str:
    target = asyncapi_target(arguments)
    if "subscription" not in arguments:
        payload = get(arguments, "/message/payload")
        return f"Publish {_fields(payload) or 'a message'} to {target}"
    each = "Collect"
    if isinstance(get(arguments, "/subscription/foreach/do"), list):
        each = "For each of" if isinstance(get(arguments, "/subscription/consume/amount"), int) else "For"
    which, ends = consumption_words(arguments)
    return f"{each} {which} from {target}{ends}"


def _a2a(arguments: dict[str, JSON]) -> str:
    method, agent = arguments.get("method"), a2a_target(arguments)
    words = _A2A.get(method if isinstance(method, str) else "", "Call {agent}").replace("{agent}", agent)
    parts = get(arguments, "/parameters/message/parts")
    texts = (
        [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)] if isinstance(parts, list) else []
    )
    said = value_words(texts[0]) if texts and is_expression(texts[0]) else shortened(texts[0], 80) if texts else ""
    return f"{words}: {said}" if said else words


def _mcp(arguments: dict[str, JSON]) -> str:
    method, target = arguments.get("method"), mcp_target(arguments)
    given = given_words(get(arguments, "/parameters/arguments")) if method in ("tools/call", "prompts/get") else ""
    limit = arguments.get("timeout")
    within = f" (at most {duration_words(limit)})" if isinstance(limit, str | dict) else ""
    return f"{_MCP_VERBS.get(method if isinstance(method, str) else '', 'Call')} {target}{given}{within}"


def _given(name: str, value: JSON) -> str:
    said = field_words(name)
    if isinstance(value, bool | int | float):
        return f"{said} {str(value).lower()}"
    if not isinstance(value, str) or not value.strip() or len(value) > _SHORT:
        return said
    if is_expression(value):
        words = value_words(value)
        return said if holds_code(words) or words == path_of(name) else f"{said} from {words}"
    return f'{said} "{" ".join(value.split())}"'


def path_of(name: str) -> str:
    """Return how a field of the data is told that has the name of an argument."""
    return f"the {name}"


def _constant(value: JSON) -> str:
    """Return a short value that is written out, "" for everything else."""
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return value if isinstance(value, str) and 0 < len(value) <= _SHORT and "\n" not in value and not is_expression(value) else ""


def _fields(value: JSON) -> str:
    return (
        joined([field_words(key) for key in list(value)[:_GIVEN]] + (["more"] if len(value) > _GIVEN else []))
        if isinstance(value, dict)
        else ""
    )


def _place(address: str) -> str:
    return place(address) if address else "an unknown address"


def _text(value: JSON) -> str:
    return value_of(value) if isinstance(value, str) and value else "of no name"


_A2A: Final = {
    "message/send": "Send a message to {agent}",
    "message/stream": "Send a message to {agent} and follow its answers",
    "tasks/get": "Look up a task of {agent}",
    "tasks/list": "List the tasks of {agent}",
    "tasks/cancel": "Cancel a task of {agent}",
    "tasks/resubscribe": "Follow a task of {agent}",
    "tasks/pushNotificationConfig/set": "Set where {agent} sends news of a task",
    "tasks/pushNotificationConfig/get": "Look up where {agent} sends news of a task",
    "tasks/pushNotificationConfig/list": "List where {agent} sends news of a task",
    "tasks/pushNotificationConfig/delete": "Delete where {agent} sends news of a task",
    "agent/getAuthenticatedExtendedCard": "Read the full card of {agent}",
}
_MCP_PARTS: Final = {
    "tools/call": "tool",
    "tools/list": "tools",
    "prompts/get": "prompt",
    "prompts/list": "prompts",
    "resources/read": "resource",
    "resources/list": "resources",
    "resources/templates/list": "resource templates",
}
_MCP_VERBS: Final = {"tools/call": "Call", "prompts/get": "Get", "resources/read": "Read"} | dict.fromkeys(
    ("tools/list", "prompts/list", "resources/list", "resources/templates/list"), "List"
)
_SAY: Final[dict[str, Callable[[dict[str, JSON]], str]]] = {
    "grpc": _grpc,
    "openapi": _openapi,
    "asyncapi": _asyncapi,
    "a2a": _a2a,
    "mcp": _mcp,
}
