"""How fast and how well memories are found: `python -m bench.memory [--rows N] [--queries N] [--json]`.

One embedded PostgreSQL with N memories of tenants that own 90 %, 5 %, 1 % and 0.1 % of them. A query is what `Recall` does: one round trip,
vectors and words fused. recall@10 compares the ten nearest vectors with those of an exact scan, over what the person asking may see.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from app.container import prepare
from app.settings import Settings
from app.store.database import Database
from bench.memory_rows import row
from memory import Memories, Recall
from memory.embedding import HashedEmbedder, Vector
from memory.postgres import EXACT, PostgresMemories
from memory.store import KINDS, Group, Query, Scope
from memory.words import words

TENANTS = {"nine-tenths": 0.9, "five": 0.05, "one": 0.01, "thousandth": 0.001}  # what is left is others'
LIMITS_MS = ((100_000, 20.0), (1_000_000, 40.0))  # p95 for up to so many rows
LEAST_RECALL = 0.95
MODEL = HashedEmbedder.model_id
DIM = HashedEmbedder.dim
USERS = 20  # of each tenant; every second row is everybody's
NEW = 10**9  # numbers from here on are asked for and not stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured for one tenant; milliseconds."""

    tenant: str
    rows: int  # that somebody of it sees
    p50: float
    p95: float
    nearest_p95: float  # the vectors alone
    recall: float  # @10
    help_p95: float  # five kinds at once, as agents ask
    work: float  # processor time of the database for one query, the median: what is left of it on a quiet machine


def tenant_of(number: int) -> str:
    """Return whose row this is: rows of one tenant lie all over the table, as they do after a year of use."""
    place, upto = number * 7919 % 100_003 / 100_003, 0.0
    for name, share in TENANTS.items():
        upto += share
        if place < upto:
            return name
    return f"other-{number * 7919 % 39}"


def owner_of(number: int) -> str:
    return f"user-{number // 2 % USERS}" if number % 2 else ""


def _values(first: int, last: int) -> Iterator[tuple[str, str, str, str, str, Vector]]:
    for number in range(first, last):
        text, vector = row(number)
        kind = "document" if number // 2 % 4 == 3 else "fact"
        yield tenant_of(number), f"{number:010d}", owner_of(number * 3 + number // 8), kind, text, vector


def fill(conninfo: Mapping[str, Any], rows: int, say: Callable[[str], None]) -> dict[str, float]:
    """Store *rows* memories and build the indexes; return seconds and bytes."""
    with psycopg.connect(**conninfo, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '2GB'; SET max_parallel_maintenance_workers = 2")
        for tenant in {*TENANTS, *(f"other-{n}" for n in range(39))}:
            connection.execute("INSERT INTO parley.tenants (tenant_id) VALUES (%s) ON CONFLICT DO NOTHING", [tenant])
        (index,) = connection.execute("SELECT pg_get_indexdef('parley.memory_search_near_256'::regclass)").fetchone() or ("",)
        connection.execute("DROP INDEX parley.memory_search_near_256; DROP INDEX parley.memory_search_words")
        began = time.perf_counter()
        for first in range(0, rows, 20_000):
            _copy(connection, first, min(rows, first + 20_000))
            say(f"{min(rows, first + 20_000):,} rows")
        filled = time.perf_counter()
        connection.execute(index)
        built = time.perf_counter()
        connection.execute("CREATE INDEX memory_search_words ON parley.memory_search USING gin (words) WITH (fastupdate = off)")
        for table in ("memory_search", "memories"):
            connection.execute(f"VACUUM ANALYZE parley.{table}")
        sizes = {
            name: connection.execute(f"SELECT {size}").fetchone()[0] / rows  # type: ignore[index]  # one row, always
            for name, size in {
                "bytes a row: all": "pg_total_relation_size('parley.memory_search') + pg_total_relation_size('parley.memories')",
                "bytes a row: what it is found by": "pg_table_size('parley.memory_search')",
                "bytes a row: index of vectors": "pg_relation_size('parley.memory_search_near_256')",
                "bytes a row: index of words": "pg_relation_size('parley.memory_search_words')",
            }.items()
        }
    return {"seconds to fill": filled - began, "seconds to build the index of vectors": built - filled, **sizes}


def _copy(connection: psycopg.Connection[Any], first: int, last: int) -> None:
    batch = list(_values(first, last))
    provenance = json.dumps({"source": "said", "by": "bench"})
    with connection.cursor() as cursor:
        with cursor.copy("COPY parley.memories (tenant_id, id, owner_id, kind, text, provenance) FROM STDIN") as copy:
            for tenant, id_, owner, kind, text, _ in batch:
                copy.write_row((tenant, id_, owner, kind, text, provenance))
        columns = "tenant_id, memory_id, owner_id, kind, words, model, dim, embedding"
        with cursor.copy(f"COPY parley.memory_search ({columns}) FROM STDIN") as copy:
            for tenant, id_, owner, kind, text, vector in batch:
                found = " ".join(f"'{word}'" for word in sorted({*words(text), f"@{tenant}/{owner}"}))
                copy.write_row((tenant, id_, owner, kind, found, MODEL, DIM, f"[{','.join(format(x, '.4g') for x in vector)}]"))


class Bench:
    """The queries, as Parley's own database role."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._memories = PostgresMemories(database.transaction)

    async def learn(self) -> None:
        await self._memories.learn()

    async def of(self, tenant: str, queries: int) -> Figures:
        scope = Scope(tenant, "user-3")
        whole, near, recalls, helps, works = [], [], [], [], []
        recall = Recall(Memories(self._memories, HashedEmbedder()), scope)
        for number in range(NEW, NEW + queries + 20):
            text, vector = row(number)
            query = Query(words=words(text), vector=vector, model=MODEL)
            began = time.perf_counter()
            await self._memories.search(scope, [Group("all", KINDS, 10)], query)
            whole.append((time.perf_counter() - began) * 1000)
            found, took_ms = await self._nearest(scope, vector)
            near.append(took_ms)
            recalls.append(found)
            began = time.perf_counter()
            await recall.help(text)
            helps.append((time.perf_counter() - began) * 1000)
            works.append(await self._work(scope, query))
        return Figures(
            tenant=tenant, rows=await self._seen(scope), p50=statistics.median(whole[20:]), p95=_p95(whole[20:]),
            nearest_p95=_p95(near[20:]), recall=statistics.fmean(recalls),
            help_p95=_p95(helps[20:]), work=statistics.median(works[20:]),
        )  # fmt: skip

    async def _nearest(self, scope: Scope, vector: Vector) -> tuple[float, float]:
        """Return recall@10, and the milliseconds that finding took. As near as the tenth is as good as the tenth."""
        text = f"[{','.join(format(x, '.5g') for x in vector)}]"
        async with self._as(scope) as connection:
            began = time.perf_counter()
            cursor = await connection.execute(
                "SELECT similarity FROM parley.memory_near(%s, %s, %s, 40, %s) ORDER BY 1 DESC LIMIT 10", [list(KINDS), MODEL, text, EXACT]
            )
            found = [one for (one,) in await cursor.fetchall()]
            took_ms = (time.perf_counter() - began) * 1000
            cursor = await connection.execute(
                "SELECT (1 - (embedding OPERATOR(parley.<=>) %s::parley.halfvec))::real FROM parley.memory_search ORDER BY 1 DESC LIMIT 10",
                [text],
            )
            exact = [one for (one,) in await cursor.fetchall()]
        return sum(one >= exact[-1] - 1e-6 for one in found) / len(exact), took_ms

    async def _work(self, scope: Scope, query: Query) -> float:
        """Return the milliseconds of processor time that the database took for *query*, where Linux tells."""
        async with self._as(scope) as connection:

            @asynccontextmanager
            async def same(_tenant: str) -> AsyncIterator[Any]:
                yield connection

            before = _worked_ms(connection.info.backend_pid)
            await PostgresMemories(same).search(scope, [Group("all", KINDS, 10)], query)
            return _worked_ms(connection.info.backend_pid) - before

    async def _seen(self, scope: Scope) -> int:
        async with self._as(scope) as connection:
            return int((await (await connection.execute("SELECT count(*) FROM parley.memory_search")).fetchone())[0])

    @asynccontextmanager
    async def _as(self, scope: Scope) -> AsyncIterator[Any]:
        async with self._database.transaction(scope.tenant) as connection:
            await connection.execute("SELECT set_config('app.user', %s, true)", [scope.user])
            yield connection


def _worked_ms(pid: int) -> float:
    """Return the processor time of a process, nan where the system does not tell."""
    told = Path(f"/proc/{pid}/schedstat")
    return int(told.read_text().split()[0]) / 1e6 if told.exists() else float("nan")


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


async def measure(app: Mapping[str, Any], queries: int) -> list[Figures]:
    database = Database(app, name="parley-bench")
    await database.open()
    try:
        bench = Bench(database)
        await bench.learn()
        return [await bench.of(tenant, queries) for tenant in TENANTS]
    finally:
        await database.close()


def report(facts: Mapping[str, float], figures: list[Figures], rows: int, began: tuple[float, ...]) -> Iterator[str]:
    """Give the lines to print."""
    limit = next((ms for most, ms in LIMITS_MS if rows <= most), LIMITS_MS[-1][1])
    load = f"{os.cpu_count()} cores, load {began[0]:.1f} before, {os.getloadavg()[0]:.1f} after"
    yield f"{rows:,} memories, {DIM} numbers of 16 bits each; {load}"
    for name, value in facts.items():
        yield f"  {name}: {value:,.0f}"
    yield f"{'tenant':14}{'sees':>10}{'p50':>9}{'p95':>9}{'processor':>11}{'vectors p95':>14}{'five kinds p95':>16}{'recall@10':>11}"
    for one in figures:
        holds = "holds" if one.p95 <= limit and one.recall >= LEAST_RECALL else f"MISSES {limit:g} ms, {LEAST_RECALL}"
        times = f"{one.p50:>6.1f} ms{one.p95:>6.1f} ms{one.work:>8.1f} ms{one.nearest_p95:>11.1f} ms{one.help_p95:>13.1f} ms"
        yield f"{one.tenant:14}{one.rows:>10,}{times}{one.recall:>11.3f}  {holds}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    began = os.getloadavg()
    home = Path(tempfile.mkdtemp(prefix="parley-bench-"))
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    try:
        prepared = asyncio.run(prepare(Settings(home=home, log_level="error")))
        try:
            facts = fill(prepared.owner, given.rows, lambda _: None)
            figures = asyncio.run(measure(prepared.app, given.queries))
        finally:
            prepared.close()
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if given.json:
        print(json.dumps({"rows": given.rows, **facts, "tenants": [asdict(one) for one in figures]}))
        return
    print("\n".join(report(facts, figures, given.rows, began)))


if __name__ == "__main__":
    main()
