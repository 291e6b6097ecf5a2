"""`call: a2a`: one method of an agent, as JSON-RPC over HTTP. What it answers, its `result`, is the output; a stream's are a list.

The names of the methods are those of A2A 0.3. An agent whose card offers 1.0 only is called by that version's names; messages then look
as 1.0 has them. Credentials come from the card's endpoint, and go to an agent at the same scheme, host and port only: the card says where
the agent is, and may be wrong about it. A JSON-RPC error is a runtime error, as the reference has it; no answer is communication/500, a
status of HTTP without a JSON-RPC error is communication with that status.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dsl.pointer import join
from graphs.run import templates
from graphs.run.authentication import Authentication, send
from graphs.run.effects import before_effect, declared_idempotent, idempotency_key
from graphs.run.endpoint import Endpoint, prepare_endpoint
from graphs.run.errors import WorkflowError
from graphs.run.network import credentials, limit_s, streaming, too_late
from graphs.run.ports import JSON, HttpRequest
from graphs.run.resources import Document, Resource, prepare_resource
from graphs.run.step import Flow, Step
from graphs.run.streams import MOST_BYTES, server_events, too_large
from graphs.run.templates import Template
from graphs.run.wording import kind

if TYPE_CHECKING:
    from graphs.run.program import Compiler

_STREAMS = ("message/stream", "tasks/resubscribe")
_MESSAGES = ("message/send", "message/stream")
_READS = (
    "tasks/get", "tasks/list", "tasks/resubscribe", "tasks/pushNotificationConfig/get", "tasks/pushNotificationConfig/list",
    "agent/getAuthenticatedExtendedCard",
)  # fmt: skip
# A2A 1.0, "Method Mapping Reference"
_NAMES_1_0: Mapping[str, str] = {
    "message/send": "SendMessage",
    "message/stream": "SendStreamingMessage",
    "tasks/get": "GetTask",
    "tasks/list": "ListTasks",
    "tasks/cancel": "CancelTask",
    "tasks/resubscribe": "SubscribeToTask",
    "tasks/pushNotificationConfig/set": "CreateTaskPushNotificationConfig",
    "tasks/pushNotificationConfig/get": "GetTaskPushNotificationConfig",
    "tasks/pushNotificationConfig/list": "ListTaskPushNotificationConfigs",
    "tasks/pushNotificationConfig/delete": "DeleteTaskPushNotificationConfig",
    "agent/getAuthenticatedExtendedCard": "GetExtendedAgentCard",
}
_NO_SUCH_METHOD = -32601
_QUOTED = 300


@dataclass(frozen=True, slots=True)
class Agent:
    """Where an agent answers, and the version of A2A it is spoken to in: "0.3" or "1.0"."""

    url: str
    authentication: Authentication | None = None
    version: str = "0.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class A2aTask:
    method: str
    card: Resource | None
    server: Endpoint | None
    parameters: Template | None
    idempotent: bool

    async def run(self, step: Step) -> Flow:
        agent = await self._agent(step)
        request = _request(step, agent, self.method, await self._parameters(step, agent))
        what = f"A2A {self.method} {agent.url}"
        known = await before_effect(step, repeatable=self.idempotent or self.method in _READS, what=what)
        if known is not None:
            return known
        if self.method in _STREAMS:
            return Flow(await _stream(step, agent, request))
        step.authorization = None if agent.authentication is None else await agent.authentication.known(step)
        response = await send(step, request, agent.authentication, resolved=step.authorization)
        return Flow(_result(step, agent, response.status, response.body))

    async def _agent(self, step: Step) -> Agent:
        if self.card is not None:
            return _offered(await self.card.read(step), self.card.endpoint.authentication)
        if self.server is None:
            raise WorkflowError.of("configuration", "a call of an agent needs `agentCard` or `server`")
        return Agent(await self.server.url(step), self.server.authentication)

    async def _parameters(self, step: Step, agent: Agent) -> JSON:
        """Return the parameters, None when there are none; a message gets its id, the same when the call is repeated after a kill."""
        found = None if self.parameters is None else await step.resolve(self.parameters)
        if found is not None and not isinstance(found, dict):
            raise WorkflowError.of("expression", f"'parameters' of a call must be an object, and is {kind(found)}")
        if self.method not in _MESSAGES:
            return found
        message = (found or {}).get("message")
        if not isinstance(message, dict):
            raise WorkflowError.of("expression", f"'parameters.message' must be an object, and is {kind(message)}")
        own = {"messageId": str(uuid.UUID(hex=idempotency_key(step), version=4)), "role": "ROLE_USER" if agent.version == "1.0" else "user"}
        return {**(found or {}), "message": {**own, **message}}


def _offered(document: Document, authentication: Authentication | None) -> Agent:
    """Return the agent a card describes. Raises WorkflowError (configuration) when it cannot be called by JSON-RPC."""
    try:
        card = json.loads(document.text())
    except (ValueError, RecursionError) as error:
        raise WorkflowError.of("configuration", f"{document.url} is no agent card: it holds no JSON") from error
    ways = list(_ways(card)) if isinstance(card, dict) else []
    spoken = [(url, version) for url, binding, version in ways if binding == "JSONRPC" and version[:2] in ("0.", "1.")]
    if not spoken:
        offers = ", ".join(sorted({f"{binding} {version}" for _, binding, version in ways})) or "nothing"
        raise WorkflowError.of("configuration", f"the agent of {document.url} offers {offers}, and JSONRPC in version 0.3 or 1.0 is needed")
    url, version = next((one for one in spoken if one[1].startswith("0.")), spoken[0])
    same = _origin(url) == _origin(document.url)
    return Agent(url, authentication if same else None, "0.3" if version.startswith("0.") else "1.0")


def _ways(card: Mapping[str, JSON]) -> list[tuple[str, str, str]]:
    """Return (address, binding, version) of all a card offers, as 1.0 and as 0.3 write it."""
    new = _objects(card.get("supportedInterfaces"))
    found = [(str(one.get("url")), str(one.get("protocolBinding")), str(one.get("protocolVersion") or "1.0")) for one in new]
    if isinstance(card.get("url"), str):
        version = str(card.get("protocolVersion") or "0.3")
        found.append((card["url"], str(card.get("preferredTransport") or "JSONRPC"), version))
        found += [(str(one.get("url")), str(one.get("transport")), version) for one in _objects(card.get("additionalInterfaces"))]
    return found


def _objects(value: JSON) -> list[Mapping[str, JSON]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:  # no port
        return parts.scheme, None, None


def _request(step: Step, agent: Agent, method: str, parameters: JSON) -> HttpRequest:
    new = agent.version == "1.0"
    body = {"jsonrpc": "2.0", "id": idempotency_key(step), "method": _NAMES_1_0[method] if new else method}
    accept = "text/event-stream" if method in _STREAMS else "application/json"
    return HttpRequest(
        method="POST",
        url=agent.url,
        headers={"Content-Type": "application/json", "Accept": accept, **({"A2A-Version": "1.0"} if new else {})},
        body=json.dumps(body if parameters is None else {**body, "params": parameters}).encode(),
        timeout_s=limit_s(step),
    )


async def _stream(step: Step, agent: Agent, request: HttpRequest) -> list[JSON]:
    """Return the results of a stream in their order. Raises WorkflowError (communication, runtime)."""
    header = await credentials(step, agent.authentication)
    request = replace(request, headers={**request.headers, **header})
    results: list[JSON] = []
    try:
        async with asyncio.timeout(request.timeout_s), streaming(step, request) as response:
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                body = bytearray()
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise too_large(MOST_BYTES)
                return [_result(step, agent, response.status_code, bytes(body))]
            size = 0
            async for event in server_events(response.aiter_bytes()):
                size += len(event.data)
                if size > MOST_BYTES:
                    raise too_large(MOST_BYTES)
                results.append(_result(step, agent, response.status_code, event.data.encode()))
    except TimeoutError as error:
        raise too_late(agent.url, request.timeout_s) from error
    return results


def _result(step: Step, agent: Agent, status: int, body: bytes) -> JSON:
    """Return the `result` of a JSON-RPC answer. Raises WorkflowError (runtime, communication)."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    redacted = step.engine.redactor.text
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        raise _told(answer["error"], agent, redacted)
    if status >= 300:
        said = redacted(body[:20_000].decode("utf-8", "replace")).strip()[:_QUOTED]
        raise WorkflowError.of("communication", f"{agent.url} answered {status}{f': {said}' if said else ''}", status=status)
    if not isinstance(answer, dict) or "result" not in answer:
        raise WorkflowError.of("communication", f"{agent.url} answered with something that is no JSON-RPC", title="Unreadable answer")
    return answer["result"]


def _told(error: Mapping[str, JSON], agent: Agent, redacted: JSON) -> WorkflowError:
    code, message = error.get("code"), redacted(str(error.get("message") or ""))[:_QUOTED]
    data = "" if error.get("data") is None else f" ({redacted(json.dumps(error['data'], ensure_ascii=False))[:_QUOTED]})"
    hint = "; if it speaks A2A 1.0 only, name its card in `agentCard`" if code == _NO_SUCH_METHOD and agent.version != "1.0" else ""
    return WorkflowError.of(
        "runtime", f"the agent at {agent.url} answered error {code}: {message}{data}{hint}", title=message or "Agent Error"
    )


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler) -> A2aTask:
    options: Mapping[str, JSON] = data["with"]
    where = join(reference, "with")
    card, server = options.get("agentCard"), options.get("server")
    return A2aTask(
        method=options["method"],
        card=None if card is None else prepare_resource(card, join(where, "agentCard"), compiler),
        server=None if server is None or card is not None else prepare_endpoint(server, join(where, "server"), compiler),
        parameters=templates.strict(options["parameters"]) if "parameters" in options else None,
        idempotent=declared_idempotent(data),
    )
