"""LISTEN on one connection a process, connected again when it breaks. A notification is a hint: after each connect everything is read
anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
import structlog
from psycopg import sql

from app.store.database import Database
from app.store.ending import end
from app.store.patience import lost, outage

log = structlog.get_logger("parley.store")
Heard = Callable[[str], None]  # called with the payload; with "" after every (re)connect: anything may have been missed


class Listener:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._heard: dict[str, list[Heard]] = {}
        self._task: asyncio.Task[None] | None = None
        self.ready = asyncio.Event()  # the connection listens

    def on(self, channel: str, heard: Heard) -> None:
        """Call *heard* for every notification on *channel*. To be said before `start()`."""
        self._heard.setdefault(channel, []).append(heard)

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="parley-listener")

    async def close(self) -> None:
        if self._task is not None:
            await end(self._task)
            self._task = None

    async def _run(self) -> None:
        pause_s = 0.1
        while True:
            try:
                await self._listen()
                pause_s = 0.1
            except (psycopg.Error, OSError) as exc:
                if not lost(exc):
                    raise
                outage.began(exc)
            self.ready.clear()
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 2.0)

    async def _listen(self) -> None:
        connection = await self._database.connect(autocommit=True)
        try:
            for channel in self._heard:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            outage.ended()
            self.ready.set()
            for handlers in self._heard.values():
                for heard in handlers:
                    heard("")
            async for notification in connection.notifies():
                for heard in self._heard.get(notification.channel, ()):
                    heard(notification.payload)
        finally:
            await connection.close()
