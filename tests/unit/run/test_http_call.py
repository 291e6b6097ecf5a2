"""`call: http`: requests made from data, answers as data, errors with their status."""

from __future__ import annotations

import asyncio
import base64
import email
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.unit.run.harness import Runs, World, raw_server

JSON_TYPE = {"Content-Type": "application/json; charset=utf-8"}


def call(world: World, path: str = "/x", method: str = "get", **options: Any) -> dict[str, Any]:
    return {"call": "http", "with": {"method": method, "endpoint": f"{world.url}{path}", **options}}


async def test_builds_the_request_from_data(runs: Runs, world: World) -> None:
    """URI template, query, headers and body; text in a template is percent-encoded."""
    world.json("/pets/a b", "{}")
    options = {
        "query": {"q": "${ .name }", "many": "${ [1, 2] }", "none": "${ null }", "yes": "${ true }"},
        "headers": {"X-N": "${ .n }"},
        "body": {"sum": "${ .n + 1 }"},
    }

    await runs.start([{"a": call(world, "/pets/{name}", "post", **options)}], {"name": "a b", "n": 2})

    (request,) = world.requests
    assert (request["method"], request["path"], request["query"]) == ("POST", "/pets/a%20b", "q=a+b&many=1&many=2&yes=true")
    assert (request["headers"]["x-n"], request["headers"]["content-type"]) == ("2", "application/json")
    assert json.loads(request["body"]) == {"sum": 3}
    assert len(request["headers"]["idempotency-key"]) == 32


@pytest.mark.parametrize(
    ("headers", "body", "sent", "kind"),
    [
        ({}, "plain", b"plain", "text/plain; charset=utf-8"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, {"a": 1, "b": "x y"}, b"a=1&b=x+y", "application/x-www-form-urlencoded"),
        ({"content-type": "application/vnd.x+json"}, [1], b"[1]", "application/vnd.x+json"),
    ],
)
async def test_a_body_is_sent_as_its_content_type_says(
    runs: Runs, world: World, headers: dict[str, str], body: Any, sent: bytes, kind: str
) -> None:
    await runs.start([{"a": call(world, method="post", headers=headers, body=body)}], {})

    assert (world.requests[0]["body"], world.requests[0]["headers"]["content-type"]) == (sent, kind)


@pytest.mark.parametrize(
    ("headers", "body", "content"),
    [
        (JSON_TYPE, b'{"a": [1]}', {"a": [1]}),
        ({"Content-Type": "application/problem+json"}, b"[]", []),
        ({"Content-Type": "text/html"}, b"<p>", "<p>"),
        ({"Content-Type": "image/png"}, b"\x89PNG", base64.b64encode(b"\x89PNG").decode()),
        ({"Content-Type": "application/octet-stream"}, b"text", base64.b64encode(b"text").decode()),
        ({"Content-Type": "text/plain; charset=iso-8859-1"}, b"gr\xfc\xdfe", "grüße"),
        ({"Content-Type": 'text/csv; charset="Windows-1252"'}, b"1 \x80", "1 €"),
        ({"Content-Type": "text/plain; charset=utf-16"}, "ü".encode("utf-16"), "ü"),
        ({"Content-Type": "text/plain; charset=rot13"}, b"abc", "abc"),
        ({"Content-Type": "text/plain"}, b"\xef\xbb\xbfabc", "abc"),
        ({"Content-Type": "application/json; charset=latin-1"}, b'"\xfc"', "ü"),
        ({}, b"\xff\xfe", base64.b64encode(b"\xff\xfe").decode()),
        ({}, b"[1]", [1]),
        ({}, b"", None),
    ],
)
async def test_content_is_read_by_its_type(runs: Runs, world: World, headers: dict[str, str], body: bytes, content: Any) -> None:
    world.on("/x", lambda _request: (200, headers, body))

    assert (await runs.start([{"a": call(world)}], {})).output == content


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("text/plain", b"ok \xff", "said it sends text/plain, but byte 3 of it is not utf-8; `output: raw` takes it as it is"),
        ("text/html; charset=ascii", b"\xfc", "byte 0 of it is not ascii"),
        ("application/json", b"<html>", "its body is no JSON"),
        ("application/json", b'"\xff"', "its body is no JSON"),
        ("application/json", b"NaN", "it holds NaN"),
        ("application/json", b"[" * 100_000, "its body is no JSON"),
    ],
)
async def test_an_answer_that_is_not_what_it_says_is_a_communication_error(
    runs: Runs, world: World, kind: str, body: bytes, words: str
) -> None:
    world.on("/x", lambda _request: (200, {"Content-Type": kind}, body))

    outcome = await runs.start([{"a": call(world)}], {})

    assert outcome.error is not None
    assert outcome.error["type"].endswith("/communication")
    assert words in outcome.error["detail"]


@pytest.mark.parametrize("method", ["get", "HEAD", "options", "delete", "put", "post", "patch", "PROPFIND"])
async def test_every_method_is_sent(runs: Runs, world: World, method: str) -> None:
    world.on("/x", lambda _request: (204, {}, b""))

    outcome = await runs.start([{"a": call(world, method=method)}], {})

    assert (outcome.status, outcome.output, world.requests[0]["method"]) == ("completed", None, method.upper())


async def test_a_head_is_answered_without_a_body_whatever_its_length_says(runs: Runs) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\n\r\n")
        await writer.drain()

    async with raw_server(speak) as url:
        options = {"method": "head", "endpoint": url, "output": "response"}
        outcome = await runs.start([{"a": {"call": "http", "with": options}}], {})

    assert (outcome.output["statusCode"], outcome.output["content"], outcome.output["headers"]["content-length"]) == (200, None, "1000")


async def test_headers_and_query_may_be_one_expression(runs: Runs, world: World) -> None:
    world.json("/x", "{}")

    await runs.start(
        [{"a": call(world, headers="${ .h }", query="${ .q }")}], {"h": {"X-A": [1, True, "b"]}, "q": {"a": {"b": 1}, "c": [1, None]}}
    )

    assert world.requests[0]["headers"]["x-a"] == "1, true, b"
    assert parse_qs(world.requests[0]["query"]) == {"a": ['{"b": 1}'], "c": ["1"]}


async def test_bytes_are_sent_when_the_body_is_said_to_be_in_base64(runs: Runs, world: World) -> None:
    """What one call brought as base64 goes out with the next as the bytes it was."""
    world.on("/image", lambda _request: (200, {"Content-Type": "image/png"}, b"\x89PNG\x00"))
    world.json("/x", "{}")
    headers = {"Content-Type": "image/png", "Content-Transfer-Encoding": "base64"}

    await runs.start([{"a": call(world, "/image")}, {"b": call(world, method="put", headers=headers, body="${ . }")}], {})

    assert world.requests[1]["body"] == b"\x89PNG\x00"
    assert world.requests[1]["headers"]["content-type"] == "image/png"
    assert "content-transfer-encoding" not in world.requests[1]["headers"]


async def test_what_is_no_base64_is_a_validation_error(runs: Runs, world: World) -> None:
    outcome = await runs.start([{"a": call(world, method="put", headers={"Content-Transfer-Encoding": "base64"}, body="no!")}], {})

    assert outcome.error is not None
    assert (outcome.error["type"].rpartition("/")[2], world.requests) == ("validation", [])


async def test_an_object_goes_in_several_parts_when_the_type_says_so(runs: Runs, world: World) -> None:
    body = {
        "name": "Ada",
        "n": 3,
        "none": None,
        "tags": ["a", "b"],
        "more": {"x": 1},
        "file": {"content": "iVBO", "base64": True, "filename": 'a "b".png', "contentType": "image/png"},
    }
    await runs.start([{"a": call(world, method="post", headers={"content-type": "multipart/form-data"}, body=body)}], {})

    (request,) = world.requests
    message: Any = email.message_from_bytes(b"Content-Type: " + request["headers"]["content-type"].encode() + b"\r\n\r\n" + request["body"])
    parts = [(part.get_param("name", header="content-disposition"), part.get_payload(decode=True)) for part in message.get_payload()]
    assert parts == [
        ("name", b"Ada"), ("n", b"3"), ("tags", b"a"), ("tags", b"b"), ("more", b'{"x": 1}'), ("file", b"\x89PN"),
    ]  # fmt: skip
    assert message.get_payload()[5].get_content_type() == "image/png"


async def test_raw_gives_base64_and_response_the_whole_exchange(runs: Runs, world: World) -> None:
    world.json("/x", '{"a": 1}', status=201)

    outcome = await runs.start([{"a": call(world, output="raw")}, {"b": call(world, output="response", headers={"X-A": "1"})}], {})

    assert runs.journal.rows[0].output == base64.b64encode(b'{"a": 1}').decode()
    assert (outcome.output["statusCode"], outcome.output["content"]) == (201, {"a": 1})
    assert outcome.output["request"] == {"method": "get", "uri": f"{world.url}/x", "headers": {"X-A": "1"}}


@pytest.mark.parametrize("status", [400, 401, 404, 503])
async def test_a_status_of_400_or_more_is_a_communication_error_with_it(runs: Runs, world: World, status: int) -> None:
    world.on("/x", lambda _request: (status, {}, b"sorry"))

    outcome = await runs.start([{"a": call(world)}], {})

    assert outcome.error is not None
    assert outcome.error["type"] == "https://serverlessworkflow.io/spec/1.0.0/errors/communication"
    assert (outcome.error["status"], outcome.error["instance"]) == (status, "/do/0/a")
    assert outcome.error["detail"] == f"GET {world.url}/x answered {status}: sorry"


async def test_no_connection_is_a_communication_error_500(runs: Runs) -> None:
    outcome = await runs.start([{"a": {"call": "http", "with": {"method": "get", "endpoint": "http://127.0.0.1:1/x"}}}], {})

    assert outcome.error is not None
    assert (outcome.error["status"], outcome.error["type"].rpartition("/")[2]) == (500, "communication")


async def test_json_that_is_none_is_a_communication_error(runs: Runs, world: World) -> None:
    world.json("/x", "{oops")

    outcome = await runs.start([{"a": call(world)}], {})

    assert outcome.error is not None
    assert "its body is no JSON" in outcome.error["detail"]


async def test_a_redirect_is_an_error_unless_it_is_asked_for(runs: Runs, world: World) -> None:
    """A relative Location is followed too."""
    world.on("/x", lambda _request: (302, {"Location": "/y"}, b""))
    world.json("/y", '"there"')

    refused = await runs.start([{"a": call(world)}], {})
    followed = await runs.start([{"a": call(world, redirect=True)}], {})

    assert refused.error is not None
    assert refused.error["status"] == 302
    assert followed.output == "there"


class TestAuthentication:
    async def test_basic_and_bearer_come_from_secrets_and_stay_out_of_errors(self, runs: Runs, world: World) -> None:
        world.on("/x", lambda request: (400, {}, request["headers"]["authorization"].encode()))
        policy = {"bearer": {"token": "${ $secrets.token }"}}
        task = {"call": "http", "with": {"method": "get", "endpoint": {"uri": f"{world.url}/x", "authentication": policy}}}

        outcome = await runs.start([{"a": task}], {}, top={"use": {"secrets": ["token"]}}, secrets={"token": "verysecret"})

        assert world.requests[0]["headers"]["authorization"] == "Bearer verysecret"
        assert outcome.error is not None
        assert outcome.error["detail"].endswith("answered 400: Bearer ***")

    async def test_a_named_policy_may_name_a_secret(self, runs: Runs, world: World) -> None:
        world.json("/x", "{}")
        use = {"secrets": ["login"], "authentications": {"shop": {"basic": {"use": "login"}}}}
        task = {"call": "http", "with": {"method": "get", "endpoint": {"uri": f"{world.url}/x", "authentication": {"use": "shop"}}}}

        await runs.start([{"a": task}], {}, top={"use": use}, secrets={"login": {"username": "ada", "password": "pass"}})

        assert world.requests[0]["headers"]["authorization"] == "Basic " + base64.b64encode(b"ada:pass").decode()

    async def test_the_authorization_is_never_part_of_a_response_output(self, runs: Runs, world: World) -> None:
        world.json("/x", "{}")
        endpoint = {"uri": f"{world.url}/x", "authentication": {"basic": {"username": "ada", "password": "${ .p }"}}}
        task = {
            "call": "http",
            "with": {"method": "get", "endpoint": endpoint, "output": "response"},
            "output": {"as": "{ r: ., a: $authorization.scheme }"},
        }

        outcome = await runs.start([{"a": task}], {"p": "word"})

        assert outcome.output["r"]["request"]["headers"] == {}
        assert outcome.output["a"] == "Basic"


async def test_a_template_with_an_object_is_an_expression_error(runs: Runs, world: World) -> None:
    outcome = await runs.start([{"a": call(world, "/{thing}")}], {"thing": {"a": 1}})

    assert outcome.error is not None
    assert outcome.error["type"].endswith("/expression")


@pytest.mark.parametrize(
    ("path", "refused"), [("/pets/{id}", True), ("/pets/{id}/x", True), ("/pets/x{id}", False), ("/pets?q={id}", False)]
)
async def test_a_part_of_the_path_cannot_lead_out_of_it(runs: Runs, world: World, path: str, refused: bool) -> None:
    """`DELETE /pets/..` would be `DELETE /`."""
    await runs.start([{"a": call(world, path, "delete")}], {"id": ".."})

    assert (world.requests == []) is refused


async def test_a_blocked_address_is_an_authorization_error_that_names_the_setting(runs: Runs) -> None:
    outcome = await runs.start([{"a": {"call": "http", "with": {"method": "get", "endpoint": "http://10.1.2.3/latest"}}}], {})

    assert outcome.error is not None
    assert outcome.error["status"] == 403
    assert "PARLEY_HTTP_ALLOW=10.1.2.3/32" in outcome.error["detail"]
