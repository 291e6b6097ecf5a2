"""Send lifecycle events to where the operator wants them (`PARLEY_EVENTS_SINK`), outside the path of any run.

A worker only remembers the ids of runs that moved. Every half second they are noted in the table `outbox`, all in one statement; then
whoever claims a run's row reads what happened since, posts it, and stores how far the receiver has confirmed it. Nothing is lost when a
worker is killed, and an event may arrive twice: it has the same `id` then. A receiver that is away is tried again, ever more seldom.

Source: CloudEvents HTTP Protocol Binding 1.0.2, structured mode (3.2) and, when several go in one request, batched mode (3.3).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy import case, func, select, update

from app import lifecycle
from app.lifecycle_facts import read_rows, read_run, read_turns, read_waits, source_of
from app.store import tables as t
from app.store.ending import within
from app.store.queries import query
from graphs.run.errors import HttpFailed
from graphs.run.ports import HttpRequest
from graphs.run.redaction import Redactor

if TYPE_CHECKING:
    from app.container import Container

log = structlog.get_logger("parley.events")
PAUSE_S = 0.5  # between two looks while runs move
IDLE_S = 1.0  # while none does
SWEEP_EVERY_S, SWEEP_SINCE_S = 15.0, 86_400.0  # for runs whose worker was killed before it noted them
CLAIM, CLAIM_S = 50, 60.0  # runs taken at once, and for how long others leave them alone
AT_ONCE = 8  # runs whose events are under way
ROWS = 500  # of a journal, read in one go
TIMEOUT_S = 30.0  # for the receiver to answer
LONGEST_PAUSE_S = 300.0  # between two tries
EVERYWHERE = ("0.0.0.0/0", "::/0")  # the operator names the address: it may be inside


@dataclass(frozen=True, slots=True)
class Claimed:
    tenant: str
    run_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class News:
    """What is to be sent about a run, and what the receiver then knows."""

    events: list[dict[str, Any]]
    secrets: tuple[str, ...]
    seq: int
    phase: str
    waits: tuple[str, ...]
    more: bool = False  # there is more to read

    def redacted(self, redactor: Redactor) -> News:
        return replace(self, events=redactor.value(self.events))


class NotTaken(Exception):
    """The receiver did not take an event; the text says why."""


class Announcer:
    """Of one worker. `moved` costs nothing; `step` is repeated by the worker."""

    def __init__(self, container: Container) -> None:
        from graphs.run.http import GuardedHttp

        settings = container.settings
        self.url = str(settings.events_sink or "")
        self._place = urlsplit(self.url).netloc.rpartition("@")[2]  # without what it may hold of credentials
        self._store = container.store
        self._public_url = settings.public_url
        self._batch = settings.events_sink_batch
        token = settings.events_sink_token
        self._headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        self._http = GuardedHttp(EVERYWHERE)
        self._moved: set[str] = set()
        self._news = asyncio.Event()
        self._swept = 0.0
        self._away = False

    def moved(self, run_id: str) -> None:
        """Something happened in a run."""
        if self.url:
            self._moved.add(run_id)
            self._news.set()

    async def step(self) -> None:
        """Send what there is, then wait a while."""
        if not self.url:
            await asyncio.Event().wait()
        await self._note()
        if time.monotonic() - self._swept > SWEEP_EVERY_S:
            await self._ask("outbox-sweep", {"since_s": SWEEP_SINCE_S})
            self._swept = time.monotonic()
        claimed = [Claimed(*row) for row in await self._ask("outbox-claim", {"limit": CLAIM, "lease_s": CLAIM_S})]
        room = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._announce(one, room) for one in claimed))
        if len(claimed) < CLAIM:
            self._news.clear()
            await within(self._news, IDLE_S)
            await asyncio.sleep(PAUSE_S)

    async def close(self) -> None:
        """Note what moved, for the next worker."""
        await self._note()
        await self._http.aclose()

    async def _note(self) -> None:
        moved, self._moved = self._moved, set()
        if moved:
            try:
                await self._ask("outbox-note", {"runs": sorted(moved)})
            except BaseException:
                self._moved |= moved
                raise

    async def _ask(self, name: str, values: dict[str, Any]) -> list[Any]:
        async with self._store.database.pool.connection() as connection:
            return await (await connection.execute(query("outbox", name), values)).fetchall()

    async def _announce(self, one: Claimed, room: asyncio.Semaphore) -> None:
        """Send a run's news; what went wrong with the receiver is noted, and it is tried again."""
        async with room:
            try:
                while (news := await self._read(one)) is not None:
                    await self._send(news.events)
                    await self._confirm(one, news)
                    if not news.more:
                        break
            except NotTaken as refused:
                if not self._away:
                    log.warning("Lifecycle events are not taken; they are sent again later", to=self._place, why=str(refused))
                self._away = True
                await self._later(one)
            else:
                if self._away:
                    log.info("Lifecycle events are taken again", to=self._place)
                self._away = False

    async def _read(self, one: Claimed) -> News | None:
        async with self._store.database.session(one.tenant) as session:
            known = (await session.execute(select(t.outbox).where(t.outbox.c.run_id == one.run_id))).first()
            found = await read_run(session, one.run_id, source_of(one.tenant, self._public_url))
            if known is None or found is None:
                return None
            run, secrets = found
            rows = await read_rows(session, one.run_id, after=known.seq, limit=ROWS)
            waits = await read_waits(session, one.run_id)
            turns = await read_turns(session, one.run_id)
        news = news_of(run, rows, waits, known=(known.seq, known.phase, tuple(known.waits)), turns=turns, secrets=secrets)
        return await self._store.redacted(one.tenant, news)

    async def _send(self, events: Sequence[dict[str, Any]]) -> None:
        """Post *events* in their order. Raises NotTaken."""
        for begin in range(0, len(events), self._batch):
            part = events[begin : begin + self._batch]
            kind, content = ("cloudevents", part[0]) if self._batch == 1 else ("cloudevents-batch", part)
            headers = {**self._headers, "Content-Type": f"application/{kind}+json; charset=utf-8"}
            body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
            try:
                answer = await self._http.send(HttpRequest(method="POST", url=self.url, headers=headers, body=body, timeout_s=TIMEOUT_S))
            except HttpFailed as error:
                raise NotTaken(str(error)) from error
            if not 200 <= answer.status < 300:
                raise NotTaken(f"it answered {answer.status}")

    async def _confirm(self, one: Claimed, news: News) -> None:
        c = t.outbox.c
        again = case((c.next_at != one.until, c.next_at), else_=one.until if news.more else None)  # it moved meanwhile
        values = {"seq": news.seq, "phase": news.phase, "waits": list(news.waits), "tries": 0, "next_at": again}
        async with self._store.database.session(one.tenant) as session:
            await session.execute(update(t.outbox).where(c.run_id == one.run_id).values(values))

    async def _later(self, one: Claimed) -> None:
        c = t.outbox.c
        pause_s = func.least(LONGEST_PAUSE_S, PAUSE_S * func.power(2, func.least(c.tries, 20)))
        again = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, pause_s)
        async with self._store.database.session(one.tenant) as session:
            await session.execute(update(t.outbox).where(c.run_id == one.run_id).values(tries=c.tries + 1, next_at=again))


def news_of(
    run: lifecycle.Run,
    rows: Sequence[Any],
    waits: Sequence[Any],
    *,
    known: tuple[int, str, tuple[str, ...]],
    turns: Sequence[tuple[str, datetime]] = (),
    secrets: tuple[str, ...] = (),
) -> News:
    """Return what a receiver that knows *known* (journal number, phase, open waits) has to be told."""
    seq, phase, told = known
    more = len(rows) >= ROWS
    still = {wait.path: wait for wait in waits if wait.delivered_at is None and wait.withdrawn_at is None}
    past = {wait.path: wait for wait in waits if wait.path not in still}
    events = [event for row in rows for event in lifecycle.of_row(run, row)]
    events += [event for path in still if path not in told for event in lifecycle.suspended(run, still[path])]
    for path in told:
        if path in past:
            events += lifecycle.resumed(run, past[path], past[path].delivered_at or past[path].withdrawn_at)
    now = phase
    if not phase:
        now = "running" if run.started_at else ""
    if not more and run.phase != now:
        last = dict(turns)
        if "suspended" in (run.phase, now) and "@" not in run.phase:
            turn = "suspended" if run.phase == "suspended" else "resumed"
            events += lifecycle.turned(run, turn, last[turn]) if turn in last else []
        now = run.phase
    events.sort(key=lambda event: str(event["time"]))
    begin = lifecycle.started(run) if not phase else []
    end = lifecycle.ended(run) if now != phase and "@" in now else []
    return News([*begin, *events, *end], secrets, rows[-1].seq if rows else seq, now, tuple(still), more)
