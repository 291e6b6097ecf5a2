"""How Alembic reaches the database: through the connection `app.store.upgrade` hands over, never through a URL in a file."""

from __future__ import annotations

from alembic import context


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, version_table_schema="parley", transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


run()
