"""Documents fetched by address are held to what they were when a version first used them.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def run(sql: str) -> None:
    """Execute *sql* as it stands: many statements, no parameters, `%` and `:` left alone."""
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(sql)


def upgrade() -> None:
    run((SQL / "0010_documents.sql").read_text("utf-8"))


def downgrade() -> None:
    run("DROP TABLE parley.documents")
