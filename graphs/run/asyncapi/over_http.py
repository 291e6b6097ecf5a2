"""AsyncAPI over HTTP: publishing is a request, a subscription is an answer that does not end.

A subscription reads `text/event-stream`, taken up again after the last event when it breaks off, or lines of JSON
(`application/x-ndjson`, `application/jsonl`), which end with the answer. Any other answer is refused: asking the same again and again
would give the same messages again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from graphs.run.asyncapi.broker import Outgoing, Target
from graphs.run.asyncapi.messages import Incoming
from graphs.run.authentication import send
from graphs.run.effects import idempotency_key
from graphs.run.errors import WorkflowError
from graphs.run.http_bodies import encode_body
from graphs.run.network import credentials, limit_s, streaming
from graphs.run.ports import HttpRequest
from graphs.run.streams import lines, server_events

_AGAIN_S = 1.0  # before a stream is taken up again, unless the server says otherwise
_SHORTEST_AGAIN_S = 0.1
_LONGEST_AGAIN_S = 60.0
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines")


class HttpBroker:
    async def publish(self, target: Target, message: Outgoing) -> None:
        headers = {name: str(value) for name, value in message.headers.items()}
        if not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = message.content_type
        method = str(target.bindings.get("method") or "POST").upper()
        headers.setdefault("Idempotency-Key", idempotency_key(target.step))
        body = encode_body(message.payload, headers)
        request = HttpRequest(method=method, url=target.where, headers=headers, body=body, timeout_s=limit_s(target.step))
        response = await send(target.step, request, target.authentication)
        if response.status >= 300:
            raise WorkflowError.of("communication", f"{method} {target.where} answered {response.status}", status=response.status)

    @asynccontextmanager
    async def subscribe(self, target: Target, after: str) -> AsyncIterator[_Stream]:
        async with aclosing(_messages(target, after)) as messages:
            yield _Stream(messages)

    async def forget(self, target: Target) -> None:
        """Nothing outlives the connection."""


@dataclass(frozen=True, slots=True)
class _Stream:
    messages: AsyncGenerator[Incoming, None]

    async def next(self) -> Incoming | None:
        return await anext(self.messages, None)

    async def settle(self, message: Incoming) -> None:
        """A stream knows of no receipts."""


async def _messages(target: Target, last: str) -> AsyncGenerator[Incoming, None]:
    wait_s = _AGAIN_S
    own = {"Accept": f"text/event-stream, {_LINES[0]}", **await credentials(target.step, target.authentication)}
    while True:
        headers = {**own, **({"Last-Event-ID": last} if last else {})}
        request = HttpRequest(method=str(target.bindings.get("method") or "GET").upper(), url=target.where, headers=headers)
        async with streaming(target.step, request) as response:
            if response.status_code == 204:
                return
            if response.status_code >= 300:
                words = f"{request.method} {target.where} answered {response.status_code}"
                raise WorkflowError.of("communication", words, status=response.status_code)
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            heads = {name: value for name, value in response.headers.items() if name.lower().startswith("x-")}
            if kind in _LINES:
                async for line in lines(response.aiter_bytes()):
                    if line.strip():
                        yield Incoming(line, heads, "application/json")
                return
            if kind != "text/event-stream":
                words = (
                    f"{target.where} answered with {kind or 'no content type'}, and a subscription reads text/event-stream or {_LINES[0]}"
                )
                raise WorkflowError.of("communication", words, title="Not a stream of messages")
            async for event in server_events(response.aiter_bytes()):
                last = event.id
                wait_s = wait_s if event.retry_ms is None else min(max(event.retry_ms / 1000, _SHORTEST_AGAIN_S), _LONGEST_AGAIN_S)
                named = {"event": event.event, **({"id": event.id} if event.id else {})}
                yield Incoming(event.data.encode(), {**heads, **named}, place=event.id)
        await asyncio.sleep(wait_s)
