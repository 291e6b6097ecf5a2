"""LangGraph's checkpoints with group commit and a tenant.

The reading half is langgraph-checkpoint-postgres' own; puts go through the process's writer (that library's saver serialises all runs
behind one lock and writes in the background: 97 % of the finished steps were missing after a kill). Passes
langgraph-checkpoint-conformance.

A run that is in hand is special: where it stands is in its journal, and its checkpoints only say so once more. They are kept back for a
moment, and written when the run comes to a rest. One that is over before that leaves none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_serializable_checkpoint_metadata,
)
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg import AsyncCursor
from psycopg.rows import DictRow, dict_row

from app.store.database import Database, to_text
from app.store.patience import patiently
from app.store.queries import query
from app.store.together import Together
from app.store.writer import GroupWriter, Item, Kind


def _columns(rows: Sequence[Any]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


CHECKPOINTS = Kind("checkpoints", query("saver", "checkpoints"), _columns)
BLOBS = Kind("blobs", query("saver", "blobs"), _columns)
WRITES = Kind("writes", query("saver", "writes"), _columns)
SPECIAL_WRITES = Kind("special-writes", query("saver", "special-writes"), _columns)
PLAIN = (str, int, float, bool, type(None))
BEHIND_S = 5.0  # a checkpoint of a run in hand is written this soon, for whoever looks from outside


@dataclass(slots=True, eq=False)
class InHand:
    """The thread of a run that this process works on, under a lease."""

    stored: bool  # something of it may be in the database
    kept_back: list[tuple[Kind, Any]] = field(default_factory=list)


class GroupSaver(AsyncPostgresSaver):
    """The checkpoints of one tenant. Only types LangGraph knows are read back (strict msgpack): a crafted row makes no object."""

    def __init__(self, database: Database, writer: GroupWriter, tenant: str) -> None:
        super().__init__(None, serde=JsonPlusSerializer(allowed_msgpack_modules=None))  # type: ignore[arg-type]
        self._database = database
        self._writer = writer
        self._tenant = tenant
        self._in_hand: dict[str, InHand] = {}
        self._later: asyncio.TimerHandle | None = None
        self._forget: Together[str, None] = Together(self._forgotten, name="forget")

    def begins(self, thread_id: str, *, new: bool) -> None:
        """Say that this process works on a run now; of a *new* one nothing is stored."""
        self._in_hand[thread_id] = InHand(stored=not new)

    def leaves(self, thread_id: str) -> None:
        """Say that this process has no more to do with a run; what is kept back of it still is dropped."""
        self._writer.forget(self._in_hand.pop(thread_id, None))

    async def settle(self, thread_id: str) -> None:
        """Return when everything put for a thread is durable. Raises what went wrong with it."""
        hand = self._in_hand.get(thread_id)
        if hand is not None:
            self._write(hand)
            await self._writer.flush(hand)

    async def completed(self, thread_id: str) -> None:
        """Keep nothing of a thread that has nothing more to do: the run's row has its output, and its journal the steps."""
        hand = self._in_hand[thread_id]
        hand.kept_back.clear()
        if hand.stored:
            await self._writer.flush(hand)
            await self._forget(thread_id)

    async def close(self) -> None:
        if self._later is not None:
            self._later.cancel()
        await self._forget.close()

    async def setup(self) -> None:
        """Nothing to do: the migrations made the tables."""

    async def aput(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, new_versions: ChannelVersions
    ) -> RunnableConfig:
        thread, ns, parent = _place(config)
        copy: Any = checkpoint.copy()
        values = copy["channel_values"] = dict(checkpoint["channel_values"])
        blobs = {name: values.pop(name) for name, value in checkpoint["channel_values"].items() if not isinstance(value, PLAIN)}
        versions = {name: version for name, version in new_versions.items() if name in blobs}
        items = [(BLOBS, row) for row in self._dump_blobs(thread, ns, blobs, versions)]
        meta = to_text(get_serializable_checkpoint_metadata(config, metadata))
        await self._put(thread, [*items, (CHECKPOINTS, (thread, ns, checkpoint["id"], parent, to_text(copy), meta))])
        return {"configurable": {"thread_id": thread, "checkpoint_ns": ns, "checkpoint_id": checkpoint["id"]}}

    async def aput_writes(self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = "") -> None:
        thread, ns, checkpoint_id = _place(config)
        kind = SPECIAL_WRITES if all(channel in WRITES_IDX_MAP for channel, _ in writes) else WRITES
        rows: Iterable[Any] = self._dump_writes(thread, ns, checkpoint_id or "", task_id, task_path, writes)
        await self._put(thread, [(kind, row) for row in rows])

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        thread = str(config["configurable"]["thread_id"])
        await self.settle(thread)
        hand = self._in_hand.get(thread)
        if hand is not None and not hand.stored:
            return None
        read = super().aget_tuple
        return await patiently(lambda: read(config), patience_s=self._writer.patience_s)

    async def adelete_thread(self, thread_id: str) -> None:
        await self.aprune([thread_id], strategy="delete")

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Remove old checkpoints: all but the newest of each namespace, or (`delete`) everything of these threads."""
        names = {
            "delete": ("forget-checkpoints", "forget-blobs", "forget-writes"),
            "keep_latest": ("keep-latest-checkpoints", "keep-latest-writes", "keep-latest-blobs", "forget-parents"),
        }
        if isinstance(thread_ids, str):
            raise TypeError("thread_ids must be a sequence of thread IDs, not a str")
        if strategy not in names:
            raise ValueError(f"Unknown prune strategy: {strategy!r}")

        async def prune() -> None:
            async with self._database.quick(self._tenant) as connection:
                for name in names[strategy]:
                    await connection.execute(query("saver", name), {"threads": [str(thread) for thread in thread_ids]})

        if thread_ids:
            await patiently(prune, patience_s=self._writer.patience_s)

    async def _forgotten(self, thread_ids: Sequence[str]) -> Sequence[None]:
        await self.aprune(thread_ids, strategy="delete")
        return [None] * len(thread_ids)

    async def _put(self, thread_id: str, items: Sequence[tuple[Kind, Any]]) -> None:
        hand = self._in_hand.get(thread_id)
        if hand is not None:
            hand.kept_back += items
            if self._later is None:
                self._later = asyncio.get_running_loop().call_later(BEHIND_S, self._write_all)
            return
        owner = object()
        self._add(items, owner)
        await self._writer.flush(owner)

    def _write_all(self) -> None:
        self._later = None
        for hand in self._in_hand.values():
            self._write(hand)

    def _write(self, hand: InHand) -> None:
        items, hand.kept_back = _needed(hand.kept_back), []
        hand.stored = hand.stored or bool(items)
        self._add(items, hand)

    def _add(self, items: Sequence[tuple[Kind, Any]], owner: object) -> None:
        for kind, row in items:
            self._writer.add(Item(self._tenant, kind, row, owner))

    @asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[AsyncCursor[DictRow]]:
        """The base class reads through this: a transaction of the tenant."""
        async with self._database.quick(self._tenant) as connection, connection.cursor(row_factory=dict_row) as cursor:
            yield cursor


def _needed(items: Sequence[tuple[Kind, Any]]) -> list[tuple[Kind, Any]]:
    """Leave out what was written towards a checkpoint that is among *items* itself: it is in there. That is two rows in three of a park."""
    followed = {(ns, parent) for kind, (_, ns, _, parent, *_) in items if kind is CHECKPOINTS}
    return [(kind, row) for kind, row in items if kind not in (WRITES, SPECIAL_WRITES) or (row[1], row[2]) not in followed]


def _place(config: RunnableConfig) -> tuple[str, str, str | None]:
    where = config["configurable"]
    return str(where["thread_id"]), where.get("checkpoint_ns", ""), where.get("checkpoint_id")
