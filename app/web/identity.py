"""Who is speaking: the signed-in person of a request or socket, and the rights they have now.

Chainlit knows a person by one text, the identifier. Parley's is `tenant/name`: every look-up knows its tenant before it asks the database.
The session's cookie says who somebody is; what they may do is read from the database each time (a cookie lives for hours).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass

from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

SPACE = uuid.UUID("b9f1a0e2-5d0c-4f5e-9a53-6c1f3f0c7d11")


@dataclass(frozen=True, slots=True)
class Identity:
    """A person of a tenant."""

    tenant: str
    name: str

    @property
    def identifier(self) -> str:
        """The text Chainlit keeps, `tenant/name`."""
        return f"{self.tenant}/{self.name}"

    @property
    def user_id(self) -> str:
        """The chat's id of this person: always the same, so that two first requests make one row."""
        return str(uuid.uuid5(SPACE, self.identifier))

    @classmethod
    def parse(cls, identifier: str) -> Identity | None:
        tenant, slash, name = identifier.partition("/")
        return cls(tenant, name) if slash and tenant and name else None


_speaking: ContextVar[Identity | None] = ContextVar("parley_speaking", default=None)


def speaking() -> Identity | None:
    """Return who sent the request or opened the socket this code runs for; in a Chainlit handler without one, the session's user."""
    return _speaking.get() or _of_session()


def _of_session() -> Identity | None:
    from chainlit.context import ChainlitContextException, get_context

    try:
        user = get_context().session.user
    except ChainlitContextException:
        return None
    return Identity.parse(user.identifier) if user else None


class Speaking:
    """ASGI: keep the person of the session's cookie (or bearer token) for the length of a request or socket."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        token = _speaking.set(_of_headers(scope["headers"]))
        try:
            await self.app(scope, receive, send)
        finally:
            _speaking.reset(token)


def _of_headers(headers: Iterable[tuple[bytes, bytes]]) -> Identity | None:
    from chainlit.auth import get_token_from_cookies
    from chainlit.auth.jwt import decode_jwt
    from jwt import InvalidTokenError

    given = {name.lower(): value.decode("latin-1") for name, value in headers}
    kind, _, bearer = given.get(b"authorization", "").partition(" ")
    token = bearer.strip() if kind.lower() == "bearer" else get_token_from_cookies(cookie_parser(given.get(b"cookie", "")))
    if not token or token.count(".") != 2:
        return None
    try:
        return Identity.parse(decode_jwt(token).identifier)
    except (InvalidTokenError, TypeError, KeyError):
        return None
