"""When schedules fall due: the clock's changes, months of every length, and a beat that does not drift."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.scheduling.lengths import length_of
from app.scheduling.times import Cron, Every, between, upcoming

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def cron(expression: str, after: str, count: int, zone: str = "Europe/Berlin") -> list[str]:
    times = upcoming(Cron(expression, ZoneInfo(zone)), at(after), count)
    return [time.astimezone(ZoneInfo(zone)).isoformat() for time in times]


class TestTheClockGoesForward:
    """In Berlin on 29 March 2026 the clock goes from 02:00 to 03:00."""

    def test_a_time_that_is_left_out_falls_due_when_the_clock_goes_on(self) -> None:
        assert cron("30 2 * * *", "2026-03-28T00:00+01:00", 3) == [
            "2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00",
        ]  # fmt: skip

    def test_two_times_that_are_left_out_fall_due_once(self) -> None:
        assert cron("15,45 2 * * *", "2026-03-29T00:00+01:00", 2) == ["2026-03-29T03:00:00+02:00", "2026-03-30T02:15:00+02:00"]

    def test_every_hour_goes_by_the_time_that_passes(self) -> None:
        assert cron("0 * * * *", "2026-03-29T00:30+01:00", 2) == ["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"]


class TestTheClockGoesBack:
    """In Berlin on 25 October 2026 the hour from 02:00 to 03:00 comes twice."""

    def test_a_time_that_comes_twice_falls_due_once_the_first_time(self) -> None:
        assert cron("30 2 * * *", "2026-10-25T00:00+02:00", 2) == ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]

    def test_asked_in_the_second_of_the_two_hours_it_is_over(self) -> None:
        """What is next is always later than now, also for whoever asks at 02:15 of the second hour."""
        assert cron("30 2 * * *", "2026-10-25T02:15+01:00", 1) == ["2026-10-26T02:30:00+01:00"]

    def test_every_half_hour_goes_by_the_time_that_passes(self) -> None:
        assert cron("*/30 * * * *", "2026-10-25T02:00+02:00", 4) == [
            "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "expression", "after", "due"),
    [
        ("America/New_York", "30 2 * * *", "2026-03-08T00:00-05:00", "2026-03-08T03:00:00-04:00"),
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-04T00:00+10:30", "2026-10-04T02:30:00+11:00"),  # half an hour is left out
        ("Asia/Kolkata", "0 9 * * 1-5", "2026-11-20T10:00+05:30", "2026-11-23T09:00:00+05:30"),
        ("UTC", "30 2 * * *", "2026-03-29T00:00+00:00", "2026-03-29T02:30:00+00:00"),
    ],
)
def test_zones_of_every_kind(zone: str, expression: str, after: str, due: str) -> None:
    assert cron(expression, after, 1, zone) == [due]


class TestTheCalendar:
    def test_the_29th_of_february_comes_in_leap_years(self) -> None:
        assert [time[:10] for time in cron("0 0 29 2 *", "2026-01-01T00:00+01:00", 2)] == ["2028-02-29", "2032-02-29"]

    def test_the_31st_comes_in_months_that_have_one(self) -> None:
        assert [time[:10] for time in cron("0 8 31 * *", "2026-02-01T00:00+01:00", 3)] == ["2026-03-31", "2026-05-31", "2026-07-31"]

    def test_the_last_day_comes_in_every_month(self) -> None:
        assert [time[:10] for time in cron("0 8 L * *", "2028-02-01T00:00+01:00", 3)] == ["2028-02-29", "2028-03-31", "2028-04-30"]

    def test_the_first_monday_and_the_last_weekday(self) -> None:
        assert cron("0 8 * * 1#1", "2026-11-20T00:00+01:00", 1) == ["2026-12-07T08:00:00+01:00"]
        assert cron("0 8 LW * *", "2026-10-01T00:00+02:00", 1) == ["2026-10-30T08:00:00+01:00"]


class TestEvery:
    def test_it_keeps_its_beat_whenever_it_is_looked_at(self) -> None:
        every = Every(length_of("PT7M"), at("2026-01-01T00:00:10+00:00"), BERLIN)

        assert every.next_after(at("2026-01-01T00:00:10+00:00")) == at("2026-01-01T00:07:10+00:00")
        assert every.next_after(at("2026-06-01T12:34:56.789+00:00")) == at("2026-06-01T12:37:10+00:00")

    def test_a_month_is_a_step_in_the_calendar_and_the_31st_comes_back(self) -> None:
        every = Every(length_of("P1M"), at("2027-10-31T09:00+01:00"), BERLIN)

        assert [time.astimezone(BERLIN).isoformat()[:16] for time in upcoming(every, every.anchor, 6)] == [
            "2027-11-30T09:00", "2027-12-31T09:00", "2028-01-31T09:00", "2028-02-29T09:00", "2028-03-31T09:00", "2028-04-30T09:00",
        ]  # fmt: skip

    def test_a_day_is_24_hours_a_month_keeps_the_hour(self) -> None:
        days, months = (Every(length_of(length), at("2026-03-28T09:00+01:00"), BERLIN) for length in ("P1D", "P1M"))

        assert days.next_after(days.anchor) == at("2026-03-29T10:00+02:00")
        assert months.next_after(months.anchor) == at("2026-04-28T09:00+02:00")

    def test_a_year_from_the_29th_of_february(self) -> None:
        every = Every(length_of("P1Y"), at("2028-02-29T00:00+00:00"), ZoneInfo("UTC"))

        assert [time.date().isoformat() for time in upcoming(every, every.anchor, 4)] == [
            "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29",
        ]  # fmt: skip

    @settings(max_examples=200, deadline=None)
    @given(
        length=st.sampled_from(["PT1S", "PT0.5H", "PT1M", "P1W", "P1M", "P1M1D", "P3M", "P1Y2M"]),
        since=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=20_000)),
    )
    def test_what_is_next_is_later_than_now_and_nothing_lies_between(self, length: str, since: timedelta) -> None:
        every = Every(length_of(length), at("2026-01-31T02:30+01:00"), BERLIN)
        now = every.anchor + since

        due = every.next_after(now)

        assert due is not None
        assert due > now
        before = every.next_after(due - every.length.shortest - timedelta(days=4 if every.length.months else 0))
        assert before is not None
        assert before <= due
        assert every.next_after(due - timedelta(microseconds=1)) == due


class TestLengths:
    @pytest.mark.parametrize(
        ("duration", "months", "seconds"),
        [
            ("PT15M", 0, 900), ("P1M", 1, 0), ("P1Y6M", 18, 0), ("P2W", 0, 1_209_600), ("PT0.001S", 0, 0.001), ({"minutes": 2}, 0, 120),
            ({"days": 1, "milliseconds": 500}, 0, 86_400.5), ("P1M1DT1H", 1, 90_000),
        ],
    )  # fmt: skip
    def test_what_they_mean(self, duration: Any, months: int, seconds: float) -> None:
        length = length_of(duration)

        assert (length.months, length.rest.total_seconds()) == (months, seconds)

    @pytest.mark.parametrize(
        "duration", ["${ .x }", "P0.5M", "P1.5Y1W0.1M", "P101Y", "soon", "P", "PT", {}, {"months": 1}, {"days": -1}, 7, None]
    )
    def test_what_has_no_meaning_is_refused_in_words(self, duration: Any) -> None:
        with pytest.raises(ValueError, match=r"'.*'"):
            length_of(duration)


class TestBetween:
    def test_a_year_of_minutes_costs_what_it_returns(self) -> None:
        minutes = Cron("* * * * *", BERLIN)

        found, more = between(minutes, at("2025-01-01T00:00+00:00"), at("2026-01-01T00:00:30+00:00"), most=3)

        assert [time.isoformat()[11:16] for time in found] == ["23:58", "23:59", "00:00"]
        assert more

    def test_both_ends_count(self) -> None:
        hours = Cron("0 * * * *", BERLIN)

        found, more = between(hours, at("2026-01-01T00:00+00:00"), at("2026-01-01T03:00+00:00"), most=10)

        assert ([time.hour for time in found], more) == ([0, 1, 2, 3], False)
