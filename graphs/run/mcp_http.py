"""The link to an MCP server over streamable HTTP: a POST for each message, answered by JSON or by a stream of events.

A stream that ends early is taken up again where it stopped, when the server numbers its events. Redirects are not followed.
Source: modelcontextprotocol.io/specification/2025-06-18/basic/transports, "Streamable HTTP".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from graphs.run.errors import WorkflowError
from graphs.run.mcp_session import Message, read_messages
from graphs.run.network import streaming
from graphs.run.ports import HttpRequest
from graphs.run.step import Step
from graphs.run.streams import MOST_BYTES, server_events, too_large

if TYPE_CHECKING:
    import httpx

_AGAIN = 5  # times a stream without an answer is taken up again
_AGAIN_S = 1.0
_LONGEST_AGAIN_S = 30.0
_GOODBYE_S = 2.0
_QUOTED = 300


class HttpLink:
    def __init__(self, step: Step, url: str, headers: Mapping[str, str]) -> None:
        self.version: str | None = None
        self._step = step
        self._url = url
        self._headers = headers
        self._session: str | None = None
        self._size = 0

    @property
    def where(self) -> str:
        return f"the MCP server at {self._url}"

    async def exchange(self, message: Message) -> AsyncGenerator[Message, None]:
        last, wait_s = "", _AGAIN_S
        for attempt in range(1 + _AGAIN):
            if attempt:
                await asyncio.sleep(wait_s)
            request = self._request("GET", last_event=last) if attempt else self._request("POST", message)
            async with self._answer(request) as response:
                if not _is(response, "text/event-stream"):
                    for one in read_messages(await self._body(response), self.where):
                        yield one
                    return
                async for event in server_events(response.aiter_bytes()):
                    last = event.id
                    wait_s = wait_s if event.retry_ms is None else min(event.retry_ms / 1000, _LONGEST_AGAIN_S)
                    self._count(len(event.data))
                    for one in read_messages(event.data, self.where) if event.data else ():
                        yield one
            if not last:
                return

    async def tell(self, message: Message) -> None:
        async with self._answer(self._request("POST", message)) as response:
            await self._body(response)

    async def close(self) -> None:
        """End the session, when the server has one; it may have ended it already."""
        if self._session is not None:
            with suppress(WorkflowError, TimeoutError):
                async with asyncio.timeout(_GOODBYE_S), streaming(self._step, self._request("DELETE")):
                    pass

    def _request(self, method: str, message: Message | None = None, last_event: str = "") -> HttpRequest:
        own = {"Accept": "text/event-stream" if method == "GET" else "application/json, text/event-stream"}
        if message is not None:
            own["Content-Type"] = "application/json"
        if self._session is not None:
            own["Mcp-Session-Id"] = self._session
        if self.version is not None:
            own["MCP-Protocol-Version"] = self.version
        if last_event:
            own["Last-Event-ID"] = last_event
        lower = {name.lower() for name in own}
        given = {name: value for name, value in self._headers.items() if name.lower() not in lower}
        body = None if message is None else json.dumps(message).encode()
        return HttpRequest(method=method, url=self._url, headers={**given, **own}, body=body)

    @asynccontextmanager
    async def _answer(self, request: HttpRequest) -> AsyncIterator[httpx.Response]:
        """Yield a good answer. Raises WorkflowError, with the status of one that is not."""
        async with streaming(self._step, request) as response:
            if response.status_code >= 300:
                body = (await self._body(response))[:20_000].decode("utf-8", "replace")
                said = self._step.engine.redactor.text(body).strip()[:_QUOTED]
                location = response.headers.get("location")
                to = f" and points to {location}: use that as the endpoint if it is the right one" if location else ""
                words = f"{self.where} answered {response.status_code}{to}{f': {said}' if said else ''}"
                raise WorkflowError.of("communication", words, status=response.status_code)
            self._session = self._session or response.headers.get("mcp-session-id")
            yield response

    async def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            self._count(len(piece))
        return bytes(body)

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > MOST_BYTES:
            raise too_large(MOST_BYTES)


def _is(response: httpx.Response, kind: str) -> bool:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower() == kind
