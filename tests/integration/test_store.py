"""The ports of a run on PostgreSQL: what only a database can get wrong."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import ormsgpack
import pytest
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.serde.jsonplus import EXT_CONSTRUCTOR_POS_ARGS

from app.actions import Actor, Invalid
from app.container import Container
from app.running import Runner
from app.store import tables as t
from app.store.queries import query
from app.store.runs import Lease
from graphs.run.errors import LeaseLost
from graphs.run.ports import Awaited, Row
from tests.fakes import approved, definition

pytestmark = pytest.mark.postgres


def row(path: str, output: Any = None) -> Row:
    return Row(path=path, attempt=1, kind="step", reference=path, status="finished", output=output)


@pytest.fixture
async def lease(container: Container, actor: Actor) -> Lease:
    """A run in our hands."""
    run = await container.actions.start(actor, (await approved(container, actor, definition("a: {set: {x: 1}}"))).id)
    found = await Runner(container, "first").claim(run.id)
    assert found is not None
    return found


async def expire(container: Container, lease: Lease) -> None:
    async with container.store.database.transaction(lease.tenant) as connection:
        await connection.execute("UPDATE parley.runs SET lease_until = now() - interval '1 second' WHERE id = %s", [lease.run_id])


class TestFencing:
    async def test_a_run_in_somebodys_hands_cannot_be_claimed(self, container: Container, lease: Lease) -> None:
        assert await Runner(container, "second").claim(lease.run_id) is None

    async def test_a_worker_that_lost_its_lease_cannot_write(self, container: Container, lease: Lease) -> None:
        """Both epochs write in one flush: the rows of the old one are refused, those of the new one are there."""
        old = container.store.journal(lease.tenant, lease.run_id, lease.epoch)
        old.write(row("/do/0/a"))
        await old.flush()
        await expire(container, lease)
        taken = await Runner(container, "second").claim(lease.run_id)
        assert taken is not None
        new = container.store.journal(lease.tenant, lease.run_id, taken.epoch)

        old.write(row("/do/1/zombie"))
        new.write(row("/do/1/b"))
        results = await asyncio.gather(old.flush(), new.flush(), return_exceptions=True)

        assert [type(result) for result in results] == [LeaseLost, type(None)]
        assert [kept.path for kept in await new.load()] == ["/do/0/a", "/do/1/b"]

    async def test_nobody_takes_a_run_over_while_rows_of_it_are_written(self, container: Container, lease: Lease) -> None:
        """A message is on its way into the database: whoever claims the run waits for it, and then reads its rows."""
        await expire(container, lease)
        claims, waits = Runner(container, "second"), "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        async with container.store.database.transaction(lease.tenant) as writing:
            await writing.execute(query("journal", "fence"), {"runs": [lease.run_id]})
            claim = asyncio.create_task(claims.claim(lease.run_id))
            async with container.store.database.pool.connection() as looking:
                for _ in range(500):
                    await asyncio.sleep(0.01)
                    waiting = await (await looking.execute(waits)).fetchone()
                    if waiting == (1,):
                        break
            assert waiting == (1,)
            assert not claim.done()

        assert (await asyncio.wait_for(claim, 5)) is not None

    async def test_rows_that_are_there_are_left_as_they_are_and_new_ones_beside_them_are_written(
        self, container: Container, lease: Lease
    ) -> None:
        """As after a connection that broke between the commit and its answer."""
        journal = container.store.journal(lease.tenant, lease.run_id, lease.epoch)
        journal.write(row("/do/0/a", {"x": 1}))
        await journal.flush()

        journal.write(row("/do/0/a", {"x": 2}))
        journal.write(row("/do/1/b"))
        await journal.flush()

        assert [(kept.path, kept.output) for kept in await journal.load()] == [("/do/0/a", {"x": 1}), ("/do/1/b", None)]

    async def test_nor_make_waits_nor_end_the_run(self, container: Container, lease: Lease) -> None:
        await expire(container, lease)
        assert await Runner(container, "second").claim(lease.run_id) is not None
        mailbox = container.store.mailbox(lease.tenant, lease.run_id, lease.epoch)

        with pytest.raises(LeaseLost):
            await mailbox.expect([Awaited(path="/do/0/a", reference="/do/0/a", kind="approve", form={})])
        with pytest.raises(LeaseLost):
            await Runner(container, "first").advance(lease)

    @pytest.mark.parametrize("path", ["/do/0/\x00", "/do/0/\ud800"])
    async def test_one_bad_row_does_not_take_the_rows_of_other_runs_with_it(
        self, container: Container, actor: Actor, lease: Lease, path: str
    ) -> None:
        """Refused by the database, or before it gets there: who waits hears of it."""
        other = await container.actions.start(actor, (await container.actions.workflows(actor))[0].id)
        second = await Runner(container, "first").claim(other.id)
        assert second is not None
        good = container.store.journal(lease.tenant, lease.run_id, lease.epoch)
        bad = container.store.journal(second.tenant, second.run_id, second.epoch)

        good.write(row("/do/0/a"))
        bad.write(row(path))
        results = await asyncio.wait_for(asyncio.gather(good.flush(), bad.flush(), return_exceptions=True), 5)

        assert results[0] is None
        assert isinstance(results[1], Exception)
        assert [kept.path for kept in await good.load()] == ["/do/0/a"]

    async def test_a_row_that_cannot_be_stored_is_told_to_all_who_wait_and_to_all_who_come_later(
        self, container: Container, lease: Lease
    ) -> None:
        """Two branches of one run flush at once: neither may go on to an effect, nor may a third."""
        journal = container.store.journal(lease.tenant, lease.run_id, lease.epoch)

        journal.write(row("/do/0/\x00"))
        results = await asyncio.gather(journal.flush(), journal.flush(), return_exceptions=True)

        assert all(isinstance(result, Exception) for result in results), results
        with pytest.raises(type(results[0])):
            await journal.flush()

    async def test_a_row_written_during_a_flush_of_another_branch_is_not_taken_for_durable(
        self, container: Container, lease: Lease
    ) -> None:
        journal = container.store.journal(lease.tenant, lease.run_id, lease.epoch)
        journal.write(row("/do/0/a"))
        first = asyncio.create_task(journal.flush())
        for _ in range(5):  # the first flush is on its way to the database
            await asyncio.sleep(0)
        assert not container.store.writer._queued
        assert not first.done()

        journal.write(row("/do/1/b"))
        await first
        await journal.flush()

        assert [kept.path for kept in await journal.load()] == ["/do/0/a", "/do/1/b"]

    async def test_outputs_come_back_exactly(self, container: Container, lease: Lease) -> None:
        value = {"nul": "a\x00b", "half": "\ud800", "big": 2**63, "small": 1e-320, "one": 1.0, "text": "ä€\U0001f600"}
        journal = container.store.journal(lease.tenant, lease.run_id, lease.epoch)
        journal.write(row("/do/0/a", value))
        await journal.flush()

        assert (await journal.load())[0].output == value


class TestLongJournals:
    @pytest.mark.parametrize(("rows", "output"), [(100_000, '{"n": 1}'), (150, "[" + "1," * 49_999 + "1]")])
    async def test_loading_one_leaves_the_others_their_turn(self, container: Container, lease: Lease, rows: int, output: str) -> None:
        """Counted in processor time of one turn of the loop, since others may use the machine. Few large rows are no better than many."""
        async with container.store.database.transaction(lease.tenant) as connection:
            await connection.execute(
                "INSERT INTO parley.journal (tenant_id, run_id, path, attempt, kind, reference, status, output)"
                " SELECT %s, %s, '/do/0/loop/for[' || n || ']/0/a', 1, 'step', '/do/0/loop/do/0/a', 'finished', %s"
                " FROM generate_series(1, %s) n",
                [lease.tenant, lease.run_id, output, rows],
            )
        turns: list[float] = []

        async def watch() -> None:
            while True:
                before = time.thread_time()
                await asyncio.sleep(0)
                turns.append(time.thread_time() - before)

        gc.freeze()  # as a worker does: what was loaded is not searched for garbage
        watching = asyncio.create_task(watch())
        loaded = await container.store.journal(lease.tenant, lease.run_id, lease.epoch).load()
        watching.cancel()
        gc.unfreeze()

        assert [row.path for row in loaded] == [f"/do/0/loop/for[{n}]/0/a" for n in range(1, rows + 1)]
        assert max(turns) < 0.05


class TestEvents:
    LISTEN = Awaited(path="/do/1/l", reference="/do/1/l", kind="event", event={"type": "paid"})
    EVENT: ClassVar = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "paid", "data": {"euro": 3}}

    async def test_an_event_that_came_after_the_start_and_before_the_listening_is_not_lost(
        self, container: Container, lease: Lease
    ) -> None:
        await container.store.events(lease.tenant).accept([self.EVENT])
        mailbox = container.store.mailbox(lease.tenant, lease.run_id, lease.epoch)

        await mailbox.expect([self.LISTEN])

        assert [posted.event for posted in (await mailbox.events({"/do/1/l": None}))["/do/1/l"]] == [self.EVENT]

    async def test_what_is_not_needed_any_more_leaves_no_rows(self, container: Container, lease: Lease) -> None:
        """Neither read nor withdrawn events stay; the inbox keeps its own."""
        mailbox = container.store.mailbox(lease.tenant, lease.run_id, lease.epoch)
        other = Awaited(path="/do/2/l", reference="/do/2/l", kind="event", event={})
        await mailbox.expect([self.LISTEN, other])
        await container.store.events(lease.tenant).accept([{**self.EVENT, "id": str(number)} for number in range(10)])
        read = (await mailbox.events({"/do/1/l": None}))["/do/1/l"]
        await mailbox.events({"/do/1/l": read[6].number})
        await mailbox.withdraw(["/do/2/l"])

        async with container.store.database.transaction(lease.tenant) as connection:
            left = await (await connection.execute("SELECT path, count(*) FROM parley.arrivals GROUP BY path")).fetchall()
            listens = await (await connection.execute("SELECT path FROM parley.listens")).fetchall()
        assert (left, listens) == ([("/do/1/l", 3)], [("/do/1/l",)])

    async def test_a_batch_says_what_was_new_and_who_may_need_it(self, container: Container, lease: Lease) -> None:
        mailbox = container.store.mailbox(lease.tenant, lease.run_id, lease.epoch)
        await mailbox.expect([self.LISTEN])
        events = container.store.events(lease.tenant)

        first = await events.take([self.EVENT, {**self.EVENT, "id": "2", "type": "else"}, self.EVENT])
        again = await events.take([self.EVENT])

        assert (first.new, first.receivers) == (2, (1, 0, 1))
        assert (again.new, again.receivers) == (0, (0,))

    async def test_an_event_wakes_a_parked_run(self, container: Container, actor: Actor, lease: Lease) -> None:
        runner, mailbox = Runner(container, "first"), container.store.mailbox(lease.tenant, lease.run_id, lease.epoch)
        await mailbox.expect([self.LISTEN])
        async with container.store.database.transaction(lease.tenant) as connection:
            await connection.execute("UPDATE parley.runs SET status = 'waiting', owner = NULL WHERE id = %s", [lease.run_id])
        async with container.store.database.pool.connection() as connection:
            await connection.execute("DELETE FROM queue.procrastinate_jobs")

        await container.actions.accept_events(actor, [self.EVENT])

        assert (await container.actions.run(actor, lease.run_id)).status == "ready"
        assert [wake_up.run_id for wake_up in await container.store.queue.claim(5, within_s=0)] == [lease.run_id]
        assert await runner.claim(lease.run_id) is not None


class TestSaver:
    async def test_it_passes_langgraphs_conformance_suite(self, container: Container) -> None:
        @checkpointer_test(name="parley")
        async def saver() -> AsyncIterator[Any]:
            own = container.store.saver("default")
            async with container.store.database.transaction("default") as connection:
                for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes"):
                    await connection.execute(f"DELETE FROM langgraph.{table}")
            yield own

        report = await validate(saver)

        assert report.passed_all_base()
        assert report.conformance_level() in ("FULL", "BASE+PARTIAL", "BASE")

    async def test_a_crafted_row_makes_no_object(self, container: Container, tmp_path: Path) -> None:
        """A checkpoint that names a constructor is read as plain data, the constructor is never called."""
        trace = tmp_path / "was-here"
        call = ormsgpack.packb(("pathlib", "Path.touch", [str(trace)]))
        crafted = ormsgpack.packb(ormsgpack.Ext(EXT_CONSTRUCTOR_POS_ARGS, call))

        container.store.saver("default").serde.loads_typed(("msgpack", crafted))

        assert trace_of(tmp_path) == []


def trace_of(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("was-here")]


class TestSecrets:
    async def test_a_stored_secret_is_never_readable(self, container: Container, actor: Actor) -> None:
        """Not in its row, not in the list, not in the audit; another tenant, name or version does not open it."""
        await container.actions.secret_set(actor, "token", "c4nary-value")
        async with container.store.database.session("default") as session:
            kept = (await session.execute(t.secrets.select())).one()
            opened = await container.store.vault.open(session, "default", ["token"])

        assert b"c4nary" not in kept.sealed
        assert "c4nary" not in str(await container.actions.secret_list(actor)) + str(await container.actions.audit(actor))
        assert opened == {"token": "c4nary-value"}
        for what in ("other/token/1", "default/other/1", "default/token/2"):
            with pytest.raises(Exception, match="cannot be opened"):
                container.store.vault.unseal(kept.nonce, kept.sealed, what)

    async def test_setting_it_again_wipes_the_old_value_and_removing_wipes_all(self, container: Container, actor: Actor) -> None:
        await container.actions.secret_set(actor, "token", "first")
        second = await container.actions.secret_set(actor, "token", "second")
        await container.actions.secret_remove(actor, "token")

        async with container.store.database.session("default") as session:
            kept = (await session.execute(t.secrets.select().order_by(t.secrets.c.version))).all()

        assert second["version"] == 2
        assert [(bytes(r.sealed), r.removed_at is not None) for r in kept] == [(b"", True), (b"", True)]

    async def test_bad_names_are_refused(self, container: Container, actor: Actor) -> None:
        for name in ("", "a b", "x/y", "1st"):
            with pytest.raises(Invalid):
                await container.actions.secret_set(actor, name, "value")

    async def test_a_row_that_holds_a_secret_is_sealed_and_comes_back_open(self, container: Container, lease: Lease) -> None:
        journal = container.store.journal(lease.tenant, lease.run_id, lease.epoch)
        journal.guard("c4nary-value")
        journal.write(row("/do/0/a", {"echo": "Bearer c4nary-value"}))
        journal.write(row("/do/1/b", {"plain": 1}))
        await journal.flush()

        async with container.store.database.session(lease.tenant) as session:
            kept = (await session.execute(t.journal.select().order_by(t.journal.c.seq))).all()

        assert "c4nary" not in str(kept)
        assert [r.sealed for r in kept] == [True, False]
        assert [r.output for r in await journal.load()] == [{"echo": "Bearer c4nary-value"}, {"plain": 1}]
