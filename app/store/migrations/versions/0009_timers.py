"""Due timers are found by their index.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def run(sql: str) -> None:
    """Execute *sql* as it stands: many statements, no parameters, `%` and `:` left alone."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(sql)


def upgrade() -> None:
    run((SQL / "0009_timers.sql").read_text("utf-8"))


def downgrade() -> None:
    run((SQL / "0009_timers_down.sql").read_text("utf-8"))
