"""Chainlit's handlers. Chainlit loads this file by its path, so it holds wiring only; what is done is in `app/web`."""

from __future__ import annotations

from typing import Any, cast

import chainlit as cl
from chainlit.config import config
from chainlit.types import ThreadDict

from app.web import welcome
from app.web.conversation import Conversation
from app.web.identity import Identity, speaking
from app.web.layer import ParleyLayer
from app.web.masking import MASKED
from app.web.resume import resume
from app.web.state import web
from app.web.waiting import reach


@cl.data_layer
def data_layer() -> ParleyLayer:
    return ParleyLayer(web().store)


@cl.password_auth_callback
async def sign_in(name: str, password: str) -> cl.User | None:
    who = await web().people.sign_in(name, password)
    return cl.User(identifier=who.identifier, display_name=who.name) if who else None


@cl.on_message
async def on_message(message: cl.Message) -> None:
    conversation = here()
    run = cl.context.current_run
    hidden = (message.metadata or {}).get(MASKED) or ()
    if hidden:  # the page drew what was typed; what came here is masked
        await message.update()  # type: ignore[no-untyped-call]
    await conversation.name_address()
    actor = await reach(conversation, lambda: web().people.actor(conversation.who))
    if actor is not None:
        await web().talk.message(conversation, actor, message.content, parent=run.id if run else None, masked=hidden)


@cl.on_chat_resume
async def on_chat_resume(thread: ThreadDict) -> None:
    await resume(cast("dict[str, Any]", thread))


def here() -> Conversation:
    """Return the conversation of the session this handler runs for."""
    who = speaking() or Identity("", "")
    return Conversation(web().store, who, cl.context.session.thread_id)


def press(name: str) -> None:
    """Let a card's button call the method of `Desk` with this name. Not `@cl.action_callback`: that one swallows refusals."""

    async def pressed(action: cl.Action) -> dict[str, Any]:
        reply: dict[str, Any] = await getattr(web().desk, name)(here(), action.payload)
        return reply

    config.code.action_callbacks[name] = pressed


for button in ("decide", "start", "control", "answer", "questions", "secret"):
    press(button)
config.code.set_chat_profiles = welcome.profiles
