"""`sql`: one statement on a named connection, through SQLAlchemy and whatever driver is installed (PostgreSQL's is).

A read runs in a transaction that the database itself keeps read-only, and is never committed. Each call opens a connection of its own and
closes it, so nothing of one call is seen by the next.
"""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from graphs.run.errors import WorkflowError

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

    from graphs.run.connections import Connection
    from graphs.run.function_api import FunctionCall

_CONNECT_S = 15
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}  # the one that is installed with Parley
_GRACE_S = 5.0  # for the database to stop by itself at its own limit


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> dict[str, Any]:
    """Return `{columns, rows, changed, truncated}`. Raises WorkflowError (configuration, communication, timeout, validation)."""
    connection = await call.connection(str(arguments["connection"]), "sql")
    url = _url(connection)
    work = _Work(connection.name, url, arguments)
    seconds = float(arguments.get("seconds") or 30)
    task = asyncio.create_task(asyncio.to_thread(work.run))
    try:
        async with asyncio.timeout(seconds + _GRACE_S):
            return await asyncio.shield(task)
    except TimeoutError as error:
        raise WorkflowError.of("timeout", f"the statement on '{connection.name}' took more than {seconds:g} s") from error
    finally:
        if not task.done():
            work.stop()
            await asyncio.wait([task], timeout=_GRACE_S)
        if task.done() and not task.cancelled():
            task.exception()  # looked at, whoever waits for it or not


def _url(connection: Connection) -> URL:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(connection.text("url"))
    except (ArgumentError, ValueError) as error:
        raise WorkflowError.of("configuration", f"the connection '{connection.name}': its 'url' is no database address") from error
    user, password = connection.values.get("user"), connection.values.get("password")
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    return url.set(username=str(user) if user else url.username, password=str(password) if password else url.password)


def driver_missing(url: str) -> str:
    """Return why databases at *url* cannot be reached from here, "" when they can: the address is none, or its driver is not installed."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parts = make_url(url)
        parts.set(drivername=_DRIVERS.get(parts.drivername, parts.drivername)).get_dialect().import_dbapi()
    except (ArgumentError, ValueError):
        return "its 'url' is no database address"
    except ImportError:
        return f"the driver of {make_url(url).drivername} is not installed"
    return ""


class _Work:
    """One statement, in a thread: most drivers know no other way."""

    def __init__(self, name: str, url: URL, arguments: Mapping[str, Any]) -> None:
        self._name = name
        self._url = url
        self._statement = str(arguments["statement"])
        self._parameters = {key: _bound(value) for key, value in (arguments.get("parameters") or {}).items()}
        self._reads = arguments.get("access", "read") == "read"
        self._rows = int(arguments.get("rows") or 1000)
        self._seconds = float(arguments.get("seconds") or 30)
        self._driver: Any = None
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Have the database give the statement up."""
        self._stopped.set()
        cancel = getattr(self._driver, "cancel", None) or getattr(self._driver, "interrupt", None)
        if cancel is not None:
            cancel()

    def run(self) -> dict[str, Any]:
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError

        engine = self._engine()
        try:
            return self._work(engine)
        except DBAPIError as error:
            raise self._failed(error) from error
        except SQLAlchemyError as error:
            raise WorkflowError.of("validation", f"the statement for '{self._name}' cannot be run: {_line(error)}") from error
        finally:
            engine.dispose()

    def _engine(self) -> Engine:
        from sqlalchemy import create_engine
        from sqlalchemy.exc import ArgumentError
        from sqlalchemy.pool import NullPool

        postgres = self._url.get_backend_name() == "postgresql"
        # prepared at once: PostgreSQL then takes one statement and no second one behind it
        arguments = {"connect_timeout": _CONNECT_S, "prepare_threshold": 0} if postgres and "psycopg" in self._url.drivername else {}
        try:
            return create_engine(self._url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
        except (ArgumentError, ImportError) as error:
            driver = self._url.drivername
            raise WorkflowError.of(
                "configuration", f"the connection '{self._name}' needs the driver of {driver}, which is not installed here"
            ) from error

    def _work(self, engine: Engine) -> dict[str, Any]:
        from sqlalchemy import text

        options = {"postgresql_readonly": True} if self._reads and engine.dialect.name == "postgresql" else {}
        with engine.connect().execution_options(**options) as connection:
            self._driver = connection.connection.driver_connection
            if self._stopped.is_set():
                raise WorkflowError.of("timeout", f"the statement on '{self._name}' was stopped")
            self._limit(connection)
            result = connection.execute(text(self._statement), self._parameters)
            found = self._given(result)
            if not self._reads:
                connection.commit()
            return found

    def _limit(self, connection: Any) -> None:
        """Have the database itself hold the limits, where it can."""
        name = connection.dialect.name
        if name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(self._seconds * 1000)}")
        elif name == "sqlite" and self._reads:
            connection.exec_driver_sql("PRAGMA query_only = ON")
        elif name in ("mysql", "mariadb") and self._reads:
            connection.exec_driver_sql("START TRANSACTION READ ONLY")

    def _given(self, result: Any) -> dict[str, Any]:
        if not result.returns_rows:
            return {"columns": [], "rows": [], "changed": max(0, result.rowcount), "truncated": False}
        columns = list(result.keys())
        rows = result.fetchmany(self._rows + 1)
        kept = [{name: _plain(value) for name, value in zip(columns, row, strict=True)} for row in rows[: self._rows]]
        changed = None if self._reads else max(0, result.rowcount)
        return {"columns": columns, "rows": kept, "changed": changed, "truncated": len(rows) > self._rows}

    def _failed(self, error: Any) -> WorkflowError:
        state, words = getattr(error.orig, "sqlstate", None) or "", _line(error.orig)
        if state == "57014":
            return WorkflowError.of("timeout", f"the statement on '{self._name}' took more than {self._seconds:g} s")
        if state == "25006" or "readonly database" in words:
            return WorkflowError.of(
                "authorization", f"the statement on '{self._name}' would change something: it needs access: write ({words})"
            )
        if state.startswith("28"):
            return WorkflowError.of("authentication", f"the database of '{self._name}' refused user and password: {words}")
        if not state and self._driver is None:
            return WorkflowError.of("communication", f"the database of '{self._name}' does not answer: {words}")
        kind = "communication" if state.startswith(("08", "53", "57", "58")) else "validation"
        return WorkflowError.of(kind, f"the statement on '{self._name}' failed: {words}", title="SQL Error")  # type: ignore[arg-type]


def _line(error: object) -> str:
    """Return the first line of an error: the others quote the statement, or the server's address."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:500]


def _bound(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _plain(value: Any) -> Any:
    """Return a value of the database as JSON has it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _number(value: Decimal) -> int | float | str:
    """Return an exact number as a number when it stays the same, else as text."""
    if not value.is_finite():
        return str(value)
    if value == value.to_integral_value():
        return int(value) if abs(value) < 2**53 else str(value)
    return float(value) if len(value.as_tuple().digits) <= 15 else str(value)
