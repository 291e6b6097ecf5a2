"""`approve` and `ask`: several people, reminders that survive a kill, forms of every kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.actions.forms import misfits
from tests.unit.run.harness import Runs

YES = {"approved": True, "comment": "", "by": "ada"}


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def approve(**more: Any) -> list[dict[str, Any]]:
    return [{"a": {"call": "approve:1.0.0@default", "with": {"title": "Pay?", **more}}}]


def ask(schema: Any) -> list[dict[str, Any]]:
    return [{"q": {"call": "ask:1.0.0@default", "with": {"title": "Tell", "schema": schema}}}]


async def test_several_may_be_asked(runs: Runs) -> None:
    outcome = await runs.start(approve(assignee=["ada", "bo"]), {})

    assert outcome.awaited[0].form is not None
    assert outcome.awaited[0].form["assignee"] == "ada, bo"


class TestReminders:
    async def test_come_one_after_the_other_and_once(self, runs: Runs) -> None:
        clock = Clock()
        first = await runs.start(approve(assignee="ada", reminders=["PT1H", "PT2H"], message="500 euro"), {}, clock=clock)
        posted = runs.deps.notices.posted  # type: ignore[attr-defined]
        counts = [len(posted)]
        for hours in (1, 1, 1, 5):
            clock.time += timedelta(hours=hours, seconds=1)
            await runs.after_kill()
            counts.append(len(posted))

        assert [(one.kind, one.path) for one in first.awaited] == [("approve", "/do/0/a"), ("timer", "/do/0/a/reminder[1]")]
        assert counts == [0, 1, 1, 2, 2]
        assert {(one.to, one.title, one.text) for one in posted.values()} == {("ada", "Reminder: Pay?", "500 euro")}

    async def test_end_with_the_answer(self, runs: Runs) -> None:
        await runs.start(approve(reminders=["PT1H"]), {})
        runs.mailbox.answer("/do/0/a", YES)

        outcome = await runs.after_kill()

        assert (outcome.status, outcome.output["approved"]) == ("completed", True)
        assert list(runs.mailbox.awaited) == []
        assert not runs.deps.notices.posted  # type: ignore[attr-defined]

    async def test_do_not_put_a_deadline_off(self, runs: Runs) -> None:
        clock = Clock()
        await runs.start(approve(reminders=["PT1H"], deadline="PT2H"), {}, clock=clock)
        clock.time += timedelta(hours=3)

        outcome = await runs.after_kill()

        assert outcome.error is not None
        assert outcome.error["type"].endswith("/timeout")

    async def test_one_that_is_no_duration_is_a_validation_error(self, runs: Runs) -> None:
        outcome = await runs.start(approve(reminders=["soon"]), {})

        assert outcome.error is not None
        assert outcome.error["detail"].startswith("reminders: ")


class TestForms:
    async def test_a_form_nobody_could_fill_in_is_refused_at_once(self, runs: Runs) -> None:
        outcome = await runs.start(ask({"type": "objekt"}), {})

        assert outcome.error is not None
        assert "the form's 'schema' is no JSON Schema" in outcome.error["detail"]

    @pytest.mark.parametrize(
        ("field", "good", "bad"),
        [
            ({"type": "array", "items": {"enum": ["mail", "phone"]}, "uniqueItems": True, "minItems": 1}, ["mail"], ["fax"]),
            ({"type": "array", "items": {"enum": ["mail", "phone"]}, "minItems": 1}, ["mail", "phone"], []),
            ({"type": "string", "format": "date"}, "2026-02-28", "2026-02-30"),
            ({"type": "string", "format": "email"}, "a@b.org", "nobody"),
            ({"type": "integer", "minimum": 1, "maximum": 5}, 5, 6),
            ({"type": "number", "multipleOf": 0.5}, 2.5, 2.4),
            ({"type": "boolean"}, False, "yes"),
            ({"enum": [1, 2]}, 2, "2"),
            ({"type": "string", "pattern": "^[A-Z]{2}$"}, "AT", "Austria"),
        ],
    )
    def test_every_kind_of_field_is_checked(self, field: Any, good: Any, bad: Any) -> None:
        schema = {"type": "object", "properties": {"f": field}, "required": ["f"], "additionalProperties": False}

        assert misfits(schema, {"f": good}) == []
        assert [one.where.partition("[")[0] for one in misfits(schema, {"f": bad})] == ["field f"]
