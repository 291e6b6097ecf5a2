"""A turn of the conversation, with a scripted design graph."""

from __future__ import annotations

import asyncio
from typing import Any

from app.actions.base import Actor
from app.store.errors import DatabaseAway
from app.web.conversation import Conversation
from app.web.talk import Talk
from tests.unit.web.fakes import ADA, FakeActions, FakeContainer, FakeStore

ACTOR = Actor("default", "u1", "ada", "admin", "chat")
SAY = {"type": "say", "text": "Here it is."}


class Room:
    def __init__(self, *script: dict[str, Any]) -> None:
        self.store = FakeStore()
        proposal = {"id": "p1", "name": "x", "status": "open", "digest": "d", "secrets": [{"name": "TOKEN", "set": False}]}
        self.container = FakeContainer(FakeActions({"p1": proposal}), list(script))
        container: Any = self.container
        store: Any = self.store
        self.talk = Talk(container.converse, container.actions, store)
        self.conversation = Conversation(store, ADA, "c1")

    async def type(self, text: str) -> None:
        await self.talk.message(self.conversation, ACTOR, text, parent="run-1")

    @property
    def said(self) -> list[str]:
        return [step["output"] for step in self.store.steps.values() if step["type"] == "assistant_message" and step["output"]]


class TestEvents:
    async def test_what_the_agents_do_is_shown_as_steps_that_end(self) -> None:
        room = Room(
            {"type": "step", "id": "a", "name": "Understanding", "status": "start", "text": ""},
            {"type": "step", "id": "a", "name": "Understanding", "status": "end", "text": "a schedule"},
            SAY,
        )

        await room.type("Every day at 9 …")

        steps = [step for step in room.store.steps.values() if step["type"] == "tool"]
        assert [(step["name"], step["output"], step["parentId"], step["end"] is not None) for step in steps] == [
            ("Understanding", "a schedule", "run-1", True)
        ]
        assert room.said == ["Here it is."]

    async def test_a_proposal_becomes_its_card_with_a_form_for_each_missing_secret(self) -> None:
        room = Room({"type": "proposal", "proposal_id": "p1"})

        await room.type("…")

        assert [card["id"] for card in room.store.cards("ProposalCard")] == ["p1"]
        assert [card["name"] for card in room.store.cards("SecretCard")] == ["TOKEN"]

    async def test_typing_closes_a_form_of_questions_that_is_still_open(self) -> None:
        room = Room({"type": "questions", "questions": [{"id": "amount", "text": "Which field?"}]})
        await room.type("wish")
        room.container.script = [SAY]

        await room.type("the total")

        assert [card["status"] for card in room.store.cards("QuestionsCard")] == ["closed"]

    async def test_an_error_is_said_in_words(self) -> None:
        room = Room({"type": "error", "what": "The model does not answer.", "where": "openai:x", "why": "refused", "next": "Start it."})

        await room.type("…")

        assert room.said == ["**The model does not answer.**\n\nWhere: openai\\:x\n\nWhy: refused\n\nWhat next: Start it."]


class TestTrouble:
    async def test_a_turn_that_breaks_says_so_and_its_steps_do_not_spin_on(self) -> None:
        room = Room({"type": "step", "id": "a", "name": "Planning", "status": "start", "text": ""}, {"raise": RuntimeError("boom")})

        await room.type("…")

        assert "Something broke" in room.said[0]
        assert "boom" not in room.said[0]
        assert all(step["end"] for step in room.store.steps.values())

    async def test_while_the_database_is_away_nothing_is_written_and_nothing_raised(self) -> None:
        room = Room({"raise": DatabaseAway("nobody answers")})

        await room.type("…")

        assert room.store.steps == {}

    async def test_a_message_beyond_all_bounds_is_not_passed_on(self) -> None:
        room = Room(SAY)

        await room.type("x" * 200_000)

        assert room.container.heard == []
        assert "200,000" in room.said[0]

    async def test_two_messages_at_once_are_two_turns_one_after_the_other(self) -> None:
        room = Room(SAY)

        await asyncio.gather(room.type("one"), room.type("two"))

        assert room.container.heard == [{"text": "one"}, {"text": "two"}]
