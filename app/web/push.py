"""Live updates: what a worker did shows in every open conversation.

The worker notifies ids; this process reads the run again and changes its card, at most twice a second. A notification is a hint: a lost one
costs nothing, for a card is read afresh whenever its conversation is opened.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import psycopg
import structlog

from app.actions import ActionError
from app.store.errors import StoreError
from app.web import cards
from app.web.chat_store import ChatStore
from app.web.conversation import Conversation, fixed_id
from app.web.errors import WebError
from app.web.people import People, may_decide

if TYPE_CHECKING:
    from app.actions import Actions, Actor
    from app.store.database import Database

log = structlog.get_logger(__name__)
RUNS = "parley_run"
NOTICES = "parley_notice"
BETWEEN_S = 0.5  # a card changes at most twice a second
RETRY_S = 1.0
Answers = Mapping[str, tuple[Any, str]]  # task subject -> (value, who)
NO_ANSWERS: Answers = {}


class Push:
    """Listens, and brings cards up to date."""

    def __init__(self, database: Database, actions: Actions, store: ChatStore, people: People) -> None:
        self._database = database
        self._actions = actions
        self._store = store
        self._people = people
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._due: dict[str, asyncio.Task[None]] = {}
        self._last: dict[str, float] = {}

    async def listen(self) -> None:
        """Listen until cancelled; when the database goes away, come back."""
        while True:
            try:
                connection = await self._database.connect(autocommit=True)
                async with connection:
                    await connection.execute(f"LISTEN {RUNS}")
                    await connection.execute(f"LISTEN {NOTICES}")
                    async for note in connection.notifies():
                        self._heard(note.channel, note.payload)
            except (psycopg.Error, OSError) as error:
                log.warning("the database does not answer; live updates come back with it", why=str(error).strip())
            await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Drop what is due."""
        for task in list(self._due.values()):
            task.cancel()
        await asyncio.gather(*self._due.values(), return_exceptions=True)

    def _heard(self, channel: str, payload: str) -> None:
        for subject in filter(None, (part.strip() for part in payload.split(","))):
            key = f"{channel}:{subject}"
            if key not in self._due:
                self._due[key] = asyncio.get_running_loop().create_task(self._soon(key, channel, subject))

    async def _soon(self, key: str, channel: str, subject: str) -> None:
        """Wait until half a second after the last update, then read and show."""
        await asyncio.sleep(max(0.0, self._last.get(key, 0.0) + BETWEEN_S - time.monotonic()))
        self._due.pop(key, None)  # from here on a new notification means a new read
        self._last[key] = time.monotonic()
        if len(self._last) > 10_000:
            self._last.clear()
        try:
            await (self._run(subject) if channel == RUNS else self._notice(subject))
        except (psycopg.Error, StoreError, ActionError, WebError) as error:
            log.warning("a card was not brought up to date", subject=subject, why=str(error))

    async def _run(self, run_id: str) -> None:
        tenant = await self._tenant_of(run_id)
        if tenant is None:
            return
        for conversation in await self._shown_in("run", run_id, tenant):
            if conversation.is_open:
                actor = await self._people.actor(conversation.who)
                await self.show(conversation, (await self._actions.run(actor, run_id)).to_json())
                await self.tell(conversation)

    async def refreshed(self, actor: Actor, view: Mapping[str, Any], answers: Answers = NO_ANSWERS) -> None:
        """Show a run's new view in every conversation that has its card; *answers* is what was just said, by task."""
        for conversation in await self._shown_in("run", view["id"], actor.tenant):
            await self.show(conversation, view, answers)

    async def decided(self, actor: Actor, proposal_id: str) -> None:
        """Show the decision on a proposal in every conversation that has its card."""
        view = (await self._actions.proposal(actor, proposal_id)).to_json()
        for conversation in await self._shown_in("proposal", proposal_id, actor.tenant):
            reader = await self._people.actor(conversation.who)
            await cards.refresh(conversation, "proposal", proposal_id, cards.proposal_props(view, may_decide=may_decide(reader)))

    async def show(self, conversation: Conversation, view: Mapping[str, Any], answers: Answers = NO_ANSWERS) -> None:
        """Bring a run's card up to date, and the cards of the people it waits for. One at a time a conversation: the last view stays."""
        async with self._locks.setdefault(conversation.id, asyncio.Lock()):
            await self._show(conversation, view, answers)

    async def _show(self, conversation: Conversation, view: Mapping[str, Any], answers: Answers) -> None:
        await cards.refresh(conversation, "run", view["id"], cards.run_props(view))
        waiting = dict(cards.waiting_tasks(view))
        known = await self._task_cards(conversation, view["id"])
        for subject, props in waiting.items():
            if subject not in known:
                await cards.show(conversation, "task", subject, props)
        for subject, props in known.items():
            answered_now = subject in answers and not props.get("answer")
            if subject not in waiting and (props["status"] == "open" or answered_now):
                value, by = answers.get(subject, (None, ""))
                await cards.refresh(conversation, "task", subject, cards.answered(props, value=value, by=by))

    async def _task_cards(self, conversation: Conversation, run_id: str) -> dict[str, dict[str, Any]]:
        elements = await self._store.elements(conversation.who.tenant, conversation.id)
        found = [element["props"] for element in elements if element["name"] == "TaskCard" and element["props"]["run"] == run_id]
        return {cards.task_subject(run_id, props["path"]): props for props in found}

    async def _notice(self, subject: str) -> None:
        """Say what a workflow wanted to tell; *subject* is `tenant/id`."""
        tenant, _, notice_id = subject.partition("/")
        notice = await self._actions.notice(notice_id, tenant=tenant)
        if notice is None or not notice["conversation"]:
            return
        owner = await self._store.owner(tenant, notice["conversation"])
        if owner is not None:
            await self.tell(Conversation(self._store, owner, notice["conversation"]))

    async def tell(self, conversation: Conversation) -> None:
        """Write the notices of a conversation's runs that are not in it yet; a fixed id makes each one message in every process."""
        actor = await self._people.actor(conversation.who)
        notices = await self._actions.notices(actor, conversation=conversation.id)
        wanted = {fixed_id("notice", notice["id"]): notice for notice in reversed(notices) if notice["channel"] == "chat"}
        known = await self._store.known_steps(conversation.who.tenant, list(wanted))
        for message_id, notice in wanted.items():
            if message_id not in known:
                head = f"**{notice['title']}**\n\n" if notice["title"] else ""
                await conversation.say(head + notice["text"], message_id=message_id)

    async def _shown_in(self, kind: str, subject: str, tenant: str) -> list[Conversation]:
        found = []
        for row in await self._actions.cards_of(kind, subject, tenant=tenant):
            owner = await self._store.owner(tenant, row["conversation"])
            if owner is not None:
                found.append(Conversation(self._store, owner, row["conversation"]))
        return found

    async def _tenant_of(self, run_id: str) -> str | None:
        async with self._store.transaction("") as cursor:
            await cursor.execute("SELECT parley.tenant_of_run(%s) AS tenant", (run_id,))
            row = await cursor.fetchone()
        return row["tenant"] if row else None
