"""A small MQTT broker on loopback: 3.1.1 and 5, QoS 0 and 1, sessions that last, topics that are equal (no wildcards).

Source: docs.oasis-open.org/mqtt/mqtt/v5.0, chapters 2 and 3. It notes who connected how, and every message and receipt.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Session:
    topics: dict[str, int] = field(default_factory=dict)
    waiting: dict[int, bytes] = field(default_factory=dict)  # number -> topic, properties and payload, not received yet
    writer: asyncio.StreamWriter | None = None
    new: bool = False


@dataclass
class Mosquito:
    port: int = 0
    user: tuple[str, str] | None = None  # the only one let in
    connects: list[dict[str, Any]] = field(default_factory=list)
    published: list[tuple[str, bytes]] = field(default_factory=list)
    retained: list[bool] = field(default_factory=list)
    received: list[int] = field(default_factory=list)  # numbers of messages that clients confirmed
    sessions: dict[str, Session] = field(default_factory=dict)
    held: list[bytes] = field(default_factory=list)  # properties of the last message
    deaf: bool = False  # receipts get lost
    _number: int = 0

    @property
    def listening(self) -> list[str]:
        return [topic for session in self.sessions.values() for topic in session.topics]

    def send(self, topic: str, payload: bytes, properties: bytes = b"") -> None:
        """Hand a message to whoever subscribed."""
        for session in self.sessions.values():
            if topic not in session.topics:
                continue
            self._number += 1
            body = _text(topic) + self._number.to_bytes(2, "big")
            body += (_length(len(properties)) + properties if session.new else b"") + payload
            session.waiting[self._number] = body
            if session.writer is not None:
                session.writer.write(_packet(0x32, body))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = None
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(writer):
            while True:
                head, body = await _read(reader)
                match head >> 4:
                    case 1:
                        session = self._connect(body, writer)
                        if session is None:
                            return
                    case 3:
                        self._publish(head, body, session, writer)
                    case 4:
                        self._confirmed(session, int.from_bytes(body[:2], "big"))
                    case 8 | 10:
                        self._subscribe(head >> 4, body, session, writer)
                    case 12:
                        writer.write(_packet(0xD0, b""))
                    case 14:
                        break
                await writer.drain()
        if session is not None and session.writer is writer:
            session.writer = None

    def _connect(self, body: bytes, writer: asyncio.StreamWriter) -> Session | None:
        version, flags, rest = body[6], body[7], body[10:]
        if version == 5:
            size, rest = _varint(rest)
            rest = rest[size:]
        name, rest = _take(rest)
        user = password = ""
        if flags & 0x80:
            user, rest = _take(rest)
        if flags & 0x40:
            password, rest = _take(rest)
        self.connects.append({"name": name, "version": version, "clean": bool(flags & 2), "user": user, "password": password})
        if self.user is not None and self.user != (user, password):
            writer.write(_packet(0x20, b"\0\x87\0" if version == 5 else b"\0\x05"))
            return None
        if flags & 2:
            self.sessions.pop(name, None)
        known = name in self.sessions
        session = self.sessions.setdefault(name, Session(new=version == 5))
        session.writer = writer
        writer.write(_packet(0x20, bytes([known, 0]) + (b"\0" if session.new else b"")))
        for message in session.waiting.values():
            writer.write(_packet(0x3A, message))
        return session

    def _publish(self, head: int, body: bytes, session: Session | None, writer: asyncio.StreamWriter) -> None:
        topic, rest = _take(body)
        number = rest[:2] if head & 6 else b""
        rest = rest[len(number) :]
        if session is not None and session.new:
            size, rest = _varint(rest)
            self.held.append(rest[:size])
            rest = rest[size:]
        self.published.append((topic, rest))
        self.retained.append(bool(head & 1))
        if number and not self.deaf:
            writer.write(_packet(0x40, number))
        self.send(topic, rest)

    def _confirmed(self, session: Session | None, number: int) -> None:
        if session is not None:
            session.waiting.pop(number, None)
        self.received.append(number)

    def _subscribe(self, kind: int, body: bytes, session: Session | None, writer: asyncio.StreamWriter) -> None:
        assert session is not None
        number, rest = body[:2], body[2:]
        if session.new:
            size, rest = _varint(rest)
            rest = rest[size:]
        topic, rest = _take(rest)
        nothing = b"\0" if session.new else b""
        if kind == 8:
            session.topics[topic] = rest[0] & 3
            writer.write(_packet(0x90, number + nothing + bytes([rest[0] & 3])))
        else:
            session.topics.pop(topic, None)
            writer.write(_packet(0xB0, number + nothing + nothing))


@asynccontextmanager
async def mosquito(tls: ssl.SSLContext | None = None) -> AsyncIterator[Mosquito]:
    """Yield a broker on a free port of 127.0.0.1."""
    broker, tasks = Mosquito(), set[asyncio.Task[None]]()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(broker.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    broker.port = server.sockets[0].getsockname()[1]
    try:
        yield broker
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def user_property(name: str, value: str) -> bytes:
    return b"\x26" + _text(name) + _text(value)


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readexactly(1))[0]
    size = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return head, await reader.readexactly(size)


def _packet(head: int, body: bytes) -> bytes:
    return bytes([head]) + _length(len(body)) + body


def _length(size: int) -> bytes:
    found = bytearray()
    while True:
        size, byte = divmod(size, 128)
        found.append(byte | (128 if size else 0))
        if not size:
            return bytes(found)


def _varint(data: bytes) -> tuple[int, bytes]:
    size = shift = 0
    for position, byte in enumerate(data):
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return size, data[position + 1 :]
    raise ValueError("a length without an end")


def _take(data: bytes) -> tuple[str, bytes]:
    end = 2 + int.from_bytes(data[:2], "big")
    return data[2:end].decode(), data[end:]


def _text(text: str) -> bytes:
    return len(text.encode()).to_bytes(2, "big") + text.encode()
