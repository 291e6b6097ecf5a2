"""The tools of an agent: functions of the catalogue, and what MCP servers of named connections offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsl.catalogue import Function, effect_of, tools_of
from graphs.functions import mcp_tools
from graphs.run import templates
from graphs.run.errors import WorkflowError

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall
    from graphs.run.tree import Body

_ASK_FIRST = ("write", "irreversible", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """Something the agent may use."""

    name: str  # as the model calls it
    title: str
    summary: str
    input: Mapping[str, Any]  # JSON Schema
    settled: Mapping[str, Any]  # arguments that the definition gives; the model cannot change them
    names: frozenset[str]  # by which `allowTools` may name it
    effect: Callable[[Mapping[str, Any]], str]  # of a use with these arguments
    body: Callable[[Mapping[str, Any]], Body]

    def shown(self) -> dict[str, Any]:
        """Return what the model sees."""
        properties = {name: schema for name, schema in (self.input.get("properties") or {}).items() if name not in self.settled}
        required = [name for name in self.input.get("required") or () if name not in self.settled]
        schema = {key: value for key, value in self.input.items() if key not in ("allOf", "anyOf", "$defs", "description")}
        return {"name": self.name, "does": self.summary or self.title, "input": {**schema, "properties": properties, "required": required}}


async def open_tools(arguments: Mapping[str, Any], call: FunctionCall) -> dict[str, Tool]:
    """Return the agent's tools by name. Raises WorkflowError (configuration, communication)."""
    own = call.catalogue["agent:1.0.0"]
    found: dict[str, Tool] = {}
    for listed in tools_of(own, arguments):
        function = call.catalogue.get(listed.function) if isinstance(listed.function, str) else None
        if function is None or function.tools:
            raise WorkflowError.of("configuration", f"there is no function '{listed.function}' that an agent could use as a tool")
        _add(found, _of_function(function, listed.arguments, call))
    for server in arguments.get("mcp") or ():
        for tool in await mcp_tools.tools_of_server(str(server), call):
            _add(found, tool)
    return found


def _add(found: dict[str, Tool], tool: Tool) -> None:
    if tool.name in found:
        raise WorkflowError.of("configuration", f"the agent has two tools of the name '{tool.name}'")
    found[tool.name] = tool


def _of_function(function: Function, settled: Mapping[str, Any], call: FunctionCall) -> Tool:
    from graphs.run.tasks.function_call import function_task

    catalogue = call.catalogue
    return Tool(
        name=function.name,
        title=function.title,
        summary=function.summary,
        input=function.input,
        settled=settled,
        names=frozenset({function.name, function.key}),
        effect=lambda arguments: effect_of(function, dict(arguments), catalogue) if not function.person else "none",
        body=lambda arguments: function_task(function, templates.Const(dict(arguments)), catalogue),
    )


def allowed(tool: Tool, arguments: Mapping[str, Any], call: FunctionCall) -> bool:
    """Tell whether the tool may be used without asking: it only reads, or the approved definition names it in `allowTools`."""
    listed = {str(name).removesuffix("@default") for name in call.settings.get("allowTools") or ()}
    return bool(tool.names & listed) or tool.effect(arguments) not in _ASK_FIRST


def outcome(done: Mapping[str, Any]) -> str:
    return "refused" if "refused" in done else "failed" if "error" in done else "done"
