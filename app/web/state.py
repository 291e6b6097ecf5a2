"""The one web process: what its handlers need, set when the server starts.

Chainlit loads `app/main.py` by its path and hands it nothing, so the handlers fetch this object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.actions import Actions
    from app.container import Container
    from app.web.chat_store import ChatStore
    from app.web.desk import Desk
    from app.web.people import People
    from app.web.push import Push
    from app.web.talk import Talk


@dataclass(frozen=True, slots=True)
class Web:
    """The parts of a running web process."""

    container: Container
    store: ChatStore
    people: People
    desk: Desk
    talk: Talk
    push: Push
    auth_secret: str

    @property
    def actions(self) -> Actions:
        """What people can do."""
        return self.container.actions


class NotStarted(RuntimeError):
    """A handler was called before the server opened its store."""


_web: Web | None = None


def web() -> Web:
    """Return the running web process. Raises NotStarted."""
    if _web is None:
        raise NotStarted("the web process has not opened its store yet")
    return _web


def set_web(value: Web | None) -> None:
    """Start or stop being a web process."""
    global _web
    _web = value
