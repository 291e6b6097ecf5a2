"""Events: listenings found by digest, what came for them, senders' tokens, the outbox of lifecycle events.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import json
from pathlib import Path

from alembic import op
from sqlalchemy import text

from graphs.run.event_keys import alternatives, digest, names

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def run(sql: str) -> None:
    """Execute *sql* as it stands: many statements, no parameters, `%` and `:` left alone."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(sql)


def upgrade() -> None:
    run((SQL / "0003_events.sql").read_text("utf-8"))
    _listen()


def _listen() -> None:
    """Let the runs that wait for an event be found in the new way."""
    run("ALTER TABLE parley.awaits NO FORCE ROW LEVEL SECURITY; ALTER TABLE parley.listens NO FORCE ROW LEVEL SECURITY")
    waiting = op.get_bind().execute(
        text(
            "SELECT tenant_id, run_id, path, event FROM parley.awaits"
            " WHERE kind = 'event' AND delivered_at IS NULL AND withdrawn_at IS NULL"
        )
    )
    for tenant, run_id, path, event in waiting.all():
        for need in alternatives(event):
            values = {"tenant": tenant, "run": run_id, "path": path, "places": json.dumps(names(need)), "digest": digest(need, names(need))}
            op.get_bind().execute(
                text(
                    "INSERT INTO parley.listens (tenant_id, run_id, path, places, digest)"
                    " VALUES (:tenant, :run, :path, :places, :digest) ON CONFLICT DO NOTHING"
                ),
                values,
            )
    run("ALTER TABLE parley.awaits FORCE ROW LEVEL SECURITY; ALTER TABLE parley.listens FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    run("DROP FUNCTION parley.claim_outbox, parley.note_outbox, parley.sweep_outbox")
    run("DROP TABLE parley.listens, parley.arrivals, parley.event_tokens, parley.outbox")
    run("DROP INDEX parley.events_by_seq, parley.events_by_time")
    run("CREATE INDEX awaits_events ON parley.awaits (tenant_id) WHERE kind = 'event' AND delivered_at IS NULL AND withdrawn_at IS NULL")
