"""The chat's rows: people, threads, steps, elements, feedback. Schema `chat`, one tenant a transaction, every write checked for its owner.

Knows nothing of Chainlit. Rows go in and out as dictionaries with the column names of the schema. A database that is away for a moment
is waited for; its errors are raised, never swallowed. A row of another tenant is invisible (row-level security): it answers like one that
is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Identifier, Placeholder
from psycopg.types.json import Jsonb

from app.store.patience import patient
from app.web import chat_queries as queries
from app.web.clock import utc_now
from app.web.errors import NotThere, NotYours
from app.web.identity import Identity
from app.web.masking import masked, masked_step

Row = dict[str, Any]
PATIENCE_S = 60.0  # as long as a person waits for an answer
Cursor = psycopg.AsyncCursor[Row]

STEP_COLUMNS = (
    "id", "name", "type", "threadId", "parentId", "streaming", "waitForAnswer", "isError", "metadata", "tags", "input", "output",
    "createdAt", "command", "start", "end", "generation", "showInput", "language", "defaultOpen", "autoCollapse", "modes",
)  # fmt: skip
ELEMENT_COLUMNS = (
    "id", "threadId", "type", "url", "chainlitKey", "name", "display", "objectKey", "size", "page", "language", "forId", "mime", "props",
    "autoPlay", "playerConfig",
)  # fmt: skip
THREAD_COLUMNS = ("id", "createdAt", "name", "userId", "userIdentifier", "tags", "metadata")
JSON_COLUMNS = frozenset({"metadata", "generation", "modes", "props", "playerConfig"})
NAME_LENGTH = 120


class Transactions(Protocol):
    """What the store needs of `app.store.database.Database`."""

    def transaction(self, tenant: str) -> AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]: ...


class ChatStore:
    """Reads and writes the schema `chat`."""

    def __init__(self, database: Transactions, *, patience_s: float = PATIENCE_S) -> None:
        self._database = database
        self.patience_s = patience_s  # for a database that is away: what may be repeated is

    @asynccontextmanager
    async def transaction(self, tenant: str) -> AsyncIterator[Cursor]:
        """Open a transaction that sees *tenant* only. Raises NotYours when row-level security refuses a write."""
        try:
            async with self._database.transaction(tenant) as connection, connection.cursor(row_factory=dict_row) as cursor:
                yield cursor
        except psycopg.errors.InsufficientPrivilege as exc:
            raise NotYours("this belongs to somebody else") from exc

    # people
    async def user(self, who: Identity) -> Row | None:
        """Return `{id, identifier, metadata, createdAt}`."""
        async with self.transaction(who.tenant) as cursor:
            query = b'SELECT "id", "identifier", "metadata", "createdAt" FROM chat.users WHERE "identifier" = %s'
            return await _one(cursor, query, who.identifier)

    async def put_user(self, who: Identity, metadata: Mapping[str, Any]) -> Row:
        """Make or refresh a person's row and return it."""
        async with self.transaction(who.tenant) as cursor:
            values = (who.tenant, who.user_id, who.identifier, _json(dict(metadata)), utc_now())
            row = await _one(cursor, queries.PUT_USER.encode(), *values)
        if row is None:
            raise NotYours("this name belongs to somebody else")
        return row

    # threads
    @patient
    async def owner(self, tenant: str, thread_id: str) -> Identity | None:
        """Return whose thread this is; None when *tenant* has no such thread."""
        async with self.transaction(tenant) as cursor:
            row = await _one(cursor, b'SELECT "userIdentifier" FROM chat.threads WHERE "id" = %s', thread_id)
        return Identity.parse(row["userIdentifier"]) if row and row["userIdentifier"] else None

    @patient
    async def put_thread(
        self,
        who: Identity,
        thread_id: str,
        *,
        name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        tags: Sequence[str] | None = None,
    ) -> None:
        """Make *who*'s thread or change what is given; a `None` inside *metadata* removes that key. Raises NotYours."""
        given = {key: value for key, value in (metadata or {}).items() if value is not None}
        gone = [key for key, value in (metadata or {}).items() if value is None]
        title = clean(masked(name)[:NAME_LENGTH]) if name else None
        async with self.transaction(who.tenant) as cursor:
            await _own_thread(cursor, who, thread_id)
            await cursor.execute(queries.PUT_THREAD, (title, list(tags) if tags is not None else None, _json(given), gone, thread_id))

    @patient
    async def threads(
        self, who: Identity, *, first: int, after: str | None = None, search: str | None = None, feedback: int | None = None
    ) -> tuple[list[Row], bool]:
        """Return one page of *who*'s threads, newest first, without their steps, and whether more follow."""
        pattern = "%" + re.sub(r"([\\%_])", r"\\\1", search) + "%" if search else None
        values = {"who": who.identifier, "after": after, "search": pattern, "feedback": feedback, "limit": first + 1}
        async with self.transaction(who.tenant) as cursor:
            await cursor.execute(SQL(queries.THREADS).format(_columns(THREAD_COLUMNS, "t")), values)
            rows = [_plain(row) for row in await cursor.fetchall()]
        return rows[:first], len(rows) > first

    @patient
    async def thread(self, tenant: str, thread_id: str) -> Row | None:
        """Return a thread with its `steps` (in order, each with its `feedback`) and `elements`."""
        async with self.transaction(tenant) as cursor:
            await cursor.execute(SQL(queries.THREAD).format(_columns(THREAD_COLUMNS, "t")), (thread_id,))
            row = await cursor.fetchone()
            if row is None:
                return None
            await cursor.execute(SQL(queries.STEPS).format(_columns(STEP_COLUMNS, "s")), (thread_id,))
            steps = [_with_feedback(_plain(step)) for step in await cursor.fetchall()]
            return {**_plain(row), "steps": steps, "elements": await _elements(cursor, thread_id)}

    async def delete_thread(self, who: Identity, thread_id: str) -> None:
        """Remove *who*'s thread with all that is in it. Raises NotThere."""
        async with self.transaction(who.tenant) as cursor:
            await cursor.execute('DELETE FROM chat.threads WHERE "id" = %s AND "userIdentifier" = %s', (thread_id, who.identifier))
            if not cursor.rowcount:
                raise NotThere("there is no such conversation")

    # steps
    @patient
    async def put_step(self, who: Identity, step: Mapping[str, Any]) -> None:
        """Write a message or step of *who*'s thread, masked; the thread is made when this is its first row. Raises NotYours."""
        step = masked_step(step)
        values = {name: _value(name, step[name]) for name in STEP_COLUMNS if step.get(name) is not None}
        shown = str(step.get("showInput") or "").lower() or None
        async with self.transaction(who.tenant) as cursor:
            await _own_thread(cursor, who, step["threadId"])
            await _upsert(cursor, "steps", who.tenant, {"streaming": False, **values, "showInput": shown})

    @patient
    async def known_steps(self, tenant: str, ids: Sequence[str]) -> set[str]:
        """Return which of *ids* are there."""
        if not ids:
            return set()
        async with self.transaction(tenant) as cursor:
            await cursor.execute('SELECT "id" FROM chat.steps WHERE "id" = ANY(%s::uuid[])', (list(ids),))
            return {str(row["id"]) for row in await cursor.fetchall()}

    async def delete_step(self, who: Identity, step_id: str) -> None:
        """Remove a step of one of *who*'s threads, with its elements and feedback. Raises NotThere."""
        async with self.transaction(who.tenant) as cursor:
            await cursor.execute(queries.DELETE_STEP, (step_id, who.identifier))
            if not cursor.rowcount:
                raise NotThere("there is no such message")
            await cursor.execute('DELETE FROM chat.elements WHERE "forId" = %s', (step_id,))
            await cursor.execute('DELETE FROM chat.feedbacks WHERE "forId" = %s', (step_id,))

    # elements
    @patient
    async def put_element(self, who: Identity, element: Mapping[str, Any]) -> None:
        """Write an element of *who*'s thread with its props. Raises NotYours."""
        values = {name: _value(name, element[name]) for name in ELEMENT_COLUMNS if element.get(name) is not None}
        async with self.transaction(who.tenant) as cursor:
            await _own_thread(cursor, who, element["threadId"])
            await _upsert(cursor, "elements", who.tenant, values)

    @patient
    async def element(self, tenant: str, element_id: str) -> Row | None:
        """Return one element with its props."""
        async with self.transaction(tenant) as cursor:
            await cursor.execute(SQL(queries.ELEMENT).format(_columns(ELEMENT_COLUMNS, "e")), (element_id,))
            row = await cursor.fetchone()
        return _plain(row) if row else None

    @patient
    async def elements(self, tenant: str, thread_id: str) -> list[Row]:
        """Return the elements of a thread."""
        async with self.transaction(tenant) as cursor:
            return await _elements(cursor, thread_id)

    async def delete_element(self, who: Identity, element_id: str) -> None:
        """Remove an element of one of *who*'s threads. Raises NotThere."""
        async with self.transaction(who.tenant) as cursor:
            await cursor.execute(queries.DELETE_ELEMENT, (element_id, who.identifier))
            if not cursor.rowcount:
                raise NotThere("there is no such element")

    # feedback
    async def put_feedback(self, who: Identity, *, feedback_id: str, step_id: str, value: int, comment: str | None) -> None:
        """Keep *who*'s opinion on a message of their own thread. Raises NotThere, NotYours."""
        async with self.transaction(who.tenant) as cursor:
            row = await _one(cursor, queries.STEP_OF.encode(), step_id, who.identifier)
            if row is None:
                raise NotThere("there is no such message")
            values = {"id": feedback_id, "forId": step_id, "threadId": row["threadId"], "value": value, "comment": clean(comment)}
            await _upsert(cursor, "feedbacks", who.tenant, values)


async def _own_thread(cursor: Cursor, who: Identity, thread_id: str) -> None:
    """Make sure the thread is there and *who*'s; the first message of a thread arrives before Chainlit has made its row."""
    await cursor.execute(queries.ENSURE_USER, (who.tenant, who.user_id, who.identifier, utc_now()))
    await cursor.execute(queries.ENSURE_THREAD, (who.tenant, thread_id, utc_now(), who.user_id, who.identifier))
    row = await _one(cursor, b'SELECT "userIdentifier" FROM chat.threads WHERE "id" = %s', thread_id)
    if row is None or row["userIdentifier"] != who.identifier:
        raise NotYours("this conversation belongs to somebody else")


async def _upsert(cursor: Cursor, table: str, tenant: str, values: Mapping[str, Any]) -> None:
    """Insert or replace a row by id. A row that exists stays in its thread: an id of another thread is refused. Raises NotYours."""
    names = list(values)
    query = SQL(queries.UPSERT).format(
        table=Identifier(table),
        columns=SQL(", ").join(map(Identifier, names)),
        places=SQL(", ").join(map(Placeholder, names)),
        sets=SQL(", ").join(SQL("{0} = excluded.{0}").format(Identifier(name)) for name in names if name != "id"),
    )
    await cursor.execute(query, {**values, "tenant_id": tenant})
    if not cursor.rowcount:
        raise NotYours("this belongs to another conversation")


async def _elements(cursor: Cursor, thread_id: str) -> list[Row]:
    await cursor.execute(SQL(queries.ELEMENTS).format(_columns(ELEMENT_COLUMNS, "e")), (thread_id,))
    return [_plain(row) for row in await cursor.fetchall()]


async def _one(cursor: Cursor, query: bytes, *values: Any) -> Row | None:
    await cursor.execute(query, values)
    row = await cursor.fetchone()
    return _plain(row) if row else None


def _columns(names: Sequence[str], table: str) -> Composable:
    return SQL(", ").join(Identifier(table, name) for name in names)


def _plain(row: Row) -> Row:
    """UUIDs as text, for the rows become JSON; props read back from their text."""
    found = {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}
    if isinstance(found.get("props"), str):
        found["props"] = json.loads(found["props"])
    return found


def _with_feedback(row: Row) -> Row:
    feedback_id, value, comment = (row.pop(f"feedback_{name}") for name in ("id", "value", "comment"))
    feedback = {"id": str(feedback_id), "forId": row["id"], "value": value, "comment": comment} if value is not None else None
    return {**row, "metadata": row["metadata"] or {}, "input": row["input"] or "", "output": row["output"] or "", "feedback": feedback}


def _value(name: str, value: Any) -> Any:
    if name == "props":  # as text inside the jsonb: jsonb would sort the keys, and with them the columns of every table on a card
        return Jsonb(json.dumps(clean(value)))
    return _json(value) if name in JSON_COLUMNS else clean(value)


def _json(value: Any) -> Jsonb:
    return Jsonb(clean(value))


def clean(value: Any) -> Any:
    """Return *value* without what PostgreSQL's text cannot hold: the NUL character and lone surrogates."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {clean(str(key)): clean(item) for key, item in value.items()}
    return [clean(item) for item in value] if isinstance(value, list | tuple) else value
