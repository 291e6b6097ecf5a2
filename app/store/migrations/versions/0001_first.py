"""The first schema: Parley's tables, the chat's, LangGraph's and the queue's, with row-level security from the start.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def run(sql: str) -> None:
    """Execute *sql* as it stands: many statements, no parameters, `%` and `:` left alone."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(sql)


def upgrade() -> None:
    for name in ("roles", "parley", "chat", "langgraph", "functions"):
        run((SQL / f"0001_{name}.sql").read_text("utf-8"))
    # procrastinate writes its names without a schema: it gets a search path of its own for as long as its tables are made
    run("SET LOCAL search_path = queue, pg_catalog")
    run(SchemaManager.get_schema())
    run("SET LOCAL search_path = pg_catalog")
    run((SQL / "0001_rights.sql").read_text("utf-8"))


def downgrade() -> None:
    run("DROP SCHEMA queue, langgraph, chat CASCADE")
    run("DROP FUNCTION parley.claim_run, parley.renew_leases, parley.sweep_runs, parley.next_timer, parley.tenant_of_run")
    run(
        "DROP TABLE parley.audit, parley.cards, parley.notices, parley.events, parley.awaits, parley.live, parley.journal,"
        " parley.runs, parley.versions, parley.proposals, parley.secrets, parley.users, parley.workers, parley.tenants"
    )
