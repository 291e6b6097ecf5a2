"""Runs that wait: what they hold, what they cost, how soon they go on when their time has come.

All are real runs, started in bulk and parked by real workers, 40 % with a timer, 30 % listening for an event of their own, 30 % asking a
person. Whose turn comes is decided at the end: timers of runs that wait are moved to the moments wanted, so that these are exact.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

import dsl
from app.actions import Actor
from app.container import Container
from app.settings import Settings
from bench.rivals.server import cpu_s
from bench.scale.definitions import ASKS, EVENT, LISTENS, SLEEPS
from bench.scale.probe import Probe, until, workers

WHO = Actor("default", "bench", "bench", "admin", "cli")
MIX = ((SLEEPS, 0.4), (LISTENS, 0.3), (ASKS, 0.3))
PORTION = 5000  # runs started in one go
READY = 10_000  # at most, when the next portion is started
PACE, PACED_S = 100, 30
QUIET_S = 10  # of looking at what waiting costs
AHEAD_S = 3.0
LOOK_EVERY_S = 0.2
SINGLE = 20  # events and answers, one after the other


@dataclass(frozen=True, slots=True)
class Line:
    what: str
    value: str


def spread(values: Sequence[float], unit: str = "s", digits: int = 2) -> str:
    """Return median, 99th percentile and maximum in words."""
    ordered = sorted(values)
    if not ordered:
        return "nothing"
    at = [ordered[int((len(ordered) - 1) * part)] for part in (0.5, 0.99, 1)]
    return "median {:.{d}f} {u}, 99 % {:.{d}f} {u}, longest {:.{d}f} {u}".format(*at, u=unit, d=digits)


class Waiting:
    """One measurement in one database."""

    def __init__(self, container: Container, home: Path, *, runs: int, burst: int, queue: str) -> None:
        self._container = container
        self._home = home
        self._runs = runs
        self._burst = burst
        self._environment = {"PARLEY_QUEUE": queue}
        self._versions: dict[str, str] = {}
        self._owner: psycopg.AsyncConnection[Any]

    async def lines(self) -> Any:
        """Yield what was measured, line by line."""
        async with await psycopg.AsyncConnection.connect(**self._container.prepared.owner, autocommit=True) as self._owner:
            for definition, _ in MIX:
                self._versions[definition["document"]["name"]] = await self._approved(definition)
            async with workers(2, self._home, environment=self._environment) as pair:
                async for line in self._parking(pair):
                    yield line
                async for line in self._due(f"{self._burst:,} timers due at once, two workers", pair, self._burst, 0):
                    yield line
            async with workers(1, self._home, environment=self._environment) as (one,):
                async for line in self._quiet(one):
                    yield line
                for what, seconds in (("event", await self._events()), ("answer", await self._answers())):
                    yield Line(f"an {what} comes until its run has completed", spread(seconds))
                async for line in self._due(f"{PACE} timers due a second, {PACED_S} s, one worker", [one], PACE * PACED_S, 1 / PACE):
                    yield line
                async for line in self._due(f"{self._burst:,} timers due at once, one worker", [one], self._burst, 0):
                    yield line
                await asyncio.sleep(QUIET_S)
                yield Line("one worker afterwards", await self._held(one))

    async def _approved(self, definition: Mapping[str, Any]) -> str:
        proposal = await self._container.actions.propose(WHO, dsl.render(definition))
        return (await self._container.actions.approve(WHO, proposal.id, digest=proposal.digest)).id

    # to begin with

    async def _parking(self, pair: Sequence[Probe]) -> Any:
        before = await self._held(pair[0])
        began, wanted = time.monotonic(), list(self._wanted(await self._waiting()))
        for name, numbers in wanted:
            for first in range(0, len(numbers), PORTION):
                await until(partial(self._fewer, "status = 'ready'", READY))
                items = [{"input": {"number": number}} for number in numbers[first : first + PORTION]]
                await self._container.actions.start_many(WHO, self._versions[name], items)
        await until(partial(self._fewer, "status IN ('ready', 'running')", 1))
        seconds, count = time.monotonic() - began, sum(len(numbers) for _, numbers in wanted)
        if count:
            yield Line(f"{count:,} runs started and parked by two workers", f"{seconds:.0f} s, {count / seconds:.0f} a second")
        yield Line("one of these workers, before", before)
        yield Line("… and with all of them waiting", await self._held(pair[0]))

    def _wanted(self, there: Mapping[str, int]) -> Iterator[tuple[str, range]]:
        """Yield which runs are to be started, by the numbers they are given."""
        due = 2 * self._burst + PACE * PACED_S
        for definition, share in MIX:
            name = definition["document"]["name"]
            first, wanted = there.get(name, 0), int(self._runs * share) + (due if definition is SLEEPS else 0)
            yield name, range(first, max(first, wanted))

    async def _waiting(self) -> dict[str, int]:
        statement = (
            "SELECT v.name, count(*) FROM parley.runs r JOIN parley.versions v ON v.id = r.version_id WHERE r.status = 'waiting' GROUP BY 1"
        )
        return dict(await (await self._owner.execute(statement)).fetchall())

    async def _count(self, where: str) -> int:
        row = await (await self._owner.execute(f"SELECT count(*) FROM parley.runs WHERE {where}")).fetchone()
        return int(row[0]) if row else 0

    async def _fewer(self, where: str, count: int) -> bool:
        return await self._count(where) < count

    # what waiting costs

    async def _held(self, worker: Probe) -> str:
        found = await worker.counts()
        statement = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'parley-worker'"
        row = await (await self._owner.execute(statement)).fetchone()
        return (
            f"{found['tasks']} tasks, {found['threads']} threads, {found['rss_mb']} MB with its children (peak of its own "
            f"{found['peak_mb']} MB); connections of all workers: {row[0] if row else 0}"
        )

    async def _quiet(self, worker: Probe) -> Any:
        """What the machine does while all wait."""
        await asyncio.sleep(QUIET_S)
        began = self._cpu([worker])
        await asyncio.sleep(QUIET_S)
        shares = [100 * (after - before) / QUIET_S for before, after in zip(began, self._cpu([worker]), strict=True)]
        yield Line("runs waiting now", f"{sum((await self._waiting()).values()):,}")
        yield Line("one worker, fresh", await self._held(worker))
        yield Line("… of a processor", f"worker {shares[0]:.1f} %, PostgreSQL {shares[1]:.1f} %")
        for name, call in (("sweep_runs", "parley.sweep_runs(500, 5)"), ("next_timer", "parley.next_timer(1)")):
            yield Line(f"… {name}", spread([await self._milliseconds(f"SELECT * FROM {call}") for _ in range(20)], "ms", 1))
        yield Line("bytes a waiting run", await self._bytes())

    def _cpu(self, at_work: Sequence[Probe]) -> list[float]:
        """Return the processor seconds of the workers and of PostgreSQL."""
        server = self._container.prepared.server
        return [sum(cpu_s(one.pid) for one in at_work), cpu_s(server.pid) if server and server.pid else 0.0]

    async def _milliseconds(self, statement: str) -> float:
        began = time.perf_counter()
        await (await self._owner.execute(statement)).fetchall()
        return (time.perf_counter() - began) * 1000

    async def _bytes(self) -> str:
        statement = """
            SELECT c.relname, pg_total_relation_size(c.oid)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind = 'r' AND n.nspname IN ('parley', 'langgraph', 'queue') ORDER BY 2 DESC"""
        sizes = await (await self._owner.execute(statement)).fetchall()
        runs = await self._count("true")
        shown = ", ".join(f"{name} {size / runs:,.0f}" for name, size in sizes[:6])
        return f"{sum(size for _, size in sizes) / runs:,.0f} ({shown})"

    # what wakes them

    async def _due(self, title: str, at_work: Sequence[Probe], count: int, apart_s: float) -> Any:
        """Let *count* timers fall due, *apart_s* after each other, and see when their runs have completed."""
        moved = """
            WITH chosen AS (
                SELECT r.id, clock.due + make_interval(secs => %(apart)s * (row_number() OVER () - 1)) AS due
                  FROM parley.runs r, (SELECT clock_timestamp() + make_interval(secs => %(ahead)s) AS due) AS clock
                 WHERE r.version_id = %(version)s AND r.status = 'waiting' LIMIT %(count)s
            ), timers AS (
                UPDATE parley.awaits a SET wake_at = chosen.due FROM chosen WHERE a.run_id = chosen.id AND a.kind = 'timer'
            )
            UPDATE parley.runs r SET wake_at = chosen.due FROM chosen WHERE r.id = chosen.id RETURNING r.id"""
        values = {"apart": apart_s, "ahead": AHEAD_S, "version": self._versions["sleeps"], "count": count}
        cpu = self._cpu(at_work)
        chosen = [row[0] for row in await (await self._owner.execute(moved, values)).fetchall()]
        done = "SELECT count(*) FROM parley.runs WHERE id = ANY(%s) AND ended_at IS NOT NULL"
        patience = time.monotonic() + 60 + count * (apart_s + 0.2)
        while (await (await self._owner.execute(done, [chosen])).fetchone()) != (len(chosen),):
            if time.monotonic() > patience:
                break
            await asyncio.sleep(LOOK_EVERY_S)
        each = [1000 * (after - before) / count for before, after in zip(cpu, self._cpu(at_work), strict=True)]
        statement = """
            SELECT extract(epoch FROM j.ended_at - a.wake_at)::float, extract(epoch FROM r.ended_at - a.wake_at)::float, r.epoch, r.status,
                   extract(epoch FROM r.ended_at - min(a.wake_at) OVER ())::float
              FROM parley.runs r JOIN parley.awaits a ON a.run_id = r.id AND a.kind = 'timer'
              LEFT JOIN parley.journal j ON j.run_id = r.id AND j.reference = '/do/0/pause' AND j.status = 'finished'
             WHERE r.id = ANY(%s)"""
        rows = await (await self._owner.execute(statement, [chosen])).fetchall()
        completed = [row for row in rows if row[3] == "completed"]
        again = sum(row[2] > 2 for row in rows)  # taken once to wait and once to go on
        yield Line(
            title, f"{len(completed):,} of {count:,} completed, {again:,} taken in hand more than once; load {os.getloadavg()[0]:.1f}"
        )
        yield Line("… processor time a run", f"workers {each[0]:.1f} ms, PostgreSQL {each[1]:.1f} ms")
        yield Line("… due until its step is in the journal", spread([row[0] for row in completed]))
        yield Line("… due until its run has completed", spread([row[1] for row in completed]))
        if not apart_s and completed:
            last = max(row[4] for row in completed)
            yield Line("… until the last one", f"{last:.1f} s, {len(completed) / last:.0f} a second")

    async def _events(self) -> list[float]:
        seconds = []
        for run, number in await self._some("listens"):
            event = {"id": f"bench-{time.time_ns()}", "source": "https://bench.example.com", "type": EVENT, "data": {"number": number}}
            began = time.perf_counter()
            await self._container.actions.accept_events(WHO, [event])
            seconds.append(await self._until_over(run) - began)
        return seconds

    async def _answers(self) -> list[float]:
        seconds = []
        for run, _ in await self._some("asks"):
            began = time.perf_counter()
            await self._container.actions.answer(WHO, run, "/do/0/decide", {"approved": True})
            seconds.append(await self._until_over(run) - began)
        return seconds

    async def _some(self, name: str) -> list[tuple[str, int]]:
        statement = (
            "SELECT id, (input ->> 'number')::int FROM parley.runs WHERE version_id = %s AND status = 'waiting' ORDER BY random() LIMIT %s"
        )
        return await (await self._owner.execute(statement, [self._versions[name], SINGLE])).fetchall()

    async def _until_over(self, run: str) -> float:
        await until(partial(self._fewer, f"id = '{run}' AND status <> 'completed'", 1), 0.005)
        return time.perf_counter()


async def measure(home: Path, *, runs: int, burst: int, queue: str) -> Any:
    """Yield the lines of a measurement in the database of *home*, whose waiting runs are used again."""
    async with Container.open(Settings(home=home, log_level="error", queue=queue), role="cli") as container:
        async for line in Waiting(container, home, runs=runs, burst=burst, queue=queue).lines():
            yield line
