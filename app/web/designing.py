"""One turn of the design graph for an actor: what the graph may reach is bound to that actor's rights and that conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from app.store.patience import patiently
from app.web.chat_store import PATIENCE_S

if TYPE_CHECKING:
    from app.actions import Actor
    from app.container import Container
    from app.tracing import Turn
    from graphs.design.deps import DesignDeps, Draft

Event = dict[str, Any]
RUNS_TOLD = 20
TOLD = 10_000


class Turns(Protocol):
    """What `Talk` needs: one turn of a conversation as events."""

    def __call__(self, actor: Actor, conversation_id: str, user: Mapping[str, Any]) -> AsyncIterator[Event]: ...


class Designing:
    """The design graph of this process."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._told: dict[str, str] = {}  # by conversation: which model was said to answer instead of the first one

    async def warm(self) -> None:
        """Load models and graph before the first person waits for them; the imports take seconds."""
        await asyncio.to_thread(lambda: (__import__("graphs.design"), self._container.models))

    async def __call__(self, actor: Actor, conversation_id: str, user: Mapping[str, Any]) -> AsyncIterator[Event]:
        from graphs.design import converse

        graph = self._container.design_for(actor.tenant)
        turn = await self._begun(graph, actor, conversation_id, str(user.get("decision") or ""))
        deps = self.deps(actor, conversation_id, turn)
        try:
            async for event in converse(graph, deps, thread_id=conversation_id, user=user):
                if turn is not None and event["type"] == "proposal":
                    turn.proposed = str(event.get("proposal_id") or "")
                yield event
                if words := self._instead(conversation_id):
                    yield {"type": "say", "text": words}
        finally:
            if turn is not None:
                self._container.tracing.end(turn)

    async def _begun(self, graph: Any, actor: Actor, conversation_id: str, decision: str) -> Turn | None:
        """Return the turn that is traced, None when nobody wants it."""
        tracing = self._container.tracing
        if not tracing.wanted:
            return None
        decided = ""
        if decision:
            state = await graph.aget_state({"configurable": {"thread_id": conversation_id}})
            decided = str((state.values.get("proposal") or {}).get("proposal_id") or "")
        return tracing.begin(actor.tenant, conversation_id, decision, decided)

    def _instead(self, conversation_id: str) -> str:
        """Return, once a conversation and change, that another model than the first one answers."""
        said = self._container.models.describe()
        first, answers = said["models"][0], said["name"]
        if answers == self._told.get(conversation_id, first["name"]):
            return ""
        if len(self._told) > TOLD:
            self._told.clear()
        self._told[conversation_id] = answers
        if answers == first["name"]:
            return f"**{answers}** answers again."
        name = "the built-in offline author" if said["kind"] == "offline" else answers
        return f"**{first['name']}** does not answer ({first['why']}), so this comes from **{name}**."

    def deps(self, actor: Actor, conversation_id: str, turn: Turn | None = None) -> DesignDeps:
        """Return the outside of this conversation."""
        from graphs.design.deps import DesignDeps

        actions = self._container.actions

        async def propose(draft: Draft) -> dict[str, Any]:
            view = await patiently(
                lambda: actions.propose(
                    actor, draft.text, conversation=conversation_id, summary=draft.summary, assumptions=draft.assumptions, bump=True
                ),
                patience_s=PATIENCE_S,
            )
            return {"proposal_id": view.id, "digest": view.digest, "version": view.version}

        async def status(_text: str) -> list[dict[str, Any]]:
            return [view.to_json() for view in await patiently(lambda: actions.runs(actor, limit=RUNS_TOLD), patience_s=PATIENCE_S)]

        async def workflows() -> list[dict[str, Any]]:
            return [view.to_json() for view in await patiently(lambda: actions.workflows(actor), patience_s=PATIENCE_S)]

        return DesignDeps(
            models=self._container.models_for(actor.tenant, conversation_id, turn.trace if turn else None),
            catalogue=self._container.catalogue,
            propose=propose,
            status=status,
            workflows=workflows,
            person=actor.name,
        )
