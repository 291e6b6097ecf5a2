"""A document that a version fetches is the one it first used, or the run is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.actions import Actor
from app.container import Container, Prepared
from app.settings import Settings
from app.views import RunView
from tests.fakes import approved, definition, ended, eventually, working
from tests.unit.run.harness import World

pytestmark = pytest.mark.postgres


class Server:
    """Serves one JSON Schema, spelt as *body* says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.body = b'{"type": "object", "required": ["n"]}'
        world.on("/schema", lambda _request: (200, {"content-type": "application/json"}, self.body))


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    world = World()
    await world.open()
    yield Server(world)
    await world.close()


@pytest.fixture
async def loopback(settings: Settings, database: Prepared) -> AsyncIterator[Container]:
    own = settings.model_copy(update={"http_allow": ("127.0.0.0/8",)})
    async with Container.open(own, role="worker", prepared=database) as container, working(container):
        yield container


async def run_of(container: Container, actor: Actor, address: str, *, version: str = "1.0.0") -> RunView:
    schema = f"input: {{schema: {{format: json, resource: {{endpoint: {address}}}}}}}, set: {{x: 1}}"
    found = await approved(container, actor, definition(f"a: {{{schema}}}", version=version))
    run = await container.actions.start(actor, found.id, input={"n": 1})
    return await eventually(container, actor, run.id, ended)


async def test_a_document_that_has_changed_is_refused_until_a_new_version_is_approved(
    loopback: Container, actor: Actor, server: Server
) -> None:
    """Another order of its keys and other spaces are no change."""
    address = f"'{server.world.url}/schema'"
    first = await run_of(loopback, actor, address)
    server.body = b'{"required":["n"],"type":"object"}'
    spelt = await run_of(loopback, actor, address)
    server.body = b'{"type": "object"}'
    changed = await run_of(loopback, actor, address)
    anew = await run_of(loopback, actor, address, version="1.0.1")

    assert [view.status for view in (first, spelt, changed, anew)] == ["completed", "completed", "faulted", "completed"]
    assert changed.error is not None
    assert (changed.error["raw"]["title"], changed.error["raw"]["type"].rpartition("/")[2]) == ("lock-changed", "configuration")
    assert changed.error["raw"]["detail"].startswith(f"{server.world.url}/schema is no longer what this version")
    assert "next version number" in changed.error["raw"]["detail"]


async def test_a_run_that_faulted_over_it_goes_on_when_the_document_is_as_it_was(loopback: Container, actor: Actor, server: Server) -> None:
    address, before = f"'{server.world.url}/schema'", server.body
    await run_of(loopback, actor, address)
    server.body = b'{"type": "object"}'
    changed = await run_of(loopback, actor, address)
    server.body = before
    await loopback.actions.retry(actor, changed.id)

    assert (await eventually(loopback, actor, changed.id, lambda view: view.status == "completed")).error is None


async def test_an_address_that_the_definition_computes_is_held_to_nothing(loopback: Container, actor: Actor, server: Server) -> None:
    address = f'\'${{ "{server.world.url}/" + "schema" }}\''
    await run_of(loopback, actor, address)
    server.body = b'{"type": "object"}'

    again = await run_of(loopback, actor, address)
    assert again.status == "completed", again.error
