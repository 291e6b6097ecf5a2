"""NOTIFY, batched and outside every transaction that matters: a NOTIFY inside serialises all commits of the server (29,000 → 5,700/s).

Channels carry ids only, several separated by commas:

* `parley_run`     runs whose picture changed (whoever shows them reads again), at most twice a second a run
* `parley_signal`  runs for which something arrived (the worker that has one in hand collects)
* `parley_notice`  notices that were posted, each as `tenant/id`: unlike a run, a notice can only be found by its tenant
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

import psycopg
from psycopg_pool import PoolTimeout

from app.store.database import Database, to_text
from app.store.ending import end, within
from app.store.patience import lost, outage
from app.store.queries import query

RUN, SIGNAL, NOTICE = "parley_run", "parley_signal", "parley_notice"
CLOSE_S = 2.0
PAUSE_S = 0.5  # between two batches
LONGEST = 7_500  # bytes of a payload: PostgreSQL allows 7,999


class Notifier:
    """Collects what to tell and tells it. What a process that dies had collected is lost: readers read anew when they connect."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, set[str]] = {RUN: set(), SIGNAL: set(), NOTICE: set()}
        self._live: dict[str, tuple[str, Sequence[str]]] = {}
        self._urgent = asyncio.Event()
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def run_changed(self, run_id: str) -> None:
        self._tell(RUN, [run_id])

    def show_live(self, tenant: str, run_id: str, running: Sequence[str]) -> None:
        """Keep which paths of a run are being executed right now, for its picture."""
        self._live[run_id] = (tenant, running)
        self._tell(RUN, [run_id])

    def forget_live(self, run_id: str) -> None:
        self._live.pop(run_id, None)

    def signal(self, run_ids: Iterable[str]) -> None:
        if self._tell(SIGNAL, run_ids):
            self._urgent.set()

    def notice(self, tenant: str, notice_id: str) -> None:
        self._tell(NOTICE, [f"{tenant}/{notice_id}"])
        self._urgent.set()

    async def close(self) -> None:
        """Tell what is left, if the database listens, then stop."""
        self._closing = True
        if self._task is not None:
            self._urgent.set()
            self._wanted.set()
            await asyncio.wait([self._task], timeout=CLOSE_S)
            await end(self._task)

    def _tell(self, channel: str, ids: Iterable[str]) -> bool:
        before = len(self._waiting[channel])
        self._waiting[channel].update(ids)
        if not self._waiting[channel]:
            return False
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="parley-notifier")
        self._wanted.set()
        return len(self._waiting[channel]) > before

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._send()
            except (psycopg.Error, PoolTimeout, OSError) as exc:
                if not lost(exc):
                    raise
                outage.began(exc)
                self._wanted.set()
            if self._closing:
                return
            await within(self._urgent, PAUSE_S)
            self._urgent.clear()

    async def _send(self) -> None:
        live, self._live = self._live, {}
        waiting, self._waiting = self._waiting, {RUN: set(), SIGNAL: set(), NOTICE: set()}
        try:
            for tenant in {tenant for tenant, _ in live.values()}:
                shown = {run_id: to_text(list(running)) for run_id, (whose, running) in live.items() if whose == tenant}
                async with self._database.quick(tenant) as connection:
                    await connection.execute(query("runs", "show-live"), {"run": list(shown), "running": list(shown.values())})
            async with self._database.pool.connection() as connection:
                for channel, ids in waiting.items():
                    for payload in payloads(ids):
                        await connection.execute("SELECT pg_notify(%s, %s)", [channel, payload])
        except BaseException:
            for channel, ids in waiting.items():
                self._waiting[channel] |= ids
            raise


def payloads(ids: Iterable[str]) -> Iterator[str]:
    """Join *ids* with commas into texts that fit a notification."""
    text = ""
    for id_ in sorted(ids):
        if text and len(text) + len(id_) + 1 > LONGEST:
            yield text
            text = ""
        text = f"{text},{id_}" if text else id_
    if text:
        yield text
