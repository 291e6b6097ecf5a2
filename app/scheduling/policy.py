"""What a trigger does when it is looked at: which due times start a run, which wait for the previous one, which are left out. Pure.

A due time is missed when it is looked at more than `LATE` after it, or when a later one is due by then as well: nobody was there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from app.scheduling.times import Timing, between

Missed = Literal["skip", "once", "all"]
Overlap = Literal["skip", "queue", "parallel"]
LATE = timedelta(seconds=60)
MOST_MISSED = 1000  # of `all`: the newest; who was away for longer does not come back to a flood
MOST_QUEUED = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens with the due times up to now; each list oldest first."""

    start: list[datetime] = field(default_factory=list)
    queue: list[datetime] = field(default_factory=list)
    skip: list[tuple[datetime, str]] = field(default_factory=list)  # and why
    next_due: datetime | None = None


def plan(timing: Timing, next_due: datetime, now: datetime, *, missed: Missed, overlap: Overlap, alive: bool, queued: int) -> Plan:
    """
    Decide on everything that is due.

    Args:
        next_due: The first due time nobody has looked at.
        alive: Whether a run of this trigger has not ended yet.
        queued: How many starts wait for that.
    """
    if next_due > now:
        return Plan(next_due=next_due)
    due, more = between(timing, next_due, now, most=MOST_MISSED if missed == "all" else 1)
    after = timing.next_after(now)
    if missed == "skip" and now - due[-1] > LATE:
        return Plan(skip=[(due[-1], "missed, and times before it" if more else "missed")], next_due=after)
    start, queue, skip = overlapped(due, overlap, alive=alive, queued=queued)
    return Plan(start, queue, skip, after)


def overlapped(
    due: list[datetime], overlap: Overlap, *, alive: bool, queued: int
) -> tuple[list[datetime], list[datetime], list[tuple[datetime, str]]]:
    """Return what starts, what is queued, and what is left out and why, when *due* meets runs that have not ended."""
    if overlap == "parallel":
        return due, [], []
    free = 0 if alive or queued else 1
    start, rest = due[:free], due[free:]
    if overlap == "skip":
        return start, [], [(moment, "the previous run had not ended") for moment in rest]
    room = max(0, MOST_QUEUED - queued)
    return start, rest[:room], [(moment, f"{MOST_QUEUED} starts were waiting already") for moment in rest[room:]]
