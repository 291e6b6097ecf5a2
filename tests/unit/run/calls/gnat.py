"""A small NATS server on loopback: subjects that are equal, headers, one login. Source: docs.nats.io/reference/nats-protocol."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Gnat:
    port: int = 0
    token: str | None = None
    published: list[tuple[str, bytes, bytes]] = field(default_factory=list)  # subject, headers, payload
    listeners: dict[tuple[str, str], asyncio.StreamWriter] = field(default_factory=dict)  # subject and number

    def send(self, subject: str, payload: bytes, headers: bytes = b"") -> None:
        for (wanted, number), writer in self.listeners.items():
            if wanted == subject:
                sizes = f"{len(headers)} {len(headers) + len(payload)}" if headers else f"{len(payload)}"
                verb = "HMSG" if headers else "MSG"
                writer.write(f"{verb} {subject} {number} {sizes}\r\n".encode() + headers + payload + b"\r\n")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        info = {"server_id": "gnat", "version": "2.10.0", "headers": True, "max_payload": 1 << 20, "auth_required": self.token is not None}
        writer.write(f"INFO {json.dumps(info)}\r\n".encode())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(writer):
            while line := await reader.readline():
                verb, _, rest = line.decode().strip().partition(" ")
                if verb == "CONNECT" and self.token not in (None, self._token(rest)):
                    writer.write(b"-ERR 'Authorization Violation'\r\n")
                    await writer.drain()
                    return
                await self._do(verb, rest.split(), reader, writer)
                await writer.drain()

    @staticmethod
    def _token(text: str) -> Any:
        return json.loads(text).get("auth_token")

    async def _do(self, verb: str, words: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match verb:
            case "PING":
                writer.write(b"PONG\r\n")
            case "SUB":
                self.listeners[words[0], words[-1]] = writer
            case "UNSUB":
                self.listeners = {key: one for key, one in self.listeners.items() if key[1] != words[0]}
            case "PUB" | "HPUB":
                body = await reader.readexactly(int(words[-1]) + 2)
                head = int(words[-2]) if verb == "HPUB" else 0
                self.published.append((words[0], body[:head], body[head:-2]))


@asynccontextmanager
async def gnat() -> AsyncIterator[Gnat]:
    """Yield a server on a free port of 127.0.0.1."""
    served, tasks = Gnat(), set[asyncio.Task[None]]()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(served.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
