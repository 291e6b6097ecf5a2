"""What the offline author makes of wishes, and that it never leaves a part of one out."""

from __future__ import annotations

import json
from typing import Any

import pytest

import dsl
from dsl.walk import steps
from graphs.design import author
from tests.unit.design.scripted import CATALOGUE, Talk, deps, offline
from tests.unit.design.wishes import BEYOND, WISHES, Wish

ANSWERS = {
    "email-address": "ada@example.com",
    "person": "Carla",
    "webhook-address": "https://hooks.example.com/y",
    "slack-address": "https://hooks.example.com/s",
    "invoices-address": "https://a.example.com/invoices",
}


def kind(task: dict[str, Any]) -> str:
    if task.get("call") == "http":
        return str(task["with"]["method"])
    return str(task["call"]).split(":")[0] if "call" in task else next(key for key in KINDS if key in task)


KINDS = ("set", "switch", "for", "fork", "try", "wait", "emit", "listen", "raise", "do")


async def designed(wish: str) -> tuple[Any, list[str]]:
    """Return the definition and the ids of the questions on the way to it."""
    talk, asked = Talk(), []
    events = await talk.say({"text": wish, "as": "wish"})
    while questions := next((event["questions"] for event in events if event["type"] == "questions"), []):
        asked += [question["id"] for question in questions]
        events = await talk.say({"answers": {question["id"]: ANSWERS.get(question["id"], "") for question in questions}})
    assert talk.drafts, events
    return dsl.read(talk.text).data, asked


class TestWishes:
    @pytest.mark.parametrize("wish", WISHES, ids=[wish.said[:60] for wish in WISHES])
    async def test_become_the_definition_that_was_meant(self, wish: Wish) -> None:
        """Schedule, tasks in order and questions are those meant; the definition has no error and a title on every task."""
        data, asked = await designed(wish.said)

        assert (json.dumps(data["schedule"]) if "schedule" in data else "") == wish.schedule
        assert " ".join(kind(step.task) for step in steps(data)) == wish.tasks
        assert " ".join(asked) == wish.questions
        assert [problem for problem in dsl.check(data, CATALOGUE) if problem.severity == "error"] == []
        assert [step.name for step in steps(data) if not step.task["metadata"]["parley"]["title"]] == []

    def test_are_enough_and_half_of_them_say_the_same_in_other_words(self) -> None:
        assert len(WISHES) >= 40
        assert sum(wish.again for wish in WISHES) * 2 >= len(WISHES)

    async def test_are_built_the_same_every_time(self) -> None:
        first, second = await designed(WISHES[0].said), await designed(WISHES[0].said)

        assert first == second


class TestBeyond:
    @pytest.mark.parametrize("wish", BEYOND)
    async def test_is_said_with_the_words_that_were_not_understood(self, wish: str) -> None:
        """Nothing is written, the words are quoted, and what is understood is listed."""
        told = await author(deps(offline()), wish, yes_to_defaults=True)

        assert told["definition"] == ""
        assert [problem["code"] for problem in told["problems"]] == ["not-understood"] * len(told["problems"])
        assert any(BEYOND[wish].lower() in problem["message"].lower() for problem in told["problems"])
        assert "every weekday at 9" in told["problems"][0]["hint"]
