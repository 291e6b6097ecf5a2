"""`sql` on a real PostgreSQL: values are bound, a read changes nothing, limits hold, a write whose outcome is unknown is asked about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from app.container import Prepared
from dsl.expressions import Expressions
from graphs.run import Outcome
from graphs.run.memory_ports import NoHttp
from tests.unit.run.harness import Runs, until

pytestmark = pytest.mark.postgres
TABLE = """CREATE TABLE public.orders (id int PRIMARY KEY, name text, total numeric, made timestamptz DEFAULT '2026-01-02T03:04:05Z');
INSERT INTO public.orders (id, name, total) VALUES (1, 'Ada', 12.50), (2, 'Bö', 7), (3, 'Cy', 123456789012345678.25)"""


@pytest.fixture
async def warehouse(database: Prepared) -> AsyncIterator[Warehouse]:
    pool = Expressions(children=1)
    yield Warehouse(database, Runs(pool, NoHttp()))  # type: ignore[arg-type]  # nothing is sent
    await pool.aclose()


class Warehouse:
    def __init__(self, database: Prepared, runs: Runs) -> None:
        self.runs = runs
        owner = database.owner
        self._conninfo = {key: owner[key] for key in ("host", "port", "user", "dbname") if key in owner}
        self.connections = {
            "wh": {
                "kind": "sql",
                "url": f"postgresql:///{owner['dbname']}?host={owner['host']}&port={owner['port']}",
                "user": owner["user"],
            },
            "down": {"kind": "sql", "url": "postgresql://nobody@127.0.0.1:1/x", "password": {"secret": "pw"}},
            "odd": {"kind": "sql", "url": "oracle://x/y"},
        }
        self.look(TABLE)

    def connected(self) -> psycopg.Connection[Any]:
        return psycopg.connect(**self._conninfo, autocommit=True)

    def look(self, statement: str) -> list[Any]:
        with self.connected() as connection:
            found = connection.execute(statement)
            return list(found.fetchall()) if found.description else []

    async def sql(self, statement: str, *, connection: str = "wh", **arguments: Any) -> Outcome:
        return await self.runs.start(
            self.task(statement, connection=connection, **arguments), {}, connections=self.connections, secrets={"pw": "s3cret"}
        )

    @staticmethod
    def task(statement: str, **arguments: Any) -> list[dict[str, Any]]:
        return [{"s": {"call": "sql:1.0.0@default", "with": {"connection": "wh", "statement": statement, **arguments}}}]


async def test_a_read_gives_rows_as_json_has_them(warehouse: Warehouse) -> None:
    outcome = await warehouse.sql(
        "SELECT name, total, made, ARRAY[1, 2] AS some FROM orders WHERE id <> :id ORDER BY id", parameters={"id": 2}
    )

    made = "2026-01-02T03:04:05+00:00"
    assert outcome.error is None
    assert outcome.output["columns"] == ["name", "total", "made", "some"]
    assert [(row["name"], row["total"], row["some"]) for row in outcome.output["rows"]] == [
        ("Ada", 12.5, [1, 2]),
        ("Cy", "123456789012345678.25", [1, 2]),
    ]
    assert {row["made"] for row in outcome.output["rows"]} == {made}
    assert (outcome.output["changed"], outcome.output["truncated"]) == (None, False)


async def test_values_are_bound_and_never_read_as_sql(warehouse: Warehouse) -> None:
    evil = "'; DROP TABLE orders; --"

    outcome = await warehouse.sql("SELECT CAST(:v AS text) AS v, CAST(:j AS jsonb) AS j", parameters={"v": evil, "j": {"a": [1, evil]}})

    assert outcome.output["rows"] == [{"v": evil, "j": {"a": [1, evil]}}]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM orders",
        "WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone",
        "COMMIT; DELETE FROM orders",
        "SELECT 1; SET TRANSACTION READ WRITE; DELETE FROM orders",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "DO $$ BEGIN COMMIT; DELETE FROM orders; END $$",
        "CREATE TABLE public.more (id int)",
    ],
)
async def test_a_read_changes_nothing_whatever_it_says(warehouse: Warehouse, statement: str) -> None:
    outcome = await warehouse.sql(statement)

    assert outcome.error is not None
    assert warehouse.look("SELECT count(*) FROM orders") == [(3,)]


async def test_a_read_that_would_change_something_names_access(warehouse: Warehouse) -> None:
    outcome = await warehouse.sql("DELETE FROM orders")

    assert outcome.error is not None
    assert outcome.error["status"] == 403
    assert "it needs access: write" in outcome.error["detail"]


async def test_a_write_tells_how_many_rows_it_changed(warehouse: Warehouse) -> None:
    outcome = await warehouse.sql("UPDATE orders SET name = :n WHERE id < 3", access="write", parameters={"n": "new"})

    assert outcome.output == {"columns": [], "rows": [], "changed": 2, "truncated": False}
    assert warehouse.look("SELECT name FROM orders ORDER BY id") == [("new",), ("new",), ("Cy",)]


async def test_more_rows_than_wanted_are_left_out_and_told(warehouse: Warehouse) -> None:
    outcome = await warehouse.sql("SELECT id FROM orders ORDER BY id", rows=2)

    assert (outcome.output["rows"], outcome.output["truncated"]) == ([{"id": 1}, {"id": 2}], True)


async def test_a_statement_that_takes_too_long_is_stopped_by_the_database(warehouse: Warehouse) -> None:
    outcome = await warehouse.sql("SELECT pg_sleep(30)", seconds=0.2)

    assert outcome.error is not None
    assert outcome.error["type"].endswith("/timeout")


@pytest.mark.parametrize(
    ("statement", "connection", "kind", "words"),
    [
        ("SELEC 1", "wh", "validation", "syntax error"),
        ("SELECT :missing", "wh", "validation", "value is required for bind parameter"),
        ("SELECT 1", "down", "communication", "the database of 'down' does not answer"),
        ("SELECT 1", "odd", "configuration", "needs the driver of oracle"),
        ("SELECT 1", "none", "configuration", "there is no connection 'none'"),
    ],
)
async def test_what_goes_wrong_is_told_in_words(warehouse: Warehouse, statement: str, connection: str, kind: str, words: str) -> None:
    outcome = await warehouse.sql(statement, connection=connection)

    assert outcome.error is not None
    assert outcome.error["type"].endswith(f"/{kind}")
    assert words in outcome.error["detail"]
    assert "s3cret" not in str(outcome.error)


@pytest.mark.parametrize(("access", "status"), [("read", "completed"), ("write", "waiting")])
async def test_cut_off_a_read_is_repeated_and_a_write_is_asked_about(warehouse: Warehouse, access: str, status: str) -> None:
    """Another session holds a lock that the statement waits for, until the run is dead."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    task = warehouse.task("SELECT 1 AS one, pg_advisory_xact_lock(4711)", access=access)
    with warehouse.connected() as other:
        other.execute("SELECT pg_advisory_lock(4711)")
        await warehouse.runs.kill_when(lambda: warehouse.look(waiting) == [(1,)], task, connections=warehouse.connections)
    await until(lambda: warehouse.look(waiting) == [(0,)])

    outcome = await warehouse.runs.after_kill()

    assert outcome.status == status
    assert [one.kind for one in outcome.awaited] == (["outcome-unknown"] if access == "write" else [])


async def test_an_effect_says_whether_it_reads_or_writes() -> None:
    import dsl
    from graphs import catalogue
    from tests.unit.run.harness import definition

    tasks = [*Warehouse.task("SELECT 1"), {"w": Warehouse.task("DELETE FROM x", access="write")[0]["s"]}]

    found = dsl.examine(definition(tasks), catalogue.load()).effects

    assert [(effect.kind, effect.target) for effect in found] == [("read", "wh: SELECT 1"), ("write", "wh: DELETE FROM x")]
