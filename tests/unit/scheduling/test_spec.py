"""What a definition's `schedule` means as triggers, and what cannot be one."""

from __future__ import annotations

from typing import Any

import pytest

from app.scheduling.spec import problems_of, specs_of, types_of


def data(schedule: dict[str, Any], **parley: Any) -> dict[str, Any]:
    return {"document": {"name": "x", "metadata": {"parley": parley}}, "schedule": schedule}


ONE = {"one": {"with": {"type": "a.b"}}}


@pytest.mark.parametrize(
    ("schedule", "parley", "policies"),
    [
        ({"cron": "0 9 * * *"}, {}, [("cron", "once", "skip")]),
        ({"every": "PT1M"}, {}, [("every", "once", "parallel")]),  # the standard: whether the previous run has ended or not
        ({"on": ONE}, {}, [("on", "once", "parallel")]),  # no event is lost
        ({"cron": "0 9 * * *"}, {"missed": "all"}, [("cron", "all", "queue")]),
        ({"every": "PT1M"}, {"overlap": "skip", "missed": "skip"}, [("every", "skip", "skip")]),
        ({"on": ONE, "every": "PT1M"}, {"overlap": "queue"}, [("every", "once", "queue"), ("on", "once", "queue")]),
    ],
)
def test_policies_and_what_holds_without_them(schedule: dict[str, Any], parley: dict[str, Any], policies: list[Any]) -> None:
    assert [(spec.kind, spec.missed, spec.overlap) for spec in specs_of(data(schedule, **parley), "UTC")] == policies


def test_the_time_zone_is_the_definitions_else_the_settings() -> None:
    assert [spec.zone for spec in specs_of(data({"cron": "* * * * *"}, timezone="Asia/Tokyo"), "Europe/Berlin")] == ["Asia/Tokyo"]
    assert [spec.zone for spec in specs_of(data({"cron": "* * * * *"}), "Europe/Berlin")] == ["Europe/Berlin"]


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        ({"every": "PT0S"}, "once a second at most"),
        ({"every": {"milliseconds": 999}}, "once a second at most"),
        ({"after": "${ .delay }"}, "before a run there is nothing it could be evaluated on"),
        ({"cron": "0 25 * * *"}, "is no cron expression"),
        ({"on": {"one": {"with": {"type": "(?=a)b"}}}}, ""),
    ],
)
def test_what_cannot_work_is_told_with_its_place(schedule: dict[str, Any], why: str) -> None:
    [problem] = problems_of(specs_of(data(schedule), "UTC"))

    assert problem.reference.startswith(f"/schedule/{next(iter(schedule))}")
    assert why in problem.message


def test_after_nothing_and_long_months_are_fine() -> None:
    assert problems_of(specs_of(data({"after": "PT0S", "every": "P1M", "cron": "0 0 29 2 *"}), "UTC")) == []


@pytest.mark.parametrize(
    ("strategy", "types"),
    [
        (ONE, ["a.b"]),
        ({"any": [{"with": {"type": "b"}}, {"with": {"type": "a", "source": "/x"}}]}, ["a", "b"]),
        ({"any": []}, [""]),
        ({"one": {"with": {"source": "/x"}}}, [""]),
        ({"one": {"with": {"type": "order\\..*"}}}, [""]),
        ({"one": {"with": {"type": "${ . == \"x\" }"}}}, [""]),
        ({"any": [{"with": {"type": "a"}}], "until": {"one": {"with": {"type": "z"}}}}, ["a", "z"]),
    ],
)  # fmt: skip
def test_which_types_of_events_are_looked_at(strategy: dict[str, Any], types: list[str]) -> None:
    assert types_of(strategy) == types
