"""An ASGI application on a free port of loopback, in the loop of the test."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # they belong to the test


@contextlib.asynccontextmanager
async def serving(application: Any, opened: socket.socket | None = None) -> AsyncIterator[int]:
    """Yield the port; at the end connections are closed without waiting for streams."""
    opened = opened or listening()
    server = _Quiet(uvicorn.Config(application, log_level="critical", lifespan="on", timeout_graceful_shutdown=0))
    task = asyncio.create_task(server.serve(sockets=[opened]))
    while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
        await asyncio.sleep(0.001)
    try:
        yield opened.getsockname()[1]
    finally:
        server.should_exit = True
        await task
        opened.close()


def listening() -> socket.socket:
    opened = socket.socket()
    opened.bind(("127.0.0.1", 0))
    return opened
