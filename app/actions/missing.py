"""What functions of a definition need and this installation has not: said with the proposal, before the first run fails for it.

Connections are found by the keyword `x-connection` in a function's schema, which lists the kinds that a field may name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import dsl
from dsl.catalogue import Catalogue, Function, find, tools_of
from dsl.expressions.program import is_expression
from dsl.walk import Step, steps
from graphs.run.errors import ConnectionUnusable, WorkflowError
from graphs.run.mcp_stdio import StdioServer, refuse_unknown

Found = tuple[str, str, str]  # code, message, hint


@dataclass(frozen=True, slots=True)
class Here:
    """What this installation has; looked up when a definition needs it."""

    smtp: bool  # PARLEY_SMTP_URL is set
    connections: Callable[[], Mapping[str, str]]  # name → kind, of the tenant; raises ConnectionUnusable
    models: Callable[[], bool]  # whether there is a model beside the built-in author
    mcp_stdio: tuple[StdioServer, ...] = ()  # the MCP servers that may be started


def lacking(data: Any, catalogue: Catalogue, here: Here) -> list[dict[str, Any]]:
    """Return a warning for each thing that is missing, at the first task that needs it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for step in steps(data):
        for code, message, hint in _of_task(step, catalogue, here):
            problem = dsl.Problem(code=code, reference=step.reference, message=message, hint=hint, severity="warning")
            found.setdefault((code, message), problem.to_json())
    return list(found.values())


def _of_task(step: Step, catalogue: Catalogue, here: Here) -> Iterator[Found]:
    if step.task.get("call") == "mcp":
        yield from _of_child(step.task, here)
    function = find(step.task.get("call"), catalogue)
    if function is None:
        return
    given = step.task.get("with")
    arguments = given if isinstance(given, dict) else {}
    if function.model == "required" and not here.models():
        fix = "set PARLEY_MODEL=openai:NAME or ollama:NAME, then restart"
        yield "no-model", f"'{function.name}' needs a model, and none is set up: the task would fail", fix
    yield from _of_call(function, arguments, here)
    for tool in tools_of(function, arguments):
        used = catalogue.get(tool.function) if isinstance(tool.function, str) else None
        if used is not None:
            yield from _of_call(used, tool.arguments, here)


def _of_child(task: Mapping[str, Any], here: Here) -> Iterator[Found]:
    """Say when `call: mcp` names a program that may not be started, as far as that can be told before the run."""
    given = task.get("with", {}).get("transport", {}).get("stdio")
    if not isinstance(given, Mapping):
        return
    command, arguments, environment = given.get("command"), given.get("arguments") or [], given.get("environment") or {}
    if any(is_expression(one) for one in (command, *arguments)):
        return
    try:
        refuse_unknown(here.mcp_stdio, str(command), [str(one) for one in arguments], dict.fromkeys(environment, ""))
    except WorkflowError as error:
        words, _, fix = error.detail.partition("; to allow it, ")
        yield "server-not-allowed", f"{words}: the task would fail", f"whoever runs Parley can allow it: {fix}"


def _of_call(function: Function, arguments: Mapping[str, Any], here: Here) -> Iterator[Found]:
    if function.name == "notify" and arguments.get("channel") == "email" and not arguments.get("connection") and not here.smtp:
        fix = "set PARLEY_SMTP_URL=smtp://user:password@host:587?from=parley@example.org, or name a connection of kind smtp"
        yield "no-mail-server", "this uses e-mail, and no mail server is set up: the task would fail", fix
    for field, schema in function.input.get("properties", {}).items():
        kinds = schema.get("x-connection") if isinstance(schema, Mapping) else None
        named = arguments.get(field) if kinds else None
        for name in named if isinstance(named, list) else [named]:
            if isinstance(name, str) and name and not is_expression(name):
                yield from _of_connection(name, kinds or [], here)


def _of_connection(name: str, kinds: list[str], here: Here) -> Iterator[Found]:
    try:
        known = here.connections()
    except ConnectionUnusable as error:
        yield "unknown-connection", f"the connection '{name}' cannot be looked up: {error}", "correct the file of PARLEY_CONNECTIONS"
        return
    there = f"there are {', '.join(sorted(known))}" if known else "there are none yet"
    if name not in known:
        fix = f"whoever runs Parley names it in the file of PARLEY_CONNECTIONS ({there})"
        yield "unknown-connection", f"there is no connection '{name}': the task would fail", fix
    elif known[name] not in kinds:
        wanted = " or ".join(kinds)
        yield (
            "unknown-connection",
            f"the connection '{name}' is of kind {known[name]}, and {wanted} is needed",
            f"name another one ({there})",
        )
