"""Answers that come piece by piece: lines, and server-sent events (WHATWG HTML, 9.2.6), each of bounded size."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from graphs.run.errors import WorkflowError

MOST_BYTES = 10_000_000  # of one line or event
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    data: str
    event: str = "message"
    id: str = ""
    retry_ms: int | None = None  # how long to wait before asking again, when the server said so


async def lines(pieces: AsyncIterator[bytes], limit: int = MOST_BYTES) -> AsyncIterator[bytes]:
    """Yield the lines of *pieces* without their ends (LF, CR LF, CR). Raises WorkflowError (communication) for one over *limit*."""
    rest = b""
    after_return = False
    async for piece in pieces:
        if after_return and piece.startswith(b"\n"):
            piece = piece[1:]
        after_return = piece.endswith(b"\r") if piece else after_return
        rest += piece
        if b"\n" in piece or b"\r" in piece:
            *whole, rest = rest.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
            for line in whole:
                yield line
        if len(rest) > limit:
            raise too_large(limit)
    if rest:
        yield rest


async def server_events(pieces: AsyncIterator[bytes], limit: int = MOST_BYTES) -> AsyncIterator[ServerEvent]:
    """Yield the events of a `text/event-stream`; one that is not complete when the stream ends is left out, as the standard has it."""
    data: list[str] = []
    size, event, last_id, first = 0, "", "", True
    retry_ms: int | None = None
    async for line in lines(pieces, limit):
        text = (line.removeprefix(_BOM) if first else line).decode("utf-8", "replace")
        first = False
        if not text:
            if data:
                yield ServerEvent("\n".join(data), event or "message", last_id, retry_ms)
            data, size, event = [], 0, ""
            continue
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
            size += len(value)
            if size > limit:
                raise too_large(limit)
        elif name == "event":
            event = value
        elif name == "id" and "\0" not in value:
            last_id = value
        elif name == "retry" and value.isdecimal():
            retry_ms = int(value)


def too_large(limit: int) -> WorkflowError:
    return WorkflowError.of("communication", f"the answer holds more than {limit:,} bytes", title="Answer too large")
