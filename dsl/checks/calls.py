"""What the protocols want of a call and the official schema cannot say: methods with their parameters, names with their form.

Sources: DSL reference 1.0.3, "Call"; A2A 0.3 "Protocol RPC Methods"; MCP 2025-06-18 "Server Features"; RFC 9110 section 9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from dsl.expressions.errors import shown
from dsl.nearest import did_you_mean, nearest
from dsl.pointer import get, join
from dsl.problems import Problem, Severity
from dsl.walk import Step

JSON = Any

_METHODS: Final = ("get", "head", "post", "put", "patch", "delete", "options", "trace", "connect", "query")
_SERVICE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
# what a method's parameters must hold
_A2A: Final[dict[str, tuple[str, ...]]] = {
    "message/send": ("message",),
    "message/stream": ("message",),
    "tasks/get": ("id",),
    "tasks/cancel": ("id",),
    "tasks/resubscribe": ("id",),
    "tasks/pushNotificationConfig/set": ("taskId", "pushNotificationConfig"),
    "tasks/pushNotificationConfig/get": ("id",),
    "tasks/pushNotificationConfig/list": ("id",),
    "tasks/pushNotificationConfig/delete": ("id", "pushNotificationConfigId"),
}
_MCP: Final[dict[str, tuple[str, ...]]] = {"tools/call": ("name",), "prompts/get": ("name",), "resources/read": ("uri",)}


def protocol_rules(step: Step) -> Iterator[Problem]:
    """Yield what is wrong with the arguments of a call of a protocol, beyond its structure."""
    arguments, here = step.task.get("with"), join(step.reference, "with")
    if not isinstance(arguments, dict):
        return
    match step.task["call"]:
        case "http":
            yield from _http(arguments, here)
        case "openapi":
            yield from _named(arguments, here, "operationId", "the id of an operation as the OpenAPI document has it")
        case "asyncapi":
            key = "operation" if "operation" in arguments else "channel"
            yield from _named(arguments, here, key, f"the {key} as the AsyncAPI document has it")
        case "grpc":
            yield from _grpc(arguments, here)
        case "a2a":
            yield from _agent(arguments, here)
        case "mcp":
            yield from _parameters(arguments, here, _MCP)


def _http(arguments: dict[str, JSON], here: str) -> Iterator[Problem]:
    method = arguments.get("method")
    if isinstance(method, str) and "${" not in method and method.strip().lower() not in _METHODS:
        hint = did_you_mean(method, _METHODS, f"use one of: {', '.join(_METHODS[:7])}")
        severity: Severity = "warning" if re.fullmatch(r"[A-Za-z][A-Za-z-]*", method) and not nearest(method, _METHODS) else "error"
        yield _problem("invalid-argument", join(here, "method"), f"'{shown(method)}' is no method of HTTP", hint, severity)


def _named(arguments: dict[str, JSON], here: str, key: str, what: str) -> Iterator[Problem]:
    value = arguments.get(key)
    if isinstance(value, str) and not value.strip():
        yield _problem("invalid-argument", join(here, key), f"'{key}' is empty", f"write {what}")


def _grpc(arguments: dict[str, JSON], here: str) -> Iterator[Problem]:
    service, method = get(arguments, "/service/name"), arguments.get("method")
    if isinstance(service, str) and "${" not in service and not _SERVICE.fullmatch(service):
        message = f"'{shown(service)}' is no name of a gRPC service"
        yield _problem("invalid-argument", join(here, "service", "name"), message, "write package and service as in 'shop.v1.Orders'")
    if isinstance(method, str) and "${" not in method and not _IDENTIFIER.fullmatch(method):
        plain = method.replace(".", "/").rpartition("/")[2]
        hint = (
            f"write '{plain}'; the service stands in `service: {{name: …}}`"
            if _IDENTIFIER.fullmatch(plain)
            else "write it as in 'GetOrder'"
        )
        yield _problem("invalid-argument", join(here, "method"), f"'{shown(method)}' is no name of a gRPC method", hint)


def _agent(arguments: dict[str, JSON], here: str) -> Iterator[Problem]:
    if "agentCard" not in arguments and "server" not in arguments:
        hint = "add `agentCard: {endpoint: https://…/.well-known/agent-card.json}` or `server: https://…`"
        yield _problem("missing-argument", here, "nothing says which agent is called", hint)
    yield from _parameters(arguments, here, _A2A)


def _parameters(arguments: dict[str, JSON], here: str, needed: dict[str, tuple[str, ...]]) -> Iterator[Problem]:
    method, parameters = arguments.get("method"), arguments.get("parameters", {})
    if not isinstance(method, str) or not isinstance(parameters, dict):
        return  # an expression
    for name in needed.get(method, ()):
        if name not in parameters:
            near = did_you_mean(name, parameters)
            reference = join(here, "parameters") if "parameters" in arguments else here
            add = f"add `{name}: …` to them" if "parameters" in arguments else f"add `parameters: {{{name}: …}}`"
            hint = f"is it '{nearest(name, parameters)}'? write it `{name}`" if near else add
            yield _problem("missing-argument", reference, f"'{method}' needs the parameter '{name}'", hint, "warning")


def _problem(code: str, reference: str, message: str, hint: str, severity: Severity = "error") -> Problem:
    return Problem(code=code, reference=reference, message=message, hint=hint, severity=severity)
