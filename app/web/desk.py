"""What the buttons of the cards do.

A payload comes from a browser and may be forged: its shape is checked here, and everything it names is looked up again with the rights of
the person who sent it. A handler answers at once with the decision made; what follows from it (updating cards, talking on) happens in the
background.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.actions.errors import ActionError
from app.web import cards
from app.web.chat_store import ChatStore
from app.web.conversation import Conversation
from app.web.errors import BadPayload, NotThere
from app.web.masking import masked
from app.web.people import People
from app.web.waiting import AWAY, refuse
from app.web.words import refused, trouble

if TYPE_CHECKING:
    from app.actions import Actions, Actor
    from app.web.push import Push
    from app.web.talk import Talk

log = structlog.get_logger(__name__)
Id = Field(min_length=1, max_length=200)
Reply = dict[str, Any]
Kind = TypeVar("Kind", bound="Payload")


class Payload(BaseModel):
    """What a button sends: ids, a digest, and what the person typed or chose. Nothing else is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Decide(Payload):
    proposal: str = Id
    digest: str = Id
    do: Literal["approve", "approve-and-run", "change", "reject"]
    text: str = Field(default="", max_length=20_000)


class Start(Payload):
    proposal: str = Id
    digest: str = Id


class Control(Payload):
    run: str = Id
    do: Literal["cancel", "retry", "suspend", "resume"]


class Answer(Payload):
    run: str = Id
    path: str = Field(min_length=1, max_length=2_000)
    value: dict[str, Any]


class Questions(Payload):
    card: str = Id
    answers: dict[str, str] = Field(max_length=50)


class Secret(Payload):
    name: str = Id
    value: str = Field(min_length=1, max_length=65_536)


class Desk:
    """One method a button; each takes the conversation it was pressed in and the payload as it came."""

    def __init__(self, actions: Actions, store: ChatStore, people: People, talk: Talk, push: Push) -> None:
        self._actions = actions
        self._store = store
        self._people = people
        self._talk = talk
        self._push = push
        self._working: set[asyncio.Task[None]] = set()

    async def decide(self, conversation: Conversation, payload: Mapping[str, Any]) -> Reply:
        """Approve, reject or ask to change a proposal as the card showed it: with another digest it is a 409."""
        asked = _read(Decide, payload)
        actor = await self._people.actor(conversation.who)
        with refused():
            if asked.do == "change":
                await self._require_open(actor, asked)
                self._later(conversation, self._change(conversation, actor, asked))
                return {"ok": True}
            if asked.do == "reject":
                await self._actions.reject(actor, asked.proposal, comment=masked(asked.text))
                self._later(conversation, self._decided(conversation, actor, asked))
                return {"ok": True}
            version = await self._actions.approve(actor, asked.proposal, digest=asked.digest)
        run_version = version.id if asked.do == "approve-and-run" else None
        self._later(conversation, self._decided(conversation, actor, asked, run_version=run_version))
        return {"ok": True}

    async def start(self, conversation: Conversation, payload: Mapping[str, Any]) -> Reply:
        """Run an approved proposal's version now."""
        asked = _read(Start, payload)
        actor = await self._people.actor(conversation.who)
        with refused():
            view = (await self._actions.proposal(actor, asked.proposal)).to_json()
            if view["digest"] != asked.digest or not view.get("version_id"):
                raise BadPayload("only an approved proposal can run, and this is not it: reload the page")
            run = await self._actions.start(actor, view["version_id"], conversation=conversation.id)
        await self._show_run(conversation, actor, run.to_json())
        return {"ok": True}

    async def control(self, conversation: Conversation, payload: Mapping[str, Any]) -> Reply:
        """Cancel, retry, suspend or resume a run."""
        asked = _read(Control, payload)
        actor = await self._people.actor(conversation.who)
        with refused():
            view = await getattr(self._actions, asked.do)(actor, asked.run)
        await self._push.refreshed(actor, view.to_json())
        return {"ok": True}

    async def answer(self, conversation: Conversation, payload: Mapping[str, Any]) -> Reply:
        """Answer what a run waits for: a decision, a form, or whether something happened."""
        asked = _read(Answer, payload)
        actor = await self._people.actor(conversation.who)
        with refused():
            view = await self._actions.answer(actor, asked.run, asked.path, asked.value)
        given = {cards.task_subject(asked.run, asked.path): (asked.value, actor.name)}
        await self._push.refreshed(actor, view.to_json(), given)
        return {"ok": True}

    async def questions(self, conversation: Conversation, payload: Mapping[str, Any]) -> Reply:
        """Answer the questions of a card of this conversation; each question once."""
        asked = _read(Questions, payload)
        element = await self._store.element(conversation.who.tenant, asked.card)
        if element is None or element["threadId"] != conversation.id or element["name"] != "QuestionsCard":
            raise NotThere("there is no such question in this conversation")
        props = element["props"]
        known = {question["id"] for question in props["questions"]}
        if props["status"] != "open":
            raise BadPayload("these questions are answered already")
        if not known or set(asked.answers) - known:
            raise BadPayload("an answer names a question that was not asked")
        answers = {name: value.strip() for name, value in asked.answers.items()}
        now = {**props, "status": "answered", "answers": {name: masked(value) for name, value in answers.items()}}
        await conversation.update_card("QuestionsCard", now, element_id=asked.card, message_id=element["forId"])
        actor = await self._people.actor(conversation.who)
        self._later(conversation, self._talk.answers(conversation, actor, answers))
        return {"ok": True}

    async def secret(self, conversation: Conversation, payload: Mapping[str, Any]) -> Reply:
        """Store a secret's value; it goes into the secret store and nowhere else."""
        asked = _read(Secret, payload)
        actor = await self._people.actor(conversation.who)
        with refused():
            await self._actions.secret_set(actor, asked.name, asked.value)
        await self._talk.secret_stored(conversation, actor, asked.name)
        return {"ok": True}

    async def close(self) -> None:
        """Let what is under way end, at most five seconds."""
        if self._working:
            await asyncio.wait(self._working, timeout=5)

    async def _require_open(self, actor: Actor, asked: Decide) -> None:
        view = (await self._actions.proposal(actor, asked.proposal)).to_json()
        if view["status"] != "open" or view["digest"] != asked.digest:
            raise BadPayload("this proposal is decided or has changed: reload the page")

    async def _change(self, conversation: Conversation, actor: Actor, asked: Decide) -> None:
        await self._talk.decision(conversation, actor, "change", asked.text)

    async def _decided(self, conversation: Conversation, actor: Actor, asked: Decide, *, run_version: str | None = None) -> None:
        await self._push.decided(actor, asked.proposal)
        await self._talk.decision(conversation, actor, asked.do, asked.text)
        if run_version:
            run = await self._actions.start(actor, run_version, conversation=conversation.id)
            await self._show_run(conversation, actor, run.to_json())

    async def _show_run(self, conversation: Conversation, actor: Actor, view: Mapping[str, Any]) -> None:
        await self._talk.show_run(conversation, actor, view)

    def _later(self, conversation: Conversation, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._told(conversation, work))
        self._working.add(task)
        task.add_done_callback(self._ended)

    async def _told(self, conversation: Conversation, work: Coroutine[Any, Any, None]) -> None:
        """Do what follows from a decision. The button's answer is out: what is refused from here on is said in the conversation."""
        try:
            await work
        except AWAY as exc:
            await refuse(conversation, exc)
        except ActionError as exc:
            await conversation.say(trouble(exc.to_json()), error=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("what followed a decision failed", exc_info=error)


def _read(kind: type[Kind], payload: Mapping[str, Any]) -> Kind:
    try:
        return kind.model_validate(payload)
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the payload"
        raise BadPayload(f"{place}: {first['msg']}") from exc
