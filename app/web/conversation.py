"""One conversation as the server writes to it: the row first, then every open tab of its owner.

Chainlit's own `Message.send()` writes behind the caller's back, reaches one tab, and puts a file on disk for every change of a card. Here a
message is awaited, has a fixed id (writing it twice makes one), and a card is an element with props that only the server changes.
"""

from __future__ import annotations

import asyncio
import re
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.web.chat_store import ChatStore, clean
from app.web.clock import utc_now
from app.web.identity import SPACE, Identity

if TYPE_CHECKING:
    from chainlit.session import WebsocketSession

AUTHOR = "Parley"
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
DIRECTIVE = re.compile(r"(?<!\\):(?=[A-Za-z])")


def fixed_id(*parts: str) -> str:
    """Return the id that belongs to *parts*, the same in every process."""
    return str(uuid.uuid5(SPACE, "\n".join(parts)))


def open_tabs(conversation_id: str, who: Identity) -> Iterator[WebsocketSession]:
    """Yield the connected sessions of this process that show the conversation to its owner.

    After a disconnect Chainlit keeps a session for minutes: those are left out.
    """
    if "chainlit.session" not in sys.modules:
        return  # a process that serves no chat has no tabs, and need not load it
    from chainlit.server import sio
    from chainlit.session import ws_sessions_id

    for session in list(ws_sessions_id.values()):
        mine = session.thread_id == conversation_id and session.user is not None and session.user.identifier == who.identifier
        if mine and sio.manager.is_connected(session.socket_id, "/"):
            yield session


def markdown(text: str) -> str:
    """Return *text* so that the page shows its colons: `openai:NAME` would be read as a directive and vanish."""
    parts = CODE.split(text)
    return "".join(part if place % 2 else DIRECTIVE.sub(r"\\:", part) for place, part in enumerate(parts))


@dataclass(frozen=True, slots=True)
class Conversation:
    """A thread of *who*'s."""

    store: ChatStore
    who: Identity
    id: str

    @property
    def is_open(self) -> bool:
        """Whether somebody is looking at it in this process."""
        return any(True for _ in open_tabs(self.id, self.who))

    async def say(self, text: str, *, message_id: str | None = None, error: bool = False, kept: bool = True) -> str:
        """Write a message and return its id; with `kept=False` it is only shown (the database is away)."""
        message = self._step(message_id or str(uuid.uuid4()), AUTHOR, "assistant_message", text, isError=error)
        if kept:
            await self.store.put_step(self.who, message)
        await self._emit("new_message", message)
        return str(message["id"])

    async def step(self, step_id: str, name: str, *, text: str, parent: str | None, started: str, ended: str | None) -> None:
        """Show what the agents are doing, folded; *ended* is None while it runs. Times as `utc_now()` writes them."""
        step = self._step(step_id, name, "tool", text, parentId=parent, createdAt=started, start=started, end=ended, showInput=False)
        await self.store.put_step(self.who, step)
        await self._emit("update_message" if ended else "new_message", step)

    async def card(self, name: str, props: Mapping[str, Any], *, element_id: str, message_id: str, text: str = "") -> None:
        """Put a card (`public/elements/NAME.jsx`) into the conversation, in a message of its own."""
        message = self._step(message_id, AUTHOR, "assistant_message", text)
        await self.store.put_step(self.who, message)
        await self._emit("new_message", message)
        element = self.element(name, props, element_id=element_id, message_id=message_id)
        await self.store.put_element(self.who, element)
        # only the page that sees it arrive scrolls to it: the row does not say so
        await self._emit("element", {**element, "props": {**element["props"], "fresh": True}})

    async def update_card(self, name: str, props: Mapping[str, Any], *, element_id: str, message_id: str) -> None:
        """Give a card other props."""
        element = self.element(name, props, element_id=element_id, message_id=message_id)
        await self.store.put_element(self.who, element)
        await self._emit("element", element)

    def element(self, name: str, props: Mapping[str, Any], *, element_id: str, message_id: str) -> dict[str, Any]:
        """Return a card as the page wants it."""
        return {
            "id": element_id,
            "threadId": self.id,
            "type": "custom",
            "name": name,
            "display": "inline",
            "forId": message_id,
            "mime": "application/json",
            "props": clean(dict(props)),
        }

    async def resend(self) -> None:
        """Send everything again to the open tabs: what was said while they were away is in the rows."""
        thread = await self.store.thread(self.who.tenant, self.id)
        if thread is not None:
            await self._emit("resume_thread", thread)

    async def name_address(self) -> None:
        """Let the page put the conversation into its address (`public/parley.js`)."""
        await self._emit("window_message", {"parleyConversation": self.id})

    async def toast(self, text: str) -> None:
        """Show a short notice that is not part of the conversation."""
        await self._emit("toast", {"message": text, "type": "info"})

    def _step(self, step_id: str, name: str, kind: str, text: str, **more: Any) -> dict[str, Any]:
        now = utc_now()
        plain = {"parentId": None, "createdAt": now, "start": now, "end": now, "isError": False}
        row = {
            "id": step_id,
            "threadId": self.id,
            "name": name,
            "type": kind,
            "output": clean(markdown(text)),
            "input": "",
            "streaming": False,
        }
        return {**row, **plain, "metadata": {}, **more}

    async def _emit(self, event: str, data: Mapping[str, Any]) -> None:
        await asyncio.gather(*(_send(session, event, data) for session in open_tabs(self.id, self.who)))


async def _send(session: WebsocketSession, event: str, data: Mapping[str, Any]) -> None:
    sent: Any = session.emit(event, dict(data))
    await sent
