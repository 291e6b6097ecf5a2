"""Everything that goes wrong at once: runs start, people answer, events come, and meanwhile workers are killed and stopped, connections
cut, and the database restarted. What happens is up to the seed and to the moment; how it ended is for `tests.chaos.history` to judge."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.actions import Actor, Conflict
from app.container import Container
from app.store.embedded import EmbeddedServer, kill
from app.store.patience import lost
from graphs.run.errors import StoreUnavailable
from tests.chaos.effects import EffectServer
from tests.chaos.expected import event
from tests.chaos.ledger import LISTENING, OPEN, Ledger
from tests.chaos.mixes import ITEMS, TOP, effect_of
from tests.chaos.nursery import READY, Nursery, Worker

Answer = TypeVar("Answer")
ALIVE = """
SELECT count(*) FROM parley.runs WHERE status NOT IN ('completed', 'faulted', 'cancelled') AND (status, reason) <> ('stuck', 'mistake')
"""
PATIENCE = 50  # tenths of a second
PUT_ASIDE = "SELECT id FROM parley.runs WHERE status = 'stuck' AND reason = 'deaths'"
LISTENERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
CONNECTIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley-worker' AND datname = current_database()"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of everything. Of the kills every so-manyth is accompanied by another fault."""

    seed: int
    kills: int
    workers: int
    spared: int  # workers that are ready and left alone at each kill: somebody must be there to take over
    at_once: int  # runs under way
    runs: int  # started at most
    pause_s: tuple[float, float]  # between kills
    cut_every: int
    zombie_every: int
    restart_every: int
    drain_s: float  # for the rest of the runs, once nothing is killed any more
    largest: int = 4  # inputs are {"n": 1} to {"n": largest}


@dataclass(frozen=True, slots=True)
class Kill:
    at: float
    worker: str
    held: tuple[str, ...]


@dataclass(slots=True)
class Deeds:
    """What was done."""

    kills: list[Kill] = field(default_factory=list)
    zombies: list[Kill] = field(default_factory=list)  # stopped, and woken when somebody else had their runs
    cuts: int = 0
    outages: list[tuple[float, float, str]] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)  # workers that nobody killed
    approvals: int = 0
    retried: int = 0  # runs that were put aside because their workers kept dying
    accepted: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    answers: Counter[bool] = field(default_factory=Counter)


class Storm:
    def __init__(
        self,
        plan: Plan,
        container: Container,
        actor: Actor,
        *,
        server: EmbeddedServer,
        nursery: Nursery,
        effects: EffectServer,
        ledger: Ledger,
    ) -> None:
        self.deeds = Deeds()
        self._plan = plan
        self._container = container
        self._actor = actor
        self._server = server
        self._nursery = nursery
        self._effects = effects
        self._ledger = ledger
        self._random = random.Random(plan.seed)
        self._alive: dict[str, Worker] = {}
        self._stopped: set[str] = set()
        self._versions: dict[str, str] = {}
        self._started = 0
        self._away = False

    async def rage(self, texts: dict[str, str]) -> None:
        """Do it all; return when every run has ended, or time is up."""
        for name, text in texts.items():
            proposal = await self._container.actions.propose(self._actor, text)
            version = await self._container.actions.approve(self._actor, proposal.id, digest=proposal.digest)
            self._versions[name] = version.id
        parts = [self._keep_workers, self._keep_busy, self._answer_people, self._send_events, self._retry]
        loops = [asyncio.create_task(self._over_and_over(part), name=part.__name__) for part in parts]
        try:
            async with asyncio.TaskGroup() as faults:
                await self._sabotage(faults)
            self._started = self._plan.runs
            await self._drain()
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
        for loop in loops:
            if not loop.cancelled() and (error := loop.exception()) is not None:
                raise error

    async def _over_and_over(self, part: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await part()
            except Exception as exc:
                if not (isinstance(exc, StoreUnavailable) or lost(exc) or (exc.__cause__ is not None and lost(exc.__cause__))):
                    raise
            await asyncio.sleep(0.15)

    async def _drain(self) -> None:
        give_up = time.monotonic() + self._plan.drain_s
        while time.monotonic() < give_up:
            [(alive,)] = await self._ledger.rows(ALIVE)
            if not alive:
                return
            await asyncio.sleep(0.3)

    # what people and the outside do

    async def _keep_workers(self) -> None:
        for name, worker in list(self._alive.items()):
            if not worker.alive:
                self._forget(worker)
                if _ready(worker):  # else it found no database when it started, and said so
                    self.deeds.ended.append(name)
        while len(self._alive) < self._plan.workers and not self._away:
            worker = await asyncio.to_thread(self._nursery.start)
            self._effects.workers[worker.pid] = worker.name
            self._alive[worker.name] = worker
            self.deeds.workers.append(worker)

    def _forget(self, worker: Worker) -> None:
        self._alive.pop(worker.name, None)
        self._effects.workers.pop(worker.pid, None)

    async def _keep_busy(self) -> None:
        [(alive,)] = await self._ledger.rows(ALIVE)
        for _ in range(min(10, self._plan.at_once - alive, self._plan.runs - self._started)):
            self._started += 1
            name, n = self._random.choice(TOP), self._random.randint(1, self._plan.largest)
            await self._container.actions.start(self._actor, self._versions[name], input={"n": n})

    async def _answer_people(self) -> None:
        for run, path, reference, kind in await self._ledger.rows(OPEN):
            if self._random.random() < 0.3:
                continue  # people take their time
            if kind == "approve":
                await self._answer(run, path, {"approved": True})
                self.deeds.approvals += 1
                continue
            place = effect_of(path.partition("@")[0], reference)
            assert place is not None, f"asked whether {path} happened, which has no effect"
            happened = self._effects.happened(run, place)
            if happened is not None:
                await self._answer(run, path, {"happened": happened})
                self.deeds.answers[happened] += 1

    async def _answer(self, run: str, path: str, value: dict[str, Any]) -> None:
        try:
            await self._container.actions.answer(self._actor, run, path, value)
        except Conflict:
            return  # said already, in a transaction whose answer got lost

    async def _send_events(self) -> None:
        for (run,) in await self._ledger.rows(LISTENING):
            accepted = self.deeds.accepted[run]
            missing = [one for one in (event(run, number) for number in range(ITEMS)) if one["id"] not in accepted]
            if not missing or self._random.random() < 0.4:
                continue
            chosen = self._random.choice(missing)
            copies = self._random.choice((1, 1, 1, 2))  # whoever gets no answer sends again
            await self._container.actions.accept_events(self._actor, [chosen] * copies)
            accepted.add(chosen["id"])

    async def _retry(self) -> None:
        """Let runs go on that were put aside because their workers died again and again: here they are innocent."""
        for (run,) in await self._ledger.rows(PUT_ASIDE):
            await self._container.actions.retry(self._actor, run)
            self.deeds.retried += 1

    # what goes wrong

    async def _sabotage(self, faults: asyncio.TaskGroup) -> None:
        plan = self._plan
        while len(self.deeds.kills) < plan.kills:
            await asyncio.sleep(self._random.uniform(*plan.pause_s))
            await self._until_something_happens()
            ready = self._ready()
            if len(ready) <= plan.spared or self._away:
                continue
            await self._kill(self._random.choice(ready))
            number = len(self.deeds.kills)
            if number % plan.cut_every == 0:
                faults.create_task(self._cut())
            if number % plan.zombie_every == 0:
                faults.create_task(self._stop_and_wake())
            if number % plan.restart_every == 0 and not self._away:
                self._away = True
                faults.create_task(self._restart())

    def _ready(self) -> list[Worker]:
        """Return the workers that are at work."""
        return [one for name, one in sorted(self._alive.items()) if name not in self._stopped and _ready(one)]

    async def _busiest(self) -> Worker | None:
        """Return the ready worker that holds the most runs."""
        ready = self._ready()
        held = [len(await self._ledger.held_by(one.name)) for one in ready]
        return max(zip(held, ready, strict=True), key=lambda pair: pair[0])[1] if ready else None

    async def _kill(self, worker: Worker) -> None:
        worker.signal(signal.SIGKILL)
        at = time.time()
        self._forget(worker)
        await asyncio.to_thread(worker.gone)
        self.deeds.kills.append(Kill(at, worker.name, tuple(await self._ledger.held_by(worker.name))))

    async def _cut(self) -> None:
        await asyncio.sleep(self._random.uniform(0, 1))
        await self._ledger.rows(LISTENERS if self._random.random() < 0.7 else CONNECTIONS)
        self.deeds.cuts += 1

    async def _until_something_happens(self) -> None:
        """Return when two more effects were seen, at the latest after some seconds: a slow machine is given time to get somewhere."""
        seen = self._effects.total()
        for _ in range(PATIENCE):
            if self._effects.total() >= seen + 2:
                return
            await asyncio.sleep(0.1)

    async def _stop_and_wake(self) -> None:
        """Stop the busiest worker until its leases have run out and somebody else has its runs, then let it go on."""
        for _ in range(PATIENCE):
            if (worker := await self._busiest()) is not None:
                break
            await asyncio.sleep(0.1)
        else:
            return
        self._stopped.add(worker.name)
        worker.signal(signal.SIGSTOP)
        held = tuple(await self._ledger.held_by(worker.name))
        self.deeds.zombies.append(Kill(time.time(), worker.name, held))
        await asyncio.sleep(self._container.settings.lease_s + self._container.settings.sweep_s + self._random.uniform(0.3, 2))
        worker.signal(signal.SIGCONT)
        await asyncio.sleep(1.5)
        self._stopped.discard(worker.name)

    async def _restart(self) -> None:
        """Take the database away, politely or not, and bring it back."""
        how = self._random.choice(("fast", "immediate", "killed"))
        began = time.time()
        if how == "killed":
            await asyncio.to_thread(kill, self._server)
        else:
            await asyncio.to_thread(self._server.stop, mode=how)
        await asyncio.sleep(self._random.uniform(0, 1.5))
        await asyncio.to_thread(self._server.restart)
        self.deeds.outages.append((began, time.time(), how))
        self._away = False


def _ready(worker: Worker) -> bool:
    return worker.log.exists() and READY in worker.log.read_text("utf-8", "replace")
