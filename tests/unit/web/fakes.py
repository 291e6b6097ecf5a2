"""A chat store, actions and a talk in memory, for what the buttons do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.actions.base import Actor
from app.actions.errors import Conflict, NotFound
from app.web.identity import Identity

ADA = Identity("default", "ada")


@dataclass(frozen=True)
class View:
    """Anything with an id and a JSON form."""

    data: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.data["id"])

    def to_json(self) -> dict[str, Any]:
        return dict(self.data)


@dataclass
class FakeStore:
    """Rows by id, in dictionaries."""

    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: asyncio.Event = field(default_factory=asyncio.Event)

    async def put_step(self, who: Identity, step: Mapping[str, Any]) -> None:
        self.steps[step["id"]] = dict(step)
        self.said.set()

    async def put_element(self, who: Identity, element: Mapping[str, Any]) -> None:
        self.rows[element["id"]] = dict(element)

    async def owner(self, tenant: str, thread_id: str) -> Identity | None:
        return Identity(tenant, ADA.name)

    async def known_steps(self, tenant: str, ids: Sequence[str]) -> set[str]:
        return self.steps.keys() & set(ids)

    async def element(self, tenant: str, element_id: str) -> dict[str, Any] | None:
        return self.rows.get(element_id)

    async def elements(self, tenant: str, thread_id: str) -> list[dict[str, Any]]:
        return [row for row in self.rows.values() if row["threadId"] == thread_id]

    def cards(self, name: str) -> list[dict[str, Any]]:
        """Return the props of the cards of this kind."""
        return [row["props"] for row in self.rows.values() if row["name"] == name]


@dataclass
class FakeActions:
    """One proposal and its runs."""

    proposals: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    done: list[tuple[Any, ...]] = field(default_factory=list)
    links: list[tuple[str, str, str]] = field(default_factory=list)
    posted: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # notices by tenant

    async def notice(self, notice_id: str, *, tenant: str) -> dict[str, Any] | None:
        return next((notice for notice in self.posted.get(tenant, []) if notice["id"] == notice_id), None)

    async def notices(self, actor: Actor, *, conversation: str) -> list[dict[str, Any]]:
        return [notice for notice in self.posted.get(actor.tenant, []) if notice["conversation"] == conversation]

    async def actor_named(self, tenant: str, name: str, *, via: str) -> Actor | None:
        return Actor(tenant, "u1", name, "admin", via) if name == ADA.name else None

    async def proposal(self, actor: Actor, proposal_id: str) -> View:
        if proposal_id not in self.proposals:
            raise NotFound("proposal", proposal_id)
        return View(self.proposals[proposal_id])

    async def workflows(self, actor: Actor) -> list[View]:
        return []

    async def approve(self, actor: Actor, proposal_id: str, *, digest: str) -> View:
        found = (await self.proposal(actor, proposal_id)).data
        if found["digest"] != digest:
            raise Conflict("This is not what was shown to you.", code="stale-digest", next="Look again.")
        self.done.append(("approve", proposal_id))
        self.proposals[proposal_id] = {**found, "status": "approved", "version_id": "v1", "decided_by": actor.name}
        return View({"id": "v1"})

    async def reject(self, actor: Actor, proposal_id: str, *, comment: str = "") -> View:
        self.done.append(("reject", proposal_id, comment))
        self.proposals[proposal_id] = {**self.proposals[proposal_id], "status": "rejected"}
        return View(self.proposals[proposal_id])

    async def start(self, actor: Actor, version_id: str, *, input: Any = None, conversation: str | None = None) -> View:  # noqa: A002
        self.done.append(("start", version_id, conversation))
        self.runs["r1"] = {"id": "r1", "name": "large-orders", "status": "ready", "awaiting": []}
        return View(self.runs["r1"])

    async def answer(self, actor: Actor, run_id: str, path: str, value: Any) -> View:
        self.done.append(("answer", run_id, path, value))
        return View({**self.runs[run_id], "status": "running", "awaiting": []})

    async def secret_set(self, actor: Actor, name: str, value: str) -> dict[str, Any]:
        self.done.append(("secret", name, value))
        return {"name": name}

    async def link_card(self, actor: Actor, conversation: str, kind: str, subject_id: str, element_id: str, message_id: str) -> None:
        self.links.append((conversation, kind, subject_id))

    async def cards_of(self, kind: str, subject_id: str, *, tenant: str | None = None) -> list[dict[str, str]]:
        return [{"conversation": conversation} for conversation, *shown in self.links if shown == [kind, subject_id]]


@dataclass
class FakeContainer:
    """A design graph that plays a script."""

    actions: FakeActions
    script: list[dict[str, Any]] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)

    async def converse(self, actor: Actor, conversation: str, user: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        self.heard.append(user)
        for event in self.script:
            if "raise" in event:
                raise event["raise"]
            yield event
