"""Large values in a table of their own, and what retention needs to remove runs in batches.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def run(sql: str) -> None:
    """Execute *sql* as it stands: many statements, no parameters, `%` and `:` left alone."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(sql)


def upgrade() -> None:
    run((SQL / "0006_keeping.sql").read_text("utf-8"))


def downgrade() -> None:
    """Put large values back into their rows; what was to be removed is removed."""
    run((SQL / "0006_keeping_down.sql").read_text("utf-8"))
