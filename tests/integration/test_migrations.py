"""Every migration can be taken back, and made again: the schema is then what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from app.container import Prepared
from app.store import upgrade

pytestmark = pytest.mark.postgres
WHAT = {
    "columns": "SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns",
    "functions": "SELECT routine_schema, routine_name, routine_definition, security_type FROM information_schema.routines",
    "constraints": "SELECT connamespace::regnamespace::text, conname, pg_get_constraintdef(oid) FROM pg_constraint",
    "indexes": "SELECT schemaname, indexname, indexdef FROM pg_indexes",
    "policies": "SELECT schemaname, policyname, tablename, roles::text, qual, with_check FROM pg_policies",
    "forced": "SELECT relnamespace::regnamespace::text, relname, relrowsecurity, relforcerowsecurity FROM pg_class",
    "grants": "SELECT table_schema, table_name, grantee, privilege_type FROM information_schema.role_table_grants",
    "executes": "SELECT routine_schema, routine_name, grantee FROM information_schema.role_routine_grants",
    "triggers": "SELECT event_object_schema, trigger_name, event_manipulation, action_statement FROM information_schema.triggers",
}
OLDEST = "0001"  # before it there is nothing


def test_every_migration_can_be_taken_back_and_made_again(database: Prepared) -> None:
    before = schema(database)

    migrate(database, command.downgrade, OLDEST)
    with psycopg.connect(**database.owner) as connection:
        assert upgrade.current(connection) == OLDEST
    migrate(database, command.upgrade, "head")

    after = schema(database)
    assert {what: sorted(set(before[what]) ^ set(after[what]), key=str) for what in WHAT} == {what: [] for what in WHAT}


def test_values_and_runs_are_there_when_a_migration_is_taken_back(database: Prepared) -> None:
    """Large values are in their rows again; runs in a state that was unknown before are in one that was known."""
    with psycopg.connect(**database.owner) as connection:
        connection.execute("SELECT set_config('app.tenant', 'default', false)")
        connection.execute("INSERT INTO parley.tenants (tenant_id) VALUES ('default') ON CONFLICT DO NOTHING")
        connection.execute(
            "INSERT INTO parley.versions (tenant_id, id, namespace, name, version, digest, definition, yaml, lock, approved_by)"
            " VALUES ('default', 'v', 'n', 'n', '1.0.0', 'd', '{}', '', '{}', 'ada')"
        )
        for run, status in (("a", "suspended"), ("b", "stuck"), ("c", "completed")):
            connection.execute(
                "INSERT INTO parley.runs (tenant_id, id, version_id, status, started_by, output, large)"
                """ VALUES ('default', %s, 'v', %s, 'ada', '{"blob": "x", "bytes": 7}', '{output}')""",
                [run, status],
            )
            connection.execute(
                """INSERT INTO parley.blobs (tenant_id, run_id, digest, bytes, value) VALUES ('default', %s, 'x', 7, '"whole"')""", [run]
            )

        connection.execute(
            "INSERT INTO parley.awaits (tenant_id, run_id, path, reference, kind, form)"
            """ VALUES ('default', 'a', '/p', '/p', 'ask', '{"title": "T", "data": {"blob": "x", "bytes": 7}, "large": true}')"""
        )

    migrate(database, command.downgrade, "0003")

    with psycopg.connect(**database.owner) as connection:
        connection.execute("SELECT set_config('app.tenant', 'default', false)")
        rows = connection.execute("SELECT id, status, output FROM parley.runs ORDER BY id").fetchall()
        forms = connection.execute("SELECT form FROM parley.awaits").fetchall()
    assert rows == [("a", "waiting", "whole"), ("b", "faulted", "whole"), ("c", "completed", "whole")]
    assert forms == [({"title": "T", "data": "whole"},)]


def migrate(database: Prepared, do: Any, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(upgrade.__file__).parent / "migrations"))
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(**database.owner), poolclass=NullPool)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        do(config, revision)
        connection.commit()
    engine.dispose()


def schema(database: Prepared) -> dict[str, set[Any]]:
    with psycopg.connect(**database.owner) as connection:
        found = {what: connection.execute(statement).fetchall() for what, statement in WHAT.items()}
    return {what: {row for row in rows if row[0] in ("parley", "chat", "langgraph", "queue")} for what, rows in found.items()}
