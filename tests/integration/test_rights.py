"""Every action × every role × another tenant, from one table: an action that is not in it fails the first test."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest

from app.actions import ROLES, ActionError, Actions, Actor, Forbidden, NotFound
from app.container import Container, Prepared
from graphs.run.ports import Awaited
from memory import Note, Provenance
from tests.fakes import approved, definition

pytestmark = pytest.mark.postgres
A = definition("a: {set: {x: 1}}")
NOBODYS = {
    "login",
    "actor_named",
    "cards_of",
    "notice",
    "ensure_admin",
    "ensure_tenant",
    "token_sender",
    "recall",
}  # of the process itself: no person asks for them


@dataclass(frozen=True)
class Ids:
    """What there is in the tenant the actions are tried on."""

    proposal: str
    digest: str
    version: str
    run: str
    faulted: str
    suspended: str
    scheduled: str
    token: str
    memory: str


@dataclass(frozen=True)
class Act:
    needed: str
    call: Callable[[Actions, Actor, Ids], Awaitable[Any]]
    elsewhere: str  # what another tenant's administrator gets: "not found", "nothing", or "own" (it concerns only their own tenant)
    audit: str = ""  # the line it leaves


def _note(*, mine: bool) -> Note:
    return Note(text="The shop is the one in Lyon.", kind="fact", provenance=Provenance(source="said", by="ada"), mine=mine)


async def _exported(actions: Actions, actor: Actor) -> list[Any]:
    return [one async for one in actions.memory_export(actor)]


ACTS: Mapping[str, Act] = {
    "propose": Act("author", lambda a, who, i: a.propose(who, definition("a: {set: {x: 2}}", name="fresh")), "own", "propose"),
    "proposal": Act("viewer", lambda a, who, i: a.proposal(who, i.proposal), "not found"),
    "proposals": Act("viewer", lambda a, who, i: a.proposals(who), "nothing"),
    "approve": Act("approver", lambda a, who, i: a.approve(who, i.proposal, digest=i.digest), "not found", "approve"),
    "reject": Act("approver", lambda a, who, i: a.reject(who, i.proposal), "not found", "reject"),
    "workflows": Act("viewer", lambda a, who, i: a.workflows(who), "nothing"),
    "start": Act("operator", lambda a, who, i: a.start(who, i.version), "not found", "start"),
    "run": Act("viewer", lambda a, who, i: a.run(who, i.run), "not found"),
    "runs": Act("viewer", lambda a, who, i: a.runs(who), "nothing"),
    "nobody_works": Act("viewer", lambda a, who, i: a.nobody_works(who), "own"),
    "cancel": Act("operator", lambda a, who, i: a.cancel(who, i.run), "not found", "cancel"),
    "suspend": Act("operator", lambda a, who, i: a.suspend(who, i.run), "not found", "suspend"),
    "resume": Act("operator", lambda a, who, i: a.resume(who, i.suspended), "not found", "resume"),
    "rerun": Act("operator", lambda a, who, i: a.rerun(who, i.faulted), "not found", "rerun"),
    "start_many": Act("operator", lambda a, who, i: a.start_many(who, i.version, [{}]), "not found", "start-many"),
    "retry": Act("operator", lambda a, who, i: a.retry(who, i.faulted), "not found", "retry"),
    "tasks": Act("viewer", lambda a, who, i: a.tasks(who), "nothing"),
    "answer": Act("approver", lambda a, who, i: a.answer(who, i.run, "/do/0/ok", {"approved": True}), "not found", "answer"),
    "accept_events": Act("operator", lambda a, who, i: a.accept_events(who, [{"id": "9", "source": "/s", "type": "t"}]), "own"),
    "take_events": Act("operator", lambda a, who, i: a.take_events(who, [{"id": "8", "source": "/s", "type": "t"}]), "own"),
    "given_taken": Act("viewer", lambda a, who, i: a.given_taken(who, i.run), "not found"),
    "run_events": Act("viewer", lambda a, who, i: a.run_events(who, i.run), "not found"),
    "run_value": Act("viewer", lambda a, who, i: a.run_value(who, i.run, "input"), "not found"),
    "token_create": Act("admin", lambda a, who, i: a.token_create(who, "shop"), "own", "event-token-create"),
    "token_list": Act("admin", lambda a, who, i: a.token_list(who), "nothing"),
    "token_revoke": Act("admin", lambda a, who, i: a.token_revoke(who, i.token), "not found", "event-token-revoke"),
    "activate": Act("operator", lambda a, who, i: a.activate(who, i.scheduled), "not found", "activate"),
    "pause": Act("operator", lambda a, who, i: a.pause(who, "timed"), "not found", "pause"),
    "deactivate": Act("operator", lambda a, who, i: a.deactivate(who, "timed"), "not found", "deactivate"),
    "triggers": Act("viewer", lambda a, who, i: a.triggers(who), "nothing"),
    "trigger": Act("viewer", lambda a, who, i: a.trigger(who, "timed"), "not found"),
    "next_times": Act("viewer", lambda a, who, i: a.next_times(who, "timed"), "not found"),
    "version_named": Act("viewer", lambda a, who, i: a.version_named(who, "timed"), "not found"),
    "secret_set": Act("admin", lambda a, who, i: a.secret_set(who, "other", "value"), "own", "secret-set"),
    "secret_list": Act("author", lambda a, who, i: a.secret_list(who), "nothing"),
    "secret_remove": Act("admin", lambda a, who, i: a.secret_remove(who, "token"), "not found", "secret-remove"),
    "link_card": Act("viewer", lambda a, who, i: a.link_card(who, "c", "run", i.run, "element", "message"), "own"),
    "notices": Act("viewer", lambda a, who, i: a.notices(who), "nothing"),
    "audit": Act("operator", lambda a, who, i: a.audit(who), "nothing"),
    "remember": Act("viewer", lambda a, who, i: a.remember(who, [_note(mine=True)]), "own"),
    "memory_list": Act("viewer", lambda a, who, i: a.memory_list(who), "nothing"),
    "memory_forget": Act("author", lambda a, who, i: a.memory_forget(who, [i.memory]), "not found", "memory-forget"),
    "memory_forget_all": Act("viewer", lambda a, who, i: a.memory_forget_all(who), "own", "memory-forget-all"),
    "memory_export": Act("viewer", lambda a, who, i: _exported(a, who), "nothing"),
    "user_add": Act("admin", lambda a, who, i: a.user_add(who, "fresh", "long enough", "viewer"), "own", "user-add"),
    "user_list": Act("admin", lambda a, who, i: a.user_list(who), "nothing"),
    "password_set": Act("admin", lambda a, who, i: a.password_set(who, "bob", "long enough"), "not found", "password-set"),
    "password_new": Act("admin", lambda a, who, i: a.password_new(who, "bob"), "not found", "password-set"),
}


@pytest.fixture
async def ids(container: Container, actor: Actor) -> Ids:
    """A proposal, a version, a run that waits for an approval, one that faulted, a person and a secret."""
    actions, store = container.actions, container.store
    version = await approved(container, actor, A)
    proposal = await actions.propose(actor, definition("a: {set: {x: 1}}", name="open"))
    run, faulted, suspended = [await actions.start(actor, version.id) for _ in range(3)]
    await actions.suspend(actor, suspended.id)
    async with store.database.transaction(actor.tenant) as connection:
        await connection.execute("UPDATE parley.runs SET status = 'running', epoch = 1, owner = 'test' WHERE id = %s", [run.id])
        await connection.execute("UPDATE parley.runs SET status = 'faulted', error = '{}' WHERE id = %s", [faulted.id])
    await store.mailbox(actor.tenant, run.id, 1).expect([Awaited(path="/do/0/ok", reference="/do/0/a", kind="approve", form={})])
    await actions.user_add(actor, "bob", "long enough", "viewer")
    await actions.secret_set(actor, "token", "value")
    await actions.accept_events(actor, [{"id": "1", "source": "/s", "type": "t"}])
    timed = [
        await approved(container, actor, definition("a: {set: {x: 1}}", name="timed", version=number, use="schedule: {every: PT1H}\n"))
        for number in ("1.0.0", "1.0.1")
    ]
    await actions.activate(actor, timed[0].id)
    token = await actions.token_create(actor, "somebody")
    [memory] = await actions.remember(actor, [_note(mine=False)])
    return Ids(proposal.id, proposal.digest, version.id, run.id, faulted.id, suspended.id, timed[1].id, token["id"], memory.id)


def everything(database: Prepared, tenant: str) -> dict[str, list[str]]:
    """Return all rows of a tenant."""
    with psycopg.connect(**database.owner) as connection:
        names = [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'parley' ORDER BY 1")]
        return {
            name: sorted(
                row[0] for row in connection.execute(f"SELECT t::text FROM parley.{name} t WHERE tenant_id = %s", [tenant]).fetchall()
            )
            for name in names
            if name not in ("workers", "alembic_version")
        }


def test_the_table_has_every_action_and_each_takes_who_acts_first() -> None:
    methods = {name: method for name, method in inspect.getmembers(Actions, inspect.isfunction) if not name.startswith("_")}

    assert set(methods) == set(ACTS) | NOBODYS
    for name in ACTS:
        assert list(inspect.signature(methods[name]).parameters)[:2] == ["self", "actor"], name


async def test_a_role_below_the_needed_one_may_not_and_nothing_is_changed(
    container: Container, actor: Actor, ids: Ids, database: Prepared
) -> None:
    before = everything(database, actor.tenant)

    for name, act in ACTS.items():
        for role in ["", "root", *ROLES[: ROLES.index(act.needed)]]:  # type: ignore[arg-type]
            with pytest.raises(Forbidden) as refused:
                await act.call(container.actions, replace(actor, role=role, name="mallory"), ids)
            assert (refused.value.status, refused.value.code) == (403, "forbidden"), (name, role)

    assert everything(database, actor.tenant) == before


@pytest.mark.parametrize("name", ACTS)
async def test_the_needed_role_may_and_a_decision_is_in_the_audit(container: Container, actor: Actor, ids: Ids, name: str) -> None:
    act = ACTS[name]
    somebody = replace(actor, role=act.needed, name="carol", via="api")

    await act.call(container.actions, somebody, ids)

    lines = [line for line in await container.actions.audit(actor) if line["actor"] == "carol"]
    assert [(line["act"], line["via"]) for line in lines] == ([(act.audit, "api")] if act.audit else [])


async def test_another_tenants_administrator_sees_and_changes_nothing(
    container: Container, actor: Actor, ids: Ids, database: Prepared
) -> None:
    await container.actions.ensure_tenant("other")
    eve = replace(actor, tenant="other", user_id="u-eve", name="eve")
    before = everything(database, actor.tenant)
    got = {}

    for name, act in ACTS.items():
        try:
            answer = await act.call(container.actions, eve, ids)
        except NotFound:
            got[name] = "not found"
        else:
            got[name] = "nothing" if answer == [] else "own"

    expected = {name: act.elsewhere for name, act in ACTS.items()}
    own = {name for name, kind in got.items() if kind == "own"}
    assert {name: kind for name, kind in got.items() if kind == "not found"} == {n: k for n, k in expected.items() if k == "not found"}
    assert own <= {name for name, kind in expected.items() if kind in ("own", "nothing")}
    assert everything(database, actor.tenant) == before
    assert not any(identifier in str(everything(database, "other")) for identifier in (ids.proposal, ids.version, ids.faulted))


NAMED = {
    "secret_remove",
    "password_set",
    "password_new",
    "pause",
    "deactivate",
    "trigger",
    "next_times",
    "version_named",
}  # their calls above name things that are there
HOSTILE = ["'; DROP TABLE parley.runs; --", "%s", "a\x00b", "\ud800", "x" * 100_000, "../../etc/passwd", ""]


@pytest.mark.parametrize("text", HOSTILE, ids=["sql", "format", "nul", "surrogate", "long", "path", "empty"])
async def test_names_and_ids_are_never_part_of_a_statement(
    container: Container, actor: Actor, ids: Ids, database: Prepared, text: str
) -> None:
    """Refused in words, or kept as what they are; no error of the database's comes through."""
    before = everything(database, actor.tenant)
    actions, here = container.actions, Ids(*[text] * len(Ids.__dataclass_fields__))
    event = {"id": text, "source": text, "type": text, "subject": text, "data": text}

    for call in (
        *(
            lambda act=act: act.call(actions, actor, here)
            for name, act in ACTS.items()
            if act.elsewhere == "not found" and name not in NAMED
        ),
        lambda: actions.answer(actor, ids.run, text, {"approved": True}),
        lambda: actions.reject(actor, text, comment=text),
        lambda: actions.pause(actor, text),
        lambda: actions.deactivate(actor, text),
        lambda: actions.trigger(actor, text),
        lambda: actions.next_times(actor, text),
        lambda: actions.version_named(actor, text),
        lambda: actions.secret_set(actor, text, text),
        lambda: actions.secret_remove(actor, f"no {text}"),
        lambda: actions.token_sender(f"parley-event.{text}.{text}.{text}"),
        lambda: actions.user_add(actor, text, "long enough", text),
        lambda: actions.password_set(actor, f"no {text}", "long enough"),
        lambda: actions.runs(actor, status=text or "x"),
        lambda: actions.proposals(actor, status=text or "x"),
        lambda: actions.audit(actor, subject=text or "x"),
        lambda: actions.notices(actor, conversation=text or "x"),
        lambda: actions.take_events(actor, [event, {"id": "9"}]),
        lambda: actions.login(text, text),
        lambda: actions.start(actor, ids.version, conversation=text, events=[event] if "\x00" in text or "\ud800" in text else ()),
        lambda: actions.accept_events(actor, [event, {"id": "9"}]),
        lambda: actions.propose(actor, text),
    ):
        try:
            answer = await call()
        except ActionError as refused:
            assert refused.what
        else:
            assert not answer or answer == [0] or getattr(answer, "status", "") == "ready"

    after = everything(database, actor.tenant)
    started = {"runs", "audit"}
    assert {name: rows for name, rows in after.items() if name not in started} == {n: r for n, r in before.items() if n not in started}


@pytest.mark.parametrize("text", HOSTILE, ids=["sql", "format", "nul", "surrogate", "long", "path", "empty"])
async def test_a_token_keeps_its_name_as_it_is_or_is_refused(container: Container, actor: Actor, text: str) -> None:
    try:
        made = await container.actions.token_create(actor, text, source=text)
    except ActionError as refused:
        assert refused.what
        assert await container.actions.token_list(actor) == []
    else:
        assert (made["name"], made["source"]) == (text, text)
        assert [row["id"] for row in await container.actions.token_list(actor)] == [made["id"]]
