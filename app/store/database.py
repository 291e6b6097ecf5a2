"""Connections to the one database: short SQLAlchemy transactions for people's requests, a psycopg pool for the hot paths.

Every transaction belongs to one tenant, set with `set_config('app.tenant', …, true)`: for this transaction only. The form that lasts as
long as the session would leak to the next user of a pooled connection (measured; see the README).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.pq.abc import PGconn
from psycopg.types.array import ListBinaryDumper
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg.waiting import Ready, Wait
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import event, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session, SessionTransaction

from app.store.errors import DatabaseAway

SET_TENANT = "SELECT set_config('app.tenant', %s, true)"


def to_text(value: Any) -> str:
    """Return JSON for PostgreSQL's `json`. Raises ValueError on NaN and infinities, which JSON does not have."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _teach(connection: AsyncConnection) -> None:
    """Have values go over as Parley wants them: our JSON, and lists in binary (as text each quote is escaped: 60 µs for a checkpoint)."""
    set_json_dumps(to_text, connection)
    set_json_loads(json.loads, connection)
    connection.adapters.register_dumper(list, ListBinaryDumper)


class AsyncConnection(psycopg.AsyncConnection[Any]):
    """A connection that sends statements of any size in pipeline mode.

    psycopg 3.3 leaves a pipeline's loop with the last command begun, not sent: what does not fit into the socket's buffer (about a
    megabyte) stays in memory, and both sides wait for each other for ever (measured, and in `_pipeline_communicate`).
    """

    async def execute(self, *args: Any, **options: Any) -> psycopg.AsyncCursor[Any]:
        cursor = await super().execute(*args, **options)
        if self.pgconn.pipeline_status and self.pgconn.flush():
            async with self.lock:
                await self.wait(_sent(self.pgconn))
        return cursor


def _sent(pgconn: PGconn) -> PQGen[None]:
    """Send what is left; what comes back meanwhile is kept for whoever asks for it."""
    while pgconn.flush():
        ready = yield Wait.RW
        if ready & Ready.R:
            pgconn.consume_input()


class TenantSession(Session):
    """A session whose every transaction sees the one tenant in `info["tenant"]`."""


@event.listens_for(TenantSession, "after_begin")
def _enter_tenant(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    connection.execute(text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": session.info["tenant"]})


class Database:
    """The pools of one process. `open()` once, `close()` at the end."""

    def __init__(self, conninfo: Mapping[str, Any], *, largest: int = 6, name: str = "parley") -> None:
        self.conninfo = {**conninfo, "application_name": name}
        self._largest = largest
        self.pool: AsyncConnectionPool[AsyncConnection] = AsyncConnectionPool(
            connection_class=AsyncConnection,
            kwargs={**self.conninfo, "autocommit": True, "prepare_threshold": 3},
            min_size=0,
            max_size=largest,
            timeout=15,
            open=False,
            configure=self._configure,
            reconnect_timeout=5,
            name=name,
        )
        self.engine: AsyncEngine = create_async_engine(
            "postgresql+psycopg://",
            async_creator=self.connect,
            pool_size=2,
            max_overflow=largest,
            pool_pre_ping=True,
            json_serializer=to_text,
        )

    async def open(self) -> None:
        await self.pool.open()

    async def close(self) -> None:
        await self.engine.dispose()
        await self.pool.close()

    async def connect(self, *, autocommit: bool = False) -> AsyncConnection:
        """Return a connection of its own. Raises psycopg.OperationalError."""
        connection = await AsyncConnection.connect(**self.conninfo, autocommit=autocommit, connect_timeout=10)
        _teach(connection)
        return connection

    @staticmethod
    async def _configure(connection: AsyncConnection) -> None:
        _teach(connection)

    @asynccontextmanager
    async def session(self, tenant: str) -> AsyncIterator[AsyncSession]:
        """One transaction of *tenant*: committed at the end, rolled back by an exception. Raises DatabaseAway."""
        async with AsyncSession(self.engine, sync_session_class=TenantSession, info={"tenant": tenant}, expire_on_commit=False) as session:
            with _Away():
                async with session.begin():
                    yield session

    @asynccontextmanager
    async def transaction(self, tenant: str) -> AsyncIterator[AsyncConnection]:
        """The same without SQLAlchemy, on a connection that answers."""
        async with self.checked() as connection, connection.transaction():
            await connection.execute(SET_TENANT, [tenant])
            yield connection

    @asynccontextmanager
    async def quick(self, tenant: str) -> AsyncIterator[AsyncConnection]:
        """
        The same for hot paths, in pipeline mode: what needs no answer costs no round trip.

        An error may show as late as at the end of the block, and `rowcount` is not known. A connection that broke while it lay in the pool
        shows as an error of its first use: callers are patient (`app.store.patience`).
        """
        async with self.pool.connection() as connection, connection.pipeline(), connection.transaction():
            await connection.execute(SET_TENANT, [tenant])
            yield connection

    @asynccontextmanager
    async def glance(self, tenant: str) -> AsyncIterator[AsyncConnection]:
        """
        The same for what reads, or may as well happen in part: no BEGIN and no COMMIT.

        What a pipeline holds up to its end is one transaction to PostgreSQL anyway; only an exception in the block takes nothing back.
        """
        async with self.pool.connection() as connection, connection.pipeline():
            await connection.execute(SET_TENANT, [tenant])
            yield connection

    @asynccontextmanager
    async def checked(self) -> AsyncIterator[AsyncConnection]:
        """A pooled connection that answers; those that broke in the pool are replaced."""
        for tries_left in range(self._largest, -1, -1):
            async with self.pool.connection() as connection:
                try:
                    await connection.execute("")
                except psycopg.OperationalError:
                    if not tries_left:
                        raise
                    continue
                yield connection
                return


class _Away:
    """Turn what the drivers say when nobody answers into DatabaseAway."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        from sqlalchemy.exc import DBAPIError

        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, psycopg.OperationalError) and is_away(cause):
            raise DatabaseAway("The database does not answer. Parley tries again as soon as it is back.") from error


def is_away(error: BaseException) -> bool:
    """Return whether *error* says that the server or the connection is gone, not that a statement was wrong."""
    if isinstance(error, OSError | asyncio.TimeoutError):
        return True
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    state = getattr(error, "sqlstate", None)
    return state is None or state[:2] in {"08", "57", "53"}
