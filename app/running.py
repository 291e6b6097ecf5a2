"""Advance one run in this process: take its lease, give it its ports, execute it, and store how it stands.

Used by the worker for every wake-up, and by `parley run` for the one run it started itself (`app.foreground`).
"""

from __future__ import annotations

import asyncio
import os
import secrets as random
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from app.child_runs import ChildRuns
from app.deaths import set_apart
from app.remembering import of_run
from app.run_ports import GuardingSecrets, LazyModels, LiveObserver, limits_of, smtp_url, stdio_servers
from app.store.database import to_text
from app.store.lanes import admit_after
from app.store.patience import lost, patiently
from app.store.queries import query
from app.store.runs import Ending, Lease, RunRows, boot_s
from app.store.vault import GrantedSecrets
from graphs.run.errors import Held, LeaseLost, StoreUnavailable
from graphs.run.ports import Row

if TYPE_CHECKING:
    from app.container import Container
    from app.store.journal import RunJournal
    from app.store.mailbox import RunMailbox
    from app.store.saver import GroupSaver
    from graphs.run import Outcome, Program, RunDeps, Session

log = structlog.get_logger("parley.run")
MISTAKE_PAUSE_S = 1.0  # before the first new try; then twice as long each time
PROGRAMS = 256  # compiled definitions kept a process


@dataclass(slots=True)
class InHand:
    """A run that is being advanced, as the heartbeats see it."""

    lease: Lease
    mailbox: RunMailbox
    journal: RunJournal
    task: asyncio.Task[Any] | None = None
    cancelled: bool = False  # a person asked for it
    ending: bool = False  # the cancellation has arrived
    signals: int = -1
    missed: int = 0  # renewals that did not find our lease
    renewed: float = 0.0  # by `boot_s`: the lease is good for `lease_s` from then on
    brake: asyncio.Event = field(default_factory=asyncio.Event)  # set: the run is to stand still
    gone: asyncio.Event = field(default_factory=asyncio.Event)  # set: it is in hand no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What the command line adds for its own run."""

    secrets: Mapping[str, Any] = field(default_factory=dict)  # name → value, never stored
    on_step: Callable[[Row], None] | None = None


class Runner:
    """Executes runs of any tenant. One a process."""

    def __init__(self, container: Container, owner: str) -> None:
        self.container = container
        self.owner = owner
        self.in_hand: dict[str, InHand] = {}
        self.resting = False
        self._store = container.store
        self._patience_s = container.settings.store_patience_s
        self._rows = RunRows(
            self._store.database, owner, lease_s=container.settings.lease_s, patience_s=self._patience_s, asking=self._store.queue.asking
        )
        self._graphs: dict[str, Any] = {}
        self._savers: dict[str, GroupSaver] = {}
        self._programs: dict[str, Program] = {}

    async def claim(self, run_id: str) -> Lease | None:
        """Take the run's lease; None when it is not ready, or in somebody's hands. Waits until it has left our own."""
        while (hand := self.in_hand.get(run_id)) is not None:
            await hand.gone.wait()
        return await self._rows.claim(run_id)

    async def advance(self, lease: Lease, overrides: Overrides | None = None) -> str:
        """
        Work on a run until it ends or can only wait; return its status.

        Raises:
            LeaseLost: another worker has it; nothing of ours was written since.
            StoreUnavailable: the database stayed away too long.
            asyncio.CancelledError: we are stopping; the run stays as it is, for whoever comes next.
        """
        others = [hand.lease for hand in self.in_hand.values() if not hand.journal.further]
        if lease.deaths and (apart := await set_apart(self._store, lease, others, most=self.container.settings.deaths)):
            return apart
        async with self.holding(lease) as hand:
            try:
                details = await self.details(lease)
                hand.cancelled = hand.ending = lease.cancel_requested
                return await self.until_parked(hand, details, overrides or Overrides())
            except Exception as exc:
                if isinstance(exc, LeaseLost | StoreUnavailable) or lost(exc):
                    raise
                return await self._mistaken(hand, exc)

    @asynccontextmanager
    async def holding(self, lease: Lease) -> AsyncIterator[InHand]:
        """Have a run in hand: heartbeats renew its lease, and signals reach it."""
        place = (lease.tenant, lease.run_id, lease.epoch)
        hand = InHand(lease, self._store.mailbox(*place), self._store.journal(*place), asyncio.current_task(), renewed=lease.since)
        hand.journal.resting = self.resting
        saver = self._saver(lease.tenant)
        hand.journal.new = lease.epoch == 1  # nobody had it before
        saver.begins(lease.run_id, new=hand.journal.new)
        self.in_hand[lease.run_id] = hand
        try:
            yield hand
        finally:
            del self.in_hand[lease.run_id]
            hand.gone.set()
            saver.leaves(lease.run_id)
            self._store.notifier.forget_live(lease.run_id)
            self._store.announce(lease.run_id)

    async def details(self, lease: Lease) -> Mapping[str, Any]:
        """Return what a run executes."""
        return await self._rows.details(lease)

    def context(self, hand: InHand, details: Mapping[str, Any]) -> AbstractAsyncContextManager[Session]:
        """Return what LangGraph's runtime context is while somebody drives the run's thread (`app.threads`)."""
        from graphs.run import session

        return session(self._deps(hand, details, Overrides()), self._program(details), _meta(hand.lease, details))

    async def until_parked(self, hand: InHand, details: Mapping[str, Any], overrides: Overrides) -> str:
        """Work until the run ends or can only wait, store how it stands, and return its status."""
        from graphs.run import execute

        lease = hand.lease
        deps = self._deps(hand, details, overrides)
        program = self._program(details)
        while True:
            undoing = hand.ending
            work = execute(
                self.graph(lease.tenant), deps, run_id=lease.run_id, program=program, input=details["input"],
                workflow_meta=_meta(lease, details), cancelled=undoing,
            )  # fmt: skip
            try:
                outcome = await work
            except Held:
                if await self._suspend(hand):
                    return "suspended"
                hand.brake.clear()
                continue
            except asyncio.CancelledError:
                if not hand.cancelled or undoing:
                    raise
                hand.ending = True
                _uncancel()
                await hand.journal.flush()
                continue
            if outcome.status != "completed":
                await self._saver(lease.tenant).settle(lease.run_id)
            if outcome.status != "waiting":
                return await self._finish(hand, outcome.status, outcome)
            parked = await self._park(hand, outcome, undoing=undoing)
            if parked:
                return parked
            if hand.cancelled and not undoing:
                hand.ending = True
                await hand.mailbox.withdraw([wait.path for wait in outcome.awaited])

    def _deps(self, hand: InHand, details: Mapping[str, Any], overrides: Overrides) -> RunDeps:
        from graphs.run import Limits, RunDeps
        from graphs.run.memory_ports import SystemClock

        c, lease = self.container, hand.lease
        granted = GrantedSecrets(self._store.database, self._store.vault, lease.tenant, details["secrets"], dict(overrides.secrets))
        return RunDeps(
            journal=hand.journal, mailbox=hand.mailbox, http=c.http(also=details["options"].get("http_allow", ())),
            credentials=c.credentials, seal=hand.journal.guard,
            secrets=GuardingSecrets(granted, hand.journal),
            events=self._store.events(lease.tenant), pins=self._store.pins(lease.tenant, lease.run_id),
            notices=self._store.notices(lease.tenant, lease.run_id, details["conversation"], redacted=hand.journal.redacted),
            workflows=self._store.workflows(lease.tenant, details["lock"]), expressions=c.expressions, catalogue=c.catalogue,
            clock=SystemClock(), brake=hand.brake, fence=partial(self._sure, hand), limits=limits_of(c.settings),
            observer=LiveObserver(self._store.notifier, lease.tenant, lease.run_id, overrides.on_step), models=LazyModels(lambda: c.models),
            memory=of_run(c.memories, lease.tenant, lease.run_id, details),
            connections=c.connections.of_run(lease.tenant, hand.journal.guard), smtp_url=smtp_url(c.settings),
            mcp_stdio=stdio_servers(c.settings), processes=c.processes,
            children=ChildRuns(self._store, lease.tenant, lease.run_id, details["lock"], c.catalogue, depth=Limits().workflow_depth),
        )  # fmt: skip

    def graph(self, tenant: str) -> Any:
        from graphs.run import run_graph

        if tenant not in self._graphs:
            self._graphs[tenant] = run_graph(self._saver(tenant))
        return self._graphs[tenant]

    def _saver(self, tenant: str) -> GroupSaver:
        if tenant not in self._savers:
            self._savers[tenant] = self._store.saver(tenant)
        return self._savers[tenant]

    def _program(self, details: Mapping[str, Any]) -> Program:
        from graphs.run import compile as compile_program

        if details["digest"] not in self._programs:
            if len(self._programs) >= PROGRAMS:
                self._programs.pop(next(iter(self._programs)))
            self._programs[details["digest"]] = compile_program(details["definition"], self.container.catalogue)
        return self._programs[details["digest"]]

    async def _park(self, hand: InHand, outcome: Outcome, *, undoing: bool) -> str:
        """Store that the run waits, or stands still; "" when something arrived since it looked, or it is to be cancelled: go on then."""
        moments = [wait.wake_at for wait in outcome.awaited if wait.wake_at]
        reason = next(
            (kind for kind in ("outcome-unknown", "approve", "ask", "event", "timer") if any(w.kind == kind for w in outcome.awaited)), ""
        )
        values = {**_mine(hand.lease), "reason": reason, "wake_at": min(moments) if moments else None, "signals": hand.mailbox.signals,
            "undoing": undoing,
        }  # fmt: skip

        async def park() -> Any:
            async with self._store.database.quick(hand.lease.tenant) as connection:
                parked = await (await connection.execute(query("runs", "park"), values)).fetchone()
                if parked is not None:
                    await connection.execute(query("runs", "end-live"), {"runs": [hand.lease.run_id]})
                    return parked[0]
                row = await (await connection.execute(query("runs", "holds"), _mine(hand.lease))).fetchone()
                if row is None:
                    await _see_that_it_was_us(connection, hand.lease)
                return row

        row = await patiently(park, patience_s=self._patience_s)
        if row is None or isinstance(row, str):
            return row or "waiting"
        hand.cancelled = hand.cancelled or bool(row[1])
        return ""

    async def _suspend(self, hand: InHand) -> bool:
        """Store that the run stands still; False when nobody wants that any more."""

        async def stand() -> bool:
            async with self._store.database.quick(hand.lease.tenant) as connection:
                return await (await connection.execute(query("control", "suspend"), _mine(hand.lease))).fetchone() is not None

        return await patiently(stand, patience_s=self._patience_s)

    async def _mistaken(self, hand: InHand, error: Exception) -> str:
        """Have a run that met a mistake of ours tried again; after some times in a row it is put aside, until a person retries it."""
        log.exception("A run met a mistake of Parley's own", run=hand.lease.run_id)
        outcome = await internal_error(error)
        values = {
            **_mine(hand.lease), "most": self.container.settings.mistakes, "pause_s": MISTAKE_PAUSE_S,
            "error": to_text(hand.journal.redacted(dict(outcome.error or {}))),
        }  # fmt: skip

        async def note() -> str:
            async with self._store.database.quick(hand.lease.tenant) as connection:
                row = await (await connection.execute(query("control", "mistaken"), values)).fetchone()
                if row is None:
                    raise LeaseLost(f"run {hand.lease.run_id} has a new owner")
                if row[0] == "stuck":
                    await connection.execute(query("runs", "end-live"), {"runs": [hand.lease.run_id]})
                    await admit_after(connection, [hand.lease.run_id], self._store.queue.asking)
                return str(row[0])

        return await patiently(note, patience_s=self._patience_s)

    async def _finish(self, hand: InHand, status: str, outcome: Outcome | None) -> str:
        lease = hand.lease
        ending = Ending(
            lease=lease, status=status, failed_path=outcome.failed_path if outcome else "", error=outcome.error if outcome else None,
            output=to_text(hand.journal.redacted(outcome.output)) if outcome and status == "completed" else None,
        )  # fmt: skip
        if not await self._rows.finish(ending):
            raise LeaseLost(f"run {lease.run_id} has a new owner")
        if status == "completed":  # a faulted run's thread is where a retry goes on
            await self._saver(lease.tenant).completed(lease.run_id)
        return status

    def rest(self) -> None:
        """Let every run come to a rest before its next effect: its worker stops."""
        self.resting = True
        for hand in self.in_hand.values():
            hand.journal.resting = True

    async def close(self) -> None:
        """Let go; who waits for the database still is cancelled."""
        await self._rows.close()
        for saver in self._savers.values():
            await saver.close()

    async def renew(self) -> None:
        """Renew the leases of all runs in hand; drop those that were lost, cancel those a person wants cancelled."""
        if self.in_hand:
            await self._renew(dict(self.in_hand))

    async def _sure(self, hand: InHand) -> None:
        """Return if the run is ours still: this process may have been stopped, the machine asleep. Raises LeaseLost, StoreUnavailable."""
        lease_s = self.container.settings.lease_s
        if boot_s() - hand.renewed < lease_s:
            return
        await patiently(partial(self._renew, {hand.lease.run_id: hand}), patience_s=self._patience_s)
        if boot_s() - hand.renewed >= lease_s:
            raise LeaseLost(f"run {hand.lease.run_id} has a new owner")

    async def _renew(self, hands: Mapping[str, InHand]) -> None:
        values = {
            "owner": self.owner, "runs": list(hands), "epochs": [hand.lease.epoch for hand in hands.values()],
            "lease_s": self.container.settings.lease_s,
        }  # fmt: skip
        async with self._store.database.pool.connection() as connection:
            began = boot_s()
            rows = await (await connection.execute(query("runs", "renew"), values)).fetchall()
        held = {row[0]: row for row in rows}
        for run_id, hand in hands.items():
            if self.in_hand.get(run_id) is not hand:
                continue  # it ended meanwhile
            if run_id in held:
                hand.renewed = began
                _note(hand, signals=held[run_id][1], cancel=held[run_id][2], suspend=held[run_id][3])
            else:
                _miss(hand)

    async def hand_back(self, lease: Lease) -> None:
        """Make the run ready for any worker, and wake one."""
        async with self._store.database.quick(lease.tenant) as connection:
            if await (await connection.execute(query("runs", "hand-back"), _mine(lease))).fetchone() is not None:
                await connection.execute(self._store.queue.asking, {"runs": [lease.run_id]})


async def _see_that_it_was_us(connection: Any, lease: Lease) -> None:
    """Tell our own commit, whose answer got lost with the connection, from a lost lease. Raises LeaseLost."""
    statement = "SELECT 1 FROM parley.runs WHERE id = %s AND epoch = %s AND owner IS NULL"
    if await (await connection.execute(statement, [lease.run_id, lease.epoch])).fetchone() is None:
        raise LeaseLost(f"run {lease.run_id} has a new owner")


def _note(hand: InHand, *, signals: int, cancel: bool, suspend: bool = False) -> None:
    hand.missed = 0
    if suspend:
        hand.brake.set()
    if signals != hand.signals:
        hand.signals = signals
        hand.mailbox.arrived.set()
    if cancel and not hand.ending and hand.task is not None:
        hand.cancelled = True
        hand.task.cancel()  # with every heartbeat until it arrives: Python 3.11 may lose one


def _miss(hand: InHand) -> None:
    """The lease was not there: the run is just ending, or somebody else has it. The second time in a row it is dropped."""
    from graphs.run import RELEASE

    hand.missed += 1
    if hand.missed > 1 and hand.task is not None:
        hand.task.cancel(RELEASE)


async def internal_error(error: Exception) -> Outcome:
    """Return the outcome of a run that met a mistake of ours, or a definition this Parley can no longer compile."""
    from graphs.run import Outcome
    from graphs.run.errors import WorkflowError

    detail = f"{type(error).__name__}: {error}"
    return Outcome(status="faulted", error=WorkflowError.of("runtime", detail, title="Internal error").to_json())


def _meta(lease: Lease, details: Mapping[str, Any]) -> dict[str, str]:
    return {"id": lease.run_id, "started_at": details["started_at"].isoformat()}


def _mine(lease: Lease) -> dict[str, Any]:
    return {"run": lease.run_id, "epoch": lease.epoch}


def _uncancel() -> None:
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()


def process_name() -> str:
    """Return a name for this process as the owner of leases."""
    return f"{socket.gethostname()}:{os.getpid()}:{random.token_hex(4)}"
