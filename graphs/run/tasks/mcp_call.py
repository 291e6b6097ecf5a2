"""`call: mcp`: one method of an MCP server, over streamable HTTP or, where the operator allows it, a child's standard input and output.

The output is the JSON-RPC result as it came. A JSON-RPC error, and a tool's result that says it is one (`isError`), are runtime errors, as
the reference has it; no answer is communication/500, a status of HTTP is communication with that status. What a server says of its tools
(`idempotentHint`) is its own word: only the definition's `metadata.parley.idempotent` makes `tools/call` repeatable.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run import templates
from graphs.run.effects import before_effect, declared_idempotent
from graphs.run.endpoint import Endpoint, prepare_endpoint
from graphs.run.errors import WorkflowError
from graphs.run.mcp_http import HttpLink
from graphs.run.mcp_session import DEFAULT_VERSION, Link, Session
from graphs.run.mcp_stdio import child, refuse_unknown
from graphs.run.network import credentials, limit_s, too_late
from graphs.run.ports import JSON
from graphs.run.step import Flow, Step
from graphs.run.templates import Template
from graphs.run.variables import runtime_version
from graphs.run.wording import kind

if TYPE_CHECKING:
    from graphs.run.program import Compiler

_QUOTED = 300


@dataclass(frozen=True, slots=True)
class OverHttp:
    endpoint: Endpoint
    headers: Template

    async def name(self, step: Step) -> str:
        return await self.endpoint.url(step)

    @asynccontextmanager
    async def link(self, step: Step) -> AsyncIterator[Link]:
        headers = {name: str(value) for name, value in (await _object(step, self.headers, "headers")).items()}
        link = HttpLink(step, await self.endpoint.url(step), {**headers, **await credentials(step, self.endpoint.authentication)})
        try:
            yield link
        finally:
            await link.close()


@dataclass(frozen=True, slots=True)
class OverStdio:
    command: Template
    arguments: Template
    environment: Template

    async def name(self, step: Step) -> str:
        """Return the command; it is refused here, before anything is said to be about to happen. Raises WorkflowError (authorization)."""
        command, arguments, environment = await self._resolved(step)
        refuse_unknown(step.engine.deps.mcp_stdio, command, arguments, environment)
        return command

    @asynccontextmanager
    async def link(self, step: Step) -> AsyncIterator[Link]:
        async with child(*await self._resolved(step)) as link:
            yield link

    async def _resolved(self, step: Step) -> tuple[str, list[str], dict[str, str]]:
        arguments = await step.resolve(self.arguments)
        environment = await _object(step, self.environment, "environment")
        return (
            str(await step.resolve(self.command)),
            [str(one) for one in arguments],
            {name: str(value) for name, value in environment.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class McpTask:
    method: str
    parameters: Template | None
    transport: OverHttp | OverStdio
    version: Template
    client: Template
    timeout: Template | None
    idempotent: bool

    async def run(self, step: Step) -> Flow:
        parameters = None if self.parameters is None else await step.resolve(self.parameters)
        if parameters is not None and not isinstance(parameters, dict):
            raise WorkflowError.of("expression", f"'parameters' of a call must be an object, and is {kind(parameters)}")
        name = await self.transport.name(step)
        tool = f" {parameters.get('name')}" if self.method == "tools/call" and parameters else ""
        repeatable = self.idempotent or self.method != "tools/call"
        known = await before_effect(step, repeatable=repeatable, what=f"MCP {self.method}{tool} of {name}")
        if known is not None:
            return known
        result = await self._within_time(step, parameters, name)
        if self.method == "tools/call" and isinstance(result, dict) and result.get("isError"):
            raise _failed(step, tool.strip(), result)
        return Flow(result)

    async def _within_time(self, step: Step, parameters: JSON, name: str) -> JSON:
        """Return the result. Raises WorkflowError: timeout when the call's own time is over, communication when every call's is."""
        seconds = limit_s(step) if self.timeout is None else await step.seconds(self.timeout)
        try:
            async with asyncio.timeout(seconds), self.transport.link(step) as link:
                session = Session(link, step.engine.redactor.text)
                await session.begin(str(await step.resolve(self.version)), await step.resolve(self.client))
                return await session.request(self.method, parameters)
        except TimeoutError as error:
            if self.timeout is None:
                raise too_late(f"the MCP server {name}", seconds) from error
            raise WorkflowError.of("timeout", f"the MCP server {name} did not answer within {seconds:g} s") from error


def _failed(step: Step, tool: str, result: Mapping[str, JSON]) -> WorkflowError:
    content = result.get("content")
    texts = [str(one.get("text")) for one in content if isinstance(one, dict) and one.get("text")] if isinstance(content, list) else []
    said = step.engine.redactor.text("; ".join(texts))[:_QUOTED]
    return WorkflowError.of("runtime", f"the tool '{tool}' failed{f': {said}' if said else ''}", title="Tool Error")


async def _object(step: Step, template: Template, name: str) -> Mapping[str, JSON]:
    value = await step.resolve(template)
    if value is not None and not isinstance(value, dict):
        raise WorkflowError.of("expression", f"'{name}' of a call must be an object, and is {kind(value)}")
    return value or {}


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler) -> McpTask:
    options: Mapping[str, JSON] = data["with"]
    where = join(reference, "with")
    client = {"name": "Parley", "version": runtime_version(), **(options.get("client") or {})}
    return McpTask(
        method=options["method"],
        parameters=templates.strict(options["parameters"]) if "parameters" in options else None,
        transport=_transport(options["transport"], join(where, "transport"), compiler),
        version=templates.strict(options.get("protocolVersion") or DEFAULT_VERSION),
        client=templates.strict(client),
        timeout=compiler.duration(options["timeout"], join(where, "timeout")) if "timeout" in options else None,
        idempotent=declared_idempotent(data),
    )


def _transport(options: Mapping[str, JSON], where: str, compiler: Compiler) -> OverHttp | OverStdio:
    if "http" in options:
        http = options["http"]
        endpoint = prepare_endpoint(http["endpoint"], join(where, "http", "endpoint"), compiler)
        return OverHttp(endpoint, templates.strict(http.get("headers") or {}))
    stdio = options["stdio"]
    return OverStdio(
        templates.strict(stdio["command"]),
        templates.strict(stdio.get("arguments") or []),
        templates.strict(stdio.get("environment") or {}),
    )
