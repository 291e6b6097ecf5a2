"""The examples of the specification that call over HTTP, as they are written, against stand-ins of the services they name."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dsl import read
from dsl.expressions import Expressions
from graphs.run.http import guarded_http
from tests.conformance.stand_in import JSON_TYPE, StandIn
from tests.conformance.test_ctk import FOLDER
from tests.unit.dsl.official import must_be_there
from tests.unit.run.harness import Runs, World

EXAMPLES = FOLDER.parent / "examples"
AUTHORITY = "/keycloak/realms/fake-authority"
LOGIN = {
    "authority": "http://keycloak/realms/fake-authority",
    "grant": "client_credentials",
    "client": {"id": "workflow-runtime-id", "secret": "workflow-runtime-secret"},
}
AUTHENTICATED = {
    "authentication-bearer": "my-token",
    "authentication-bearer-uri-format": "my-token",
    "authentication-reusable": "my-token",
    "authentication-oauth2": "given-at/auth/token",
    "authentication-oauth2-secret": "given-at/oauth2/token",
    "authentication-oidc": "given-at/protocol/token",
    "authentication-oidc-secret": "given-at/protocol/token",
}
CALLS = {
    "call-http-endpoint-interpolation-shorthand": "/petstore.swagger.io/v2/pet/1",
    "call-http-endpoint-interpolation": "/petstore.swagger.io/v2/pet/1",
    "call-http-query-headers-expressions": "/swapi.dev/api/people/?search=Luke",
    "call-http-query-parameters": "/swapi.dev/api/people/?search=Luke",
    "call-http-redirect": "/swapi.dev/api/people/?search=Luke",
    "call-openapi": "/petstore.swagger.io/v2/pet/findByStatus?status=available",
    "call-openapi-redirect": "/petstore.swagger.io/v2/pet/findByStatus?status=available",
}


@pytest.fixture(autouse=True)
def _folder() -> None:
    must_be_there()


@pytest.fixture
async def services(world: World) -> World:
    """The pets, the people and the authority of the examples."""

    def token(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        assert b"client_id=workflow-runtime-id&client_secret=workflow-runtime-secret" in request["body"]
        given = f"given-at{request['path'].removeprefix(AUTHORITY)}"
        return 200, JSON_TYPE, json.dumps({"access_token": given, "token_type": "Bearer", "expires_in": 60}).encode()

    for path in ("/auth/token", "/oauth2/token", "/protocol/token"):
        world.on(f"{AUTHORITY}{path}", token)
    discovery = {"token_endpoint": "http://keycloak/realms/fake-authority/protocol/token"}
    world.json(f"{AUTHORITY}/.well-known/openid-configuration", json.dumps(discovery))
    world.json("/swapi.dev/api/people/", '{"count": 1}')
    return world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    server = World()
    await server.open()
    yield server
    await server.close()


@pytest.fixture
async def runs(services: World) -> AsyncIterator[Runs]:
    expressions = Expressions(children=1)
    async with guarded_http(["127.0.0.0/8"]) as http:
        found = Runs(expressions, http)
        found.http = StandIn(http, services)  # type: ignore[assignment]  # any `ports.Http` will do
        yield found
    await expressions.aclose()


async def run(runs: Runs, name: str) -> Any:
    definition = read((EXAMPLES / f"{name}.yaml").read_text()).data
    runs.fresh(secrets={"mySecret": LOGIN})
    runs.definition = definition
    outcome = await runs.go_on({"petId": 1, "token": "my-token", "searchQuery": "Luke"})
    assert outcome.status == "completed", outcome.error
    return outcome.output


def test_every_example_about_authentication_is_here() -> None:
    assert {path.stem for path in Path(EXAMPLES).glob("authentication-*.yaml")} == set(AUTHENTICATED)


@pytest.mark.parametrize("name", AUTHENTICATED)
async def test_an_example_signs_in(runs: Runs, services: World, name: str) -> None:
    output = await run(runs, name)

    assert output["id"] == 1
    assert services.requests[-1]["headers"]["authorization"] == f"Bearer {AUTHENTICATED[name]}"


@pytest.mark.parametrize("name", CALLS)
async def test_an_example_calls(runs: Runs, services: World, name: str) -> None:
    await run(runs, name)

    request = services.requests[-1]
    assert request["path"] + (f"?{request['query']}" if request["query"] else "") == CALLS[name]
