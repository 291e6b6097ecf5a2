"""What a run waits for, in words."""

from __future__ import annotations

from typing import Any

import pytest

from app.cli import waits


def wait(kind: str, **values: Any) -> dict[str, Any]:
    names = ("title", "message", "data", "schema", "assignee", "wake_at", "event")
    return {"kind": kind, "path": "/do/0/a", "reference": "/do/0/a", **dict.fromkeys(names), **values}


def test_an_event_says_its_attributes_and_a_timer_its_moment() -> None:
    event = waits.lines(wait("event", event={"type": "order.placed", "source": "/shop"}), "r", [])
    timer = waits.lines(wait("timer", wake_at="2026-05-01T09:00:00+00:00"), "r", [])

    assert event == ["  waits for an event with type order.placed and source /shop  (/do/0/a)"]
    assert timer[0].startswith("  waits for a time, until 2026-05-0")


def test_an_approval_shows_what_is_to_be_approved_and_both_answers() -> None:
    item = wait("approve", title="Pay?", message="Two invoices", data={"sum": 7}, assignee="bella", wake_at="2026-05-01T09:00:00+00:00")

    first, *rest = waits.lines(item, "run-1", [item])

    assert first.startswith("  waits for an approval: Pay?, at the latest 2026-05-0")
    assert rest == [
        "    Two invoices",
        "    for bella",
        "    {",
        '      "sum": 7',
        "    }",
        "    parley answer run-1 a --approve",
        "    parley answer run-1 a --reject --comment 'why not'",
    ]


def test_a_form_names_its_fields_and_gives_a_value_to_fill_in() -> None:
    schema = {
        "type": "object",
        "required": ["centre"],
        "properties": {
            "centre": {"type": "string", "pattern": "^[0-9]{4}$", "description": "Four digits"},
            "colour": {"enum": ["red", "blue"]},
        },
    }
    item = wait("ask", title="Where?", schema=schema)

    assert waits.lines(item, "run-1", [item])[1:] == [
        "    centre: string, pattern ^[0-9]{4}$ (Four digits)",
        "    colour: one of red, blue, may be left out",
        """    parley answer run-1 a '{"centre": "…", "colour": "red"}'""",
    ]


def test_a_run_that_is_over_has_no_command_to_answer() -> None:
    item = wait("approve", title="Pay?")

    assert waits.lines(item, "run-1", [item], answerable=False) == ["  waits for an approval: Pay?  (/do/0/a)"]


def test_a_name_that_fits_two_waits_gives_way_to_the_path() -> None:
    turns = [{**wait("approve"), "path": f"/do/0/each/for[{n}]/0/a", "reference": "/do/0/each/do/0/a"} for n in range(2)]

    assert waits.commands(turns[1], "run-1", turns)[0] == "parley answer run-1 '/do/0/each/for[1]/0/a' --approve"


@pytest.mark.parametrize(
    ("schema", "value"),
    [(None, "…"), ({"type": "integer"}, 0), ({"type": ["boolean", "null"]}, True), ({"default": 3}, 3), ({"type": "array"}, [])],
)
def test_a_sample_has_the_forms_shape(schema: Any, value: Any) -> None:
    assert waits.sample(schema) == value
