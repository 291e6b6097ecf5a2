"""The tools of an MCP server that the operator has named as a connection, for agents.

What a server says of its tools (that one only reads) is its own word: each counts as having an unknown effect.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from graphs.run.connections import connection
from graphs.run.effects import before_effect
from graphs.run.errors import WorkflowError
from graphs.run.mcp_http import HttpLink
from graphs.run.mcp_session import DEFAULT_VERSION, Session
from graphs.run.mcp_stdio import child
from graphs.run.step import Flow, Step
from graphs.run.variables import runtime_version

if TYPE_CHECKING:
    from graphs.functions.toolbox import Tool
    from graphs.run.function_api import FunctionCall

_MOST_TOOLS = 100
_TEXT_KINDS = ("text",)


async def tools_of_server(server: str, call: FunctionCall) -> list[Tool]:
    """Return the tools of the connection *server*, as they were when the agent began. Raises WorkflowError."""
    from graphs.functions.toolbox import Tool

    listed = await call.inner(["tools", server], _Listing(server))
    return [
        Tool(
            name=f"{server}/{one['name']}",
            title=f"The tool {one['name']} of {server}",
            summary=str(one.get("description") or one["name"])[:2000],
            input=one.get("inputSchema") or {},
            settled={},
            names=frozenset({f"{server}/{one['name']}"}),
            effect=lambda _arguments: "unknown",
            body=lambda arguments, name=one["name"]: _Using(server, name, arguments),  # type: ignore[misc]  # the name of this one
        )
        for one in listed
    ]


@dataclass(frozen=True, slots=True)
class _Listing:
    server: str

    async def run(self, step: Step) -> Flow:
        async with _session(step, self.server) as session:
            found: list[Any] = []
            cursor: Any = None
            while len(found) < _MOST_TOOLS:
                said = await session.request("tools/list", {"cursor": cursor} if cursor else None)
                page = said if isinstance(said, dict) else {}
                found += [one for one in page.get("tools") or () if isinstance(one, dict) and one.get("name")]
                cursor = page.get("nextCursor")
                if not cursor:
                    break
        return Flow([{key: one[key] for key in ("name", "description", "inputSchema") if key in one} for one in found[:_MOST_TOOLS]])


@dataclass(frozen=True, slots=True)
class _Using:
    server: str
    tool: str
    arguments: Mapping[str, Any]

    async def run(self, step: Step) -> Flow:
        known = await before_effect(step, repeatable=False, what=f"MCP tools/call {self.tool} of {self.server}")
        if known is not None:
            return known
        async with _session(step, self.server) as session:
            said = await session.request("tools/call", {"name": self.tool, "arguments": dict(self.arguments)})
        result = said if isinstance(said, dict) else {}
        if result.get("isError"):
            raise WorkflowError.of("runtime", f"the tool '{self.tool}' failed: {_texts(result)[:500]}", title="Tool Error")
        return Flow(result.get("structuredContent") if "structuredContent" in result else _texts(result) or result)


def _texts(result: Mapping[str, Any]) -> str:
    content = result.get("content")
    texts = (
        [str(one.get("text")) for one in content if isinstance(one, dict) and one.get("type") in _TEXT_KINDS]
        if isinstance(content, list)
        else []
    )
    return "\n".join(texts)


@asynccontextmanager
async def _session(step: Step, server: str) -> AsyncIterator[Session]:
    """Yield a conversation with the server that has begun. Raises WorkflowError, communication when it takes too long."""
    found = await connection(step, server, "mcp")
    limit_s = step.engine.deps.limits.http_timeout_s
    try:
        async with asyncio.timeout(limit_s), _link(step, found) as link:
            session = Session(link, step.engine.redactor.text)
            await session.begin(DEFAULT_VERSION, {"name": "Parley", "version": runtime_version()})
            yield session
    except TimeoutError as error:
        raise WorkflowError.of("communication", f"the MCP server '{server}' did not answer within {limit_s:g} s") from error


@asynccontextmanager
async def _link(step: Step, found: Any) -> AsyncIterator[Any]:
    command = [str(one) for one in found.values.get("command") or ()]
    if command:
        environment = {name: str(value) for name, value in (found.values.get("env") or {}).items()}
        async with child(command[0], command[1:], environment) as started:
            yield started
        return
    link = HttpLink(_with_http(step, found.http), found.text("url"), found.headers)
    try:
        yield link
    finally:
        await link.close()


def _with_http(step: Step, http: Any) -> Step:
    """Return *step* with the connection's own way out, which leads to its address even where that is private."""
    engine = copy.copy(step.engine)
    engine.deps = replace(engine.deps, http=http)
    return replace(step, engine=engine)
