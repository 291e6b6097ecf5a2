"""One look at one trigger: what it starts, queues or leaves out, and how it stands afterwards. Pure, apart from evaluating filters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.scheduling.gathering import Event
from app.scheduling.lengths import length_of
from app.scheduling.policy import overlapped, plan
from app.scheduling.spec import Spec, zone_of
from app.store.ids import new_run_id

JSON = Any
CLOCK_WENT_BACK = timedelta(seconds=30)


@dataclass(slots=True, kw_only=True)
class Start:
    """One line of `trigger_starts`; a `started` one has a run."""

    key: str
    due_at: datetime
    outcome: str  # started, queued, skipped, refused
    reason: str = ""
    input: JSON = field(default_factory=dict)
    run_id: str | None = None
    from_queue: bool = False  # its line is there already

    def refuse(self, reason: str) -> None:
        self.outcome, self.reason, self.run_id = "refused", reason, None


@dataclass(slots=True, kw_only=True)
class Turn:
    """A trigger as it was when its row was locked, and what is to become of it."""

    tenant: str
    id: str
    version_id: str
    active: bool
    spec: Spec
    now: datetime
    anchor: datetime
    next_due: datetime | None
    decided_at: datetime
    current_run: str | None
    alive: int = 0  # of its runs
    queued: int = 0
    oldest_queued: Start | None = None
    ended: Mapping[str, datetime] = field(default_factory=dict)  # runs that have ended, and when
    error: str = ""
    starts: list[Start] = field(default_factory=list)

    def take(self) -> None:
        """Decide on everything but events. Raises ValueError when the schedule cannot be read (any more), in words."""
        self._mind_the_clock()
        if self.spec.kind == "after":
            self._after()
        elif self.active:
            self._from_queue()
            self._timed()

    def _timed(self) -> None:
        timing = self.spec.timing(self.anchor)
        if timing is None or self.next_due is None:
            return
        made = plan(
            timing, self.next_due, self.now, missed=self.spec.missed, overlap=self.spec.overlap, alive=self.alive > 0, queued=self.queued
        )
        for due in made.start:
            self._add(due_key(due), due, "started")
        for due in made.queue:
            self._add(due_key(due), due, "queued")
        for due, reason in made.skip:
            self._add(due_key(due), due, "skipped", reason)
        self.next_due = made.next_due

    def events(self, events: Sequence[Event]) -> None:
        """Start a run on *events*, or queue or skip it as the overlap policy says."""
        source, id_ = str(events[0]["source"]), str(events[0]["id"])
        key = "event:" + hashlib.sha256(f"{source}\0{id_}".encode()).hexdigest()
        start, queue, _ = overlapped([self.now], self.spec.overlap, alive=self.alive > 0, queued=self.queued)
        outcome = "started" if start else "queued" if queue else "skipped"
        self._add(key, self.now, outcome, "" if outcome != "skipped" else "the previous run had not ended", list(events))

    def begun(self, runs: Sequence[str]) -> None:
        """Say which runs there are now: one that was refused, or had been started before, has no end to wait for."""
        if self.spec.kind == "after" and self.starts and self.current_run not in runs:
            delay = max(timedelta(seconds=1), length_of(self.spec.value).shortest)
            self.current_run, self.next_due = None, self.now + delay

    def _after(self) -> None:
        """A run, its end, the delay, the next run."""
        if self.current_run is not None and self.current_run in self.ended:
            self.next_due = length_of(self.spec.value).after(self.ended[self.current_run], 1, zone_of(self.spec.zone))
            self.current_run = None
        if self.active and self.next_due is not None and self.next_due <= self.now:
            self._add(due_key(self.next_due), self.next_due, "started")
            self.current_run, self.next_due = self.starts[-1].run_id, None

    def _from_queue(self) -> None:
        if self.oldest_queued is None or self.alive:
            return
        start = self.oldest_queued
        start.outcome, start.run_id, start.from_queue = "started", new_run_id(), True
        self.starts.append(start)
        self.alive += 1
        self.queued -= 1

    def _mind_the_clock(self) -> None:
        """The clock was set back since `next_due` was set: without this, nothing would happen until it gets there again."""
        if self.next_due is None or self.decided_at <= self.now + CLOCK_WENT_BACK:
            return
        timing = self.spec.timing(self.anchor)
        if timing is not None:
            self.next_due = timing.next_after(self.now)
        elif self.spec.kind == "after":
            self.next_due = min(self.next_due, length_of(self.spec.value).after(self.now, 1, zone_of(self.spec.zone)))

    def _add(self, key: str, due_at: datetime, outcome: str, reason: str = "", input_: JSON = None) -> None:
        run_id = new_run_id() if outcome == "started" else None
        data = {} if input_ is None else input_
        self.starts.append(Start(key=key, due_at=due_at, outcome=outcome, reason=reason, input=data, run_id=run_id))
        self.alive += outcome == "started"
        self.queued += outcome == "queued"


def due_key(due: datetime) -> str:
    return due.astimezone(UTC).isoformat()
