"""`call: openapi`: documents found and read, operations called, parameters judged."""

from __future__ import annotations

import base64
import email
import json
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import yaml

from graphs.run import Outcome
from graphs.run.http import guarded_http
from graphs.run.openapi import operations
from tests.unit.run.harness import Runs, World

JSON = {"Content-Type": "application/json"}
Document = dict[str, Any]


def document(paths: Document, **top: Any) -> Document:
    return {"openapi": "3.1.0", "info": {"title": "Pets", "version": "1.0.0"}, "servers": [{"url": "/v1"}], "paths": paths, **top}


def operation(*parameters: Document, **more: Any) -> Document:
    return {"operationId": "op", "parameters": list(parameters), "responses": {"200": {"description": "fine"}}, **more}


def parameter(name: str, place: str, schema: Document | None = None, **more: Any) -> Document:
    return {"name": name, "in": place, "schema": schema or {}, **({"required": True} if place == "path" else {}), **more}


def body(schema: Document, kind: str = "application/json", **more: Any) -> Document:
    return {"requestBody": {"content": {kind: {"schema": schema}}, **more}}


class Api:
    """A document and the server it describes, both on loopback."""

    def __init__(self, runs: Runs, world: World) -> None:
        self.runs, self.world = runs, world
        self.top: Document = {}

    def serve(self, paths: Document, **top: Any) -> None:
        self.world.json("/api.json", json.dumps(document(paths, **top)))
        self.answer(lambda _request: (200, JSON, b'{"ok": true}'))

    def answer(self, answer: Callable[[Any], Any]) -> None:
        class Everything(dict[str, Any]):
            def get(self, key: str, default: Any = None) -> Any:
                return super().get(key, answer)

        self.world.answers = Everything(self.world.answers)

    async def call(
        self, parameters: Any = None, *, top: Document | None = None, secrets: Any = None, task: Any = None, **options: Any
    ) -> Outcome:
        arguments = {"document": {"endpoint": f"{self.world.url}/api.json"}, "operationId": "op", **options}
        if parameters is not None:
            arguments["parameters"] = parameters
        one = {"call": "openapi", "with": arguments, **(task or {})}
        return await self.runs.start([{"a": one}], {"n": 7}, top=top, **({"secrets": secrets} if secrets else {}))

    @property
    def sent(self) -> dict[str, Any]:
        (request,) = [request for request in self.world.requests if request["path"] != "/api.json"]
        return request

    @property
    def target(self) -> str:
        return self.sent["path"] + (f"?{self.sent['query']}" if self.sent["query"] else "")


@pytest.fixture
def api(runs: Runs, world: World) -> Api:
    return Api(runs, world)


def failure(outcome: Outcome) -> tuple[str, str]:
    assert outcome.error is not None, outcome.output
    return outcome.error["type"].rpartition("/")[2], outcome.error["detail"]


class TestPlaces:
    async def test_every_parameter_goes_where_the_document_says(self, api: Api) -> None:
        api.serve({"/pets/{id}": {"get": operation(
            parameter("id", "path", {"type": "integer"}), parameter("q", "query"), parameter("X-Trace", "header"), parameter("s", "cookie"),
        )}})  # fmt: skip

        outcome = await api.call({"id": "${ .n }", "q": "a b&c", "X-Trace": "t", "s": "x;y"})

        assert outcome.output == {"ok": True}
        assert api.target == "/v1/pets/7?q=a%20b%26c"
        assert (api.sent["headers"]["x-trace"], api.sent["headers"]["cookie"]) == ("t", "s=x%3By")

    @pytest.mark.parametrize(
        ("place", "more", "value", "sent"),
        [  # OpenAPI 3.1.1, 4.8.12.4
            ("path", {}, ["blue", "black"], "/v1/blue,black"),
            ("path", {"explode": True}, {"R": 100, "G": 200}, "/v1/R=100,G=200"),
            ("path", {}, {"R": 100, "G": 200}, "/v1/R,100,G,200"),
            ("path", {"style": "label"}, "blue", "/v1/.blue"),
            ("path", {"style": "label"}, ["blue", "black"], "/v1/.blue,black"),
            ("path", {"style": "label", "explode": True}, ["blue", "black"], "/v1/.blue.black"),
            ("path", {"style": "label", "explode": True}, {"R": 100, "G": 200}, "/v1/.R=100.G=200"),
            ("path", {"style": "matrix"}, "", "/v1/;p"),
            ("path", {"style": "matrix"}, "blue", "/v1/;p=blue"),
            ("path", {"style": "matrix"}, ["blue", "black"], "/v1/;p=blue,black"),
            ("path", {"style": "matrix", "explode": True}, ["blue", "black"], "/v1/;p=blue;p=black"),
            ("path", {"style": "matrix", "explode": True}, {"R": 100, "G": 200}, "/v1/;R=100;G=200"),
            ("path", {}, "a/b?c#d", "/v1/a%2Fb%3Fc%23d"),
            ("query", {}, ["blue", "black"], "?p=blue&p=black"),
            ("query", {"explode": False}, ["blue", "a,b"], "?p=blue,a%2Cb"),
            ("query", {}, {"R": 100, "G": 200}, "?R=100&G=200"),
            ("query", {"explode": False}, {"R": 100, "G": 200}, "?p=R,100,G,200"),
            ("query", {"style": "spaceDelimited", "explode": False}, ["blue", "black"], "?p=blue%20black"),
            ("query", {"style": "pipeDelimited", "explode": False}, ["blue", "black"], "?p=blue%7Cblack"),
            ("query", {"style": "deepObject"}, {"R": 100, "G": [1]}, "?p%5BR%5D=100&p%5BG%5D=%5B1%5D"),
            ("query", {}, True, "?p=true"),
            ("query", {}, "", "?p="),
            ("query", {}, [], ""),
            ("query", {}, None, ""),
            ("query", {"allowReserved": True}, "a/b:c&d=e#f", "?p=a/b:c%26d%3De%23f"),
        ],
    )  # fmt: skip
    async def test_styles(self, api: Api, place: str, more: Document, value: Any, sent: str) -> None:
        path = "/{p}" if place == "path" else "/"
        api.serve({path: {"get": operation(parameter("p", place, **more))}})

        await api.call({"p": value})

        assert api.target.removeprefix("/v1/" if place == "query" else "") == sent

    async def test_a_parameter_may_be_written_in_a_media_type(self, api: Api) -> None:
        one = {"name": "filter", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}}
        api.serve({"/x": {"get": operation(one)}})

        await api.call({"filter": {"a": [1]}})

        assert api.sent["query"] == "filter=%7B%22a%22%3A%20%5B1%5D%7D"

    async def test_lists_and_objects_in_headers_and_cookies(self, api: Api) -> None:
        api.serve(
            {
                "/x": {
                    "get": operation(
                        parameter("X-A", "header"), parameter("X-B", "header", explode=True), parameter("c", "cookie", explode=False)
                    )
                }
            }
        )

        await api.call({"X-A": [1, 2], "X-B": {"a": 1}, "c": ["x", "y"]})

        assert [api.sent["headers"][name] for name in ("x-a", "x-b", "cookie")] == ["1,2", "a=1", "c=x,y"]

    @pytest.mark.parametrize("value", ["", ".", ".."])
    async def test_a_part_of_the_path_cannot_change_the_path(self, api: Api, value: str) -> None:
        api.serve({"/pets/{id}": {"delete": operation(parameter("id", "path", {"type": "string"}))}})

        kind, words = failure(await api.call({"id": value}))

        assert kind == "validation"
        assert "'id' must not be" in words


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


class TestBody:
    PET: ClassVar[Document] = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name"],
    }

    async def test_parameters_without_a_place_form_the_body(self, api: Api) -> None:
        api.serve({"/pets/{id}": {"put": operation(parameter("id", "path"), **body(self.PET))}})

        await api.call({"id": 1, "name": "Milou", "age": 3})

        assert (api.target, json.loads(api.sent["body"])) == ("/v1/pets/1", {"name": "Milou", "age": 3})
        assert api.sent["headers"]["content-type"] == "application/json"

    @pytest.mark.parametrize("whole", [{"name": "x"}, [1], "text", 3, None])
    async def test_the_body_may_be_given_as_one(self, api: Api, whole: Any) -> None:
        api.serve({"/x": {"post": operation(**body({}))}})

        await api.call({"body": whole})

        assert json.loads(api.sent["body"]) == whole

    async def test_a_property_that_is_called_body_is_one_when_there_are_others(self, api: Api) -> None:
        note = {"type": "object", "properties": {"title": {}, "body": {}}}
        api.serve({"/x": {"post": operation(**body(note))}})

        await api.call({"title": "a", "body": "b"})

        assert json.loads(api.sent["body"]) == {"title": "a", "body": "b"}

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"age": 3}, "the body ('body') does not fit: it needs 'name'"),
            ({"name": "x", "age": "old"}, "'age' must be a whole number"),
            ({"body": {"name": "x"}, "age": 3}, "there is no parameter 'age', and 'body' is the whole body"),
            ({}, "the body is missing: give its properties, or all of it as 'body'"),
        ],
    )
    async def test_a_body_that_does_not_fit_is_named(self, api: Api, given: Document, words: str) -> None:
        api.serve({"/x": {"put": operation(**body(self.PET, required=True))}})

        kind, said = failure(await api.call(given))

        assert kind == "validation"
        assert words in said, said

    async def test_a_form_a_text_and_bytes_are_sent_as_the_document_says(self, api: Api) -> None:
        sent = []
        for kind, given in (
            ("application/x-www-form-urlencoded", {"a": "x y", "b": [1, 2]}),
            ("text/csv", {"body": "a;b"}),
            ("application/xml", {"body": "<a/>"}),
            ("image/png", {"body": base64.b64encode(b"\x89P").decode()}),
        ):
            api.world.requests.clear()
            api.serve({"/x": {"put": operation(**body({}, kind))}})
            await api.call(given)
            sent.append((api.sent["headers"]["content-type"], api.sent["body"]))

        assert sent == [
            ("application/x-www-form-urlencoded", b"a=x+y&b=1&b=2"), ("text/csv", b"a;b"), ("application/xml", b"<a/>"),
            ("image/png", b"\x89P"),
        ]  # fmt: skip

    async def test_a_file_goes_as_a_part_of_its_own(self, api: Api) -> None:
        schema = {"type": "object", "properties": {"note": {"type": "string"}, "file": {"type": "string", "contentMediaType": "image/png"}}}
        api.serve({"/x": {"post": operation(**body(schema, "multipart/form-data"))}})

        await api.call({"note": "hi", "file": base64.b64encode(b"\x89P").decode()})

        message: Any = email.message_from_bytes(
            b"Content-Type: " + api.sent["headers"]["content-type"].encode() + b"\r\n\r\n" + api.sent["body"]
        )
        assert [(part.get_filename(), part.get_payload(decode=True)) for part in message.get_payload()] == [
            (None, b"hi"),
            ("file", b"\x89P"),
        ]

    async def test_a_text_where_a_form_is_wanted_says_what_is(self, api: Api) -> None:
        api.serve({"/x": {"put": operation(**body({}, "text/plain"))}})

        assert "must be a text, and is an object" in failure(await api.call({"a": 1}))[1]


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


class TestOldDocuments:
    """Version 2.0."""

    def serve(self, api: Api, path: str, one: Document, **top: Any) -> None:
        host = api.world.url.removeprefix("http://")
        whole = {
            "swagger": "2.0",
            "info": {"title": "Old", "version": "1"},
            "host": host,
            "basePath": "/v2/",
            "schemes": ["http"],
            "paths": {path: one},
        }
        api.world.on("/api.json", lambda _request: (200, {}, yaml.safe_dump({**whole, **top}).encode()))
        api.answer(lambda _request: (200, JSON, b"{}"))

    @pytest.mark.parametrize(
        ("format_", "sent"), [("csv", "a,b"), ("ssv", "a%20b"), ("tsv", "a%09b"), ("pipes", "a%7Cb"), ("multi", "a&p=b"), (None, "a,b")]
    )
    async def test_collections(self, api: Api, format_: str | None, sent: str) -> None:
        one = {
            "name": "p",
            "in": "query",
            "type": "array",
            "items": {"type": "string"},
            **({"collectionFormat": format_} if format_ else {}),
        }
        self.serve(api, "/x", {"get": operation(one)})

        await api.call({"p": ["a", "b"]})

        assert api.target == f"/v2/x?p={sent}"

    async def test_the_body_has_the_name_it_is_given_or_is_formed(self, api: Api) -> None:
        pet = {"name": "pet", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Pet"}}
        definitions = {"Pet": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}}
        self.serve(api, "/x", {"post": operation(pet)}, definitions=definitions, consumes=["application/json"])

        await api.call({"pet": {"name": "a"}})
        await api.call({"name": "b"})
        kind, words = failure(await api.call({"nmae": "b"}))

        assert [json.loads(request["body"]) for request in api.world.requests if request["body"]] == [{"name": "a"}, {"name": "b"}]
        assert (kind, "it needs 'name'" in words) == ("validation", True)

    async def test_form_fields_and_files(self, api: Api) -> None:
        form = [
            {"name": "a", "in": "formData", "type": "string"},
            {"name": "l", "in": "formData", "type": "array", "items": {"type": "integer"}},
        ]
        self.serve(api, "/x", {"post": operation(*form)})
        await api.call({"a": "x y", "l": [1, 2]})
        assert (api.sent["headers"]["content-type"], api.sent["body"]) == ("application/x-www-form-urlencoded", b"a=x+y&l=1%2C2")

        api.world.requests.clear()
        self.serve(api, "/x", {"post": operation({"name": "f", "in": "formData", "type": "file"})}, consumes=["multipart/form-data"])
        await api.call({"f": base64.b64encode(b"\x00\x01").decode()})
        assert b'name="f"; filename="f"' in api.sent["body"]
        assert b"\x00\x01" in api.sent["body"]

    async def test_a_path_may_be_kept_elsewhere_in_the_document(self, api: Api) -> None:
        item = {"get": operation({"$ref": "#/parameters/Q"}), "parameters": [{"name": "shared", "in": "query", "type": "string"}]}
        self.serve(
            api,
            "/x",
            {"$ref": "#/x-items/X"},
            **{"x-items": {"X": item}, "parameters": {"Q": {"name": "q", "in": "query", "type": "string"}}},
        )

        await api.call({"q": "1", "shared": "2"})

        assert api.target in ("/v2/x?q=1&shared=2", "/v2/x?shared=2&q=1")


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
        monkeypatch.setattr(operations, "_find", lambda text, address, name: (read.append(name), whole(text, address, name))[1])
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
