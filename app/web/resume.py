"""Opening a conversation again: what its cards show is read from the database, not from what they showed last.

`on_chat_resume` hands out the thread before it is sent to the page, so the fresh props are written into it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chainlit.session import WebsocketSession

from app.actions import ActionError
from app.web import cards
from app.web.conversation import Conversation
from app.web.identity import Identity
from app.web.people import may_decide
from app.web.state import Web, web

if TYPE_CHECKING:
    from app.actions import Actor

AGAIN_AFTER_S = 1.5  # what happened between reading the rows and the page showing them
_again: set[asyncio.Task[None]] = set()


async def resume(thread: dict[str, Any]) -> None:
    """Bring every card of *thread* up to date, in the rows and in *thread* itself."""
    here = web()
    who = Identity.parse(thread["userIdentifier"])
    if who is None:
        return
    conversation = Conversation(here.store, who, thread["id"])
    await _bring_up_to_date(here, conversation, thread["elements"] or [])
    fresh = await here.store.thread(who.tenant, thread["id"])
    if fresh is not None:
        thread.update(steps=fresh["steps"], elements=fresh["elements"])
    task = asyncio.get_running_loop().create_task(_once_more(here, conversation))
    _again.add(task)
    task.add_done_callback(_again.discard)


async def reconnected(session: WebsocketSession) -> None:
    """A socket came back to a conversation that was open: send what was missed."""
    who = Identity.parse(session.user.identifier) if session.user else None
    if who is None:
        return
    conversation = Conversation(web().store, who, session.thread_id)
    await _bring_up_to_date(web(), conversation, await web().store.elements(who.tenant, session.thread_id))
    await conversation.resend()


async def _once_more(here: Web, conversation: Conversation) -> None:
    await asyncio.sleep(AGAIN_AFTER_S)
    await _bring_up_to_date(here, conversation, await here.store.elements(conversation.who.tenant, conversation.id))


async def _bring_up_to_date(here: Web, conversation: Conversation, elements: Sequence[Mapping[str, Any]]) -> None:
    actor = await here.people.actor(conversation.who)
    for element in elements:
        if element["name"] == "ProposalCard":
            await _proposal(here, conversation, actor, element["props"])
        elif element["name"] == "RunCard":
            await _run(here, conversation, actor, element["props"]["id"])
    await here.push.tell(conversation)


async def _proposal(here: Web, conversation: Conversation, actor: Actor, shown: Mapping[str, Any]) -> None:
    try:
        view = (await here.container.actions.proposal(actor, shown["id"])).to_json()
    except ActionError:
        return  # the proposal is gone; the card keeps what it showed
    props = cards.proposal_props(view, may_decide=may_decide(actor))
    if props != shown:
        await cards.refresh(conversation, "proposal", shown["id"], props)


async def _run(here: Web, conversation: Conversation, actor: Actor, run_id: str) -> None:
    try:
        view = (await here.container.actions.run(actor, run_id)).to_json()
    except ActionError:
        return  # the run is gone after its retention; the card keeps its last state
    await here.push.show(conversation, view)
