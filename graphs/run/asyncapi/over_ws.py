"""AsyncAPI over WebSocket: a frame is a message; there are no headers on one. A subscription ends when the server closes the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from graphs.run.asyncapi.broker import Outgoing, Target
from graphs.run.asyncapi.messages import Incoming, written
from graphs.run.errors import WorkflowError
from graphs.run.network import connected, connecting, credentials, limit_s, network, no_answer, too_late

_MOST_BYTES = 10_000_000  # of one message


class WebSocketBroker:
    async def publish(self, target: Target, message: Outgoing) -> None:
        if message.headers:
            raise WorkflowError.of(
                "configuration", "a message over a WebSocket has no headers: take them out, or put them into the payload"
            )
        async with _connection(target) as connection:
            await connection.send(written(message.payload).decode())

    @asynccontextmanager
    async def subscribe(self, target: Target, after: str) -> AsyncIterator[_Frames]:
        async with _connection(target) as connection:
            yield _Frames(connection)

    async def forget(self, target: Target) -> None:
        """Nothing outlives the connection."""


@dataclass(frozen=True, slots=True)
class _Frames:
    connection: Any

    async def next(self) -> Incoming | None:
        from websockets.exceptions import ConnectionClosedOK

        try:
            frame = await self.connection.recv()
        except ConnectionClosedOK:
            return None
        return Incoming(frame.encode() if isinstance(frame, str) else frame, {})

    async def settle(self, message: Incoming) -> None:
        """A WebSocket knows of no receipts."""


@asynccontextmanager
async def _connection(target: Target) -> AsyncIterator[Any]:
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

    server, seconds = target.server, limit_s(target.step)
    headers = await credentials(target.step, target.authentication)
    options: dict[str, Any] = {"ssl": network(target.step).tls, "server_hostname": server.host} if server.tls else {}
    options |= {"proxy": None, "open_timeout": None, "close_timeout": 2, "max_size": _MOST_BYTES, "compression": None}
    options |= {"additional_headers": headers, "user_agent_header": "Parley"}
    async with connecting(target.step, server.where):
        try:
            async with asyncio.timeout(seconds):
                opened = await connected(target.step, server.host, server.port)
                try:
                    connection = await connect(target.where, sock=opened, **options)
                except BaseException:  # cancelled, too: nobody else closes it
                    opened.close()
                    raise
        except TimeoutError as error:
            raise too_late(target.where, seconds) from error
        except InvalidStatus as error:
            status = error.response.status_code
            raise WorkflowError.of("communication", f"{target.where} answered {status}", status=status) from error
        except (OSError, ValueError, WebSocketException) as error:
            raise no_answer(target.where, "it does not open a WebSocket") from error
    try:
        yield connection
    except ConnectionClosed as error:
        raise no_answer(target.where, "the connection broke off") from error
    finally:
        await connection.close()
