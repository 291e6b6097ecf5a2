"""People, secrets and cards."""

from __future__ import annotations

import asyncio
import re
import secrets as random
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.actions.base import ROLES, ActionsBase, Actor, record, storable
from app.actions.errors import Invalid, NotFound
from app.store import tables as t
from app.store.ids import new_id
from app.store.passwords import hash_password, matches

SECRET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
LONGEST_SECRET = 65_536
LONGEST_NAME = 100


class PeopleActions(ActionsBase):
    async def login(self, name: str, password: str, *, tenant: str | None = None, via: str = "chat") -> Actor | None:
        """Return who this is, None when name or password is wrong; both cases take the same time."""
        tenant = tenant or self._store.settings.tenant
        with storable():
            async with self._store.database.session(tenant) as session:
                row = (await session.execute(select(t.users).where(t.users.c.name == name))).first()
        known = await asyncio.to_thread(matches, password, row.password_hash if row else None)
        if row is None or not known or row.disabled:
            return None
        return Actor(tenant, row.id, row.name, row.role, via)

    async def actor_named(self, tenant: str, name: str, *, via: str) -> Actor | None:
        """Return the person with the role they have now; None when they are gone or may no longer come in."""
        async with self._store.database.session(tenant) as session:
            row = (await session.execute(select(t.users).where(t.users.c.name == name))).first()
        return Actor(tenant, row.id, row.name, row.role, via) if row and not row.disabled else None

    async def secret_set(self, actor: Actor, name: str, value: Any) -> dict[str, Any]:
        """Store a secret; it is never shown again. A JSON object or list is kept as such. Raises Invalid."""
        if not SECRET_NAME.fullmatch(name):
            raise Invalid(
                f"{name!r} cannot name a secret.",
                code="invalid-secret-name",
                where="name",
                why="Letters, digits, _ and - are allowed, a letter or _ first.",
            )
        if value in ("", None) or len(str(value)) > LONGEST_SECRET:
            raise Invalid(
                "The secret is empty or too long.",
                code="invalid-secret",
                where="value",
                why=f"1 to {LONGEST_SECRET} characters are stored.",
            )
        async with self._acting(actor, "admin", "set secrets") as session:
            version = await self._store.vault.put(session, actor.tenant, name, value, by=actor.name)
            await record(session, actor, "secret-set", f"secret:{name}", version=version)
        return {"name": name, "version": version}

    async def secret_list(self, actor: Actor) -> list[dict[str, Any]]:
        """Return names, never values: `[{name, version, created_by, created_at}]`."""
        async with self._acting(actor, "author", "list secrets") as session:
            c = t.secrets.c
            statement = select(c.name, c.version, c.created_by, c.created_at).where(c.removed_at.is_(None)).order_by(c.name)
            return [{**row._mapping, "created_at": row.created_at.isoformat()} for row in await session.execute(statement)]

    async def secret_remove(self, actor: Actor, name: str) -> None:
        """Forget a secret, every version of it. Raises NotFound."""
        async with self._acting(actor, "admin", "remove secrets") as session:
            if not await self._store.vault.remove(session, name):
                raise NotFound("secret", name)
            await record(session, actor, "secret-remove", f"secret:{name}")

    async def link_card(self, actor: Actor, conversation: str, kind: str, subject_id: str, element_id: str, message_id: str) -> None:
        """Remember which card of a conversation shows a proposal, run or task, so that it can be kept up to date."""
        async with self._acting(actor, "viewer", "show cards") as session:
            values = {"conversation": conversation, "kind": kind, "subject_id": subject_id, "message_id": message_id}
            statement = upsert(t.cards).values(tenant_id=actor.tenant, element_id=element_id, **values)
            await session.execute(statement.on_conflict_do_update(index_elements=["tenant_id", "element_id"], set_=values))

    async def cards_of(self, kind: str, subject_id: str, *, tenant: str | None = None) -> list[dict[str, str]]:
        """Return `[{conversation, element_id, message_id}]` of the cards that show a proposal, run or task."""
        async with self._store.database.session(tenant or self._store.settings.tenant) as session:
            c = t.cards.c
            statement = (
                select(c.conversation, c.element_id, c.message_id).where(c.kind == kind, c.subject_id == subject_id).order_by(c.created_at)
            )
            return [dict(row._mapping) for row in await session.execute(statement)]

    async def notices(self, actor: Actor, *, conversation: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Return notices, newest first: `[{id, run_id, path, channel, to, title, text, conversation, created_at}]`."""
        async with self._acting(actor, "viewer", "see notices") as session:
            statement = select(t.notices).order_by(t.notices.c.created_at.desc()).limit(limit)
            rows = await session.execute(statement.where(t.notices.c.conversation == conversation) if conversation else statement)
            return [notice_json(row) for row in rows]

    async def notice(self, notice_id: str, *, tenant: str | None = None) -> dict[str, Any] | None:
        async with self._store.database.session(tenant or self._store.settings.tenant) as session:
            row = (await session.execute(select(t.notices).where(t.notices.c.id == notice_id))).first()
            return notice_json(row) if row else None

    async def audit(self, actor: Actor, *, subject: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Return the audit's lines, newest first: `[{at, actor, via, act, subject, details}]`."""
        async with self._acting(actor, "operator", "see the audit") as session:
            c = t.audit.c
            statement = select(c.at, c.actor, c.via, c.act, c.subject, c.details).order_by(c.id.desc()).limit(limit)
            rows = await session.execute(statement.where(c.subject == subject) if subject else statement)
            return [{**row._mapping, "at": row.at.isoformat()} for row in rows]

    async def ensure_admin(self, *, name: str = "admin") -> str | None:
        """Make the first administrator when there is nobody yet; return the password, this once, else None."""
        password = random.token_urlsafe(12)
        sealed = await asyncio.to_thread(hash_password, password)
        tenant = self._store.settings.tenant
        async with self._store.database.session(tenant) as session:
            if (await session.execute(select(t.users.c.id).limit(1))).first():
                return None
            made = await session.execute(
                upsert(t.users)
                .values(tenant_id=tenant, id=new_id(), name=name, password_hash=sealed, role="admin")
                .on_conflict_do_nothing()
                .returning(t.users.c.id)
            )
            return password if made.first() else None

    async def user_add(self, actor: Actor, name: str, password: str, role: str) -> Actor:
        """Add a person. Raises Invalid when the name is taken or cannot be one, the role is none, or the password too short."""
        if role not in ROLES:
            raise Invalid(f"{role!r} is no role.", code="invalid-role", where="role", why=f"There are {', '.join(ROLES)}.")
        if len(password) < 8 or not name.strip() or "/" in name or len(name) > LONGEST_NAME:
            why = f"The name has no slash and at most {LONGEST_NAME} characters; the password has 8 characters or more."
            raise Invalid("Name or password cannot be used.", code="invalid-user", why=why)
        sealed = await asyncio.to_thread(hash_password, password)
        async with self._acting(actor, "admin", "add people") as session:
            id_ = new_id()
            statement = upsert(t.users).values(tenant_id=actor.tenant, id=id_, name=name, password_hash=sealed, role=role)
            if not (await session.execute(statement.on_conflict_do_nothing().returning(t.users.c.id))).first():
                raise Invalid(f"There is already somebody named {name!r}.", code="name-taken", where="name")
            await record(session, actor, "user-add", f"user:{id_}", name=name, role=role)
        return Actor(actor.tenant, id_, name, role, actor.via)

    async def password_set(self, actor: Actor, name: str, password: str) -> None:
        """Give a person a new password: an administrator, or the person. Raises NotFound, Invalid."""
        if len(password) < 8:
            raise Invalid("The password is too short.", code="invalid-password", why="It has 8 characters or more.")
        sealed = await asyncio.to_thread(hash_password, password)
        async with self._acting(actor, "viewer" if actor.name == name else "admin", "change this password") as session:
            changed = await session.execute(
                update(t.users).where(t.users.c.name == name).values(password_hash=sealed).returning(t.users.c.id)
            )
            if not changed.first():
                raise NotFound("user", name)
            await record(session, actor, "password-set", f"user:{name}")

    async def password_new(self, actor: Actor, name: str) -> str:
        """Give a person a new password that is made here, and return it, this once. Raises NotFound, Forbidden."""
        password = random.token_urlsafe(12)
        await self.password_set(actor, name, password)
        return password

    async def user_list(self, actor: Actor) -> list[dict[str, Any]]:
        """Return who may log in: `[{name, role, disabled, created_at}]`, by name."""
        async with self._acting(actor, "admin", "list people") as session:
            c = t.users.c
            rows = await session.execute(select(c.name, c.role, c.disabled, c.created_at).order_by(c.name))
            return [{**row._mapping, "created_at": row.created_at.isoformat()} for row in rows]

    async def ensure_tenant(self, tenant: str) -> None:
        async with self._store.database.session(tenant) as session:
            await session.execute(upsert(t.tenants).values(tenant_id=tenant).on_conflict_do_nothing())


def notice_json(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "run_id": row.run_id, "path": row.path, "channel": row.channel, "to": row.recipient, "title": row.title,
        "text": row.body,
        "conversation": row.conversation, "created_at": row.created_at.isoformat(),
    }  # fmt: skip
