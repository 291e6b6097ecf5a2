"""Two tenants in one database: neither sees, changes or forges what belongs to the other, whatever the application asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.actions import Actor, NotFound
from app.container import Container, Prepared
from app.settings import Settings
from app.store import tables as t
from app.store.database import TenantSession
from tests.fakes import approved, definition

pytestmark = pytest.mark.postgres


@pytest.fixture
async def other(container: Container, actor: Actor) -> AsyncIterator[Actor]:
    await container.actions.ensure_tenant("other")
    yield replace(actor, tenant="other", user_id="u-eve", name="eve")


async def test_every_table_with_a_tenant_is_protected_from_its_owner_too(database: Prepared) -> None:
    with psycopg.connect(**database.owner) as connection:
        unprotected = connection.execute(
            "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('parley', 'chat', 'langgraph') AND c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
        ).fetchall()
        role = connection.execute("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = 'parley_app'").fetchone()

    assert {name for (name,) in unprotected} == {"parley.alembic_version", "parley.workers"}
    assert role == (False, False, False)


async def test_the_other_tenants_rows_are_invisible_and_their_ids_are_not_found(container: Container, actor: Actor, other: Actor) -> None:
    version = await approved(container, actor, definition("a: {set: {x: 1}}"))
    proposal = (await container.actions.proposals(actor))[0]
    run = await container.actions.start(actor, version.id)
    await container.actions.secret_set(actor, "token", "for ada only")

    assert await container.actions.proposals(other) == []
    assert await container.actions.runs(other) == []
    assert await container.actions.secret_list(other) == []
    assert await container.actions.audit(other) == []
    for act in (
        lambda: container.actions.run(other, run.id),
        lambda: container.actions.cancel(other, run.id),
        lambda: container.actions.answer(other, run.id, "/do/0/a", {"approved": True}),
        lambda: container.actions.start(other, version.id),
        lambda: container.actions.proposal(other, proposal.id),
        lambda: container.actions.approve(other, proposal.id, digest=proposal.digest),
        lambda: container.actions.secret_remove(other, "token"),
    ):
        with pytest.raises(NotFound):
            await act()
    assert (await container.actions.run(actor, run.id)).status == "ready"


async def test_writing_into_another_tenant_is_refused_and_changing_its_rows_touches_none(
    container: Container, actor: Actor, other: Actor
) -> None:
    await container.actions.secret_set(actor, "token", "for ada only")

    with pytest.raises(DBAPIError, match="row-level security"):
        async with container.store.database.session(other.tenant) as session:
            await session.execute(insert(t.tenants).values(tenant_id="forged"))
    async with container.store.database.session(other.tenant) as session:
        changed = await session.execute(update(t.secrets).values(created_by="eve").returning(t.secrets.c.name))

        assert changed.all() == []


async def test_without_a_tenant_nothing_is_visible(container: Container, actor: Actor) -> None:
    await container.actions.secret_set(actor, "token", "for ada only")

    async with container.store.database.pool.connection() as connection:
        rows = await (await connection.execute("SELECT count(*) FROM parley.secrets")).fetchone()

    assert rows == (0,)


@pytest.mark.parametrize("how", ["commit", "error"])
async def test_a_pooled_connection_forgets_the_tenant(container: Container, actor: Actor, other: Actor, how: str) -> None:
    """After a commit and after an error, whoever gets the connection next has no tenant until one is set."""
    await container.actions.secret_set(actor, "token", "for ada only")
    database = container.store.database
    if how == "error":
        with pytest.raises(DBAPIError):
            async with database.session(actor.tenant) as session:
                await session.execute(text("SELECT 1 / 0"))
    else:
        async with database.session(actor.tenant) as session:
            assert len((await session.execute(select(t.secrets))).all()) == 1

    async with database.engine.connect() as connection:
        left = (await connection.execute(text("SELECT current_setting('app.tenant', true), count(*) FROM parley.secrets"))).one()
    async with database.session(other.tenant) as session:
        seen = (await session.execute(select(t.secrets))).all()

    assert left[0] in (None, "")
    assert (left[1], seen) == (0, [])


async def test_a_second_transaction_of_one_session_has_the_tenant_too(container: Container, actor: Actor) -> None:
    """`set_config(…, true)` ends with its transaction: it is set anew after every begin."""
    await container.actions.secret_set(actor, "token", "for ada only")
    info = {"tenant": actor.tenant}
    seen = []

    async with AsyncSession(container.store.database.engine, sync_session_class=TenantSession, info=info) as session:
        for _ in range(2):
            seen.append((await session.execute(select(t.secrets.c.name))).scalars().all())
            await session.commit()

    assert seen == [["token"], ["token"]]


async def test_checkpoints_of_another_tenants_thread_are_not_there(container: Container, actor: Actor, other: Actor) -> None:
    config = {"configurable": {"thread_id": "t1", "checkpoint_ns": ""}}
    checkpoint = {
        "v": 4,
        "id": "1f0",
        "ts": "2026-01-01T00:00:00Z",
        "channel_values": {"x": [1]},
        "channel_versions": {"x": "1"},
        "versions_seen": {},
    }
    await container.store.saver(actor.tenant).aput(config, checkpoint, {"source": "input", "step": -1, "parents": {}}, {"x": "1"})  # type: ignore[arg-type]

    assert await container.store.saver(actor.tenant).aget_tuple(config) is not None  # type: ignore[arg-type]
    assert await container.store.saver(other.tenant).aget_tuple(config) is None  # type: ignore[arg-type]


async def test_the_queue_holds_ids_of_runs_and_nothing_else(container: Container, actor: Actor) -> None:
    version = await approved(container, actor, definition("a: {set: {x: 1}}"))
    run = await container.actions.start(actor, version.id, input={"private": "thing"})

    async with container.store.database.pool.connection() as connection:
        rows = await (await connection.execute("SELECT args, lock, queueing_lock FROM queue.procrastinate_jobs")).fetchall()

    assert rows == [({"run_id": run.id}, run.id, run.id)]


async def test_decisions_and_versions_cannot_be_changed_by_the_application(container: Container, actor: Actor) -> None:
    await approved(container, actor, definition("a: {set: {x: 1}}"))
    for statement in (
        "UPDATE parley.audit SET actor = 'nobody'",
        "DELETE FROM parley.audit",
        "UPDATE parley.versions SET digest = ''",
        "DELETE FROM parley.versions",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with container.store.database.transaction(actor.tenant) as connection:
                await connection.execute(statement)


async def test_a_tenant_that_is_new_on_an_existing_database_can_be_used_at_once(
    container: Container, settings: Settings, database: Prepared, actor: Actor
) -> None:
    """PARLEY_TENANT was changed; there was nothing to migrate."""
    await approved(container, actor, definition("a: {set: {x: 1}}"))

    async with Container.open(settings.model_copy(update={"tenant": "acme"}), prepared=database) as opened:
        version = await approved(opened, await opened.command_line_actor(), definition("a: {set: {x: 1}}"))
        shown = await opened.actions.workflows(replace(actor, tenant="acme"))

    assert [view.id for view in shown] == [version.id]


async def test_what_looks_over_all_tenants_is_a_few_functions_that_nobody_can_bend(database: Prepared) -> None:
    """Their search path is fixed, temporary tables last; only Parley's role may call them; their owner cannot log in."""
    with psycopg.connect(**database.owner) as connection:
        functions = connection.execute(
            "SELECT p.proname, pg_get_userbyid(p.proowner), p.proconfig, has_function_privilege('parley_app', p.oid, 'EXECUTE'),"
            " coalesce(array_to_string(p.proacl, ',') ~ '(^|,)=X', true)"
            " FROM pg_proc p WHERE p.prosecdef AND p.pronamespace::regnamespace::text IN ('parley', 'chat', 'langgraph', 'queue')"
            " ORDER BY 1"
        ).fetchall()
        role = connection.execute("SELECT rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'parley_worker'").fetchone()
        owned = connection.execute(
            "SELECT table_schema || '.' || table_name, privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee = 'parley_worker' ORDER BY 2"
        ).fetchall()

    names = [
        "claim_outbox", "claim_run", "due_triggers", "every_tenant", "memory_due", "memory_learn", "memory_models", "memory_unlearned",
        "memory_words", "next_timer", "next_trigger", "note_outbox", "places_of", "renew_leases",
        "sweep_outbox", "sweep_runs", "tell_trigger_of_ending", "tenant_of_run",
    ]  # fmt: skip
    assert functions == [(name, "parley_worker", ["search_path=parley, pg_temp"], True, False) for name in names]
    assert role == (False, False, False)
    assert sorted(owned) == [
        ("parley.memories", "SELECT"),
        ("parley.memory_common", "DELETE"), ("parley.memory_common", "INSERT"), ("parley.memory_common", "SELECT"),
        ("parley.memory_search", "SELECT"),
        ("parley.outbox", "INSERT"), ("parley.outbox", "SELECT"), ("parley.outbox", "UPDATE"),
        ("parley.runs", "SELECT"), ("parley.runs", "UPDATE"), ("parley.tenants", "SELECT"),
        ("parley.trigger_endings", "INSERT"), ("parley.trigger_endings", "SELECT"),
        ("parley.trigger_events", "SELECT"), ("parley.triggers", "SELECT"),
    ]  # fmt: skip
