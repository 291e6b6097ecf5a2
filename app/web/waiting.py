"""A database that is away for a moment: the chat waits for it and says so, and refuses plainly when it stays away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from app.store.errors import StoreError
from app.store.patience import patiently
from app.web.chat_store import PATIENCE_S
from app.web.words import trouble
from graphs.run.errors import StoreUnavailable

if TYPE_CHECKING:
    from app.web.conversation import Conversation

Answer = TypeVar("Answer")
AWAY = (StoreError, StoreUnavailable)
SOON_S = 1.5  # a wait this long is mentioned


async def reach(conversation: Conversation, work: Callable[[], Awaitable[Answer]], *, patience_s: float = PATIENCE_S) -> Answer | None:
    """Return what *work* returns, waiting for the database if need be; None when it stayed away, which was said then."""
    task = asyncio.ensure_future(patiently(work, patience_s=patience_s))
    try:
        await asyncio.wait({task}, timeout=SOON_S)
        if not task.done():
            await conversation.say("The database does not answer yet. I wait for it, then go on: nothing is lost.", kept=False)
        return await task
    except AWAY as exc:
        await refuse(conversation, exc)
        return None
    finally:
        task.cancel()


async def refuse(conversation: Conversation, error: Exception) -> None:
    """Say that this was not done, without the database."""
    said = {
        "what": "The database does not answer.",
        "why": str(error),
        "next": "Nothing was changed by this. Look whether PostgreSQL runs (`parley doctor`), then say it again.",
    }
    await conversation.say(trouble(said), error=True, kept=False)
