"""Who held which run when, and who wrote which row: noted by triggers in the database itself, read back as histories."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

import psycopg

from tests.chaos.history import Claim, Line, Unknown

SETUP = """
CREATE SCHEMA chaos;
CREATE TABLE chaos.claims (run text, epoch integer, worker text, at double precision, taken_over boolean);
-- also of rows that are removed later
CREATE TABLE chaos.lines (seq bigint, run text, path text, reference text, attempt integer, kind text, status text, epoch integer,
                          worker text, at double precision);
CREATE INDEX ON chaos.claims (run);
CREATE INDEX ON chaos.lines (run);
CREATE FUNCTION chaos.note_claim() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO chaos.claims VALUES (NEW.id, NEW.epoch, coalesce(current_setting('chaos.worker', true), ''),
                                     extract(epoch FROM clock_timestamp()), OLD.status = 'running');
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_claim AFTER UPDATE OF epoch ON parley.runs FOR EACH ROW WHEN (NEW.epoch > OLD.epoch)
    EXECUTE FUNCTION chaos.note_claim();
CREATE FUNCTION chaos.note_line() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO chaos.lines
    SELECT NEW.seq, NEW.run_id, NEW.path, NEW.reference, NEW.attempt, NEW.kind, NEW.status, r.epoch,
           coalesce(current_setting('chaos.worker', true), ''), extract(epoch FROM clock_timestamp())
      FROM parley.runs r WHERE r.id = NEW.run_id;
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_line AFTER INSERT ON parley.journal FOR EACH ROW EXECUTE FUNCTION chaos.note_line();
"""
OPEN = """
SELECT run_id, path, reference, kind FROM parley.awaits
 WHERE kind IN ('approve', 'outcome-unknown') AND delivered_at IS NULL AND withdrawn_at IS NULL ORDER BY created_at LIMIT 500
"""
LISTENING = """
SELECT r.id FROM parley.runs r JOIN parley.versions v ON v.tenant_id = r.tenant_id AND v.id = r.version_id
 WHERE v.name = 'desk' AND r.status NOT IN ('completed', 'faulted', 'cancelled')
"""
RUNS = """
SELECT r.id, v.name, r.status, r.reason, r.input::text, r.output::text, r.error::text
  FROM parley.runs r JOIN parley.versions v ON v.tenant_id = r.tenant_id AND v.id = r.version_id WHERE v.name <> 'errand' ORDER BY r.id
"""
LINES = "SELECT run, at, path, reference, attempt, kind, status, epoch, worker FROM chaos.lines ORDER BY seq"
UNKNOWN = """
SELECT run_id, extract(epoch FROM created_at)::float8, path, (payload ->> 'happened')::boolean
  FROM parley.awaits WHERE kind = 'outcome-unknown'
"""
HEARD = """
SELECT run_id, output -> 'event' ->> 'id' FROM parley.journal
 WHERE kind = 'event' AND output -> 'event' ->> 'type' = 'chaos.item'
"""


class Ledger:
    """Reads as the owner of the database, and waits for it while it is away."""

    def __init__(self, owner: Mapping[str, Any]) -> None:
        self._owner = dict(owner)

    async def rows(self, statement: LiteralString, *values: Any, patience_s: float = 60.0) -> Sequence[Any]:
        give_up = time.monotonic() + patience_s
        while True:
            try:
                return await asyncio.to_thread(self._rows, statement, values)
            except psycopg.OperationalError:
                if time.monotonic() > give_up:
                    raise
                await asyncio.sleep(0.2)

    def _rows(self, statement: LiteralString, values: tuple[Any, ...]) -> Sequence[Any]:
        with psycopg.connect(**self._owner, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    async def held_by(self, worker: str) -> list[str]:
        """Return the runs that *worker* has in hand."""
        statement: LiteralString = """
            SELECT r.id FROM parley.runs r JOIN chaos.claims c ON c.run = r.id AND c.epoch = r.epoch
             WHERE r.status = 'running' AND c.worker = %s"""
        return [run for (run,) in await self.rows(statement, worker)]

    async def claims(self) -> dict[str, list[Claim]]:
        found: dict[str, list[Claim]] = defaultdict(list)
        for run, at, epoch, worker in await self.rows("SELECT run, at, epoch, worker FROM chaos.claims ORDER BY at"):
            found[run].append(Claim(at=at, epoch=epoch, worker=worker))
        return found

    async def lines(self) -> dict[str, list[Line]]:
        found: dict[str, list[Line]] = defaultdict(list)
        for run, at, path, reference, attempt, kind, status, epoch, worker in await self.rows(LINES):
            line = Line(at=at, path=path, reference=reference, attempt=attempt, kind=kind, status=status, epoch=epoch, worker=worker)
            found[run].append(line)
        return found

    async def unknown(self) -> dict[str, list[Unknown]]:
        found: dict[str, list[Unknown]] = defaultdict(list)
        for run, at, path, happened in await self.rows(UNKNOWN):
            found[run].append(Unknown(at=at, path=path, happened=happened))
        return found

    async def heard(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for run, id_ in await self.rows(HEARD):
            found[run].append(id_)
        return found
