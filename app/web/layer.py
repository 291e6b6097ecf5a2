"""Chainlit's data layer on Parley's store: whose row it is is asked on every call, errors are raised, threads are paged in SQL.

Cards are not written through here: the server writes them itself (`conversation.py`), so whatever reaches `create_element` from a browser
is refused. What the transcript says is no record of decisions; `parley.audit` is.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from chainlit.data.base import BaseDataLayer
from chainlit.data.utils import queue_until_user_message
from chainlit.types import PageInfo, PaginatedResponse
from chainlit.user import PersistedUser

from app.web.chat_store import ChatStore
from app.web.errors import NotThere, NotYours
from app.web.identity import Identity, speaking

if TYPE_CHECKING:
    from chainlit.element import Element, ElementDict
    from chainlit.step import StepDict
    from chainlit.types import Feedback, Pagination, ThreadDict, ThreadFilter
    from chainlit.user import User

PAGE_LIMIT = 100
Method = TypeVar("Method", bound=Callable[..., Any])


def when_begun(method: Method) -> Method:
    """Chainlit's own decorator: what is said before the first message of a person waits for it, so that no empty conversation is kept."""
    decorated: Method = queue_until_user_message()(method)  # type: ignore[no-untyped-call]
    return decorated


class ParleyLayer(BaseDataLayer):
    """The methods Chainlit calls, for the person who speaks."""

    def __init__(self, store: ChatStore) -> None:
        self.store = store

    # people
    async def get_user(self, identifier: str) -> PersistedUser | None:
        who = Identity.parse(identifier)
        row = await self.store.user(who) if who else None
        return _user(row) if row else None

    async def create_user(self, user: User) -> PersistedUser | None:
        who = Identity.parse(user.identifier)
        return _user(await self.store.put_user(who, user.metadata or {})) if who else None

    # feedback
    async def upsert_feedback(self, feedback: Feedback) -> str:
        feedback_id = feedback.id or str(uuid.uuid4())
        await self.store.put_feedback(
            _me(), feedback_id=feedback_id, step_id=feedback.forId, value=feedback.value, comment=feedback.comment
        )
        return feedback_id

    async def delete_feedback(self, feedback_id: str) -> bool:
        raise NotYours("feedback is kept")

    # elements
    @when_begun
    async def create_element(self, element: Element) -> None:
        raise NotYours("elements are written by the server only")

    async def get_element(self, thread_id: str, element_id: str) -> ElementDict | None:
        me = _me()
        row = await self.store.element(me.tenant, element_id)
        if row is None or row["threadId"] != thread_id:
            return None
        await self._require_owner(me, thread_id)
        return row  # type: ignore[return-value]  # the columns are ElementDict's keys

    @when_begun
    async def delete_element(self, element_id: str, thread_id: str | None = None) -> None:
        raise NotYours("elements are written by the server only")

    # steps
    @when_begun
    async def create_step(self, step_dict: StepDict) -> None:
        await self.store.put_step(_me(), step_dict)

    @when_begun
    async def update_step(self, step_dict: StepDict) -> None:
        await self.store.put_step(_me(), step_dict)

    @when_begun
    async def delete_step(self, step_id: str) -> None:
        await self.store.delete_step(_me(), step_id)

    async def get_favorite_steps(self, user_id: str) -> list[StepDict]:
        return []

    # threads
    async def get_thread_author(self, thread_id: str) -> str:
        me = _me()
        owner = await self.store.owner(me.tenant, thread_id) if _is_id(thread_id) else None
        if owner is None:
            raise NotThere("there is no such conversation")
        if owner != me:
            raise NotYours("this conversation belongs to somebody else")
        return owner.identifier

    async def list_threads(self, pagination: Pagination, filters: ThreadFilter) -> PaginatedResponse[ThreadDict]:
        rows, more = await self.store.threads(
            _me(), first=min(pagination.first, PAGE_LIMIT), after=pagination.cursor, search=filters.search, feedback=filters.feedback
        )
        page = PageInfo(hasNextPage=more, startCursor=rows[0]["id"] if rows else None, endCursor=rows[-1]["id"] if rows else None)
        return PaginatedResponse(pageInfo=page, data=[cast("ThreadDict", {**row, "steps": []}) for row in rows])

    async def get_thread(self, thread_id: str) -> ThreadDict | None:
        me = _me()
        row = await self.store.thread(me.tenant, thread_id) if _is_id(thread_id) else None
        if row is not None and row["userIdentifier"] != me.identifier:
            # The socket's handshake compares the owner and refuses; an exception would only break it. Nothing but the owner is told.
            row = {"id": thread_id, "userIdentifier": row["userIdentifier"], "steps": [], "elements": [], "metadata": {}}
        return row  # type: ignore[return-value]  # the columns are ThreadDict's keys

    async def update_thread(
        self,
        thread_id: str,
        name: str | None = None,
        user_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
    ) -> None:
        await self.store.put_thread(_me(), thread_id, name=name, metadata=metadata, tags=tags)

    async def delete_thread(self, thread_id: str) -> None:
        await self.store.delete_thread(_me(), thread_id)

    async def _require_owner(self, me: Identity, thread_id: str) -> None:
        if await self.store.owner(me.tenant, thread_id) != me:
            raise NotYours("this conversation belongs to somebody else")

    # the rest of the interface
    async def build_debug_url(self) -> str:
        return ""

    async def close(self) -> None:
        """The pool belongs to the web process."""


def _me() -> Identity:
    who = speaking()
    if who is None:
        raise NotYours("nobody is signed in")
    return who


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _user(row: dict[str, Any]) -> PersistedUser:
    who = Identity.parse(row["identifier"])
    return PersistedUser(
        id=row["id"],
        identifier=row["identifier"],
        createdAt=row["createdAt"],
        metadata=row["metadata"] or {},
        display_name=who.name if who else None,
    )
