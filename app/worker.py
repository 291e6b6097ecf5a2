"""The worker: takes wake-ups, advances runs, renews their leases, and looks after what got lost.

    python -m app.worker        (or `parley worker`)

* Each wake-up says "advance run X". The worker first takes the run's lease (a new epoch): lost or doubled wake-ups do no harm.
* Leases are renewed every `heartbeat_s`; a run whose lease was lost is dropped at once, its writes are refused by the epoch anyway.
* The sweep finds due timers, leases that ran out (a killed worker), and ready runs whose wake-up got lost.
* PostgreSQL may go away: everything waits with growing pauses, says so once, and goes on. No run fails because of it.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from app.announcing import Announcer
from app.remembering import Tending
from app.running import Runner, process_name
from app.scheduling.loop import Schedules
from app.store.ending import end, within
from app.store.errors import DatabaseAway
from app.store.journal import Resting
from app.store.notifying import SIGNAL
from app.store.patience import lost, outage
from app.store.queries import query
from app.store.retention import Retention
from app.store.runs import Lease
from graphs.run.errors import LeaseLost, StoreUnavailable

if TYPE_CHECKING:
    from app.container import Container
    from app.store.queue import WakeUp

log = structlog.get_logger("parley.worker")
SWEEP_LIMIT = 500
LETTING_GO_S, GIVING_BACK_S, AGAIN_S = 5.0, 2.0, 0.5  # a run that was stopped where it is gives its lease back
READY_TOO_LONG_S = 5.0  # a ready run this old lost its wake-up


class Worker:
    def __init__(self, container: Container, *, concurrency: int) -> None:
        self.owner = process_name()
        self.runner = Runner(container, self.owner)
        self._container = container
        self._store = container.store
        self._settings = container.settings
        self._concurrency = concurrency
        self._running: dict[asyncio.Task[None], str] = {}
        self._letting_go: set[asyncio.Task[Any] | None] = set()  # cancelled, and giving their run back
        self._announcer: Announcer | None = None
        self._room = asyncio.Event()
        self._renew_soon = asyncio.Event()  # a signal came: a person may want a run cancelled

    async def work(self, stop: asyncio.Event) -> None:
        """Work until *stop* is set, then let runs come to a rest and give the others back."""
        for channel in self._store.queue.channels:
            self._store.listener.on(channel, lambda _: self._store.queue.changed.set())
        self._store.listener.on(SIGNAL, self._signalled)
        self._store.listener.start()
        schedules = Schedules(self._container)
        retention = Retention(self._store.database, days=self._settings.retention_days)
        self._announcer = Announcer(self._container) if self._settings.events_sink else None
        parts: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("queue", self._take), ("heartbeat", self._beat), ("sweep", self._sweep), ("schedules", schedules.step),
            ("retention", retention.step), ("memories", Tending(self._container).step),
        ]  # fmt: skip
        if self._announcer is not None:
            parts.append(("events", self._announcer.step))
        loops = [asyncio.create_task(self._supervised(name, step, stop), name=f"worker-{name}") for name, step in parts]
        log.info("The worker is ready", owner=self.owner, concurrency=self._concurrency)
        try:
            await stop.wait()
        finally:
            await end(loops[0], *loops[2:])
            await self._wind_down()
            await end(loops[1])
            await self.runner.close()
            await self._stop_announcing()
            await self._leave()
        log.info("The worker has stopped", owner=self.owner)

    async def _supervised(self, name: str, step: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
        """Repeat *step* for ever; an absent database is waited for, a mistake of ours is logged and does not end the worker."""
        pause_s = 0.1
        while not stop.is_set() or name == "heartbeat":
            try:
                await step()
                pause_s = 0.1
                continue
            except (psycopg.Error, DatabaseAway, PoolTimeout, OSError) as exc:
                if not lost(exc):
                    log.exception("A part of the worker failed; it goes on", part=name)
                else:
                    outage.began(exc)
            except Exception as exc:
                if not _is_connection(exc):
                    log.exception("A part of the worker failed; it goes on", part=name)
                else:
                    outage.began(exc)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 2.0)

    # wake-ups

    async def _take(self) -> None:
        """Take wake-ups while there is room, and start on their runs."""
        free = self._concurrency - len(self._running)
        if free <= 0:
            self._room.clear()
            await self._room.wait()
            return
        for wake_up in await self._store.queue.claim(free, within_s=2.0):
            self._start(wake_up.run_id, wake_up)

    def _start(self, run_id: str, wake_up: WakeUp | None) -> None:
        task = asyncio.create_task(self._advance(run_id, wake_up), name=f"advance {run_id}")
        self._running[task] = run_id
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._room.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("A run could not be advanced; it is tried again", exc_info=task.exception())

    async def _advance(self, run_id: str, wake_up: WakeUp | None) -> None:
        self._moved(run_id)
        try:
            lease = await self.runner.claim(run_id)
            if lease is not None:
                await self._with(lease)
        except (StoreUnavailable, psycopg.Error, PoolTimeout, OSError) as exc:
            if not isinstance(exc, StoreUnavailable) and not lost(exc):
                raise
            log.warning("A run is given up, another worker goes on with it", run=run_id, why=str(exc))
        finally:
            self._moved(run_id)
            if wake_up is not None:
                await self._release(wake_up)

    async def _with(self, lease: Lease) -> None:
        try:
            await self.runner.advance(lease)
        except Resting:
            await self._hand_back(lease)
        except LeaseLost:
            log.warning("Another worker has taken a run over", run=lease.run_id, epoch=lease.epoch)
        except asyncio.CancelledError:
            self._letting_go.add(asyncio.current_task())
            try:
                await asyncio.shield(self._hand_back(lease))
            finally:
                self._letting_go.discard(asyncio.current_task())
            raise

    async def _hand_back(self, lease: Lease) -> None:
        try:
            async with asyncio.timeout(GIVING_BACK_S):
                await self.runner.hand_back(lease)
        except (TimeoutError, psycopg.Error, PoolTimeout, OSError) as exc:
            log.warning("A run could not be given back; its lease runs out", run=lease.run_id, why=str(exc))

    async def _release(self, wake_up: WakeUp) -> None:
        try:
            await self._store.queue.release(wake_up)
        except Exception as exc:
            if not _is_connection(exc):
                raise
            outage.began(exc)  # dropped with this worker's silence, or ignored: the run's row is what counts

    def _moved(self, run_id: str) -> None:
        if self._announcer is not None:
            self._announcer.moved(run_id)

    async def _stop_announcing(self) -> None:
        if self._announcer is None:
            return
        try:
            async with asyncio.timeout(GIVING_BACK_S):
                await self._announcer.close()
        except (TimeoutError, psycopg.Error, PoolTimeout, OSError) as exc:
            log.warning("Which runs moved last could not be noted; the next worker finds them", why=str(exc).strip())

    # leases

    async def _beat(self) -> None:
        began = time.monotonic()
        await self.runner.renew()
        await self._store.queue.heartbeat()
        async with self._store.database.pool.connection() as connection:
            await connection.execute(query("runs", "here"), {"owner": self.owner, "slots": self._concurrency})
        pause_s = max(0.05, self._settings.heartbeat_s - (time.monotonic() - began))
        await within(self._renew_soon, pause_s)
        self._renew_soon.clear()

    def _signalled(self, payload: str) -> None:
        """Something arrived for these runs: those in hand look into their mailbox, and whether they are to be cancelled."""
        mine = [run_id for run_id in payload.split(",") if run_id in self.runner.in_hand] if payload else list(self.runner.in_hand)
        for run_id in mine:
            self.runner.in_hand[run_id].mailbox.arrived.set()
        if mine:
            self._renew_soon.set()

    # what got lost

    async def _sweep(self) -> None:
        async with self._store.database.pool.connection() as connection:
            values = {"limit": SWEEP_LIMIT, "ready_s": READY_TOO_LONG_S}
            found = await (await connection.execute(query("runs", "sweep"), values)).fetchall()
            lost_runs = {run_id: orphaned for run_id, orphaned in found if run_id not in self.runner.in_hand}
            if any(lost_runs.values()):
                log.warning("A worker fell silent: its runs are taken over", runs=sum(lost_runs.values()))
                await self._store.queue.drop([run for run, orphaned in lost_runs.items() if orphaned])
            if lost_runs:
                await connection.execute(self._store.queue.asking, {"runs": list(lost_runs)})
            next_timer = await (await connection.execute(query("runs", "next-timer"), {"limit_s": self._settings.sweep_s})).fetchone()
        await asyncio.sleep(max(0.05, float(next_timer[0] if next_timer else self._settings.sweep_s)))

    # the end

    async def _wind_down(self) -> None:
        """Give steps the time to end; then stop the runs where they are, for whoever comes next."""
        from graphs.run import RELEASE

        self.runner.rest()
        if self._running:
            log.info("The worker stops: runs come to a rest", runs=len(self._running), at_most_s=self._settings.stop_grace_s)
            await asyncio.wait(self._running, timeout=self._settings.stop_grace_s)
        for _ in range(int(LETTING_GO_S / AGAIN_S)):
            for task in self._running.keys() - self._letting_go:
                task.cancel(RELEASE)  # again and again: Python 3.11 may lose one
            if not self._running:
                return
            await asyncio.wait(self._running, timeout=AGAIN_S)
        log.warning("Some runs did not let go; the next worker takes them over when their leases run out", runs=len(self._running))

    async def _leave(self) -> None:
        try:
            async with self._store.database.pool.connection(timeout=1) as connection:
                await connection.execute(query("runs", "gone"), {"owner": self.owner})
        except (psycopg.Error, PoolTimeout, OSError) as exc:
            log.warning("The worker could not say goodbye", why=str(exc).strip())


def settle() -> None:
    """Look for garbage seldom: nearly all of a run goes by itself, and what is loaded stays (searching it stops every run for 0.1 s)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


async def work(container: Container, *, concurrency: int | None = None, stop: asyncio.Event) -> None:
    """Run a worker in this process until *stop* is set."""
    settle()
    await Worker(container, concurrency=concurrency or container.settings.worker_concurrency).work(stop)


def _is_connection(error: BaseException) -> bool:
    """Return whether procrastinate's error, or another library's, hides a database that is away."""
    cause: BaseException | None = error
    while cause is not None:
        if lost(cause):
            return True
        cause = cause.__cause__
    return False


async def main() -> None:
    """Work until SIGTERM or Ctrl-C."""
    from app.container import Container
    from app.settings import Settings

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    settings = Settings()
    async with Container.open(settings, role="worker") as container:
        await work(container, stop=stop)


if __name__ == "__main__":
    asyncio.run(main())
