"""A secret's value is found nowhere but sealed, whatever a run does with it: not in the database, views, notices, notifications or logs."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, quote_plus

import psycopg
import pytest

from app.actions import Actor
from app.cli import runview
from app.cli.recorded import of
from app.container import Container, Prepared
from app.settings import Settings
from app.views import RunView
from app.web.cards import run_props, waiting_tasks
from tests.fakes import approved, definition, ended, eventually, status, working
from tests.unit.run.functions.model import router
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


# a value that JSON, URLs and base64 each spell in their own way, inside an object, and one that is a number
KEY = 'k3y "one"\nl1ne-two/ä€+end'
PIN = 73910264
ODD = {"user": "b0b-the-user", "password": KEY, "pin": PIN}


def odd_forms() -> list[str]:
    raw = KEY.encode()
    return [
        KEY, json.dumps(KEY)[1:-1], json.dumps(KEY, ensure_ascii=False)[1:-1], quote(KEY, safe=""), quote_plus(KEY), str(PIN),
        base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(),
        base64.b64encode(f"b0b-the-user:{KEY}".encode()).decode(), base64.b64encode(b"xx" + raw).decode()[3:-4],
    ]  # fmt: skip


def every_odd_way(base_url: str) -> str:
    """Basic authentication that comes back, JSON in a text, values over 64 KB, an agent with a tool, an event, a filter, a large error."""
    basic = "authentication: {basic: {username: '${ $secrets.odd.user }', password: '${ $secrets.odd.password }'}}"
    who = f"with: {{method: get, endpoint: {{uri: '{base_url}/who', {basic}}}, output: response}}"
    asked = "instructions: '${ \"use \" + $secrets.odd.password }', input: '${ $secrets.odd }'"
    error = "type: 'https://e.org/e', status: 400, detail: '${ (\"z\" * 490) + $secrets.odd.password + (\"z\" * 70000) }'"
    pin = "pin: '${ $secrets.odd.pin }'"
    return definition(
        f"login: {{call: http, {who}, export: {{as: '${{ . }}'}}}}",
        f"told: {{set: {{text: '${{ $secrets.odd | tojson }}', twice: '${{ {{i: ($secrets.odd | tojson)}} | tojson }}', {pin}}}}}",
        'wide: {set: {page: \'${ ("x" * 69000) + $secrets.odd.password + ("y" * 69000) }\'}}',
        "edge: {set: {page: '${ (\"x\" * 990) + $secrets.odd.password + (\"y\" * 69000) }'}, export: {as: '${ . }'}}",
        f"think: {{call: 'agent:1.0.0@default', with: {{{asked}, tools: ['classify:1.0.0@default'], limits: {{turns: 3}}}}}}",
        "say: {emit: {event: {with: {source: 'https://me', type: said, data: {key: '${ $secrets.odd.password }'}}}}}",
        "hear: {listen: {to: {one: {with: {type: said, data: '${ .key == $secrets.odd.password }'}}}}}",
        f"fail: {{try: [{{big: {{raise: {{error: {{{error}}}}}}}}}], catch: {{do: [{{on: {{set: {{{pin}}}}}}}]}}}}",
        f"ask: {{call: 'approve:1.0.0@default', with: {{title: T, data: {{page: '${{ $context.page }}', {pin}}}}}}}",
        f"last: {{set: {{page: '${{ $context.page }}', {pin}}}}}",
        use="use: {secrets: [odd]}\n",
    )


async def test_however_a_value_is_spelt_and_however_large_what_holds_it(
    settings: Settings, database: Prepared, actor: Actor, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The data of an emitted event are for whoever listens: they alone hold it."""
    you = "{{ headers.authorization }}"
    who = {"request": "GET /who", "answer": {"json": {"you": you}, "headers": {"x-you": you}}}
    world = World.load({"services": {"desk": {"routes": [who, {"request": "POST /sink", "answer": {"status": 204}}]}}})
    tool = {"thought": "look", "tool": "classify", "arguments": {"text": KEY, "labels": {"a": [KEY], "b": ["none"]}}}
    models, asked_of_model = router(tool, {"label": "a"}, {"answer": f"done with {KEY}"})
    shown: list[object] = []
    async with world.running() as base_url:
        own = settings.model_copy(update={"http_allow": ("127.0.0.0/8",), "events_sink": f"{base_url}/sink"})
        async with Container.open(own, role="worker", prepared=database) as container, working(container):
            vars(container)["models"] = models
            await container.actions.secret_set(actor, "odd", ODD)
            run = await container.actions.start(actor, (await approved(container, actor, every_odd_way(base_url))).id)
            waiting = await eventually(container, actor, run.id, asking_or_faulted, within_s=30)
            assert waiting.awaiting, waiting.error
            path = waiting.awaiting[0]["path"]
            shown += [waiting.to_json(), run_props(waiting.to_json()), list(waiting_tasks(waiting.to_json()))]
            shown += [[task.to_json() for task in await container.actions.tasks(actor)]]
            shown += [await container.actions.run_value(actor, run.id, path.removeprefix("/"))]
            await container.actions.answer(actor, run.id, path, {"approved": True})
            done = await eventually(container, actor, run.id, ended)
            again = await container.actions.rerun(actor, run.id, task="last")
            await eventually(container, actor, again.id, ended)
            events = await container.actions.run_events(actor, run.id)
            shown += [done.to_json(), runview.in_words(done.to_json()), of(done.to_json()), run_props(done.to_json()), events]
            shown += [await container.actions.run_value(actor, run.id, name) for name in ("input", "output")]
            shown += [await container.actions.run_value(actor, run.id, blob) for blob in blobs_of(events)]
            shown += [await container.actions.audit(actor), await container.actions.notices(actor)]
            await asyncio.sleep(0.7)  # the last lifecycle events
    said = capfd.readouterr()

    assert (done.status, len(asked_of_model.asked)) == ("completed", 3), done.error
    assert base64.b64decode(world.saw("GET /who").only.headers["authorization"].removeprefix("Basic ")).decode().endswith(KEY)
    sent = world.saw("POST /sink").bodies
    assert sent
    found = tables(database)
    assert KEY in found.pop("parley.events")
    places = {
        "views": spelt(shown), "model": spelt(asked_of_model.asked), "sink": spelt(sent), "logs": said.out + said.err + caplog.text,
        **found,
    }  # fmt: skip
    assert [(place, form) for place, text in places.items() for form in odd_forms() if form in text] == []


def asking_or_faulted(view: RunView) -> bool:
    return view.status == "faulted" or any(wait["kind"] == "approve" for wait in view.awaiting)


def blobs_of(events: list[dict[str, Any]]) -> list[str]:
    outputs = [event["data"].get("output") for event in events]
    return [output["blob"] for output in outputs if isinstance(output, dict) and "blob" in output]


def spelt(value: object) -> str:
    """Return everything in *value*: its texts as they are, and as JSON."""
    return "\n".join([*texts(value), json.dumps(value, default=str)])


def texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (str(key), *texts(item))]
    if isinstance(value, list | tuple):
        return [text for item in value for text in texts(item)]
    return [str(value)]


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
            found[name] = "\n".join(
                value.decode("utf-8", "replace") if isinstance(value, bytes) else spelt(value) for row in rows for value in row
            )
    return found
