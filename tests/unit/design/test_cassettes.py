"""Exchanges with a model, recorded by hand through a completion desk, are replayed: weak replies are repaired or reported, never proposed."""  # noqa: E501

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import dsl
from dsl.walk import steps
from tests.unit.design.scripted import CASSETTES, CATALOGUE, Talk, kinds, model

TAPES = sorted(CASSETTES.glob("*.jsonl"))


def tape(path: Path) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    head, *lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return head, [(line["prompt"], line["reply"]) for line in lines]


class TestRecordedExchanges:
    @pytest.mark.parametrize("path", TAPES, ids=[path.stem for path in TAPES])
    async def test_end_as_they_ended_when_they_were_recorded(self, path: Path) -> None:
        head, replies = tape(path)
        models, chat = model(*replies)
        talk = Talk(models)

        for user in head["turns"]:
            await talk.say(user)

        expected = head["expect"]
        assert (len(talk.drafts), len(chat.asked)) == (expected["proposals"], expected["calls"])
        if talk.drafts:
            data = dsl.read(talk.text).data
            assert [step.name for step in steps(data)] == expected["tasks"]
            assert not [problem for problem in dsl.check(data, CATALOGUE) if problem.severity == "error"]

    async def test_a_repair_that_brings_the_same_problems_back_ends_the_loop_and_says_so(self) -> None:
        head, replies = tape(CASSETTES / "bad-never-repaired.jsonl")
        talk = Talk(model(*replies)[0])

        events = await talk.say(head["turns"][0])

        assert kinds(events) == ["say"]
        assert events[0]["text"].startswith("I could not get this right: after 2 repairs")
        assert "there is no function 'sendEmail'" in events[0]["text"]
        assert (await talk.state())["repairs"] == 2

    async def test_the_older_dialect_is_rewritten_without_the_model(self) -> None:
        head, replies = tape(CASSETTES / "bad-prose-old-dialect-invented-function.jsonl")
        talk = Talk(model(*replies)[0])

        await talk.say(head["turns"][0])

        state = await talk.state()
        assert "the older 0.8 dialect was rewritten" in state["fixes"]
        assert state["repairs"] == 1

    def test_two_are_good_and_two_are_bad_and_all_say_where_they_come_from(self) -> None:
        heads = [tape(path)[0] for path in TAPES]

        assert [head["cassette"].split("-")[0] for head in heads] == ["bad", "bad", "good", "good"]
        assert {head["origin"] for head in heads} == {"recorded by hand through a completion desk"}
