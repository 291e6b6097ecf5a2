"""A conversation with an MCP server: `initialize`, then requests. How messages travel is the link's business (`mcp_http`, `mcp_stdio`).

Written out here, since a call needs little of the protocol and much care around it: bounded sizes, the run's own way out, results as
they came, and no word of the server in a log. Source: modelcontextprotocol.io/specification/2025-06-18, Base Protocol.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Protocol

from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON

VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
DEFAULT_VERSION = "2025-06-18"  # DSL 1.0.3, "MCP Call"
_QUOTED = 300
_NO_SUCH_METHOD = -32601

Message = Mapping[str, JSON]


class Link(Protocol):
    """The way to one server."""

    version: str | None  # the protocol's, once it is agreed on

    @property
    def where(self) -> str:
        """Name the server, for messages."""

    def exchange(self, message: Message) -> AsyncGenerator[Message, None]:
        """Send a request and yield what comes back, the answer somewhere in it. Raises WorkflowError (communication, authorization)."""

    async def tell(self, message: Message) -> None:
        """Send something that has no answer. Raises WorkflowError."""


class Session:
    """Requests over *link*, one after the other; *redact* takes secrets out of the server's words."""

    def __init__(self, link: Link, redact: Callable[[str], str]) -> None:
        self._link = link
        self._redact = redact
        self._sent = 0

    async def begin(self, version: str, client: Message) -> None:
        """Agree on a version of the protocol. Raises WorkflowError, communication when the server speaks none of ours."""
        found = await self.request("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": client})
        agreed = found.get("protocolVersion") if isinstance(found, dict) else None
        if agreed not in VERSIONS:
            known = ", ".join(VERSIONS)
            words = f"{self._link.where} speaks version {json.dumps(agreed)} of MCP, and one of {known} is needed"
            raise WorkflowError.of("communication", words, title="Unknown protocol version")
        self._link.version = agreed
        await self._link.tell({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def request(self, method: str, parameters: JSON = None) -> JSON:
        """Return the `result`. Raises WorkflowError: runtime for an error of the server, communication when there is no answer."""
        self._sent += 1
        number = self._sent
        message = {"jsonrpc": "2.0", "id": number, "method": method}
        async with aclosing(self._link.exchange(message if parameters is None else {**message, "params": parameters})) as answers:
            async for answer in answers:
                if "method" in answer:
                    await self._asked(answer)
                elif answer.get("id") == number and "result" in answer:
                    return answer["result"]
                elif answer.get("id") in (number, None) and isinstance(answer.get("error"), dict):
                    raise self._told(answer["error"])
        raise WorkflowError.of("communication", f"{self._link.where} did not answer {method}", title="No answer: connection closed")

    async def _asked(self, message: Message) -> None:
        """Answer what the server asks: that we are there; everything else is nothing a workflow offers. Notices are passed by."""
        if "id" not in message:
            return
        error = {"code": _NO_SUCH_METHOD, "message": "a workflow answers no questions of servers"}
        said = {"result": {}} if message["method"] == "ping" else {"error": error}
        await self._link.tell({"jsonrpc": "2.0", "id": message["id"], **said})

    def _told(self, error: Mapping[str, JSON]) -> WorkflowError:
        message = self._redact(str(error.get("message") or ""))[:_QUOTED]
        data = "" if error.get("data") is None else f" ({self._redact(json.dumps(error['data'], ensure_ascii=False))[:_QUOTED]})"
        words = f"{self._link.where} answered error {error.get('code')}: {message}{data}"
        return WorkflowError.of("runtime", words, title=message or "Server Error")


def read_messages(text: str | bytes, where: str) -> list[Message]:
    """Return the messages of one text: one, or a batch. Raises WorkflowError (communication)."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WorkflowError.of("communication", f"{where} answered with something that is no JSON", title="Unreadable answer") from error
    messages = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) for one in messages):
        raise WorkflowError.of("communication", f"{where} answered with something that is no JSON-RPC", title="Unreadable answer")
    return messages
