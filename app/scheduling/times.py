"""When a schedule falls due. Pure: the moment is given, the answer is a moment in UTC, strictly later.

`cron` is read by cronsim in a time zone. Hours and minutes that are written out mean the wall clock: a time that the clock skips falls
due when the clock goes on, one that comes twice falls due the first time. With a `*` in hour or minute it goes by the time that passes.
(Source: cronsim's README, "cron daemon's DST handling"; Debian's cron.) `every` counts from an anchor and never drifts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from app.scheduling.lengths import Length

FIRST_WINDOW = timedelta(hours=1)


class Timing(Protocol):
    """Due times, without end."""

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first due time later than *moment*; None when there is none."""


@dataclass(frozen=True, slots=True)
class Cron:
    expression: str
    zone: ZoneInfo

    def next_after(self, moment: datetime) -> datetime | None:
        from cronsim import CronSim

        try:
            for due in CronSim(self.expression, moment.astimezone(self.zone)):
                if due.astimezone(UTC) > moment:  # in the doubled hour cronsim may begin an hour early
                    return due.astimezone(UTC)
        except (StopIteration, OverflowError, ValueError):  # the calendar ends
            return None
        return None


@dataclass(frozen=True, slots=True)
class Every:
    length: Length
    anchor: datetime
    zone: ZoneInfo

    def next_after(self, moment: datetime) -> datetime | None:
        times = self._guess(moment)
        while times > 0 and self._due(times - 1) > moment:
            times -= 1
        while self._due(times) <= moment:
            times += 1
        return self._due(max(1, times))

    def _due(self, times: int) -> datetime:
        return self.length.after(self.anchor, times, self.zone)

    def _guess(self, moment: datetime) -> int:
        """Return about how many lengths lie between the anchor and *moment*; exactly so many for a fixed length."""
        passed = moment - self.anchor
        if not self.length.months:
            return max(0, passed // self.length.rest)
        a_month = timedelta(days=30, hours=10, minutes=29)
        return max(0, passed // (a_month * self.length.months + self.length.rest))


def between(timing: Timing, start: datetime, end: datetime, *, most: int) -> tuple[list[datetime], bool]:
    """
    Return the newest *most* due times in [*start*, *end*], oldest first, and whether there were earlier ones.

    *start* is a due time. Looks backwards in growing windows, so that a year of minutes costs no more than it returns.
    """
    window = FIRST_WINDOW
    while True:
        after = end - window
        whole = after < start
        found = _listed(timing, start - timedelta(microseconds=1) if whole else after, end)
        if whole and (not found or found[0] != start) and start <= end:
            found = [start, *(due for due in found if due > start)]  # the clock's or the zone's rules have changed since it was set
        if whole or len(found) >= most:
            return found[-most:], not whole or len(found) > most
        window *= 4


def _listed(timing: Timing, after: datetime, end: datetime) -> list[datetime]:
    found: list[datetime] = []
    due = timing.next_after(after)
    while due is not None and due <= end:
        found.append(due)
        due = timing.next_after(due)
    return found


def upcoming(timing: Timing, moment: datetime, count: int) -> list[datetime]:
    """Return the next *count* due times after *moment*."""
    found: list[datetime] = []
    due = timing.next_after(moment)
    while due is not None and len(found) < count:
        found.append(due)
        due = timing.next_after(due)
    return found
