"""Bring a database to this Parley's schema. Nothing to do is found out with one query, without loading Alembic."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from app.store.errors import DatabaseAway, DatabaseUnusable

HEAD = "0011"  # the newest file in migrations/versions; a test compares
LOCK = 0x5041524C  # advisory lock of the one process that migrates
OLDEST_SERVER = 150000


def upgrade(conninfo: Mapping[str, Any]) -> bool:
    """
    Make *conninfo*'s database and schema what this Parley needs; return whether anything was done.

    The user of *conninfo* becomes the owner of the schema; Parley itself works as the role `parley_app`.

    Raises:
        DatabaseAway: nobody answers.
        DatabaseUnusable: PostgreSQL is older than 15, the schema is newer than this Parley, or the user may not create what is needed.
    """
    with _connect(conninfo) as connection:
        if connection.info.server_version < OLDEST_SERVER:
            raise DatabaseUnusable(f"PostgreSQL {connection.info.server_version // 10000} is too old: Parley needs 15 or newer.")
        if current(connection) == HEAD:
            return False
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        found = current(connection)
        if found == HEAD:
            return False
        if found is not None and found > HEAD:
            raise DatabaseUnusable(
                f"The database has schema {found}, made by a newer Parley; this one knows {HEAD}. Install the newer Parley."
            )
        try:
            connection.execute("CREATE SCHEMA IF NOT EXISTS parley")
            _migrate(conninfo)
        except psycopg.errors.InsufficientPrivilege as exc:
            raise DatabaseUnusable(
                f"The database user may not set up Parley: {exc.diag.message_primary}. Its first start needs a user who owns the database "
                "and may create roles (ALTER ROLE … CREATEROLE); `parley db upgrade` can be run once as that user. "
                "The extension pgvector is made by a superuser, once: CREATE EXTENSION vector"
            ) from exc
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile) as exc:
            raise DatabaseUnusable(f"The server lacks pgvector 0.8 or newer: {exc.diag.message_primary}") from exc
        return True


def set_password(conninfo: Mapping[str, Any], role: str, password: str) -> None:
    """Give *role* its password; needed where the server asks for one."""
    with _connect(conninfo) as connection:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))


def current(connection: psycopg.Connection[Any]) -> str | None:
    """Return the schema's revision, None when there is none."""
    if connection.execute("SELECT to_regclass('parley.alembic_version')").fetchone() == (None,):
        return None
    row = connection.execute("SELECT version_num FROM parley.alembic_version").fetchone()
    return str(row[0]) if row else None


def _connect(conninfo: Mapping[str, Any]) -> psycopg.Connection[tuple[Any, ...]]:
    try:
        return psycopg.connect(**conninfo, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as exc:
        text = str(exc)
        if "does not exist" not in text or 'database "' not in text:
            raise DatabaseAway(f"The database does not answer: {text.strip()}") from exc
    with psycopg.connect(**{**conninfo, "dbname": "postgres"}, autocommit=True, connect_timeout=10) as server:
        try:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(str(conninfo["dbname"]))))
        except psycopg.errors.DuplicateDatabase:
            pass
        except psycopg.errors.InsufficientPrivilege as exc:
            raise DatabaseUnusable(f"There is no database {conninfo['dbname']!r}, and the user may not create it.") from exc
    return psycopg.connect(**conninfo, autocommit=True, connect_timeout=10)


def _migrate(conninfo: Mapping[str, Any]) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(**conninfo), poolclass=NullPool)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
            connection.commit()
        except Exception as exc:
            cause = exc.__cause__ or getattr(exc, "orig", None)
            if isinstance(cause, psycopg.Error):
                raise cause from exc
            raise
        finally:
            engine.dispose()
