"""What happens with due times: missed ones, and those that meet a run that has not ended. The clock is fixed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.scheduling.policy import MOST_MISSED, MOST_QUEUED, plan
from app.scheduling.times import Cron

HOURLY = Cron("0 * * * *", ZoneInfo("UTC"))


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 5, 4, hour, minute, second, tzinfo=UTC)


def planned(now: datetime, **given: Any) -> tuple[list[int], list[int], list[tuple[int, str]], int | None]:
    """Return the hours that start, that are queued, that are left out and why, and the next one; due since 09:00."""
    values = {"missed": "once", "overlap": "skip", "alive": False, "queued": 0, **given}
    made = plan(HOURLY, at(9), now, **values)
    skipped = [(due.hour, reason) for due, reason in made.skip]
    return [due.hour for due in made.start], [due.hour for due in made.queue], skipped, made.next_due.hour if made.next_due else None


class TestInTime:
    @pytest.mark.parametrize("missed", ["skip", "once", "all"])
    def test_a_due_time_starts_whatever_is_said_of_missed_ones(self, missed: str) -> None:
        assert planned(at(9, 0, 1), missed=missed) == ([9], [], [], 10)

    def test_before_it_nothing_happens(self) -> None:
        assert planned(at(8, 59)) == ([], [], [], 9)

    def test_a_minute_late_is_in_time(self) -> None:
        assert planned(at(9, 1), missed="skip") == ([9], [], [], 10)


class TestMissed:
    def test_once_starts_one_for_all_that_were_missed(self) -> None:
        assert planned(at(12, 30), missed="once") == ([12], [], [], 13)

    def test_skip_starts_none_and_says_so(self) -> None:
        assert planned(at(12, 30), missed="skip") == ([], [], [(12, "missed, and times before it")], 13)

    def test_skip_starts_the_one_that_is_due_now(self) -> None:
        assert planned(at(12, 0, 5), missed="skip") == ([12], [], [], 13)

    def test_all_starts_each(self) -> None:
        assert planned(at(12, 30), missed="all", overlap="parallel") == ([9, 10, 11, 12], [], [], 13)

    def test_all_one_after_the_other(self) -> None:
        assert planned(at(12, 30), missed="all", overlap="queue") == ([9], [10, 11, 12], [], 13)

    def test_whoever_was_away_for_years_gets_the_newest(self) -> None:
        made = plan(HOURLY, at(9), datetime(2031, 1, 1, tzinfo=UTC), missed="all", overlap="parallel", alive=False, queued=0)

        assert (len(made.start), made.start[-1].year) == (MOST_MISSED, 2031)


class TestOverlap:
    def test_skip_leaves_it_out(self) -> None:
        assert planned(at(9), alive=True) == ([], [], [(9, "the previous run had not ended")], 10)

    def test_queue_lets_it_wait(self) -> None:
        assert planned(at(9), overlap="queue", alive=True) == ([], [9], [], 10)

    def test_a_queue_is_a_queue_also_when_the_run_has_just_ended(self) -> None:
        assert planned(at(9), overlap="queue", alive=False, queued=1) == ([], [9], [], 10)

    def test_a_queue_has_an_end(self) -> None:
        assert planned(at(9), overlap="queue", alive=True, queued=MOST_QUEUED) == ([], [], [(9, "1000 starts were waiting already")], 10)

    def test_parallel_does_not_mind(self) -> None:
        assert planned(at(9), overlap="parallel", alive=True) == ([9], [], [], 10)
