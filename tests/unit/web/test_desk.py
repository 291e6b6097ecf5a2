"""What the buttons do, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import HTTPException

from app.actions.errors import Conflict
from app.web import cards
from app.web.conversation import Conversation
from app.web.desk import Desk
from app.web.errors import BadPayload, NotThere, NotYours
from app.web.identity import Identity
from app.web.people import People
from app.web.push import Push
from app.web.talk import Talk
from tests.unit.web.fakes import ADA, FakeActions, FakeContainer, FakeStore

DIGEST = "sha256:aa"


class Room:
    """A conversation with one open proposal, and a desk."""

    def __init__(self, *, who: Identity = ADA) -> None:
        self.actions = FakeActions({"p1": {"id": "p1", "name": "large-orders", "status": "open", "digest": DIGEST, "version_id": None}})
        self.store = FakeStore()
        self.container = FakeContainer(self.actions)
        self.actions.links.append(("c1", "proposal", "p1"))
        fakes: Any = (self.actions, self.store, self.container)
        actions, store, container = fakes
        people = People(actions)
        self.talk = Talk(container.converse, actions, store)
        self.desk = Desk(actions, store, people, self.talk, Push(fakes[2], actions, store, people))
        self.conversation = Conversation(store, who, "c1")

    async def press(self, button: str, **payload: Any) -> dict[str, Any]:
        reply: dict[str, Any] = await getattr(self.desk, button)(self.conversation, payload)
        await self.desk.close()
        return reply


class TestDecide:
    async def test_approving_is_recorded_shown_and_told_to_the_design(self) -> None:
        room = Room()

        await room.press("decide", proposal="p1", digest=DIGEST, do="approve")

        assert room.actions.done[0] == ("approve", "p1")
        assert [card["status"] for card in room.store.cards("ProposalCard")] == ["approved"]
        assert room.container.heard == [{"decision": "approve"}]

    async def test_approve_and_run_starts_that_version_in_this_conversation(self) -> None:
        room = Room()

        await room.press("decide", proposal="p1", digest=DIGEST, do="approve-and-run")

        assert ("start", "v1", "c1") in room.actions.done
        assert [card["id"] for card in room.store.cards("RunCard")] == ["r1"]

    async def test_a_run_that_is_refused_after_the_approval_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The button was answered with the approval; what failed afterwards must not end silently."""
        room = Room()

        async def refuse(*_: Any, **__: Any) -> None:
            raise Conflict("The lock has changed.", code="lock-changed", next="Propose it again.")

        monkeypatch.setattr(room.actions, "start", refuse)

        await room.press("decide", proposal="p1", digest=DIGEST, do="approve-and-run")

        assert [step["output"] for step in room.store.steps.values() if step["isError"]] == [
            "**The lock has changed.**\n\nWhat next: Propose it again."
        ]

    async def test_another_digest_is_a_conflict_in_words_and_nothing_happens(self) -> None:
        room = Room()

        with pytest.raises(HTTPException) as refused:
            await room.press("decide", proposal="p1", digest="sha256:bb", do="approve")

        assert refused.value.status_code == 409
        assert refused.value.detail["message"] == "This is not what was shown to you. Look again."  # type: ignore[index]
        assert room.actions.done == []

    async def test_a_change_is_told_to_the_design_with_the_persons_words(self) -> None:
        room = Room()

        await room.press("decide", proposal="p1", digest=DIGEST, do="change", text="at 10 instead")

        assert room.container.heard == [{"decision": "change", "text": "at 10 instead"}]
        assert room.actions.done == []

    async def test_rejecting_keeps_the_reason(self) -> None:
        room = Room()

        await room.press("decide", proposal="p1", digest=DIGEST, do="reject", text="too risky")

        assert ("reject", "p1", "too risky") in room.actions.done

    async def test_a_person_who_was_locked_out_meanwhile_decides_nothing(self) -> None:
        room = Room(who=Identity("default", "mallory"))

        with pytest.raises(NotYours):
            await room.press("decide", proposal="p1", digest=DIGEST, do="approve")

    @pytest.mark.parametrize(
        "payload",
        [
            {},
            {"proposal": "p1", "digest": DIGEST, "do": "delete"},
            {"proposal": "p1", "digest": DIGEST, "do": "approve", "status": "approved"},
            {"proposal": ["p1"], "digest": DIGEST, "do": "approve"},
            {"proposal": "p1" * 200, "digest": DIGEST, "do": "approve"},
        ],
    )
    async def test_a_payload_of_another_shape_is_refused(self, payload: dict[str, Any]) -> None:
        room = Room()

        with pytest.raises(BadPayload):
            await room.press("decide", **payload)

        assert room.actions.done == []


class TestStart:
    async def test_only_what_was_approved_runs(self) -> None:
        room = Room()

        with pytest.raises(BadPayload):
            await room.press("start", proposal="p1", digest=DIGEST)

        assert room.actions.done == []


class TestAnswer:
    async def test_the_tasks_card_closes_with_who_and_what(self) -> None:
        room = Room()
        room.actions.runs["r1"] = {"id": "r1", "name": "large-orders", "status": "waiting"}
        room.actions.links.append(("c1", "run", "r1"))
        await cards.show(
            room.conversation, "task", cards.task_subject("r1", "/do/1/ask"), {"run": "r1", "path": "/do/1/ask", "status": "open"}
        )

        await room.press("answer", run="r1", path="/do/1/ask", value={"approved": True, "comment": ""})

        card = room.store.cards("TaskCard")[0]
        assert (card["status"], card["answer"]["by"], card["answer"]["value"]) == ("answered", "ada", {"approved": True, "comment": ""})

    async def test_an_answer_is_shown_even_when_the_worker_was_faster(self) -> None:
        """The card was closed without a name, because a notification overtook the answer's own update."""
        room = Room()
        room.actions.runs["r1"] = {"id": "r1", "name": "large-orders", "status": "waiting"}
        room.actions.links.append(("c1", "run", "r1"))
        closed = cards.answered({"run": "r1", "path": "/do/1/ask"})
        await cards.show(room.conversation, "task", cards.task_subject("r1", "/do/1/ask"), closed)

        await room.press("answer", run="r1", path="/do/1/ask", value={"chairs": 40})

        assert room.store.cards("TaskCard")[0]["answer"]["by"] == "ada"


class TestQuestions:
    async def card(self, room: Room, *, conversation: str = "c1") -> str:
        ids = cards.card_ids(conversation, "questions", "q")
        props = cards.questions_props(ids.element, [{"id": "amount", "text": "Which field?"}])
        there = Conversation(room.conversation.store, ADA, conversation)
        await there.card(ids.name, props, element_id=ids.element, message_id=ids.message)
        return ids.element

    async def test_the_answers_reach_the_design_once(self) -> None:
        room = Room()
        card = await self.card(room)

        await room.press("questions", card=card, answers={"amount": " total "})
        with pytest.raises(BadPayload, match="answered already"):
            await room.press("questions", card=card, answers={"amount": "price"})

        assert room.container.heard == [{"answers": {"amount": "total"}}]
        assert room.store.rows[card]["props"]["answers"] == {"amount": "total"}

    async def test_a_card_of_another_conversation_is_not_there(self) -> None:
        room = Room()
        card = await self.card(room, conversation="somebody else's")

        with pytest.raises(NotThere):
            await room.press("questions", card=card, answers={"amount": "total"})

    async def test_answers_to_questions_nobody_asked_are_refused(self) -> None:
        room = Room()
        card = await self.card(room)

        with pytest.raises(BadPayload):
            await room.press("questions", card=card, answers={"amount": "total", "admin": "yes"})


class TestSecret:
    async def test_the_value_goes_to_the_secret_store_and_into_no_row_of_the_chat(self) -> None:
        room = Room()
        await cards.show(room.conversation, "secret", "TOKEN", {"name": "TOKEN", "set": False})

        await room.press("secret", name="TOKEN", value="s3cret-value")

        assert ("secret", "TOKEN", "s3cret-value") in room.actions.done
        assert room.store.cards("SecretCard")[0]["set"] is True
        assert "s3cret-value" not in repr((room.store.rows, room.store.steps))
