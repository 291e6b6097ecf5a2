"""The state of every task, from the rows of the journal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.stepping import step_states
from graphs.run.ports import Row

RACE = {"do": [{"race": {"fork": {"compete": True, "branches": [{"pay": {"call": "http"}}, {"wait": {"wait": "PT1S"}}]}}}]}
PAY = "/do/0/race/fork/branches/0/pay"


def row(path: str, **values: Any) -> Row:
    return Row(**{"path": path, "attempt": 1, "kind": "step", "reference": PAY, "status": "finished", **values})


@pytest.mark.parametrize(
    ("before", "status"),
    [([], "skipped"), ([row(PAY, kind="intent", status="started")], "skipped"), ([row(f"{PAY}#2"), row(PAY, kind="intent")], "done")],
    ids=["begun", "with an effect begun", "done in another round"],
)
@pytest.mark.parametrize("run_status", ["running", "completed"])
def test_a_branch_that_lost_its_race_is_not_shown_at_work_any_more(before: list[Row], status: str, run_status: str) -> None:
    stopped = row(f"{PAY}/cancelled", status="cancelled")

    states = step_states(RACE, [*before, stopped], (), (), run_status)

    assert states[PAY]["status"] == status


def test_a_way_not_taken_is_skipped_once_the_run_has_completed_and_pending_until_then() -> None:
    either = {"do": [{"yes": {"set": {"a": 1}}}, {"no": {"set": {"a": 2}}}]}
    done = row("/do/0/yes", reference="/do/0/yes")

    shown = {status: step_states(either, [done], (), (), status)["/do/1/no"] for status in ("completed", "faulted", "running")}

    assert (shown["completed"]["status"], shown["completed"]["detail"]) == ("skipped", "not taken")
    assert (shown["faulted"]["status"], shown["running"]["status"]) == ("pending", "pending")


def test_a_task_has_its_title_and_lasts_from_its_first_start_to_its_last_end() -> None:
    loop = {"do": [{"visit": {"set": {"a": 1}, "metadata": {"parley": {"title": "Visit them"}}}}]}
    at = [datetime(2026, 1, 1, 9, 0, second, tzinfo=UTC) for second in range(4)]
    rounds = [
        row("/do/0/visit", reference="/do/0/visit", started_at=at[0], ended_at=at[1]),
        row("/do/0/visit#2", reference="/do/0/visit", started_at=at[2], ended_at=at[3]),
    ]

    state = step_states(loop, rounds, (), (), "completed")["/do/0/visit"]

    assert (state["title"], state["done"]) == ("Visit them", 2)
    assert (state["started_at"], state["ended_at"]) == (at[0].isoformat(), at[3].isoformat())


def test_what_a_subscription_does_with_its_messages_is_shown() -> None:
    with_ = {"subscription": {"consume": {"amount": 2}, "foreach": {"do": [{"look": {"set": {}}}, {"note": {"set": {}}}]}}}
    hear, each = {"do": [{"hear": {"call": "asyncapi", "with": with_}}]}, "/do/0/hear/with/subscription/foreach/do"
    looked = row("/do/0/hear/foreach[0]/0/look", reference=f"{each}/0/look")

    states = step_states(hear, [looked], (), ["/do/0/hear/foreach[0]/1/note"], "running")

    shown = {reference: state["status"] for reference, state in states.items()}
    assert shown == {"/do/0/hear": "pending", f"{each}/0/look": "done", f"{each}/1/note": "running"}


def test_a_task_that_was_undone_says_so_and_one_that_could_not_be_says_why() -> None:
    two = {"do": [{"a": {"set": {"x": 1}}}, {"b": {"set": {"x": 2}}}]}
    rows = [
        *(row(f"/do/{n}/{name}", reference=f"/do/{n}/{name}") for n, name in enumerate("ab")),
        row("/do/0/a/compensate", reference="/do/0/a", kind="compensate", status="started"),
        row(
            "/do/1/b/compensate", reference="/do/1/b/metadata/parley/compensate", status="faulted", error={"title": "No", "detail": "gone"}
        ),
        row("/do/0/a/compensate", reference="/do/0/a/metadata/parley/compensate"),
    ]

    states = step_states(two, rows, (), (), "faulted")

    assert (states["/do/0/a"]["status"], states["/do/0/a"]["detail"]) == ("compensated", "undone")
    assert (states["/do/1/b"]["status"], states["/do/1/b"]["detail"]) == ("done", "could not be undone: gone")
