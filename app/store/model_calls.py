"""What models answered in one conversation, by the digests of the requests, and what that took: two ports on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.store.database import Database
from app.store.patience import patient
from app.store.queries import query

if TYPE_CHECKING:
    from graphs.models import Call, Spent

PATIENCE_S = 30.0
DAY_S = 86_400.0
REPLIES_KEPT_S = 7 * DAY_S
SPENDING_KEPT_S = 92 * DAY_S


class ModelCalls:
    """Those of one conversation of a tenant."""

    def __init__(self, database: Database, tenant: str, thread: str, *, patience_s: float = PATIENCE_S) -> None:
        self._database, self._tenant, self._thread = database, tenant, thread
        self.patience_s = patience_s

    @patient
    async def get(self, digest: str) -> Sequence[Mapping[str, Any]] | None:
        async with self._database.glance(self._tenant) as connection:
            values = {"thread": self._thread, "digest": digest}
            row = await (await connection.execute(query("model_calls", "reply"), values)).fetchone()
        return None if row is None else list(_plain(row[0]))

    @patient
    async def put(self, digest: str, reply: Sequence[Mapping[str, Any]], meta: Mapping[str, Any]) -> None:
        async with self._database.quick(self._tenant) as connection:
            values = {"thread": self._thread, "digest": digest, "reply": json.dumps(list(reply)), "about": json.dumps(dict(meta))}
            await connection.execute(query("model_calls", "keep"), values)

    @patient
    async def spent(self) -> Spent:
        from graphs.models import Spent

        async with self._database.glance(self._tenant) as connection:
            row = await (await connection.execute(query("model_calls", "spent"), {"thread": self._thread})).fetchone()
        return Spent(*row) if row is not None else Spent()

    @patient
    async def add(self, call: Call) -> None:
        async with self._database.quick(self._tenant) as connection:
            values = {"thread": self._thread, "input": call.input_tokens, "output": call.output_tokens, "money": call.money}
            await connection.execute(query("model_calls", "spend"), values)


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str | bytes) else value
