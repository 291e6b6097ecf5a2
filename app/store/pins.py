"""The port `Pins` on PostgreSQL: what documents were when a version first used them."""

from __future__ import annotations

from app.store.database import Database
from app.store.patience import patient
from app.store.queries import query


class VersionPins:
    """The documents of the version that a run executes."""

    def __init__(self, database: Database, tenant: str, run_id: str, *, patience_s: float) -> None:
        self._database = database
        self._tenant = tenant
        self._run_id = run_id
        self.patience_s = patience_s

    @patient
    async def pin(self, address: str, digest: str) -> str:
        async with self._database.quick(self._tenant) as connection:
            values = {"run": self._run_id, "address": address, "digest": digest}
            row = await (await connection.execute(query("pins", "pin"), values)).fetchone()
        return str(row[0]) if row else digest  # no row: the run is gone, and with it whoever asks
