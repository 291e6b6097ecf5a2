"""Group commit: everything the runs of this process have to write goes through one connection, all that is queued in one transaction.

Twenty steps of fifty runs become a handful of commits (measured: 10,400 steps/s against 1,100 with a transaction a step). Whoever needs
durability awaits `flush()`. When the database is away the same batch is written again as soon as it is back: every statement ignores rows
that are there already.

A flush is one message: the runs it fences, the tenant, prepared statements with their arguments. PostgreSQL takes it as one transaction.
psycopg's transaction in a pipeline costs four times the processor time and twice the wait (measured), and each run waits for each effect.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from psycopg import pq

from app.store.arrays import array
from app.store.database import AsyncConnection, Database
from app.store.ending import end, within
from app.store.patience import patiently
from app.store.queries import query
from graphs.run.errors import RunError

log = structlog.get_logger("parley.store")
Rows = Sequence[Any]
CLOSE_S = 2.0
LINGER_S = 0.05  # a result nobody waits for is durable this soon
CROWD, CROWD_S = 8, 0.002  # when so many runs write in turn, a flush waits for more of them to come along
FENCE = query("journal", "fence").replace("%(runs)s", "%s").encode()
_PLACE = re.compile(r"%(?:\((?P<name>\w+)\))?s::(?P<type>\w+\[\])")


@dataclass(frozen=True, slots=True)
class Kind:
    """One statement that writes many rows at once. Its parameters are arrays, written with their type: `%(path)s::text[]` or `%s::text[]`.

    `parameters` turns rows into them, each a list or the literal of an array; `answered`, when there is one, is called with (rows, the
    statement's rows). `runs` tells which runs nobody may take over while these rows are written. With `once`, rows are mostly new, and the
    statement's ON CONFLICT is left out at first: with it PostgreSQL logs every row twice.
    """

    name: str
    sql: str
    parameters: Callable[[Rows], Sequence[Any] | Mapping[str, Any]]
    answered: Callable[[Rows, Sequence[Any]], None] | None = None
    runs: Callable[[Rows], Iterable[str]] | None = None
    once: bool = False

    def prepare(self, *, again: bool) -> str:
        """Return the statement that prepares this one; *again* when rows may be there already."""
        numbers = {place["name"] or str(place.start()): number for number, place in enumerate(_PLACE.finditer(self.sql), 1)}
        types = ", ".join(place["type"] for place in _PLACE.finditer(self.sql))
        body = _PLACE.sub(lambda place: f"${numbers[place['name'] or str(place.start())]}", self.sql)
        return f'PREPARE "{self.prepared(again=again)}" ({types}) AS {body if again else body.replace("ON CONFLICT DO NOTHING", "")}'

    def prepared(self, *, again: bool) -> str:
        return f"{self.name}, again" if again else self.name

    def execute(self, rows: Rows, escaping: pq.abc.Escaping, *, again: bool) -> bytes:
        """Return the statement that executes the prepared one on *rows*. Raises psycopg.DataError for a text with a NUL."""
        given = self.parameters(rows)
        ordered = [given[place["name"]] for place in _PLACE.finditer(self.sql)] if isinstance(given, Mapping) else given
        literals = [_literal(one if isinstance(one, str) else array(one), escaping) for one in ordered]
        return b'EXECUTE "%s" (%s)' % (self.prepared(again=again).encode(), b", ".join(literals))


@dataclass(frozen=True, slots=True)
class Item:
    tenant: str
    kind: Kind
    row: Any
    owner: object  # whoever fails together with this row: a journal, a call of the saver


class GroupWriter:
    def __init__(self, database: Database, *, patience_s: float) -> None:
        self._database = database
        self.patience_s = patience_s
        self._queued: list[Item] = []
        self._waiters: list[tuple[object, asyncio.Future[None]]] = []
        self._failed: dict[int, tuple[object, BaseException]] = {}  # by the owner's identity, until it asks
        self._wanted = asyncio.Event()
        self._all_here = asyncio.Event()  # whoever asked lately waits: nobody else is to be waited for
        self._linger: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._connection: AsyncConnection | None = None
        self._prepared: set[str] = set()  # statements the connection knows
        self._last: deque[int] = deque(maxlen=4 * CROWD)  # who asked for the last flushes
        self.flushes = 0

    def add(self, item: Item) -> None:
        """Queue *item*; it is written with the next flush, whoever asks for it, and soon even if nobody does."""
        self._queued.append(item)
        if self._linger is None:
            self._linger = asyncio.get_running_loop().call_later(LINGER_S, self._wake)

    async def flush(self, owner: object) -> None:
        """Return when everything *owner* has queued is durable. Raises what went wrong with it, StoreUnavailable among others."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((owner, future))
        self._last.append(id(owner))
        if len(self._waiters) >= len(set(self._last)):
            self._all_here.set()
        self._wake()
        await future

    def forget(self, owner: object) -> None:
        """Say that *owner* will not ask any more."""
        self._failed.pop(id(owner), None)

    async def close(self, *, within_s: float = CLOSE_S) -> None:
        """Write what is queued, if the database takes it within *within_s*, then let go of the connection."""
        if self._queued:
            try:
                async with asyncio.timeout(within_s):
                    await self.flush(self)
            except (TimeoutError, RunError, psycopg.Error, OSError) as exc:
                log.warning("Some results were not stored; what they came from is done again", rows=len(self._queued), why=str(exc))
        if self._linger is not None:
            self._linger.cancel()
        await end(self._task)
        if self._connection is not None:
            await self._connection.close()

    def _wake(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="parley-writer")
        self._wanted.set()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            if len(set(self._last)) >= CROWD:
                await within(self._all_here, CROWD_S)
            self._wanted.clear()
            self._all_here.clear()
            if self._linger is not None:
                self._linger.cancel()
                self._linger = None
            items, self._queued = self._queued, []
            waiters, self._waiters = self._waiters, []
            try:
                if items:
                    await self._write(items)
            except BaseException:
                for _, future in waiters:
                    future.cancel()
                raise
            self._answer(waiters)

    def _answer(self, waiters: Sequence[tuple[object, asyncio.Future[None]]]) -> None:
        """Tell everybody how it went: all who wait for the same owner hear the same."""
        failed = {id(owner): self._failed.pop(id(owner)) for owner, _ in waiters if id(owner) in self._failed}
        for owner, future in waiters:
            if future.done():
                continue
            if id(owner) in failed:
                future.set_exception(failed[id(owner)][1])
            else:
                future.set_result(None)

    async def _write(self, items: list[Item]) -> None:
        """Write *items*; what goes wrong is kept for their owners. One bad row does not take the rows of others with it."""
        owners = {id(item.owner): item.owner for item in items}
        try:
            await patiently(lambda: self._transaction(items), patience_s=self.patience_s)
        except Exception as exc:  # whoever waits hears of it, whatever it is: nobody waits for ever
            if len(owners) > 1 and not isinstance(exc, RunError):
                for key in owners:
                    await self._write([item for item in items if id(item.owner) == key])
                return
            self._failed.update({key: (owner, exc) for key, owner in owners.items()})

    async def _transaction(self, items: list[Item]) -> None:
        """Write *items* in one message, which is one transaction."""
        grouped = _grouped(items)
        try:
            await self._send(grouped, again=False)
        except psycopg.errors.UniqueViolation:  # written before: the answer got lost with the connection, or somebody repeats himself
            await self._send(grouped, again=True)
        self.flushes += 1

    async def _send(self, grouped: Mapping[str, Mapping[Kind, Rows]], *, again: bool) -> None:
        connection = await self._connected()
        escaping, message = pq.Escaping(connection.pgconn), []
        runs = {run for kinds in grouped.values() for kind, rows in kinds.items() if kind.runs for run in kind.runs(rows)}
        if runs:
            message.append(FENCE % _literal(array(sorted(runs)), escaping))
        for tenant, kinds in grouped.items():
            message.append(b"SELECT set_config('app.tenant', %s, true)" % _literal(tenant, escaping))
            for kind, rows in kinds.items():
                name = kind.prepared(again=again or not kind.once)
                if name not in self._prepared:
                    await connection.execute(kind.prepare(again=again or not kind.once), prepare=False)
                    self._prepared.add(name)
                message.append(kind.execute(rows, escaping, again=again or not kind.once))
        cursor = await connection.execute(b"; ".join(message), prepare=False)
        if runs:
            cursor.nextset()
        for kinds in grouped.values():
            for kind, rows in kinds.items():
                cursor.nextset()
                if kind.answered is not None:
                    kind.answered(rows, await cursor.fetchall())
            cursor.nextset()

    async def _connected(self) -> AsyncConnection:
        if self._connection is None or self._connection.closed or self._connection.broken:
            self._connection, self._prepared = await self._database.connect(autocommit=True), set()
        return self._connection


def _grouped(items: list[Item]) -> dict[str, dict[Kind, list[Any]]]:
    """Return rows by tenant and kind; within a kind in the order they were queued."""
    grouped: dict[str, dict[Kind, list[Any]]] = {}
    for item in items:
        grouped.setdefault(item.tenant, {}).setdefault(item.kind, []).append(item.row)
    return grouped


def _literal(text: str, escaping: pq.abc.Escaping) -> bytes:
    if "\0" in text:
        raise psycopg.DataError("a text holds a NUL character, which cannot be stored")
    return bytes(escaping.escape_literal(text.encode()))
