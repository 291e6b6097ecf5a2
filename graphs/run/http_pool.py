"""Connections that are kept for the next request to the same host, over httpcore's single connections.

httpcore's own pool looks at every connection for every request, each against all others: 4 ms a request with 50 at work. Here a request
takes the connection that was used last, and gives it back when its answer has been read.
"""

from __future__ import annotations

import ssl
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import httpcore
import httpx

_KEPT_S: Final = 15.0
_MOST_KEPT: Final = 200  # idle ones, of all hosts


class Transport(httpx.AsyncBaseTransport):
    """httpx over kept connections. How many work at once is not limited here: `hosts.py` does that."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend, tls: ssl.SSLContext, *, now: Callable[[], float] = time.monotonic) -> None:
        self._backend = backend
        self._tls = tls
        self._now = now
        self._idle: dict[str, list[httpcore.AsyncHTTPConnection]] = {}  # the one used last is the last
        self._since: OrderedDict[httpcore.AsyncHTTPConnection, tuple[str, float]] = OrderedDict()  # the same, oldest first
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        out = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        connection = await self._take(out.url.origin)
        answer = await connection.handle_async_request(out)  # closes the connection when it fails
        body = _Body(answer, lambda: self._give_back(connection, out.url.origin))
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions, request=request)

    async def aclose(self) -> None:
        self._closed = True
        while self._since:
            await self._drop(next(iter(self._since)))

    async def _take(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        await self._forget_old()
        while kept := self._idle.get(str(origin)):
            connection = kept[-1]
            if not connection.has_expired():
                self._remove(connection)
                return connection
            await self._drop(connection)
        return httpcore.AsyncHTTPConnection(origin, self._tls, keepalive_expiry=_KEPT_S, network_backend=self._backend)

    async def _give_back(self, connection: httpcore.AsyncHTTPConnection, origin: httpcore.Origin) -> None:
        """Keep *connection* when it can be used again, else close it."""
        if self._closed or connection.is_closed() or not connection.is_idle():
            await connection.aclose()
            return
        self._idle.setdefault(str(origin), []).append(connection)
        self._since[connection] = str(origin), self._now()
        await self._forget_old()

    async def _forget_old(self) -> None:
        while self._since:
            connection, (_, since) = next(iter(self._since.items()))
            if len(self._since) <= _MOST_KEPT and self._now() - since < _KEPT_S:
                return
            await self._drop(connection)

    async def _drop(self, connection: httpcore.AsyncHTTPConnection) -> None:
        self._remove(connection)
        await connection.aclose()

    def _remove(self, connection: httpcore.AsyncHTTPConnection) -> None:
        origin, _ = self._since.pop(connection)
        kept = self._idle[origin]
        kept.remove(connection)
        if not kept:
            del self._idle[origin]


class Shared(httpx.AsyncBaseTransport):
    """A transport for one more client, which does not close it; *refuse* raises for URLs that are none to call."""

    def __init__(self, inner: Transport, refuse: Callable[[httpx.URL, str], None]) -> None:
        self._inner = inner
        self._refuse = refuse

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._refuse(request.url, str(request.url))
        return await self._inner.handle_async_request(request)


class _Body(httpx.AsyncByteStream):
    """The body of an answer; when it is closed, its connection is free."""

    def __init__(self, answer: httpcore.Response, done: Callable[[], Awaitable[None]]) -> None:
        self._answer = answer
        self._done = done
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._answer.aiter_stream():
            yield part

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await self._answer.aclose()
        finally:
            await self._done()
