"""What Parley changes in Chainlit, in one place: each change names the behaviour it works around (Chainlit 2.12).

Imported after `assets.materialise`, for it imports Chainlit.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from chainlit import server
from chainlit.session import WebsocketSession

from app.web.masking import masked_message

# Socket events that change what was said, or that belong to features that are switched off. `edit_message` rewrites any message of
# one's own conversation, the assistant's included, even with `edit_message = false`.
CLOSED_EVENTS = ("edit_message", "message_favorite", "window_message", "audio_start", "audio_chunk", "audio_end", "chat_settings_edit")
FOREIGN_LINK = re.compile(r"<link\b[^>]*?https?://[^>]*>", re.DOTALL)

Reconnected = Callable[[WebsocketSession], Awaitable[None]]


def adapt(reconnected: Reconnected | None = None) -> None:
    """Apply the changes, once, after mounting; *reconnected* is called when a socket came back to a conversation that was open."""
    _drop_foreign_links()
    _drop_prefix_check()
    handlers = server.sio.handlers["/"]
    for event in CLOSED_EVENTS:
        handlers.pop(event, None)
    _mask_messages(handlers)
    if reconnected is not None:
        _tell_reconnected(handlers, reconnected)


def _drop_foreign_links() -> None:
    """The page links fonts and KaTeX's style sheet from other hosts, whatever the configuration says."""
    original: Any = server.get_html_template
    if getattr(original, "without_links", False):
        return

    def get_html_template(root_path: str) -> str:
        page: str = original(root_path)
        return FOREIGN_LINK.sub("", page)

    get_html_template.without_links = True  # type: ignore[attr-defined]
    server.get_html_template = get_html_template


def _drop_prefix_check() -> None:
    """Mounted at `/`, the middleware that compares path prefixes lets all pass, at the price of a log full of closed pages."""
    server.app.user_middleware[:] = [one for one in server.app.user_middleware if getattr(one.cls, "__name__", "") != "ChainlitMiddleware"]


def _mask_messages(handlers: dict[str, Any]) -> None:
    """Chainlit stores a message and names the conversation after it before anybody is asked: a pasted secret must be gone by then."""
    original = handlers["client_message"]
    if getattr(original, "masks", False):
        return

    async def client_message(sid: str, payload: dict[str, Any]) -> None:
        await original(sid, masked_message(payload))

    client_message.masks = True  # type: ignore[attr-defined]
    handlers["client_message"] = client_message


def _tell_reconnected(handlers: dict[str, Any], reconnected: Reconnected) -> None:
    """A socket that drops for a moment comes back to its session, and what was sent meanwhile is lost to it."""
    original = handlers["connection_successful"]
    if getattr(original, "tells", False):
        return

    async def connection_successful(sid: str) -> None:
        await original(sid)
        session = WebsocketSession.get(sid)
        if session and session.restored and session.has_first_interaction and not session.thread_id_to_resume:
            await reconnected(session)

    connection_successful.tells = True  # type: ignore[attr-defined]
    handlers["connection_successful"] = connection_successful
