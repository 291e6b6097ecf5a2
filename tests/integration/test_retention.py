"""What is removed after a while, and what never is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from app.actions import ActionError, Actor, control, prefix
from app.cli import keeping
from app.container import Container, Prepared
from app.store import retention
from app.store.blobs import LARGE
from app.store.retention import Removed, Retention
from tests.fakes import approved, definition, ended, eventually, status, working

pytestmark = pytest.mark.postgres
OF_RUNS = (
    "parley.journal", "parley.blobs", "parley.awaits", "parley.given_events", "parley.notices", "parley.live", "parley.removals",
    "langgraph.checkpoints", "langgraph.checkpoint_blobs", "langgraph.checkpoint_writes",
)  # fmt: skip
EVENT = {"specversion": "1.0", "source": "s", "type": "t"}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BREATH_S", 0)


@pytest.fixture
async def working_container(container: Container) -> AsyncIterator[Container]:
    async with working(container):
        yield container


def sweeper(container: Container, *, days: float = 30) -> Retention:
    return Retention(container.store.database, days=days)


async def age(container: Container, days: float, *run_ids: str) -> None:
    """Let runs have begun, and ended if they have, so many days ago."""
    async with container.store.database.session("default") as session:
        statement = (
            "UPDATE parley.runs SET created_at = created_at - make_interval(hours => :hours),"
            " ended_at = ended_at - make_interval(hours => :hours) WHERE id = ANY(:ids)"
        )
        await session.execute(text(statement), {"hours": int(days * 24), "ids": list(run_ids)})


def counts(database: Prepared, *tables: str, where: str = "true") -> dict[str, int]:
    with psycopg.connect(**database.owner) as connection:
        connection.execute("SELECT set_config('app.tenant', 'default', false)")
        return {name: connection.execute(f"SELECT count(*) FROM {name} WHERE {where}").fetchone()[0] for name in tables}  # type: ignore[index]


async def finished(container: Container, actor: Actor, *tasks: str, input: Any = None, **more: Any) -> str:  # noqa: A002
    version = await approved(container, actor, definition(*tasks, **more))
    run = await container.actions.start(actor, version.id, input=input, events=[{**EVENT, "id": "given"}])
    await decided(container, actor, run.id)
    return run.id


async def decided(container: Container, actor: Actor, run_id: str) -> None:
    """Answer yes where the run asks, and see it end."""
    view = await eventually(container, actor, run_id, status("waiting", "completed", "faulted"))
    for wait in view.awaiting:
        await container.actions.answer(actor, run_id, wait["path"], {"approved": True})
    await eventually(container, actor, run_id, ended)


EVERYTHING = (
    "a: {set: {page: '${ .page }'}}",
    "t: {call: 'notify:1.0.0@default', with: {channel: chat, title: T, text: x}}",
    "w: {call: 'approve:1.0.0@default', with: {title: T}}",
    "f: {raise: {error: {type: 'https://example.org/e', status: 400, title: T}}}",  # it may be retried: its checkpoints stay as long
)


async def test_a_run_goes_with_everything_that_belongs_to_it_and_nothing_else_does(
    working_container: Container, actor: Actor, database: Prepared
) -> None:
    container = working_container
    old = await finished(container, actor, *EVERYTHING, input={"page": "x" * LARGE})
    young = (await container.actions.rerun(actor, old)).id
    await decided(container, actor, young)
    before = counts(database, *OF_RUNS, "parley.audit", "parley.versions", "parley.proposals")
    await age(container, 31, old)

    removed = await sweeper(container).sweep()

    after = counts(database, *OF_RUNS, "parley.audit", "parley.versions", "parley.proposals")
    assert removed.runs == 1
    assert [view.id for view in await container.actions.runs(actor)] == [young]
    assert [name for name in ("parley.journal", "parley.blobs", "parley.notices", "langgraph.checkpoints") if not before[name]] == []
    assert {name: count for name, count in counts(database, *(name for name in OF_RUNS if name.startswith("parley")),
            where=f"run_id = '{old}'").items() if count} == {}  # fmt: skip
    assert 0 < after["langgraph.checkpoints"] < before["langgraph.checkpoints"]
    assert [after[name] for name in ("parley.audit", "parley.versions", "parley.proposals")] == [
        before[name] for name in ("parley.audit", "parley.versions", "parley.proposals")
    ]
    assert (await container.actions.run_value(actor, young, "input")) == {"page": "x" * LARGE}
    with pytest.raises(ActionError) as refused:
        await container.actions.rerun(actor, old)
    assert (refused.value.code, refused.value.status) == ("run-removed", 404)
    with pytest.raises(ActionError) as unknown:
        await container.actions.rerun(actor, "nobody")
    assert unknown.value.code == "no-such-run"


async def test_of_a_completed_run_the_journal_is_kept_and_nothing_that_only_a_run_under_way_needs(
    working_container: Container, actor: Actor, database: Prepared
) -> None:
    """What a run again begins with is the journal alone."""
    container = working_container
    listening = ("l: {listen: {to: {one: {with: {type: t}}}}}", "w: {call: 'approve:1.0.0@default', with: {title: T}}")
    run_id = await finished(container, actor, *listening)
    passing = ("parley.live", "parley.listens", "parley.arrivals", *(name for name in OF_RUNS if name.startswith("langgraph")))

    again = await container.actions.rerun(actor, run_id, task="w")
    await decided(container, actor, again.id)

    assert counts(database, *passing) == dict.fromkeys(passing, 0)
    assert counts(database, "parley.journal")["parley.journal"] > 0
    assert (await container.actions.run(actor, again.id)).status == "completed"


async def test_what_is_alive_stays_however_old_and_the_child_of_what_is_alive(working_container: Container, actor: Actor) -> None:
    container = working_container
    waiting = await container.actions.start(actor, (await approved(container, actor, definition("a: {wait: {hours: 1}}", name="w"))).id)
    await eventually(container, actor, waiting.id, status("waiting"))
    child = await finished(container, actor, "a: {set: {x: 1}}", name="c")
    async with container.store.database.session("default") as session:
        await session.execute(
            text("UPDATE parley.runs SET options = jsonb_build_object('parent', CAST(:parent AS text)) WHERE id = :id"),
            {"parent": waiting.id, "id": child},
        )
    await age(container, 400, waiting.id, child)

    assert await sweeper(container).sweep() == Removed()

    await container.actions.cancel(actor, waiting.id)
    await age(container, 400, waiting.id)
    assert (await sweeper(container).sweep()).runs == 2


async def test_a_definition_says_how_long_its_runs_are_kept(working_container: Container, actor: Actor) -> None:
    container = working_container
    runs = []
    for name, kept in (("short", "P1D"), ("long", "P365D")):
        version = await approved(container, actor, with_retention(definition("a: {set: {x: 1}}", name=name), kept))
        run = await container.actions.start(actor, version.id)
        await eventually(container, actor, run.id, status("completed"))
        runs.append(run.id)
    usual = await finished(container, actor, "a: {set: {x: 1}}", name="usual")
    await age(container, 40, *runs, usual)

    assert (await sweeper(container, days=0).sweep()).runs == 1
    assert {view.id for view in await container.actions.runs(actor)} == {runs[1], usual}
    assert (await sweeper(container, days=30).sweep()).runs == 1
    assert {view.id for view in await container.actions.runs(actor)} == {runs[1]}


def with_retention(definition_text: str, kept: str) -> str:
    head, version, rest = definition_text.partition("version: 1.0.0")
    return f"{head}{version}, metadata: {{parley: {{retention: {kept}}}}}{rest}"


async def test_a_sweep_that_was_stopped_goes_on_where_it_was(
    working_container: Container, actor: Actor, database: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is out of sight at once; the rest goes in portions, and whoever comes next goes on."""
    container = working_container
    old = await finished(container, actor, "loop: {for: {in: '${ [range(30)] }', each: n}, do: [{a: {set: {x: 1}}}]}")
    await age(container, 31, old)
    monkeypatch.setattr(retention, "ROWS", 20)
    monkeypatch.setattr(retention, "_remove", stopped)
    with pytest.raises(Stopped):
        await sweeper(container).sweep()
    left = counts(database, "parley.journal", "parley.removals")
    monkeypatch.undo()

    removed = await sweeper(container).sweep()

    assert await container.actions.runs(actor) == []
    assert (left["parley.journal"] > 30, left["parley.removals"]) == (True, 1)
    assert (removed.runs, removed.rows > 30) == (0, True)
    assert counts(database, "parley.journal", "parley.removals") == {"parley.journal": 0, "parley.removals": 0}


class Stopped(Exception):
    pass


async def stopped(*_: Any) -> int:
    raise Stopped


async def test_a_run_that_goes_while_it_is_copied_is_not_copied_in_part(
    working_container: Container, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = working_container
    old = await finished(container, actor, "a: {set: {x: 1}}", "b: {set: {x: 2}}")
    await age(container, 31, old)

    async def copied_late(*arguments: Any, **options: Any) -> None:
        await sweeper(container).sweep()
        await prefix.copy(*arguments, **options)

    monkeypatch.setattr(control, "copy", copied_late)
    with pytest.raises(ActionError) as refused:
        await container.actions.rerun(actor, old, task="b")

    assert refused.value.code == "run-removed"
    assert await container.actions.runs(actor) == []


async def test_workers_take_turns(working_container: Container, actor: Actor) -> None:
    """Who finds another one at it leaves it to that one."""
    container = working_container
    old = await finished(container, actor, "a: {set: {x: 1}}")
    await age(container, 31, old)
    async with container.store.database.transaction("default") as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('parley.retention', 0))")
        nothing = await sweeper(container).sweep()
    both = await asyncio.gather(sweeper(container).sweep(), sweeper(container).sweep())

    assert nothing == Removed()
    assert sum(one.runs for one in both) <= 1
    assert (await sweeper(container).sweep()).runs + sum(one.runs for one in both) == 1


class TestEvents:
    async def test_those_that_nobody_can_need_any_more_go(self, container: Container, actor: Actor, database: Prepared) -> None:
        await container.actions.accept_events(actor, [{**EVENT, "id": str(n)} for n in range(5)])
        await back(container, "WHERE id IN ('0', '1')", 31)

        assert (await sweeper(container, days=0).sweep(), await sweeper(container).sweep()) == (Removed(), Removed(events=2))
        assert counts(database, "parley.events") == {"parley.events": 3}

    async def test_those_that_came_while_a_live_run_was_there_stay(
        self, working_container: Container, actor: Actor, database: Prepared
    ) -> None:
        """It may come to listen for them: it gets what came since it began."""
        container = working_container
        listening = definition("w: {wait: {hours: 1}}", "l: {listen: {to: {one: {with: {type: t}}}}}")
        run = await container.actions.start(actor, (await approved(container, actor, listening)).id)
        await eventually(container, actor, run.id, status("waiting"))
        await container.actions.accept_events(actor, [{**EVENT, "id": "before"}, {**EVENT, "id": "since"}])
        await age(container, 50, run.id)
        await back(container, "WHERE id = 'before'", 60)
        await back(container, "WHERE id = 'since'", 40)

        assert await sweeper(container).sweep() == Removed(events=1)
        assert counts(database, "parley.events", where="id = 'since'") == {"parley.events": 1}

    async def test_those_that_a_run_or_a_schedule_has_to_look_at_yet_stay(
        self, container: Container, actor: Actor, database: Prepared
    ) -> None:
        await container.actions.accept_events(actor, [{**EVENT, "id": n} for n in ("arrived", "new", "gathered", "free")])
        run = await container.actions.start(actor, (await approved(container, actor, definition("a: {set: {x: 1}}"))).id)
        async with container.store.database.session("default") as session:
            await session.execute(
                text(
                    "INSERT INTO parley.arrivals (tenant_id, run_id, path, number)"
                    " SELECT 'default', :run, '/do/0/l', seq FROM parley.events WHERE id = 'arrived'"
                ),
                {"run": run.id},
            )
            for event, gathering in (("new", None), ("gathered", "g")):
                await session.execute(
                    text(
                        "INSERT INTO parley.trigger_events (tenant_id, trigger_id, source, event_id, gathering)"
                        " VALUES ('default', 'x', 's', :event, :gathering)"
                    ),
                    {"event": event, "gathering": gathering},
                )
        await back(container, "", 60)

        assert await sweeper(container).sweep() == Removed(events=2)
        assert counts(database, "parley.events", where="id IN ('arrived', 'new')") == {"parley.events": 2}


async def back(container: Container, where: str, days: int) -> None:
    async with container.store.database.session("default") as session:
        await session.execute(text(f"UPDATE parley.events SET received_at = now() - make_interval(days => {days}) {where}"))


async def test_every_tenants_runs_go(container: Container, actor: Actor) -> None:
    await container.actions.ensure_tenant("other")
    other = replace(actor, tenant="other", user_id="u-eve", name="eve")
    version = await approved(container, other, definition("a: {set: {x: 1}}"))
    run = await container.actions.start(other, version.id)
    await container.actions.cancel(other, run.id)
    async with container.store.database.session("other") as session:
        await session.execute(text("UPDATE parley.runs SET created_at = now() - interval '99 days', ended_at = now() - interval '98 days'"))

    assert await sweeper(container).sweep() == Removed(runs=1)
    assert await container.actions.runs(other) == []


async def test_doctor_says_how_much_is_kept_and_for_how_long(container: Container, actor: Actor, database: Prepared) -> None:
    await container.actions.start(actor, (await approved(container, actor, definition("a: {set: {x: 1}}"))).id)

    with psycopg.connect(**database.owner, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        check = keeping.examine(connection, 30)

    assert re.fullmatch(
        r"finished runs and events for 30 days; about \d+ runs, 0 rows of their journals, 0 large values, 0 checkpoints, 0 events:"
        r" [\d.]+ MB",
        check.detail,
    )
    assert check.fix.startswith("PARLEY_RETENTION_DAYS")
