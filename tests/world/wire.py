"""HTTP/1.1 on a pair of asyncio streams: read one request, write one answer, or break it on purpose.

Written by hand because a faulty server must be able to stop in the middle of a header, which proper servers prevent.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

JSON = Any
MAX_BODY_BYTES = 32 * 1024 * 1024
_NO_BODY = (204, 304)


class BadRequest(Exception):
    """What arrived is not HTTP this server reads."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str  # as it was sent, with the query
    headers: Mapping[str, str]  # names in lower case; a name given twice is joined with ", "
    content: bytes

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path) or "/"

    @property
    def query(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in parse_qsl(urlsplit(self.target).query, keep_blank_values=True):
            if key not in found:
                found[key] = value
            else:
                found[key] = [*(found[key] if isinstance(found[key], list) else [found[key]]), value]
        return found

    @property
    def body(self) -> JSON:
        if not self.content:
            return None
        text = self.content.decode("utf-8", errors="replace")
        try:
            return json.loads(text)
        except ValueError:
            return text

    @property
    def keeps_alive(self) -> bool:
        return "close" not in self.headers.get("connection", "").lower()


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """Return the next request, None when the client has left. Raises BadRequest."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except asyncio.LimitOverrunError as exc:
        raise BadRequest("the header is too long") from exc
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequest(f"{first[:80]!r} is no request line")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return Request(parts[0], parts[1], headers, await _content(reader, headers))


async def _content(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    try:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return await _chunks(reader)
        size = int(headers.get("content-length", "0"))
        if not 0 <= size <= MAX_BODY_BYTES:
            raise BadRequest(f"a body of {size} bytes is not read")
        return await reader.readexactly(size)
    except (ValueError, asyncio.IncompleteReadError, ConnectionError) as exc:
        raise BadRequest(f"the body broke off: {exc}") from exc


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
        if len(body) > MAX_BODY_BYTES:
            raise BadRequest("the body is too long")
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # trailers: read, not kept
    return body


def head_bytes(status: int, headers: Mapping[str, str], size: int, *, keep_alive: bool = True) -> bytes:
    """The status line and headers of an answer whose body has *size* bytes."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"
    given = {name.lower() for name in headers}
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    if status not in _NO_BODY and "content-length" not in given:
        lines.append(f"Content-Length: {size}")
    if "connection" not in given:
        lines.append(f"Connection: {'keep-alive' if keep_alive else 'close'}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", errors="replace")


async def write(writer: asyncio.StreamWriter, request: Request, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Write a whole answer; HEAD, 204 and 304 get no body. A client that left is no error."""
    empty = request.method == "HEAD" or status in _NO_BODY
    writer.write(head_bytes(status, headers, len(body), keep_alive=request.keeps_alive) + (b"" if empty else body))
    await drain(writer)


async def drain(writer: asyncio.StreamWriter) -> bool:
    """Send what is buffered; False when the client has left."""
    try:
        await writer.drain()
    except ConnectionError:
        return False
    return True


def reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection with a TCP reset, so that the client sees an error and not an end."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
