"""oauth2 and oidc: how a token is asked for, and how long it is kept."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

import graphs.run as run
from dsl.problems import InvalidDefinition
from graphs.run import Outcome
from graphs.run.credentials import Credentials
from tests.unit.run.authority import CLIENT, EXCHANGE, JWT_TYPE, SIGNED, Authority, failed, oauth2, task
from tests.unit.run.harness import Runs, World, definition


@pytest.fixture
def authority(world: World) -> Authority:
    return Authority(world)


class TestAsking:
    async def test_a_token_is_asked_for_at_the_default_path_below_the_authority(
        self, runs: Runs, world: World, authority: Authority
    ) -> None:
        outcome = await runs.start([{"a": task(world, oauth2(world, scopes=["api", "x"], audiences=["one", "two"]))}], {})

        assert outcome.output == "Bearer token-1"
        assert authority.asked == [
            {
                "grant_type": "client_credentials",
                "client_id": "parley",
                "client_secret": "s3cr3t-key",
                "scope": "api x",
                "audience": "one two",
            }
        ]
        assert world.requests[0]["headers"].get("authorization") is None

    @pytest.mark.parametrize("path", ["/auth/token", "auth/token", "{world}/realm/auth/token"])
    async def test_the_path_may_be_another_one(self, runs: Runs, world: World, path: str) -> None:
        authority = Authority(world, "/realm/auth/token")

        outcome = await runs.start([{"a": task(world, oauth2(world, endpoints={"token": path.replace("{world}", world.url)}))}], {})

        assert (outcome.output, len(authority.asked)) == ("Bearer token-1", 1)

    @pytest.mark.parametrize(
        ("values", "asked"),
        [
            ({"grant": "password", "username": "ada", "password": "l0ve"}, {"username": "ada", "password": "l0ve"}),
            ({"grant": "refresh_token", "subject": {"token": "r-1", "type": "refresh_token"}}, {"refresh_token": "r-1"}),
            (
                {"grant": EXCHANGE, "subject": {"token": "t-s", "type": JWT_TYPE}, "actor": {"token": "t-a", "type": JWT_TYPE}},
                {"subject_token": "t-s", "subject_token_type": JWT_TYPE, "actor_token": "t-a", "actor_token_type": JWT_TYPE},
            ),
        ],
        ids=["password", "refresh_token", "token-exchange"],
    )
    async def test_each_grant_has_its_fields(
        self, runs: Runs, world: World, authority: Authority, values: dict[str, Any], asked: dict[str, str]
    ) -> None:
        await runs.start([{"a": task(world, oauth2(world, **values))}], {})

        assert authority.asked == [{"grant_type": values["grant"], "client_id": "parley", "client_secret": "s3cr3t-key", **asked}]

    async def test_a_refresh_token_that_was_replaced_is_not_used_again(self, runs: Runs, world: World, authority: Authority) -> None:
        authority.extra = {"refresh_token": "r-2", "expires_in": 0}
        one = task(world, oauth2(world, grant="refresh_token", subject={"token": "r-1", "type": "x"}))

        await runs.start([{"a": one}, {"b": one}], {})

        assert [asked["refresh_token"] for asked in authority.asked] == ["r-1", "r-2"]

    async def test_a_client_may_say_who_it_is_in_the_header(self, runs: Runs, world: World, authority: Authority) -> None:
        """Both parts are form-encoded first (RFC 6749, 2.3.1)."""
        client = {"id": "a:b", "secret": "ü &", "authentication": "client_secret_basic"}

        await runs.start([{"a": task(world, oauth2(world, client=client))}], {})

        assert world.requests[0]["headers"]["authorization"] == "Basic " + base64.b64encode(b"a%3Ab:%C3%BC+%26").decode()
        assert authority.asked == [{"grant_type": "client_credentials"}]

    async def test_a_client_may_sign_with_its_secret(self, runs: Runs, world: World, authority: Authority) -> None:
        client = {"id": "parley", "secret": SIGNED, "authentication": "client_secret_jwt"}

        await runs.start([{"a": task(world, oauth2(world, client=client))}], {})

        claims = jwt.decode(
            authority.asked[0]["client_assertion"], SIGNED, algorithms=["HS256"], audience=f"{world.url}/realm/oauth2/token"
        )
        assert (claims["iss"], claims["sub"], claims["exp"] - claims["iat"]) == ("parley", "parley", 300)
        assert authority.asked[0]["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        assert "client_secret" not in authority.asked[0]

    async def test_a_client_may_bring_an_assertion_or_nothing(self, runs: Runs, world: World, authority: Authority) -> None:
        private = {"id": "parley", "assertion": "a.b.c", "authentication": "private_key_jwt"}
        none = {"id": "parley", "authentication": "none"}

        await runs.start([{"a": task(world, oauth2(world, client=private))}, {"b": task(world, oauth2(world, client=none))}], {})

        assert authority.asked[0]["client_assertion"] == "a.b.c"
        assert authority.asked[1] == {"grant_type": "client_credentials", "client_id": "parley"}

    async def test_an_assertion_signed_by_somebody_else_needs_no_secret(self, runs: Runs, world: World, authority: Authority) -> None:
        client = {"id": "parley", "assertion": "a.b.c", "authentication": "client_secret_jwt"}

        await runs.start([{"a": task(world, oauth2(world, client=client))}], {})

        assert authority.asked[0]["client_assertion"] == "a.b.c"
        assert "client_secret" not in authority.asked[0]

    async def test_the_request_may_be_json(self, runs: Runs, world: World, authority: Authority) -> None:
        await runs.start([{"a": task(world, oauth2(world, request={"encoding": "application/json"}))}], {})

        assert world.requests[0]["headers"]["content-type"] == "application/json"
        assert authority.asked[0]["client_id"] == "parley"

    async def test_everything_may_stand_in_a_secret(self, runs: Runs, world: World, authority: Authority) -> None:
        secret = {"authority": f"{world.url}/realm", "grant": "client_credentials", "client": CLIENT, "scopes": "a b", "issuers": ""}

        outcome = await runs.start(
            [{"a": task(world, {"oauth2": {"use": "login"}})}], {}, top={"use": {"secrets": ["login"]}}, secrets={"login": secret}
        )

        assert (outcome.output, authority.asked[0]["scope"]) == ("Bearer token-1", "a b")

    async def test_addresses_are_templates_and_values_may_be_expressions(self, runs: Runs, world: World, authority: Authority) -> None:
        client = {"id": "${ .me }", "secret": "${ $secrets.key }"}
        policy = oauth2(world, authority=f"{world.url}/{{realm}}", client=client)

        outcome = await runs.start(
            [{"a": task(world, policy)}], {"realm": "realm", "me": "ada"}, top={"use": {"secrets": ["key"]}}, secrets={"key": "s3cr3t"}
        )

        assert outcome.status == "completed"
        assert (authority.asked[0]["client_id"], authority.asked[0]["client_secret"]) == ("ada", "s3cr3t")

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"client": None}, ""),
            ({"client": {"secret": "s"}}, "no client.id"),
            ({"client": {"id": "a", "authentication": "private_key_jwt"}}, "no client.assertion"),
            ({"client": {"id": "a", "authentication": "client_secret_basic"}}, "no client.secret"),
            ({"grant": "password"}, "no username"),
            ({"grant": "refresh_token"}, "give it as subject.token"),
            ({"grant": EXCHANGE}, "needs subject.token and subject.type"),
            ({"grant": "authorization_code"}, "needs a person at a browser"),
            ({"request": {"encoding": "text/plain"}}, "a token cannot be asked for in"),
        ],
    )
    async def test_what_is_missing_is_a_configuration_error_that_names_it(
        self, runs: Runs, world: World, authority: Authority, values: dict[str, Any], words: str
    ) -> None:
        secret = {name: value for name, value in {**oauth2(world)["oauth2"], **values}.items() if value is not None}

        outcome = await runs.start(
            [{"a": task(world, {"oauth2": {"use": "login"}})}], {}, top={"use": {"secrets": ["login"]}}, secrets={"login": secret}
        )

        if words:
            assert failed(outcome)[:2] == ("configuration", 400)
            assert words in failed(outcome)[2]
            assert authority.asked == []
        else:
            assert authority.asked == [{"grant_type": "client_credentials"}]

    async def test_the_grant_for_people_is_refused_before_anything_runs(self, runs: Runs, world: World) -> None:
        with pytest.raises(InvalidDefinition) as refused:
            await runs.start([{"a": task(world, oauth2(world, grant="authorization_code"))}], {})

        (problem,) = refused.value.problems
        assert (problem.code, problem.reference) == ("unusable-grant", "/do/0/a/with/endpoint/authentication/oauth2/grant")
        assert "a person at a browser" in problem.message


class TestDiscovery:
    def oidc(self, world: World, path: str = "/realm") -> dict[str, Any]:
        return {"oidc": {"authority": f"{world.url}{path}", "grant": "client_credentials", "client": CLIENT}}

    @pytest.mark.parametrize("path", ["/realm", "/realm/", "/realm/.well-known/openid-configuration"])
    async def test_the_document_says_where_tokens_are_given(self, runs: Runs, world: World, path: str) -> None:
        authority = Authority(world, "/elsewhere")
        world.json("/realm/.well-known/openid-configuration", json.dumps({"token_endpoint": f"{world.url}/elsewhere"}))

        outcome = await runs.start([{"a": task(world, self.oidc(world, path))}], {})

        assert (outcome.output, authority.asked[0]["scope"]) == ("Bearer token-1", "openid")

    @pytest.mark.parametrize("found", [(404, b"no"), (200, b"<html>"), (200, b"[]"), (200, b"{}")])
    async def test_without_a_document_the_authority_itself_is_asked(self, runs: Runs, world: World, found: tuple[int, bytes]) -> None:
        authority = Authority(world, "/realm/token")
        world.on("/realm/token/.well-known/openid-configuration", lambda _request: (found[0], {}, found[1]))

        outcome = await runs.start([{"a": task(world, self.oidc(world, "/realm/token"))}], {})

        assert (outcome.output, len(authority.asked)) == ("Bearer token-1", 1)

    async def test_an_authority_that_fails_is_a_communication_error_and_is_asked_nothing(self, runs: Runs, world: World) -> None:
        authority = Authority(world, "/realm")
        world.on("/realm/.well-known/openid-configuration", lambda _request: (500, {}, b""))

        outcome = await runs.start([{"a": task(world, self.oidc(world))}], {})

        assert (failed(outcome)[:2], authority.asked) == (("communication", 500), [])


class TestKeeping:
    async def test_a_process_asks_once_for_all_runs_and_branches(self, runs: Runs, world: World, authority: Authority) -> None:
        branches = {"fork": {"branches": [{f"b{n}": task(world, oauth2(world))} for n in range(5)]}}
        credentials = Credentials()

        for _ in range(2):
            await start(runs, [{"f": branches}], credentials)

        assert len(authority.asked) == 1
        assert world.seen("/x") == 10

    async def test_other_credentials_get_another_token(self, runs: Runs, world: World, authority: Authority) -> None:
        other = oauth2(world, client={"id": "parley", "secret": "another"})

        outcome = await runs.start([{"a": task(world, oauth2(world))}, {"b": task(world, other)}], {})

        assert outcome.output == "Bearer token-2"

    async def test_a_token_is_asked_for_anew_shortly_before_its_end(self, runs: Runs, world: World, authority: Authority) -> None:
        clock, credentials = Clock(), Credentials()
        seen = []
        for after in (0, 3569, 1):
            clock.time += timedelta(seconds=after)
            seen.append((await start(runs, [{"a": task(world, oauth2(world))}], credentials, clock=clock)).output)

        assert seen == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]

    @pytest.mark.parametrize(
        ("extra", "kept_s"),
        [({"expires_in": "100"}, 90), ({}, 270), ({"expires_in": "soon"}, 270), ({"expires_in": 1e12}, 86370), ({"expires_in": 0}, 0)],
    )
    async def test_how_long_a_token_is_kept(
        self, runs: Runs, world: World, authority: Authority, extra: dict[str, Any], kept_s: int
    ) -> None:
        clock, credentials = Clock(), Credentials()
        authority.extra = extra
        for after in (0, max(0, kept_s - 1), 1):
            clock.time += timedelta(seconds=after)
            await start(runs, [{"a": task(world, oauth2(world))}], credentials, clock=clock)

        assert len(authority.asked) == (2 if kept_s else 3)

    async def test_a_token_that_is_refused_is_replaced_once(self, runs: Runs, world: World, authority: Authority) -> None:
        credentials = Credentials()
        await start(runs, [{"a": task(world, oauth2(world))}], credentials)
        authority.revoked.add("token-1")

        outcome = await start(runs, [{"a": task(world, oauth2(world), output={"as": "[., $authorization.parameter]"})}], credentials)

        assert outcome.output == ["Bearer token-2", "token-2"]

    async def test_a_refusal_for_good_stays_a_communication_error_401(self, runs: Runs, world: World, authority: Authority) -> None:
        authority.revoked |= {"token-1", "token-2"}

        outcome = await runs.start([{"a": task(world, oauth2(world))}], {})

        assert failed(outcome)[:2] == ("communication", 401)
        assert failed(outcome)[2].endswith("answered 401: Bearer ***"), "a token never stands in a text"
        assert len(authority.asked) == 2


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody sleeps here for {seconds} s")


async def start(runs: Runs, do: list[dict[str, Any]], credentials: Credentials, **given: Any) -> Outcome:
    """Start a run that shares *credentials* with others."""
    runs.definition = definition(do)
    runs.deps = replace(runs.fresh(**given), credentials=credentials)
    return await runs.go_on({})


def test_the_program_of_every_scheme_compiles() -> None:
    for scheme in ("digest", "oauth2", "oidc"):
        values = {"username": "a", "password": "b"} if scheme == "digest" else {"use": "login"}
        call = {"call": "http", "with": {"method": "get", "endpoint": {"uri": "http://x.test", "authentication": {scheme: values}}}}
        document = {"dsl": "1.0.3", "namespace": "test", "name": "tested", "version": "0.1.0"}
        run.compile({"document": document, "use": {"secrets": ["login"]}, "do": [{"a": call}]}, {})
