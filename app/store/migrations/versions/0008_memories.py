"""What agents remember: vectors and words of it, found within a tenant and a user.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def run(sql: str) -> None:
    """Execute *sql* as it stands: many statements, no parameters, `%` and `:` left alone."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(sql)


def upgrade() -> None:
    run("CREATE EXTENSION IF NOT EXISTS vector SCHEMA parley")  # a server's own may be there already, wherever its owner put it
    (schema,) = (
        op.get_bind()
        .exec_driver_sql(
            "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'"
        )
        .one()
    )
    run(f"GRANT USAGE ON SCHEMA {schema} TO parley_app, parley_worker")
    run(f"SELECT '[1]'::{schema}.vector")  # loads the library: its settings are known from then on
    run((SQL / "0008_memories.sql").read_text("utf-8").replace("{vectors}", schema))


def downgrade() -> None:
    """The extension stays: others may use it."""
    run((SQL / "0008_memories_down.sql").read_text("utf-8"))
