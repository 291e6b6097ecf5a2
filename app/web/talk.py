"""A turn of the conversation: what a person says goes to the design graph, and what it does appears as steps, messages and cards.

One turn a conversation at a time: a second message waits for the first one's end. The graph remembers the conversation by its id, so a
reload or a restart in the middle loses nothing but the steps' animation.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import structlog

from app.store.patience import patiently
from app.web import cards
from app.web.chat_store import PATIENCE_S, ChatStore
from app.web.clock import utc_now
from app.web.conversation import Conversation
from app.web.people import may_decide
from app.web.waiting import AWAY, refuse
from app.web.words import trouble

if TYPE_CHECKING:
    from app.actions import Actions, Actor
    from app.web.designing import Turns

log = structlog.get_logger(__name__)
Event = Mapping[str, Any]
TOO_LONG = 100_000


@dataclass(slots=True)
class Turn:
    """One turn as it goes on."""

    conversation: Conversation
    actor: Actor
    parent: str | None  # the step the agents' steps are shown under
    steps: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # event id -> (step id, its name, when it began)


class Talk:
    """Speaks with the design graph on behalf of conversations."""

    def __init__(self, turns: Turns, actions: Actions, store: ChatStore) -> None:
        self._turns = turns
        self._actions = actions
        self._store = store
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def message(self, conversation: Conversation, actor: Actor, text: str, *, parent: str | None, masked: Sequence[str] = ()) -> None:
        """A person typed something; *masked* names the secrets that were in it."""
        if len(text) > TOO_LONG:
            await conversation.say(
                f"That message has {len(text):,} characters; I read up to {TOO_LONG:,}. Please say it in fewer words.", error=True
            )
            return
        await self._turn(Turn(conversation, actor, parent), {"text": text, **({"masked": list(masked)} if masked else {})})

    async def answers(self, conversation: Conversation, actor: Actor, answers: Mapping[str, str]) -> None:
        """A person answered a card of questions."""
        await self._turn(Turn(conversation, actor, None), {"answers": dict(answers)})

    async def decision(self, conversation: Conversation, actor: Actor, decision: str, text: str) -> None:
        """A person decided about a proposal; the graph goes on from where it waits."""
        await self._turn(Turn(conversation, actor, None), {"decision": decision, **({"text": text} if text.strip() else {})})

    async def _turn(self, turn: Turn, user: Mapping[str, Any]) -> None:
        async with self._alone(turn.conversation.id):
            try:
                if "text" in user and "decision" not in user:
                    await self._close_questions(turn.conversation)
                async for event in self._turns(turn.actor, turn.conversation.id, dict(user)):
                    await self._show(turn, event)
            except AWAY as exc:
                await refuse(turn.conversation, exc)
            except Exception:  # the rim: a turn that breaks is told to the person, never a silent end
                log.exception("a turn of the conversation failed", conversation=turn.conversation.id)
                number = uuid.uuid4().hex[:8]
                await turn.conversation.say(
                    trouble(
                        {
                            "what": "Something broke while I worked on this.",
                            "next": f"Say it again. If it breaks again, the log of the web process has the details under {number}.",
                        }
                    ),
                    error=True,
                )
            finally:
                with suppress(*AWAY):
                    await self._end_steps(turn)

    @asynccontextmanager
    async def _alone(self, conversation_id: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        async with lock:
            yield

    async def _show(self, turn: Turn, event: Event) -> None:
        conversation = turn.conversation
        match event["type"]:
            case "step":
                await self._step(turn, event)
            case "say":
                await conversation.say(event["text"])
            case "questions":
                await self._ask(conversation, event["questions"])
            case "proposal":
                shown = partial(self.show_proposal, conversation, turn.actor, event["proposal_id"])
                await patiently(shown, patience_s=PATIENCE_S)
            case "run-wanted":
                await self._run_wanted(turn, str(event.get("workflow") or ""))
            case "error":
                await conversation.say(trouble(event), error=True)
            case other:
                log.warning("an event the chat does not know", type=other)

    async def _step(self, turn: Turn, event: Event) -> None:
        step_id, _, began = turn.steps.setdefault(event["id"], (str(uuid.uuid4()), event["name"], utc_now()))
        ended = utc_now() if event["status"] == "end" else None
        await turn.conversation.step(step_id, event["name"], text=event.get("text") or "", parent=turn.parent, started=began, ended=ended)
        if ended:
            turn.steps.pop(event["id"])

    async def _end_steps(self, turn: Turn) -> None:
        """Steps that were interrupted do not spin for ever."""
        for step_id, name, began in turn.steps.values():
            await turn.conversation.step(step_id, f"{name} (stopped)", text="", parent=turn.parent, started=began, ended=utc_now())

    # cards
    async def _ask(self, conversation: Conversation, questions: list[Mapping[str, Any]]) -> None:
        ids = cards.card_ids(conversation.id, "questions", uuid.uuid4().hex)
        await conversation.card(ids.name, cards.questions_props(ids.element, questions), element_id=ids.element, message_id=ids.message)

    async def _close_questions(self, conversation: Conversation) -> None:
        """Whoever types instead of using the form has answered in their own words."""
        for element in await self._store.elements(conversation.who.tenant, conversation.id):
            if element["name"] == "QuestionsCard" and element["props"]["status"] == "open":
                props = {**element["props"], "status": "closed"}
                await conversation.update_card(element["name"], props, element_id=element["id"], message_id=element["forId"])

    async def show_proposal(self, conversation: Conversation, actor: Actor, proposal_id: str) -> None:
        """Put a proposal's card into the conversation, with a form for each secret it needs; older open proposals are read again."""
        view = (await self._actions.proposal(actor, proposal_id)).to_json()
        props = cards.proposal_props(view, may_decide=may_decide(actor))
        await self._link(actor, await cards.show(conversation, "proposal", proposal_id, props), conversation)
        for secret in view.get("secrets") or []:
            if not secret["set"]:
                asked = {"name": secret["name"], "set": False, "used_by": view.get("title") or view["name"]}
                await cards.show(conversation, "secret", secret["name"], asked)
        for element in await self._store.elements(conversation.who.tenant, conversation.id):
            if element["name"] == "ProposalCard" and element["props"]["id"] != proposal_id and element["props"]["status"] == "open":
                await self.refresh_proposal(conversation, actor, element["props"]["id"])

    async def refresh_proposal(self, conversation: Conversation, actor: Actor, proposal_id: str) -> None:
        """Bring a proposal's card up to date."""
        view = (await self._actions.proposal(actor, proposal_id)).to_json()
        await cards.refresh(conversation, "proposal", proposal_id, cards.proposal_props(view, may_decide=may_decide(actor)))

    async def show_run(self, conversation: Conversation, actor: Actor, view: Mapping[str, Any]) -> None:
        """Put a run's card into the conversation."""
        await self._link(actor, await cards.show(conversation, "run", view["id"], cards.run_props(view)), conversation)

    async def secret_stored(self, conversation: Conversation, actor: Actor, name: str) -> None:
        """Bring the secret's form and the proposals that wait for it up to date."""
        for element in await self._store.elements(conversation.who.tenant, conversation.id):
            props = element["props"] or {}
            if element["name"] == "SecretCard" and props["name"] == name:
                now = {**props, "set": True, "set_by": actor.name, "set_at": utc_now()}
                await cards.refresh(conversation, "secret", name, now)
            if element["name"] == "ProposalCard" and any(secret["name"] == name for secret in props.get("secrets") or []):
                await self.refresh_proposal(conversation, actor, props["id"])

    async def _run_wanted(self, turn: Turn, name: str) -> None:
        approved = [view.to_json() for view in await self._actions.workflows(turn.actor)]
        found = next((item for item in approved if name in (item["name"], item.get("title"))), None)
        if found is None:
            names = ", ".join(sorted({item["name"] for item in approved})) or "none yet"
            await turn.conversation.say(f"There is no approved workflow named **{name or '?'}**. Approved: {names}.")
            return
        run = await self._actions.start(turn.actor, found["id"], conversation=turn.conversation.id)
        await self.show_run(turn.conversation, turn.actor, run.to_json())

    async def _link(self, actor: Actor, ids: cards.CardIds, conversation: Conversation) -> None:
        await self._actions.link_card(actor, conversation.id, ids.kind, ids.subject, ids.element, ids.message)
