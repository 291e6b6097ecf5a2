"""The only way out for a run's HTTP: a client that tests every address before it connects to it.

A host is resolved once; every address it has must be allowed; the connection goes to a tested address, so that a second answer of the
name server cannot lead elsewhere. The same holds for each redirect. Proxies and `.netrc` of the machine are ignored.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

from graphs.run.addresses import AddressPolicy, suggestion
from graphs.run.errors import HttpFailed
from graphs.run.hosts import OUT_OF_ORDER, Hosts, Turn
from graphs.run.http_failures import failed, not_a_url
from graphs.run.http_pool import Shared, Transport
from graphs.run.ports import HttpRequest, HttpResponse
from graphs.run.unpacking import ACCEPTED, TooLarge, Unpackable, Unpacker

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_MOST_REDIRECTS = 10
_SCHEMES = ("http", "https")
_CONNECT_S = 5.0  # until the next address of a host that has several is tried
# what a redirect takes along to another host; RFC 9110, 15.4 asks to leave credentials out, and any other header may be one
_GO_ALONG = frozenset({
    "host", "accept", "accept-language", "accept-encoding", "user-agent", "content-type", "content-length", "content-language",
    "transfer-encoding", "connection", "idempotency-key",
})  # fmt: skip
_FAILURES = (
    httpx.InvalidURL, httpx.HTTPError, UnicodeError, OSError, httpcore.ConnectTimeout, httpcore.NetworkError, httpcore.ProtocolError,
)  # fmt: skip


class GuardedHttp:
    """
    `ports.Http` on httpx. One per process: it keeps connections.

    Args:
        allow: Networks open although they are not public (PARLEY_HTTP_ALLOW), "127.0.0.0/8".
        body_limit_bytes: Of an answer, unpacked.
        hosts: Turns and breakers; several clients of one process share them.
        resolve: Host and port to addresses; default the system's resolver.
        tls: Certificates to trust; default the system's.
    """

    def __init__(
        self,
        allow: Sequence[str] = (),
        *,
        body_limit_bytes: int = 10_000_000,
        hosts: Hosts | None = None,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._limit = body_limit_bytes
        self._hosts = hosts or Hosts()
        self.tls = tls or httpx.create_ssl_context(trust_env=False)
        self._backend = _Backend(AddressPolicy(allow), resolve or _system_resolve)
        self._transport = Transport(self._backend, self.tls)
        self._client = httpx.AsyncClient(
            transport=self._transport,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # runs share the client, never cookies
            follow_redirects=False,
            timeout=None,  # noqa: S113 (one limit around the whole exchange instead)
            headers={"User-Agent": "Parley", "Accept-Encoding": ACCEPTED},
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of *host*, all of them allowed: for protocols that connect by themselves. Raises HttpFailed."""
        return await self._backend.tested(host, port)

    def turn(self, host: str, who: str) -> AbstractAsyncContextManager[Turn]:
        return self._hosts.turn(host, who)

    def client(self) -> httpx.AsyncClient:
        """Return a client that goes the same guarded way, for exchanges that are not one request and one answer; the caller closes it."""
        return httpx.AsyncClient(
            transport=Shared(self._transport, _refuse_url),
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=None,  # noqa: S113 (the task has one)
            headers={"User-Agent": "Parley", "Accept-Encoding": "identity"},
        )

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send one request, following redirects when asked. Raises HttpFailed."""
        try:
            out = self._client.build_request(
                request.method, request.url, params=dict(request.query) or None, headers=dict(request.headers), content=request.body,
                extensions={} if request.fence is None else {"trace": _fenced(request.fence)},
            )  # fmt: skip
            return await self._follow(request, out)
        except _FAILURES as error:
            raise failed(request, error) from error

    async def _follow(self, request: HttpRequest, out: httpx.Request) -> HttpResponse:
        shown, left_s = request.url, request.timeout_s
        for _ in range(_MOST_REDIRECTS + 1):
            _refuse_url(out.url, shown)
            async with self._hosts.turn(origin(out.url), request.share) as turn:
                began = time.monotonic()
                try:
                    async with asyncio.timeout(left_s):
                        answer, onward = await self._exchange(request, out)
                except TimeoutError as error:
                    words = f"{out.url} did not answer within {request.timeout_s:g} s"
                    turn.failed("no answer in time")
                    raise HttpFailed(words, "timeout", "No answer in time") from error
                except (HttpFailed, *_FAILURES) as error:
                    _judge(turn, failed(request, error) if not isinstance(error, HttpFailed) else error)
                    raise
                turn.failed(f"status {answer.status}") if answer.status in OUT_OF_ORDER else turn.worked()
            if onward is None:
                return answer
            left_s -= time.monotonic() - began
            shown, out = answer.headers.get("location", ""), _without_private(onward, out.url)
        raise HttpFailed(f"{request.url} redirected more than {_MOST_REDIRECTS} times", "protocol")

    async def _exchange(self, request: HttpRequest, out: httpx.Request) -> tuple[HttpResponse, httpx.Request | None]:
        """Return the answer, and the request to send instead when it is to be followed elsewhere."""
        response = await self._client.send(out, stream=True)
        try:
            if request.follow_redirects and response.next_request:
                return HttpResponse(
                    status=response.status_code, headers=dict(response.headers), body=b"", url=str(out.url)
                ), response.next_request
            return await self._read(response, request.body_limit_bytes or self._limit), None
        finally:
            await response.aclose()

    async def _read(self, response: httpx.Response, limit: int) -> HttpResponse:
        url = response.url
        try:
            body = Unpacker(response.headers.get("content-encoding", ""), limit)
            async for piece in response.aiter_raw(65536):
                body.add(piece)
            whole = body.done()
        except TooLarge as error:
            raise HttpFailed(f"the answer of {url} is larger than {limit:,} bytes", "too-large", "Answer too large") from error
        except Unpackable as error:
            raise HttpFailed(f"the answer of {url} cannot be unpacked: {error}", "protocol", "Unreadable answer") from error
        except (httpcore.ProtocolError, httpcore.NetworkError, httpx.HTTPError) as error:
            raise HttpFailed(f"{url} broke off in the middle of its answer", "protocol", "Answer broken off") from error
        return HttpResponse(status=response.status_code, headers=dict(response.headers), body=whole, url=str(url))


def _fenced(fence: Callable[[], Awaitable[None]]) -> Callable[[str, Any], Awaitable[None]]:
    """Return what httpcore tells of each moment of an exchange: *fence* is awaited right before something is written, and may raise."""

    async def trace(moment: str, _: Any) -> None:
        if moment.endswith((".send_request_headers.started", ".send_request_body.started")):
            await fence()

    return trace


def origin(url: httpx.URL) -> str:
    """Return scheme, host and port, "https://example.org", the port only where it is not the scheme's own."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}" + (f":{url.port}" if url.port else "")


def _judge(turn: Turn, error: HttpFailed) -> None:
    """Tell what *error* says of the host: too large an answer is one; what policy forbids, or cannot be sent, says nothing."""
    if error.kind in ("connect", "protocol"):
        turn.failed(error.title.removeprefix("No answer: ") or "no answer")
    elif error.kind == "too-large":
        turn.worked()


def _without_private(onward: httpx.Request, before: httpx.URL) -> httpx.Request:
    """Return *onward*, a redirect's request, with nothing of the headers that could be a key when it goes to another host."""
    if origin(onward.url) != origin(before):
        for name in [name for name in onward.headers if name not in _GO_ALONG]:
            del onward.headers[name]
    return onward


def _refuse_url(url: httpx.URL, shown: str) -> None:
    """Raise HttpFailed when *url*, written as *shown*, is not one to call."""
    if url.scheme not in _SCHEMES or not url.host:
        raise not_a_url(shown)
    if url.userinfo:
        raise HttpFailed("a URL must not carry a user name or password: use the task's authentication", "invalid", "Not a usable URL")
    if url.port is not None and not 0 < url.port < 65536:
        raise not_a_url(shown, f"there is no port {url.port}")


async def _system_resolve(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _Backend(httpcore.AsyncNetworkBackend):
    """Opens connections, to tested addresses only."""

    def __init__(self, policy: AddressPolicy, resolve: Resolve) -> None:
        self._policy = policy
        self._resolve = resolve
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self.tested(host, port)
        for address in addresses[:-1]:
            try:
                return await self._inner.connect_tcp(address, port, min(timeout or _CONNECT_S, _CONNECT_S), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def tested(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of *host*. Raises HttpFailed (blocked) when one of them is forbidden."""
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            reason = f"the name '{host}' cannot be resolved: {error.strerror or error}"
            raise HttpFailed(reason, "connect", "No answer: unknown host name") from error
        if not addresses:
            raise HttpFailed(f"the name '{host}' has no address", "connect", "No answer: unknown host name")
        for address in addresses:
            words = self._policy.forbids(address)
            if words:
                shown = address if address == host else f"{host} ({address})"
                allow = suggestion(address)
                advice = f"; to allow it, set PARLEY_HTTP_ALLOW={allow}" if allow else ""
                raise HttpFailed(f"{shown} is {words}, which workflows may not call{advice}", "blocked", "Address Not Allowed")
        return addresses

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@asynccontextmanager
async def guarded_http(allow: Sequence[str] = (), **options: Any) -> AsyncIterator[GuardedHttp]:
    """Yield a GuardedHttp and close its connections afterwards."""
    client = GuardedHttp(allow, **options)
    try:
        yield client
    finally:
        await client.aclose()
