"""Replies are kept under the digest of their request before they are used: who comes again after a kill is not made to pay again.

A request is the same when its conversation, its turn, its attempt and every word of it are; a deliberate repetition is another turn or
attempt. The turn is LangGraph's step, where a node asks: a node that runs again after a kill runs in the same step.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from langchain_core.messages import BaseMessage

from graphs.models.ways import Answer


class ReplyStore(Protocol):
    """Where replies are kept: of one tenant and one conversation."""

    async def get(self, digest: str) -> Sequence[Mapping[str, Any]] | None:
        """Return what was put under *digest*, or None."""

    async def put(self, digest: str, reply: Sequence[Mapping[str, Any]], meta: Mapping[str, Any]) -> None:
        """Keep *reply*, the answers to one request in order, durably, in place of what was there; *meta* says what it was about."""


class InMemoryReplies:
    """Replies of one process."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    async def get(self, digest: str) -> Sequence[Mapping[str, Any]] | None:
        text = self._kept.get(digest)
        return None if text is None else list(json.loads(text))

    async def put(self, digest: str, reply: Sequence[Mapping[str, Any]], meta: Mapping[str, Any]) -> None:
        self._kept[digest] = json.dumps(list(reply))


def digest_of(scope: Sequence[str], messages: Sequence[BaseMessage], schema: Any) -> str:
    """Return the digest of a request: whose and when, what was said, what was asked for."""
    whole = [list(scope), [[message.type, message.content] for message in messages], schema]
    return "sha256:" + hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def step_of_graph() -> str:
    """Return the step of the graph that asks, "" when none does."""
    from langgraph.config import get_config

    try:
        config = get_config()
    except RuntimeError:
        return ""
    about = config.get("metadata") or {}
    return f"{about.get('thread_id', '')}:{about.get('langgraph_checkpoint_ns', '').split(':')[0]}:{about.get('langgraph_step', '')}"


class Tape:
    """The answers to one request: those that were kept come first, then those that are given now."""

    def __init__(
        self,
        store: ReplyStore | None = None,
        digest: str = "",
        kept: Sequence[Mapping[str, Any]] = (),
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        self._store, self._digest, self._meta = store, digest, dict(meta or {})
        self._kept = [Answer.from_json(each) for each in kept]
        self._at = 0

    @classmethod
    async def open(cls, store: ReplyStore, digest: str, models: Sequence[str], meta: Mapping[str, Any]) -> Tape:
        """Return the tape of *digest*; one of a model that is no longer listed begins anew."""
        kept = await store.get(digest) or ()
        known = all(each.get("model") in models for each in kept)
        return cls(store, digest, kept if known else (), meta)

    def next(self) -> Answer | None:
        """Return the next answer that was kept."""
        if self._at == len(self._kept):
            return None
        self._at += 1
        return self._kept[self._at - 1]

    def by_another(self, model: str) -> bool:
        """Tell whether the next answer that was kept is another model's: then *model* had not answered."""
        return self._at < len(self._kept) and self._kept[self._at].model != model

    async def drop(self) -> None:
        """Keep nothing: the caller is told that no answer was usable, and who asks again wants new ones."""
        if self._store is not None and self._kept:
            await self._store.put(self._digest, [], self._meta)

    async def keep(self, answer: Answer) -> None:
        """Keep *answer*; when this returns it is stored."""
        self._kept.append(answer)
        self._at += 1
        if self._store is not None:
            await self._store.put(self._digest, [each.to_json() for each in self._kept], {**self._meta, "model": answer.model})
