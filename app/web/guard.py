"""The ASGI guard in front of everything: who may call, how much they may send, and what a page may load.

Chainlit opens its socket to any Origin, shows markdown images from any host and sets its cookie without `Secure` (design §7);
this guard closes the three, and the routes of Chainlit that Parley does not use. It knows no user and touches no body it lets through.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1_048_576

# Chat text is model text: without `img-src` a markdown image would carry data to any host.
# 'unsafe-eval' is what the cards need (they are JSX, compiled in the browser), 'unsafe-inline' is the index page's own script.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "worker-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "connect-src 'self'",
        "font-src 'self' data:",
        "frame-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "object-src 'none'",
    )
)
HEADERS = {
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
}
# (method or "*", path prefix, what to tell the caller)
CLOSED = (
    ("PUT", "/project/element", "cards are written by the server only"),
    ("DELETE", "/project/element", "cards are written by the server only"),
    ("POST", "/project/file", "uploads are switched off"),
    ("DELETE", "/feedback", "feedback is kept"),
    ("PUT", "/project/thread/share", "conversations are not shared"),
    ("*", "/project/share", "conversations are not shared"),
    ("*", "/mcp", "tool servers are connected by an administrator, not from the browser"),
    ("*", "/auth/jwt", "sign in with a name and a password"),
    ("*", "/auth/header", "sign in with a name and a password"),
    ("*", "/auth/oauth", "sign in with a name and a password"),
    ("*", "/copilot", "the embedded widget is switched off"),
)
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class Guard:
    """Refuses foreign origins, closed routes and oversized bodies; adds security headers and `Secure` to cookies."""

    def __init__(self, app: ASGIApp, *, origins: Iterable[str] = ()) -> None:
        """*origins*: further origins that count as ours, `https://parley.example` (a proxy that rewrites Host)."""
        self.app = app
        self.origins = frozenset(filter(None, (_place(origin, "") for origin in origins)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        answer = _with_headers(send, secure=_is_https(scope, headers))
        refusal = self._refusal(scope, headers)
        if refusal:
            if refusal[0] == 413:
                await _drain(receive)
            await _refuse(scope, receive, answer, *refusal)
            return
        if scope["type"] == "http" and "chunked" in headers.get(b"transfer-encoding", ""):
            replay = await _read_all(receive)
            if replay is None:
                await _refuse(scope, receive, answer, 413, _too_large())
                return
            receive = replay
        await self.app(scope, receive, answer)

    def _refusal(self, scope: Scope, headers: Mapping[bytes, str]) -> tuple[int, str] | None:
        """Say why this request may not pass: (status, words), or None."""
        method = scope.get("method", "GET")
        if self._is_foreign(scope, headers) and (_is_socket(scope) or method not in ("GET", "HEAD", "OPTIONS")):
            return 403, "this request comes from a page of another site (its Origin is not this server)"
        for closed, prefix, words in CLOSED:
            if closed in ("*", method) and (scope["path"] == prefix or scope["path"].startswith(prefix + "/")):
                return 403, words
        length = headers.get(b"content-length", "0")
        if scope["type"] == "http" and (not length.isdigit() or int(length) > MAX_BODY_BYTES):
            return 413, _too_large()
        return None

    def _is_foreign(self, scope: Scope, headers: Mapping[bytes, str]) -> bool:
        origin = headers.get(b"origin", "")
        if not origin:
            return headers.get(b"sec-fetch-site", "") == "cross-site"
        scheme = "https" if _is_https(scope, headers) else "http"
        place = _place(origin, scheme)
        return place is None or place not in {_place("//" + headers.get(b"host", ""), scheme), *self.origins}


def _place(origin: str, scheme: str) -> tuple[str, int] | None:
    """Return (host, port) of an origin or `//host:port`; None for `null` and other nonsense."""
    try:
        parts = urlsplit(origin)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme or scheme)
    except ValueError:
        return None
    return (parts.hostname.lower(), port) if parts.hostname and port else None


def _is_socket(scope: Scope) -> bool:
    return scope["type"] == "websocket" or "/ws/socket.io" in scope["path"]


def _is_https(scope: Scope, headers: Mapping[bytes, str]) -> bool:
    return scope.get("scheme") in ("https", "wss") or headers.get(b"x-forwarded-proto", "").split(",")[0].strip() == "https"


def _too_large() -> str:
    return f"a request may carry at most {MAX_BODY_BYTES:,} bytes"


def _with_headers(send: Send, *, secure: bool) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = [(name, _secure(value) if secure and name.lower() == b"set-cookie" else value) for name, value in message["headers"]]
            names = {name.lower() for name, _ in given}
            message["headers"] = [*given, *((name, value) for name, value in HEADERS.items() if name not in names)]
        await send(message)

    return sender


def _secure(cookie: bytes) -> bytes:
    return cookie if b"; secure" in cookie.lower() else cookie + b"; Secure"


async def _read_all(receive: Receive) -> Receive | None:
    """Read a body of unknown length and return a `receive` that plays it back; None when it is too large."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES:
            return None
    played = False

    async def replay() -> Message:
        nonlocal played
        if played:
            return await receive()
        played = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _drain(receive: Receive) -> None:
    """Read what is under way, up to a bound: a client that is still sending would meet a broken pipe instead of the answer."""
    size, more = 0, True
    while more and size < 4 * MAX_BODY_BYTES:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, words: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": words})
        return
    body = json.dumps({"detail": words}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
