"""Everything a person can do, once for chat, API and command line: every action checks the role, the tenant and the state.

`Actions` takes an `Actor` first; what it refuses it refuses as an `ActionError` with words and a code. See `errors.py`.
"""

from __future__ import annotations

from app.actions.base import ROLES, Actor, Role
from app.actions.control import ControlActions
from app.actions.errors import ActionError, Busy, Conflict, Forbidden, Invalid, NotFound
from app.actions.event_tokens import EventTokenActions
from app.actions.lifecycle import LifecycleActions
from app.actions.people import PeopleActions
from app.actions.proposals import ProposalActions
from app.actions.tasks import TaskActions
from app.actions.triggers import TriggerActions
from app.actions.values import ValueActions


class Actions(
    ProposalActions, TaskActions, ControlActions, TriggerActions, EventTokenActions, LifecycleActions, ValueActions, PeopleActions
):
    """All actions; see the modules for each group."""


__all__ = ["ROLES", "ActionError", "Actions", "Actor", "Busy", "Conflict", "Forbidden", "Invalid", "NotFound", "Role"]
