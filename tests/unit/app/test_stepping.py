"""The state of every task, from the rows of the journal."""

from __future__ import annotations

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
