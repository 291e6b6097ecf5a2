"""`call: openapi`: documents found and read, parameters judged, keys in their places, answers."""

from __future__ import annotations

import base64
import json
from typing import ClassVar

import pytest

from graphs.run.http import guarded_http
from graphs.run.openapi import operations
from tests.unit.run.harness import Runs, World
from tests.unit.run.openapi import Api, Document, body, failure, operation, parameter


@pytest.fixture
def api(runs: Runs, world: World) -> Api:
    return Api(runs, world)


class TestJudging:
    @pytest.mark.parametrize(
        ("parameters", "words"),
        [
            ({}, "the parameter 'id' is missing, which goes in the path"),
            ({"id": "x"}, "the parameter 'id' does not fit: it must be a whole number, and is a text"),
            ({"id": 1, "kind": "bird"}, "the parameter 'kind' does not fit"),
            ({"id": 1, "kidn": "cat"}, "there is no parameter 'kidn'; did you mean 'kind'?"),
            ({"id": 1, "zzz": "cat"}, "there is no parameter 'zzz'; it has 'id', 'kind', 'many'"),
            ({"id": 1, "many": ["a"]}, "the parameter 'many' does not fit"),
        ],
    )
    async def test_what_is_wrong_is_a_validation_error_that_names_it(self, api: Api, parameters: Document, words: str) -> None:
        api.serve({"/pets/{id}": {"get": operation(
            parameter("id", "path", {"type": "integer"}), parameter("kind", "query", {"enum": ["cat", "dog"]}),
            parameter("many", "query", {"type": "array", "items": {"type": "integer"}}),
        )}})  # fmt: skip

        kind, said = failure(await api.call(parameters))

        assert kind == "validation"
        assert words in said
        assert api.world.seen("/v1/pets/1") == 0

    @pytest.mark.parametrize("given", [{"id": "1", "many": "2"}, {"id": 1, "many": ["2"]}, {"id": 1, "many": 2}])
    async def test_a_text_counts_as_what_it_spells_and_one_value_as_a_list(self, api: Api, given: Document) -> None:
        many = parameter("many", "query", {"type": "array", "items": {"type": "integer"}})
        api.serve({"/pets/{id}": {"get": operation(parameter("id", "path", {"type": "integer"}), many)}})

        await api.call(given)

        assert api.target == "/v1/pets/1?many=2"

    async def test_a_required_parameter_that_is_missing_takes_its_default(self, api: Api) -> None:
        api.serve({"/{v}": {"get": operation(parameter("v", "path", {"default": "v2"}), parameter("o", "query", {"default": 1}))}})

        await api.call({})

        assert api.target == "/v1/v2"

    @pytest.mark.parametrize("wanted", ["opp", "somethingElse"])
    async def test_an_unknown_operation_names_the_nearest(self, api: Api, wanted: str) -> None:
        api.serve({"/x": {"get": operation()}, "/y": {"get": {**operation(), "operationId": "listThem"}}})

        kind, words = failure(await api.call(operationId=wanted))

        hint = "did you mean 'op'?" if wanted == "opp" else "it has 'op', 'listThem'"
        assert (kind, words) == ("configuration", f"{api.world.url}/api.json has no operation '{wanted}'; {hint}")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("{oops", "this is not JSON"), ("", "nothing in"), ("[1]", "it is no mapping"), ("a: 1", "it has neither `openapi"),
            ("openapi: 4.0.0", "no version of it that is known"), ("\x00", "cannot be read"), ("a: *b", "cannot be read"),
        ],
    )  # fmt: skip
    async def test_a_document_that_is_none_is_a_configuration_error(self, api: Api, text: str, words: str) -> None:
        api.world.on("/api.json", lambda _request: (200, {}, text.encode()))

        kind, said = failure(await api.call())

        assert kind == "configuration"
        assert words in said

    async def test_a_document_that_cannot_be_fetched_is_a_communication_error(self, api: Api) -> None:
        api.world.on("/api.json", lambda _request: (404, {}, b"gone"))

        assert failure(await api.call())[0] == "communication"


class TestServers:
    async def test_variables_have_defaults_and_may_be_given(self, api: Api) -> None:
        variables = {"stage": {"default": "live", "enum": ["live", "test/2"]}, "base": {"default": "a/b"}}
        api.serve({"/x": {"get": operation()}}, servers=[{"url": "/{stage}/{base}", "variables": variables}])

        await api.call({"stage": "test/2"})
        kind, words = failure(await api.call({"stage": "evil"}))

        assert api.target == "/test/2/a/b/x"
        assert (kind, "'stage' of the server's address must be live or test/2" in words) == ("validation", True)

    async def test_a_variable_cannot_lead_to_another_host(self, api: Api) -> None:
        host = api.world.url.removeprefix("http://")
        api.serve({"/x": {"get": operation()}}, servers=[{"url": "http://{who}.test", "variables": {"who": {"default": "a"}}}])

        outcome = await api.call({"who": f"{host}/?"})

        assert failure(outcome)[0] == "communication"
        assert api.world.seen("/") == 0

    async def test_the_operation_may_have_a_server_of_its_own(self, api: Api) -> None:
        api.serve({"/x": {"get": operation(servers=[{"url": "/own/"}])}})

        await api.call()

        assert api.target == "/own/x"

    async def test_a_server_inside_is_refused(self, api: Api) -> None:
        api.serve({"/x": {"get": operation()}}, servers=[{"url": "http://169.254.169.254/latest"}])

        assert failure(await api.call())[0] == "authorization"

    async def test_a_redirected_document_is_seen_from_where_it_is(self, api: Api) -> None:
        api.serve({"/x": {"get": operation()}}, servers=[{"url": "v3"}])
        api.world.answers["/docs/api.json"] = api.world.answers["/api.json"]
        api.world.on("/api.json", lambda _request: (302, {"Location": "/docs/api.json"}, b""))

        await api.call()

        assert api.world.requests[-1]["path"] == "/docs/v3/x"


class TestSigningIn:
    SCHEMES: ClassVar[Document] = {
        "key": {"type": "apiKey", "name": "X-Key", "in": "header"}, "query": {"type": "apiKey", "name": "k", "in": "query"},
        "cookie": {"type": "apiKey", "name": "sid", "in": "cookie"}, "login": {"type": "http", "scheme": "basic"},
        "shop": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/t", "scopes": {"read": ""}}}},
    }  # fmt: skip

    def serve(self, api: Api, *ways: Document) -> None:
        api.serve({"/x": {"get": operation(security=list(ways))}}, components={"securitySchemes": self.SCHEMES})

    async def test_the_policy_of_the_task_goes_into_the_header(self, api: Api) -> None:
        self.serve(api, {"shop": ["read"]})

        await api.call(authentication={"bearer": {"token": "t0ken"}})

        assert api.sent["headers"]["authorization"] == "Bearer t0ken"
        assert "authorization" not in api.world.requests[0]["headers"], "the document is another endpoint, with credentials of its own"

    @pytest.mark.parametrize(("scheme", "where"), [("key", "x-key"), ("query", ""), ("cookie", "cookie")])
    async def test_a_bearer_is_the_key_where_only_a_key_is_taken(self, api: Api, scheme: str, where: str) -> None:
        self.serve(api, {scheme: []})

        outcome = await api.call(authentication={"bearer": {"token": "t0ken"}}, output="response")

        assert "authorization" not in api.sent["headers"]
        found = api.sent["headers"].get(where) if where else api.sent["query"]
        assert found == {"key": "t0ken", "query": "k=t0ken", "cookie": "sid=t0ken"}[scheme]
        assert "t0ken" not in json.dumps(outcome.output)

    @pytest.mark.parametrize("name", ["X-Key", "key"])
    async def test_a_key_may_be_given_as_a_parameter(self, api: Api, name: str) -> None:
        self.serve(api, {"key": []}, {"shop": []})
        api.answer(lambda request: (403, {}, request["headers"]["x-key"].encode()))

        _, words = failure(await api.call({name: "s3cret-key"}))

        assert api.sent["headers"]["x-key"] == "s3cret-key"
        assert "answered 403: *** (its document asks for 'X-Key' in the header or oauth2)" in words

    @pytest.mark.parametrize("name", ["Authorization", "authorization"])
    async def test_a_value_for_authorization_goes_into_the_header_and_not_into_the_body(self, api: Api, name: str) -> None:
        described = {**operation(parameter("Authorization", "header")), **body({"type": "object"})}
        api.serve({"/x": {"post": described}})
        api.answer(lambda request: (403, {}, request["headers"]["authorization"].encode()))

        _, words = failure(await api.call({name: "Bearer t0ken-of-mine", "pet": "cat"}))

        assert (api.sent["headers"]["authorization"], json.loads(api.sent["body"])) == ("Bearer t0ken-of-mine", {"pet": "cat"})
        assert "t0ken-of-mine" not in words

    async def test_a_body_may_have_a_member_named_like_the_header(self, api: Api) -> None:
        api.serve({"/x": {"post": {**operation(), **body({"type": "object", "properties": {"authorization": {}}})}}})

        await api.call({"authorization": "written"})

        assert json.loads(api.sent["body"]) == {"authorization": "written"}
        assert "authorization" not in api.sent["headers"]

    async def test_who_is_refused_reads_what_the_document_asks_for(self, api: Api) -> None:
        self.serve(api, {"shop": ["read"]}, {"login": [], "key": []})
        api.answer(lambda _request: (401, {}, b"no"))

        outcome = await api.call()

        asked = "its document asks for oauth2 with read or basic and 'X-Key' in the header, and the task has no `authentication`"
        assert failure(outcome) == ("communication", f"GET {api.world.url}/v1/x answered 401: no ({asked})")
        assert outcome.error is not None
        assert outcome.error["status"] == 401

    async def test_the_document_may_need_credentials_of_its_own(self, api: Api) -> None:
        self.serve(api)
        endpoint = {"uri": f"{api.world.url}/api.json", "authentication": {"basic": {"username": "a", "password": "word"}}}

        await api.call(document={"endpoint": endpoint})

        assert api.world.requests[0]["headers"]["authorization"].startswith("Basic ")
        assert "authorization" not in api.sent["headers"]


class TestExchange:
    async def test_the_answer_is_given_as_the_task_asks_for_it(self, api: Api) -> None:
        api.serve({"/x": {"get": operation()}})

        whole, raw = await api.call(output="response"), await api.call(output="raw")

        assert whole.output["request"] == {
            "method": "get",
            "uri": f"{api.world.url}/v1/x",
            "headers": {"Accept": "application/json, */*;q=0.5"},
        }
        assert (whole.output["statusCode"], whole.output["content"]) == (200, {"ok": True})
        assert base64.b64decode(raw.output) == b'{"ok": true}'

    async def test_what_comes_back_is_asked_for(self, api: Api) -> None:
        answers = {"200": {"description": "", "content": {"text/csv": {}, "application/json": {}}}}
        api.serve({"/x": {"get": {**operation(), "responses": answers}}})

        await api.call()

        assert api.sent["headers"]["accept"] == "application/json, text/csv"

    async def test_a_redirect_is_an_error_unless_it_is_asked_for(self, api: Api) -> None:
        api.serve({"/x": {"get": operation()}})
        api.world.on("/v1/x", lambda _request: (307, {"Location": "/there"}, b""))

        assert failure(await api.call())[0] == "communication"
        assert (await api.call(redirect=True)).output == {"ok": True}

    async def test_an_operation_that_must_not_be_repeated_has_an_intent(self, api: Api) -> None:
        kinds = {}
        for method in ("get", "put", "delete", "post", "patch"):
            api.serve({"/x": {method: operation()}})
            await api.call()
            kinds[method] = [row.kind for row in api.runs.journal.rows]

        repeatable, once = ["step"], ["intent", "step"]
        assert kinds == {"get": repeatable, "put": repeatable, "delete": repeatable, "post": once, "patch": once}
        assert "idempotency-key" in api.world.requests[-1]["headers"]

    async def test_the_author_may_say_that_it_can_be_repeated(self, api: Api) -> None:
        api.serve({"/x": {"post": operation()}})

        await api.call(task={"metadata": {"parley": {"idempotent": True}}})

        assert [row.kind for row in api.runs.journal.rows] == ["step"]

    async def test_a_document_is_fetched_once_in_a_run_and_read_once_in_a_process(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        api.serve({"/x": {"get": operation()}}, **{"x-own": "read once"})
        read: list[str] = []
        whole = operations._find

        def noted(text: bytes, address: str, name: str) -> operations.Operation:
            read.append(name)
            return whole(text, address, name)

        monkeypatch.setattr(operations, "_find", noted)
        one = {"call": "openapi", "with": {"document": {"endpoint": f"{api.world.url}/api.json"}, "operationId": "op"}}

        for _ in range(2):
            await api.runs.start([{"a": one}, {"b": one}], {})

        assert (api.world.seen("/api.json"), api.world.seen("/v1/x"), read) == (2, 4, ["op"])

    async def test_a_document_may_be_larger_than_answers_may(self, api: Api) -> None:
        api.serve({"/x": {"get": operation()}}, **{"x-padding": "x" * 100_000})
        async with guarded_http(["127.0.0.0/8"], body_limit_bytes=50_000) as http:
            api.runs.http = http

            assert (await api.call()).output == {"ok": True}


async def test_a_reference_into_another_path_is_followed(api: Api) -> None:
    """The document is cut down to one operation at first; what leads out of that is read with all of it."""
    shared = {"schema": {"$ref": "#/paths/~1y/get/parameters/0/schema"}, "name": "q", "in": "query"}
    other = {**operation(parameter("n", "query", {"type": "integer"})), "operationId": "other"}
    api.serve({"/x": {"get": operation(shared)}, "/y": {"get": other}})

    assert "'q' does not fit" in failure(await api.call({"q": "text"}))[1]
    assert (await api.call({"q": 3})).status == "completed"
