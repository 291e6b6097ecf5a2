"""`call: openapi`: what is given becomes the request that the document describes."""

from __future__ import annotations

import base64
import email
import json
from typing import Any, ClassVar

import pytest
import yaml

from tests.unit.run.harness import Runs, World
from tests.unit.run.openapi import JSON, Api, Document, body, failure, operation, parameter


@pytest.fixture
def api(runs: Runs, world: World) -> Api:
    return Api(runs, world)


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
            ("path", {"allowReserved": True}, "a/b?c", "/v1/a%2Fb%3Fc"),
            ("query", {}, ["blue", "black"], "?p=blue&p=black"),
            ("query", {"explode": False}, ["blue", "a,b"], "?p=blue,a%2Cb"),
            ("query", {}, {"R": 100, "G": 200}, "?R=100&G=200"),
            ("query", {"explode": False}, {"R": 100, "G": 200}, "?p=R,100,G,200"),
            ("query", {"style": "spaceDelimited", "explode": False}, ["blue", "black"], "?p=blue%20black"),
            ("query", {"style": "pipeDelimited", "explode": False}, ["blue", "black"], "?p=blue%7Cblack"),
            ("query", {"style": "deepObject"}, {"R": 100, "G": [1]}, "?p%5BR%5D=100&p%5BG%5D%5B0%5D=1"),
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

    async def test_the_properties_of_a_form_may_have_styles(self, api: Api) -> None:
        form = "application/x-www-form-urlencoded"
        encoding = {"meta": {"style": "deepObject", "explode": True}, "list": {"style": "pipeDelimited"}}
        described = {"content": {form: {"schema": {"type": "object"}, "encoding": encoding}}}
        api.serve({"/x": {"post": operation(requestBody=described)}})

        await api.call({"a": {"b": 1}, "meta": {"k": "v w", "deep": {"er": [1]}}, "list": ["x", "y"], "none": None})

        assert api.sent["body"] == b"a=%7B%22b%22%3A+1%7D&meta%5Bk%5D=v%20w&meta%5Bdeep%5D%5Ber%5D%5B0%5D=1&list=x%7Cy"

    async def test_the_parts_of_a_body_may_have_types(self, api: Api) -> None:
        media = {"schema": {"type": "object"}, "encoding": {"notes": {"contentType": "text/markdown"}}}
        api.serve({"/x": {"post": operation(requestBody={"content": {"multipart/form-data": media}})}})

        await api.call({"notes": "# hi"})

        assert b'name="notes"\r\nContent-Type: text/markdown\r\n\r\n# hi' in api.sent["body"]

    @pytest.mark.parametrize(
        ("kinds", "given", "sent"),
        [
            (["*/*"], {"a": 1}, "application/json"),
            (["*/*"], {"body": "a"}, "application/json"),
            (["application/json-patch+json", "application/merge-patch+json"], {"a": 1}, "application/merge-patch+json"),
            (["application/json-patch+json", "application/merge-patch+json"], {"body": []}, "application/json-patch+json"),
            (["application/xml", "application/json"], {"a": 1}, "application/json"),
        ],
    )
    async def test_the_media_type_is_one_that_can_hold_the_body(self, api: Api, kinds: list[str], given: Document, sent: str) -> None:
        api.serve({"/x": {"patch": operation(requestBody={"content": {kind: {} for kind in kinds}})}})

        await api.call(given)

        assert api.sent["headers"]["content-type"] == sent

    async def test_a_property_the_body_does_not_take_is_named_with_the_nearest(self, api: Api) -> None:
        closed = {"type": "object", "properties": {"name": {}}, "additionalProperties": False}
        api.serve({"/x": {"post": operation(parameter("limit", "query"), **body(closed))}})

        assert "there is no parameter 'limt'; did you mean 'limit'?" in failure(await api.call({"limt": 1}))[1]
        assert "there is no parameter 'nmae'; did you mean 'name'?" in failure(await api.call({"nmae": 1}))[1]

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
        form: list[Document] = [
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
