"""What a database keeps of runs: large values once, for as long as they are wanted."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from app.actions import Actor
from app.cli import runview
from app.container import Container, Prepared
from app.foreground import run_in_foreground
from app.running import Runner
from app.store.blobs import LARGE
from app.store.runs import Lease
from graphs.run.ports import Row
from tests.fakes import approved, definition, ended, eventually, status, working

pytestmark = pytest.mark.postgres
PAGE = "x" * (LARGE + 10)


def row(path: str, output: Any = None, **more: Any) -> Row:
    return Row(path=path, attempt=1, kind="step", reference=path, status="finished", output=output, **more)


def rows(database: Prepared, statement: str, *values: Any) -> list[Any]:
    with psycopg.connect(**database.owner) as connection:
        connection.execute("SELECT set_config('app.tenant', 'default', false)")
        return connection.execute(statement, values).fetchall()


@pytest.fixture
async def lease(container: Container, actor: Actor) -> Lease:
    """A run in our hands."""
    run = await container.actions.start(actor, (await approved(container, actor, definition("a: {set: {x: 1}}"))).id)
    found = await Runner(container, "first").claim(run.id)
    assert found is not None
    return found


class TestLargeValues:
    async def test_a_value_of_64_kb_stays_in_its_row_and_a_larger_one_does_not(
        self, container: Container, lease: Lease, database: Prepared
    ) -> None:
        journal = container.store.journal(lease.tenant, lease.run_id, lease.epoch)
        journal.write(row("/do/0/a", "x" * (LARGE - 2)))
        journal.write(row("/do/1/b", PAGE))
        await journal.flush()

        kept = rows(database, "SELECT output, large FROM parley.journal ORDER BY seq")
        blobs = rows(database, "SELECT digest, bytes, value FROM parley.blobs")

        assert [(len(kept[0][0]), kept[0][1]), (kept[1][0]["bytes"], kept[1][1])] == [(LARGE - 2, None), (LARGE + 12, ["output"])]
        assert blobs == [(kept[1][0]["blob"], LARGE + 12, f'"{PAGE}"')]

    async def test_the_same_value_is_stored_once_a_run(self, container: Container, lease: Lease, database: Prepared) -> None:
        """Also when rows are written again, as after a connection that broke at the commit."""
        for _ in range(2):
            journal = container.store.journal(lease.tenant, lease.run_id, lease.epoch)
            for number in range(3):
                journal.write(row(f"/do/{number}/a", {"page": PAGE}, context={"page": PAGE}, has_context=True))
            await journal.flush()

        assert rows(database, "SELECT count(*) FROM parley.blobs") == [(1,)]
        assert [found.output for found in await journal.load()] == [{"page": PAGE}] * 3

    async def test_a_value_that_holds_a_secret_is_sealed(self, container: Container, lease: Lease, database: Prepared) -> None:
        journal = container.store.journal(lease.tenant, lease.run_id, lease.epoch)
        journal.guard("s3cret-value")
        journal.write(row("/do/0/a", f"s3cret-value{PAGE}"))
        await journal.flush()

        ((output, sealed),) = rows(database, "SELECT output, sealed FROM parley.journal")
        ((value,),) = rows(database, "SELECT value FROM parley.blobs WHERE sealed")

        assert (output.keys(), sealed) == ({"blob", "bytes"}, True)
        assert "s3cret-value" not in value
        assert [found.output for found in await journal.load()] == [f"s3cret-value{PAGE}"]

    async def test_values_of_many_megabytes_go_through(self, container: Container, lease: Lease) -> None:
        """More than a socket's buffer holds, in a journal and in what `quick` sends."""
        journal = container.store.journal(lease.tenant, lease.run_id, lease.epoch)
        journal.write(row("/do/0/a", "x" * 8_000_000))
        async with asyncio.timeout(20):
            await journal.flush()
            async with container.store.database.quick(lease.tenant) as connection:
                found = await (await connection.execute("SELECT length(%s::text)", ["y" * 8_000_000])).fetchone()

        assert [len(found.output) for found in await journal.load()] == [8_000_000]
        assert found == (8_000_000,)

    async def test_a_worker_that_lost_its_lease_adds_none(self, container: Container, lease: Lease, database: Prepared) -> None:
        stale = container.store.journal(lease.tenant, lease.run_id, lease.epoch - 1)
        stale.write(row("/do/0/a", PAGE))
        with pytest.raises(Exception, match="new owner"):
            await stale.flush()

        assert rows(database, "SELECT count(*) FROM parley.blobs") == [(0,)]

    async def test_a_run_from_a_task_on_has_the_values_before_it(self, container: Container, actor: Actor, database: Prepared) -> None:
        """Sealed ones are sealed for it; the first run may go."""
        await container.actions.secret_set(actor, "token", "s3cret-value")
        text = definition(
            "a: {set: {page: '${ \"x\" * 70000 }'}}",
            "b: {set: {page: '${ $secrets.token + .page }'}, export: {as: '${ . }'}}",
            "c: {set: {n: '${ $context.page | length }', m: '${ .page | length }'}}",
            use="use: {secrets: [token]}\n",
        )
        async with working(container):
            first = await container.actions.start(actor, (await approved(container, actor, text)).id)
            assert (await eventually(container, actor, first.id, ended)).status == "completed"
            second = await container.actions.rerun(actor, first.id, task="c")
            done = await eventually(container, actor, second.id, ended)

        assert done.output == {"n": 70_012, "m": 70_012}
        assert rows(database, "SELECT count(*) FROM parley.blobs WHERE run_id = %s AND NOT sealed", second.id) == [(1,)]
        assert rows(database, "SELECT count(*) > 0 FROM parley.blobs WHERE run_id = %s AND sealed", second.id) == [(True,)]

    async def test_a_task_may_be_given_a_large_value(self, container: Container, actor: Actor) -> None:
        text = definition("a: {set: {x: 1}}", "b: {set: {n: '${ .page | length }'}}")
        async with working(container):
            first = await container.actions.start(actor, (await approved(container, actor, text)).id)
            await eventually(container, actor, first.id, status("completed"))
            second = await container.actions.rerun(actor, first.id, task="b", input={"page": PAGE})
            done = await eventually(container, actor, second.id, ended)

        assert done.output == {"n": len(PAGE)}


class TestLargeRuns:
    async def test_input_and_output_of_a_run_may_be_large(self, container: Container, actor: Actor, database: Prepared) -> None:
        """Views show how they begin; the whole can be asked for. A run again has the same input."""
        version = await approved(container, actor, definition("a: {set: '${ {page: .page, more: 1} }'}"))
        async with working(container):
            run = await container.actions.start(actor, version.id, input={"page": PAGE})
            done = await eventually(container, actor, run.id, ended)
            again = await container.actions.rerun(actor, run.id)
            await eventually(container, actor, again.id, status("completed"))
            many = await container.actions.start_many(actor, version.id, [{"input": {"page": PAGE}, "key": "k"}, {"input": {"page": "y"}}])
            for one in many:
                await eventually(container, actor, one["run"], status("completed"))
            await container.actions.start_many(actor, version.id, [{"input": {"page": PAGE + PAGE}, "key": "k"}])
        shown, listed = done.to_json(), (await container.actions.runs(actor))[-1].to_json()
        events = await container.actions.run_events(actor, run.id)
        outputs = {
            one: await container.actions.run_value(actor, one, "output") for one in (run.id, again.id, *(one["run"] for one in many))
        }

        assert shown["output"] == {
            "excerpt": f'{{"page":"{PAGE}'[:1000], "bytes": len(PAGE) + 20, "whole": f"/api/runs/{run.id}/values/output",
        }  # fmt: skip
        assert (listed["id"], listed["output"], shown["output_bytes"]) == (run.id, shown["output"], len(PAGE) + 20)
        assert list(outputs.values()) == [{"page": PAGE, "more": 1}] * 3 + [{"page": "y", "more": 1}]
        assert await container.actions.run_value(actor, run.id, "input") == {"page": PAGE}
        assert f"({(len(PAGE) + 20) / 1000:.0f} KB; all of it: parley show {run.id} --value output)" in runview.in_words(shown)
        assert all(len(str(event)) < 3000 for event in events)
        blob = next(event["data"]["output"]["blob"] for event in events if event["type"].endswith("task.completed.v1"))
        assert await container.actions.run_value(actor, run.id, blob) == {"page": PAGE, "more": 1}
        assert rows(database, "SELECT max(bytes) FROM parley.blobs") == [(len(PAGE) + 20,)]

    async def test_what_a_person_is_asked_about_may_be_large(self, container: Container, actor: Actor, database: Prepared) -> None:
        ask = "ask: {call: 'approve:1.0.0@default', with: {title: T, data: '${ .page }'}}"
        version = await approved(container, actor, definition(ask))
        async with working(container):
            run = await container.actions.start(actor, version.id, input={"page": PAGE})
            asked = (await eventually(container, actor, run.id, status("waiting"))).to_json()
        (task,) = [view.to_json() for view in await container.actions.tasks(actor)]

        assert asked["awaiting"][0]["data"] == task["data"]
        assert task["data"] == {"excerpt": f'"{PAGE}'[:1000], "bytes": len(PAGE) + 2, "whole": f"/api/runs/{run.id}/values/do/0/ask"}
        assert await container.actions.run_value(actor, run.id, "do/0/ask") == PAGE
        assert rows(database, "SELECT length(form::text) < 2000 FROM parley.awaits") == [(True,)]

    async def test_a_run_in_the_foreground_gives_its_output_whole(self, container: Container, actor: Actor) -> None:
        version = await approved(container, actor, definition("a: {set: {page: '${ .page }'}}"))
        view = await run_in_foreground(container, actor, version.id, input={"page": PAGE})

        assert (view.output, view.output_bytes) == ({"page": PAGE}, None)
