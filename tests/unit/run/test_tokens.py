"""oauth2 and oidc: how a token is asked for, how long it is kept, whose is taken."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest

import graphs.run as run
from dsl.problems import InvalidDefinition
from graphs.run import Outcome
from graphs.run.credentials import Credentials
from graphs.run.http import guarded_http
from tests.unit.run.harness import Runs, World

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"
CLIENT = {"id": "parley", "secret": "s3cr3t-key"}
SIGNED = "0123456789abcdef0123456789abcdef"


class Authority:
    """A loopback authority that numbers its tokens, and a resource that takes all but the revoked ones."""

    def __init__(self, world: World, path: str = "/realm/oauth2/token") -> None:
        self.world = world
        self.asked: list[dict[str, Any]] = []
        self.revoked: set[str] = set()
        self.extra: dict[str, Any] = {"expires_in": 3600}
        world.on(path, self.token)
        world.on("/x", self.resource)

    def token(self, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        form = request["headers"]["content-type"] == "application/x-www-form-urlencoded"
        asked = (
            {k: v[0] if len(v) == 1 else v for k, v in parse_qs(request["body"].decode()).items()} if form else json.loads(request["body"])
        )
        self.asked.append(asked)
        answer = {"access_token": f"token-{len(self.asked)}", "token_type": "bearer", **self.extra}
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    def resource(self, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        given = request["headers"].get("authorization", "")
        if not given.startswith("Bearer ") or given.removeprefix("Bearer ") in self.revoked:
            return 401, {}, given.encode()
        return 200, {"Content-Type": "application/json"}, json.dumps(given).encode()


@pytest.fixture
def authority(world: World) -> Authority:
    return Authority(world)


def task(world: World, policy: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"call": "http", "with": {"method": "get", "endpoint": {"uri": f"{world.url}/x", "authentication": policy}}, **options}


def oauth2(world: World, **values: Any) -> dict[str, Any]:
    return {"oauth2": {"authority": f"{world.url}/realm", "grant": "client_credentials", "client": CLIENT, **values}}


def failed(outcome: Outcome) -> tuple[str, int, str]:
    assert outcome.error is not None, outcome.output
    return outcome.error["type"].rpartition("/")[2], outcome.error["status"], outcome.error.get("detail", "")


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


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody sleeps here for {seconds} s")


async def start(runs: Runs, do: list[dict[str, Any]], credentials: Credentials, **given: Any) -> Outcome:
    """Start a run that shares *credentials* with others."""
    from dataclasses import replace

    from tests.unit.run.harness import definition

    runs.definition = definition(do)
    runs.deps = replace(runs.fresh(**given), credentials=credentials)
    return await runs.go_on({})


def test_the_program_of_every_scheme_compiles() -> None:
    for scheme in ("digest", "oauth2", "oidc"):
        values = {"username": "a", "password": "b"} if scheme == "digest" else {"use": "login"}
        call = {"call": "http", "with": {"method": "get", "endpoint": {"uri": "http://x.test", "authentication": {scheme: values}}}}
        document = {"dsl": "1.0.3", "namespace": "test", "name": "tested", "version": "0.1.0"}
        run.compile({"document": document, "use": {"secrets": ["login"]}, "do": [{"a": call}]}, {})
