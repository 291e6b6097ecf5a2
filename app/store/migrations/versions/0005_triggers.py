"""Schedules that start runs by themselves.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def run(sql: str) -> None:
    """Execute *sql* as it stands: many statements, no parameters, `%` and `:` left alone."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(sql)


def upgrade() -> None:
    run((SQL / "0005_triggers.sql").read_text("utf-8"))


def downgrade() -> None:
    run("DROP TRIGGER tell_trigger_of_ending ON parley.runs")
    run("DROP TRIGGER tell_triggers_of_event ON parley.events")
    run(
        "DROP FUNCTION parley.due_triggers(integer), parley.next_trigger(double precision), parley.tell_trigger_of_ending(),"
        " parley.tell_triggers_of_event()"
    )
    run("DROP INDEX parley.runs_of_trigger")
    run("ALTER TABLE parley.runs DROP COLUMN trigger_id")
    run("DROP TABLE parley.trigger_endings, parley.trigger_events, parley.trigger_types, parley.trigger_starts, parley.triggers")
