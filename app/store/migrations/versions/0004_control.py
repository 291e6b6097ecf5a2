"""Control: suspended and dead runs, priorities, lanes, keys of starts, fair claims.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def run(sql: str) -> None:
    """Execute *sql* as it stands: many statements, no parameters, `%` and `:` left alone."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(sql)


def upgrade() -> None:
    run((SQL / "0004_control.sql").read_text("utf-8"))


def downgrade() -> None:
    run((SQL / "0004_control_down.sql").read_text("utf-8"))
