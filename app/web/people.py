"""People at the web's door: signing in, and the actor somebody is now.

A role is read from the database for every action: a session's cookie lives for hours, and a person may lose a right meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.errors import NotYours
from app.web.identity import Identity

if TYPE_CHECKING:
    from app.actions import Actions, Actor

DECIDERS = frozenset({"approver", "operator", "admin"})


class People:
    """Turns a name and password, or an identity, into an actor."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    async def sign_in(self, name: str, password: str) -> Identity | None:
        """Return who this is; None when name or password is wrong."""
        actor = await self._actions.login(name, password)
        return Identity(actor.tenant, actor.name) if actor else None

    async def actor(self, who: Identity, *, via: str = "chat") -> Actor:
        """Return *who* with the role they have now. Raises NotYours when they are gone or locked out."""
        actor = await self._actions.actor_named(who.tenant, who.name, via=via)
        if actor is None:
            raise NotYours(f"{who.name} may no longer sign in here")
        return actor


def may_decide(actor: Actor) -> bool:
    """Whether *actor* may approve or reject; the card hides the buttons otherwise, the actions refuse anyway."""
    return actor.role in DECIDERS
