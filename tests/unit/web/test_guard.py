"""The ASGI guard, spoken to in ASGI messages: no server, no Chainlit."""

from __future__ import annotations

from typing import Any

import pytest

from app.web.guard import MAX_BODY_BYTES, Guard


async def inner(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads its body and sets a cookie."""
    size = 0
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"set-cookie", b"access_token=x; HttpOnly")]})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def call(
    path: str = "/", *, method: str = "GET", kind: str = "http", scheme: str = "http", chunks: tuple[bytes, ...] = (b"",), **headers: str
) -> list[dict[str, Any]]:
    """Send one request through the guard; header names are written with underscores."""
    sent: list[dict[str, Any]] = []
    left = list(chunks)
    given = {"host": "localhost:8000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": kind,
        "path": path,
        "method": method,
        "scheme": scheme,
        "headers": [(k.encode(), v.encode()) for k, v in given.items()],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)} if left else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await Guard(inner, origins=["https://parley.example"])(scope, receive, send)
    return sent


def header(messages: list[dict[str, Any]], name: bytes) -> bytes:
    return dict(messages[0]["headers"]).get(name, b"")


class TestOrigin:
    @pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:9999", "null", "http://localhost.evil.example:8000"])
    async def test_a_foreign_page_cannot_open_the_socket(self, origin: str) -> None:
        messages = await call("/ws/socket.io/", kind="websocket", origin=origin)

        assert messages[0]["type"] == "websocket.close"

    async def test_long_polling_from_a_foreign_page_is_refused_even_as_get(self) -> None:
        assert (await call("/ws/socket.io/", origin="https://evil.example"))[0]["status"] == 403

    async def test_a_foreign_page_cannot_post(self) -> None:
        assert (await call("/project/action", method="POST", origin="https://evil.example"))[0]["status"] == 403

    async def test_a_browser_that_hides_its_origin_is_known_by_sec_fetch_site(self) -> None:
        assert (await call("/login", method="POST", sec_fetch_site="cross-site"))[0]["status"] == 403

    @pytest.mark.parametrize("origin", ["http://localhost:8000", "https://parley.example"])
    async def test_our_own_pages_may(self, origin: str) -> None:
        assert (await call("/ws/socket.io/", kind="websocket", origin=origin))[0]["type"] == "websocket.accept"

    async def test_programs_send_no_origin_and_pass(self) -> None:
        assert (await call("/api/events", method="POST"))[0]["status"] == 200


class TestHeaders:
    async def test_a_page_loads_images_from_here_only_and_cannot_be_framed(self) -> None:
        policy = header(await call(), b"content-security-policy").decode()

        assert "img-src 'self' data: blob:" in policy
        assert "frame-ancestors 'none'" in policy

    async def test_types_are_not_guessed_and_addresses_do_not_leave(self) -> None:
        messages = await call()

        assert (header(messages, b"x-content-type-options"), header(messages, b"referrer-policy")) == (b"nosniff", b"no-referrer")

    async def test_cookies_are_secure_behind_https(self) -> None:
        assert header(await call(x_forwarded_proto="https"), b"set-cookie").endswith(b"; Secure")
        assert header(await call(scheme="https"), b"set-cookie").endswith(b"; Secure")

    async def test_cookies_work_on_plain_localhost(self) -> None:
        assert header(await call(), b"set-cookie") == b"access_token=x; HttpOnly"


class TestClosedRoutes:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("PUT", "/project/element"),
            ("DELETE", "/project/element"),
            ("POST", "/mcp"),
            ("DELETE", "/feedback"),
            ("GET", "/project/share/1"),
        ],
    )
    async def test_what_parley_does_not_use_is_closed(self, method: str, path: str) -> None:
        assert (await call(path, method=method))[0]["status"] == 403

    async def test_names_that_only_begin_alike_are_open(self) -> None:
        assert (await call("/mcpage"))[0]["status"] == 200


class TestSize:
    async def test_a_declared_body_over_the_limit_is_refused_unread(self) -> None:
        assert (await call("/login", method="POST", content_length=str(MAX_BODY_BYTES + 1)))[0]["status"] == 413

    async def test_an_undeclared_body_is_counted(self) -> None:
        chunks = (b"x" * MAX_BODY_BYTES, b"x")

        assert (await call("/login", method="POST", chunks=chunks, transfer_encoding="chunked"))[0]["status"] == 413

    async def test_an_undeclared_small_body_arrives_whole(self) -> None:
        messages = await call("/login", method="POST", chunks=(b"ab", b"cd"), transfer_encoding="chunked")

        assert messages[1]["body"] == b"4"
