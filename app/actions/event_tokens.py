"""Who may send events from outside: tokens, each for a sender, each perhaps for the sources that begin in one way only.

A token says `parley-event.TENANT.ID.SECRET`. The secret has 256 random bits, so its SHA-256 is enough to know it again; it is shown once.
"""

from __future__ import annotations

import hmac
import secrets as random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select, update

from app.actions.base import ActionsBase, Actor, one, record, storable
from app.actions.errors import Forbidden, Invalid
from app.store import tables as t
from app.store.ids import new_id
from app.views import iso

PREFIX = "parley-event"
LONGEST = 200  # characters of a name, or of a source
_USED_AGAIN_S = 60.0  # `used_at` is written at most this often
_BORDERS = "/:?#"


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody who sends events, and how their sources have to begin."""

    actor: Actor
    source: str = ""

    def check(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Raise Forbidden when one of *events* comes from another source than the sender's."""
        for number, event in enumerate(events, 1):
            source = str(event.get("source") or "")
            if not within(source, self.source):
                raise Forbidden(
                    f"send events from the source {source!r}", role=self.actor.role, needed="",
                    why=f"Event {number}: this token is for sources that begin with {self.source!r}.",
                )  # fmt: skip


class EventTokenActions(ActionsBase):
    async def token_create(self, actor: Actor, name: str, *, source: str = "") -> dict[str, Any]:
        """
        Return a new token, which is never shown again: `{"id", "name", "source", "created_by", …, "token"}`.

        Args:
            name: Who will send with it, for people.
            source: How the `source` of every event has to begin; empty for any.

        Raises:
            Invalid: the name is empty, or one of the two is too long.
        """
        if not name.strip() or max(len(name), len(source)) > LONGEST:
            raise Invalid(
                "A token needs a name.", code="invalid-token-name", where="name", why=f"Name and source have at most {LONGEST} characters."
            )
        id_, secret = new_id(), random.token_urlsafe(32)
        async with self._acting(actor, "admin", "create tokens for events") as session:
            values = {"tenant_id": actor.tenant, "id": id_, "name": name.strip(), "source": source, "digest": _digest(secret)}
            await session.execute(insert(t.event_tokens).values(**values, created_by=actor.name))
            await record(session, actor, "event-token-create", f"event-token:{id_}", name=name.strip(), source=source)
            row = await one(session, t.event_tokens, "token", id_)
        return {**_view(row), "token": f"{PREFIX}.{actor.tenant}.{id_}.{secret}"}

    async def token_list(self, actor: Actor) -> list[dict[str, Any]]:
        """Return the tokens that count, newest first; never a token itself."""
        async with self._acting(actor, "admin", "see tokens for events") as session:
            c = t.event_tokens.c
            rows = await session.execute(select(t.event_tokens).where(c.revoked_at.is_(None)).order_by(c.created_at.desc(), c.id))
            return [_view(row) for row in rows]

    async def token_revoke(self, actor: Actor, id_: str) -> dict[str, Any]:
        """Make a token void, at once and for ever; one that is void stays so. Raises NotFound."""
        async with self._acting(actor, "admin", "revoke tokens for events") as session:
            row = await one(session, t.event_tokens, "token", id_, lock=True)
            if row.revoked_at is None:
                await session.execute(update(t.event_tokens).where(t.event_tokens.c.id == id_).values(revoked_at=datetime.now(UTC)))
                await record(session, actor, "event-token-revoke", f"event-token:{id_}", name=row.name)
        return _view(row)

    async def token_sender(self, token: str) -> Sender | None:
        """Return who sends with *token*, None when it is none of ours or void."""
        prefix, _, rest = token.partition(".")
        parts = rest.rsplit(".", 2)
        if prefix != PREFIX or len(parts) != 3:
            return None
        tenant, id_, secret = parts
        with storable():
            async with self._store.database.session(tenant) as session:
                c = t.event_tokens.c
                row = (await session.execute(select(t.event_tokens).where(c.id == id_, c.revoked_at.is_(None)))).first()
                if row is None or not hmac.compare_digest(row.digest, _digest(secret)):
                    return None
                now = datetime.now(UTC)
                if row.used_at is None or now - row.used_at > timedelta(seconds=_USED_AGAIN_S):
                    await session.execute(update(t.event_tokens).where(c.id == id_).values(used_at=now))
        return Sender(Actor(tenant, "", f"token {row.name}", "operator", "api"), row.source)


def within(source: str, allowed: str) -> bool:
    """Tell whether *source* is *allowed* or lies below it: `https://a.example/x` below `https://a.example`, `https://a.example.org` not."""
    if not source.startswith(allowed):
        return False
    return not allowed or source == allowed or allowed[-1] in _BORDERS or source[len(allowed)] in _BORDERS


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def _view(row: Any) -> dict[str, Any]:
    moments = {"created_at": iso(row.created_at), "used_at": iso(row.used_at)}
    return {"id": row.id, "name": row.name, "source": row.source, "created_by": row.created_by, **moments}
