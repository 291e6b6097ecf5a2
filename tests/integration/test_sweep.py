"""What a sweep reads, however many runs wait."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from app.actions import Actor
from app.container import Container, Prepared
from tests.fakes import approved, definition

pytestmark = pytest.mark.postgres

WAITING = """
    INSERT INTO parley.runs (tenant_id, id, version_id, started_by, status, wake_at)
    SELECT 'default', 'run-' || n, %(version)s, 'ada', 'waiting', clock_timestamp() + make_interval(mins => n - %(due)s)
      FROM generate_series(1, 1000) AS n"""
READ = "SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE schemaname = 'parley' AND relname = 'runs'"


async def read_by_a_sweep(container: Container, actor: Actor, database: Prepared, *, due: int) -> tuple[list[str], int]:
    """Return the runs that a sweep finds among 1,000 timers, and how many rows it fetched."""
    version = await approved(container, actor, definition("nap: {wait: P1D}"))
    with psycopg.connect(**database.owner) as connection:
        connection.execute(WAITING, {"version": version.id, "due": due})
        connection.commit()
        connection.execute("SET enable_seqscan = off")  # a table of 1,000 rows would be read as a whole, whatever the statement says
        before = _number(connection)
        found = [str(row[0]) for row in connection.execute("SELECT run_id FROM parley.sweep_runs(500, 5)").fetchall()]
        return found, _number(connection) - before


def _number(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(READ).fetchone()
    return int(row[0]) if row else 0


async def test_a_sweep_reads_no_timer_that_is_not_due(container: Container, actor: Actor, database: Prepared) -> None:
    found, read = await read_by_a_sweep(container, actor, database, due=0)

    assert found == []
    assert read < 10


async def test_a_sweep_finds_what_is_due(container: Container, actor: Actor, database: Prepared) -> None:
    found, read = await read_by_a_sweep(container, actor, database, due=3)

    assert sorted(found) == ["run-1", "run-2", "run-3"]
    assert read < 20
