"""One turn of the design graph for an actor: what the graph may reach is bound to that actor's rights and that conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from app.actions import Actor
    from app.container import Container
    from graphs.design.deps import DesignDeps, Draft

Event = dict[str, Any]
RUNS_TOLD = 20


class Turns(Protocol):
    """What `Talk` needs: one turn of a conversation as events."""

    def __call__(self, actor: Actor, conversation_id: str, user: Mapping[str, Any]) -> AsyncIterator[Event]: ...


class Designing:
    """The design graph of this process."""

    def __init__(self, container: Container) -> None:
        self._container = container

    async def warm(self) -> None:
        """Load models and graph before the first person waits for them; the imports take seconds."""
        await asyncio.to_thread(lambda: (__import__("graphs.design"), self._container.models))

    async def __call__(self, actor: Actor, conversation_id: str, user: Mapping[str, Any]) -> AsyncIterator[Event]:
        from graphs.design import converse

        graph = self._container.design_for(actor.tenant)
        deps = self.deps(actor, conversation_id)
        async for event in converse(graph, deps, thread_id=conversation_id, user=user):
            yield event

    def deps(self, actor: Actor, conversation_id: str) -> DesignDeps:
        """Return the outside of this conversation."""
        from graphs.design.deps import DesignDeps

        actions = self._container.actions

        async def propose(draft: Draft) -> dict[str, Any]:
            view = await actions.propose(
                actor, draft.text, conversation=conversation_id, summary=draft.summary, assumptions=draft.assumptions, bump=True
            )
            return {"proposal_id": view.id, "digest": view.digest, "version": view.version}

        async def status(_text: str) -> list[dict[str, Any]]:
            return [view.to_json() for view in await actions.runs(actor, limit=RUNS_TOLD)]

        async def workflows() -> list[dict[str, Any]]:
            return [view.to_json() for view in await actions.workflows(actor)]

        return DesignDeps(
            models=self._container.models,
            catalogue=self._container.catalogue,
            propose=propose,
            status=status,
            workflows=workflows,
            person=actor.name,
        )
