"""oauth2 and oidc: whose tokens are taken, what an authority that gives none makes, and where nothing is asked for."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from graphs.run.http import guarded_http
from tests.unit.run.authority import CLIENT, SIGNED, Authority, failed, oauth2, task
from tests.unit.run.harness import Runs, World


@pytest.fixture
def authority(world: World) -> Authority:
    return Authority(world)


class TestJudging:
    def token(self, **claims: Any) -> str:
        return jwt.encode(claims, SIGNED, algorithm="HS256")

    async def test_a_token_of_a_listed_issuer_is_taken(self, runs: Runs, world: World, authority: Authority) -> None:
        authority.extra = {"access_token": self.token(iss="https://a.test")}

        outcome = await runs.start([{"a": task(world, oauth2(world, issuers=["https://b.test", "https://{name}.test"]))}], {"name": "a"})

        assert outcome.status == "completed"

    @pytest.mark.parametrize(
        ("claims", "words"), [({"iss": "https://evil.test"}, "issued by 'https://evil.test'"), ({}, "does not say who issued it")]
    )
    async def test_another_issuer_is_an_authentication_error(
        self, runs: Runs, world: World, authority: Authority, claims: dict[str, Any], words: str
    ) -> None:
        authority.extra = {"access_token": self.token(**claims)}

        outcome = await runs.start([{"a": task(world, oauth2(world, issuers=["https://a.test"]))}], {})

        assert failed(outcome)[:2] == ("authentication", 401)
        assert words in failed(outcome)[2]
        assert world.seen("/x") == 0

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (
                (400, b'{"error": "invalid_client", "error_description": "no s3cr3t-key"}'),
                ("authentication", 401, "invalid_client: no ***"),
            ),
            ((401, b""), ("authentication", 401, "answered 401")),
            ((503, b"busy"), ("communication", 503, "answered 503")),
            ((429, b"{}"), ("communication", 429, "answered 429")),
            ((200, b"<html>"), ("authentication", 401, "gave no access_token")),
            ((200, b'{"access_token": 1}'), ("authentication", 401, "gave no access_token")),
            ((302, b""), ("authentication", 401, "answered 302")),
        ],
    )
    async def test_an_authority_that_gives_no_token(
        self, runs: Runs, world: World, answer: tuple[int, bytes], error: tuple[str, int, str]
    ) -> None:
        world.on("/realm/oauth2/token", lambda _request: (answer[0], {}, answer[1]))

        outcome = await runs.start([{"a": task(world, oauth2(world))}], {})

        assert failed(outcome)[:2] == error[:2]
        assert error[2] in failed(outcome)[2]

    async def test_a_failure_is_not_kept(self, runs: Runs, world: World, authority: Authority) -> None:
        answers = [lambda _request: (503, {}, b""), authority.token]
        world.on("/realm/oauth2/token", lambda request: answers.pop(0)(request))
        retry = {"try": [{"a": task(world, oauth2(world))}], "catch": {"retry": {"limit": {"attempt": {"count": 1}}}}}

        assert (await runs.start([{"t": retry}], {})).output == "Bearer token-1"

    async def test_no_connection_to_the_authority_is_a_communication_error(self, runs: Runs, world: World) -> None:
        outcome = await runs.start([{"a": task(world, oauth2(world, authority="http://127.0.0.1:1"))}], {})

        assert failed(outcome)[:2] == ("communication", 500)


class TestGuard:
    """Tokens, discoveries and documents go the same guarded way as calls."""

    @pytest.mark.parametrize(
        "policy",
        [
            {"oauth2": {"authority": "http://169.254.169.254", "grant": "client_credentials", "client": CLIENT}},
            {
                "oauth2": {
                    "authority": "http://x.test",
                    "endpoints": {"token": "http://10.0.0.1/t"},
                    "grant": "client_credentials",
                    "client": CLIENT,
                }
            },
            {"oidc": {"authority": "http://[::ffff:169.254.169.254]", "grant": "client_credentials", "client": CLIENT}},
        ],
    )
    async def test_an_authority_inside_is_refused(self, runs: Runs, world: World, policy: dict[str, Any]) -> None:
        outcome = await runs.start([{"a": task(world, policy)}], {})

        assert failed(outcome)[:2] == ("authorization", 403)
        assert world.requests == []

    async def test_a_discovery_that_leads_inside_is_refused(self, runs: Runs, world: World) -> None:
        world.json("/.well-known/openid-configuration", '{"token_endpoint": "http://169.254.169.254/token"}')
        policy = {"oidc": {"authority": world.url, "grant": "client_credentials", "client": CLIENT}}

        assert failed(await runs.start([{"a": task(world, policy)}], {}))[:2] == ("authorization", 403)

    async def test_a_redirect_of_the_token_endpoint_is_not_followed(self, runs: Runs, world: World) -> None:
        """The client's secret would go along."""
        world.on("/realm/oauth2/token", lambda _request: (307, {"Location": "/elsewhere"}, b""))

        await runs.start([{"a": task(world, oauth2(world))}], {})

        assert world.seen("/elsewhere") == 0

    async def test_nothing_is_allowed_by_default(self, runs: Runs, world: World, authority: Authority) -> None:
        """The loopback authority, document and function of the other tests, without PARLEY_HTTP_ALLOW."""
        openapi = {"call": "openapi", "with": {"document": {"endpoint": f"{world.url}/api.json"}, "operationId": "a"}}
        function = {"call": f"{world.url}/function.yaml"}
        schema = {"set": {"a": 1}, "output": {"schema": {"resource": {"endpoint": f"{world.url}/schema.json"}}}}
        async with guarded_http() as http:
            runs.http = http
            for one in (task(world, oauth2(world)), openapi, function, schema):
                assert failed(await runs.start([{"a": one}], {}))[:2] == ("authorization", 403)

        assert world.connections == 0
