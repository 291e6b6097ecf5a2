"""A secret's value is found nowhere but sealed, whatever a run does with it: not in the database, views, notices, notifications or logs."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from urllib.parse import quote

import psycopg
import pytest

from app.actions import Actor
from app.container import Container, Prepared
from app.settings import Settings
from tests.fakes import approved, definition, ended, eventually, status, working
from tests.world import World

pytestmark = pytest.mark.postgres
CANARY = "c4nary/token+value"
FORMS = (CANARY, base64.b64encode(CANARY.encode()).decode(), quote(CANARY, safe=""))
DESK = {
    "services": {
        "desk": {
            "routes": [
                {"request": "POST /echo", "answer": {"json": "{{ body }}"}},
                {"request": "POST /refuse", "answer": {"status": 403, "json": "{{ body }}"}},
            ]
        }
    }
}
SECRET = "${ $secrets.token }"


def every_way(base_url: str) -> str:
    """Header and body of a call, what came back, context, a notice, a form, a fork, an error that is caught, one that is not.

    (Not an emitted event: its data are for whoever listens.)
    """
    call = (
        "call: http, with: {method: post, endpoint: {uri: '%s'}, headers: {authorization: '${ \"Bearer \" + $secrets.token }'}, body: %s}"
    )
    body = "{plain: '${ $secrets.token }', coded: '${ $secrets.token | @base64 }', uri: '${ $secrets.token | @uri }'}"
    catch = "catch: {as: err, do: [{k: {set: {e: '${ $err.detail }'}}}]}"
    return definition(
        f"send: {{{call % (base_url + '/echo', body)}, export: {{as: '${{ . }}'}}}}",
        "keep: {set: {again: '${ $context.plain }', list: ['${ \"x\" + $context.coded }']}}",
        f"tell: {{call: 'notify:1.0.0@default', with: {{channel: chat, title: '{SECRET}', text: '${{ \"it is \" + $secrets.token }}'}}}}",
        f"ask: {{call: 'approve:1.0.0@default', with: {{title: '{SECRET}', message: '{SECRET}', data: {{t: '{SECRET}'}}}}}}",
        f"try: {{try: [{{refused: {{{call % (base_url + '/refuse', body)}}}}}], {catch}}}",
        "both: {fork: {branches: [{a: {set: {x: '${ $secrets.token }'}}}, {b: {wait: {milliseconds: 10}}}]}}",
        "over: {raise: {error: {type: 'https://example.org/e', status: 400, title: '${ $secrets.token }', detail: '${ $secrets.token }'}}}",
        use="use: {secrets: [token]}\n",
    )


@pytest.fixture
async def loopback(settings: Settings, database: Prepared) -> AsyncIterator[Container]:
    async with Container.open(settings.model_copy(update={"http_allow": ("127.0.0.0/8",)}), role="worker", prepared=database) as opened:
        yield opened


async def test_a_value_is_found_nowhere_but_sealed(
    loopback: Container, database: Prepared, actor: Actor, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []
    shown: list[object] = []
    listening = asyncio.create_task(listen(loopback, heard))
    await loopback.actions.secret_set(actor, "token", CANARY)
    world = World.load(DESK)
    async with world.running() as base_url, working(loopback):
        version = await approved(loopback, actor, every_way(base_url))
        run = await loopback.actions.start(actor, version.id)
        asked = await eventually(loopback, actor, run.id, status("waiting", "faulted"))
        shown += [asked.to_json(), [task.to_json() for task in await loopback.actions.tasks(actor)], await loopback.actions.notices(actor)]
        await loopback.actions.answer(actor, run.id, asked.awaiting[0]["path"], {"approved": True, "comment": "yes"})
        done = await eventually(loopback, actor, run.id, ended)
        shown += [done.to_json(), [view.to_json() for view in await loopback.actions.runs(actor)], await loopback.actions.audit(actor)]
        await asyncio.sleep(0.7)  # the last notifications
    listening.cancel()
    said = capfd.readouterr()

    assert (world.saw("POST /echo").only.body["plain"], done.status) == (CANARY, "faulted"), done.error
    assert len(heard) > 1
    places = {"views": str(shown), "notifications": str(heard), "logs": said.out + said.err + caplog.text, **tables(database)}
    assert [(place, form) for place, text in places.items() for form in FORMS if form in text] == []


async def test_a_token_that_was_given_for_a_secret_is_found_nowhere_but_sealed(
    loopback: Container, database: Prepared, actor: Actor, capfd: pytest.CaptureFixture[str]
) -> None:
    """However much its definition copies it about."""
    given = {"access_token": CANARY, "refresh_token": f"{CANARY}-2"}
    routes = [{"request": "POST /oauth2/token", "answer": {"json": given}}, {"request": "GET /echo", "answer": {"json": {}}}]
    world = World.load({"services": {"desk": {"routes": routes}}})
    async with world.running() as base_url, working(loopback):
        login = {"authority": base_url, "grant": "client_credentials", "client": {"id": "parley", "secret": "k3y-of-the-client"}}
        await loopback.actions.secret_set(actor, "login", login)
        call = f"call: http, with: {{method: get, endpoint: {{uri: '{base_url}/echo', authentication: {{oauth2: {{use: login}}}}}}}}"
        text = definition(
            f"a: {{{call}, output: {{as: '${{ $authorization }}'}}, export: {{as: '${{ . }}'}}}}",
            "w: {wait: {seconds: 3}}",
            "b: {set: '${ { copied: $context.parameter } }'}",
            use="use: {secrets: [login]}\n",
        )
        version = await approved(loopback, actor, text)
        run = await loopback.actions.start(actor, version.id)
        done = await eventually(loopback, actor, run.id, ended)
    said = capfd.readouterr()

    assert (world.saw("GET /echo").only.headers["authorization"], done.status) == (f"Bearer {CANARY}", "completed"), done.error
    places = {"logs": said.out + said.err, "output": str(done.output), **tables(database)}
    assert [(place, form) for place, text in places.items() for form in (*FORMS, "k3y-of-the-client") if form in text] == []


async def listen(container: Container, heard: list[str]) -> None:
    connection = await container.store.database.connect(autocommit=True)
    try:
        for channel in ("parley_run", "parley_signal", "parley_notice", "procrastinate_any_queue_v1"):
            await connection.execute(f'LISTEN "{channel}"')
        async for notification in connection.notifies():
            heard.append(notification.payload)  # noqa: PERF401 - it is cancelled on the way
    finally:
        await connection.close()


def tables(database: Prepared) -> dict[str, str]:
    """Return every table as its owner sees it, with what is in binary columns as text."""
    found = {}
    with psycopg.connect(**database.owner) as connection:
        names = connection.execute(
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('parley', 'chat', 'langgraph', 'queue')"
        ).fetchall()
        connection.execute("SELECT set_config('app.tenant', 'default', false)")
        for (name,) in names:
            rows = connection.execute(f"SELECT * FROM {name}").fetchall()
            texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for row in rows for value in row]
            found[name] = "\n".join(texts)
    return found
