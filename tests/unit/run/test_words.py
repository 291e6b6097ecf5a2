"""What a person reads when something is wrong: what happened, in their own words, and what to do; never Python's spelling."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.unit.run.harness import Runs, Tasks, World

PYTHON = re.compile(r"\bNone\b|\bTrue\b|bytearray|b'|Error\(|Exception|\$:|\{'")
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[str]:
    """Yield the URL of a server that does *answer* with each connection."""
    opened = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{opened.sockets[0].getsockname()[1]}/x"
    finally:
        opened.close()


def sends(head: bytes, *, reset: bool = False) -> Answer:
    """Return a server that reads the request, sends *head* and hangs up."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        await writer.drain()
        if reset:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.close()

    return answer


def get(url: str, **more: Any) -> Tasks:
    return [{"x": {"call": "http", "with": {"method": "get", "endpoint": url, **more}}}]


async def fault(runs: Runs, do: Tasks, data: Any = None, **options: Any) -> tuple[str, str, int, str]:
    """Run *do* and return the last word of its error's type, the title, the status and the detail."""
    outcome = await runs.start(do, data, **options)
    error = outcome.error or {}
    assert outcome.status == "faulted"
    assert not PYTHON.search(error.get("detail", "") + error["title"])
    return error["type"].rpartition("/")[2], error["title"], error["status"], error.get("detail", "")


class TestNoAnswer:
    async def test_a_refused_connection_does_not_read_like_an_answer(self, runs: Runs) -> None:
        url = "http://127.0.0.1:9/orders"

        assert await fault(runs, get(url)) == (
            "communication", "No answer: connection refused", 500, f"no answer from {url}: connection refused",
        )  # fmt: skip

    @pytest.mark.parametrize("reset", [True, False])
    async def test_a_connection_closed_at_once_is_called_that(self, runs: Runs, reset: bool) -> None:
        async with server(sends(b"", reset=reset)) as url:
            said = await fault(runs, get(url))

        assert said == ("communication", "No answer: connection closed", 500, f"{url} closed the connection before answering")

    async def test_an_answer_cut_short_is_called_that(self, runs: Runs) -> None:
        async with server(sends(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")) as url:
            said = await fault(runs, get(url))

        assert said == ("communication", "Answer broken off", 500, f"{url} broke off in the middle of its answer")

    async def test_an_answer_that_is_not_http_is_called_that(self, runs: Runs) -> None:
        async with server(sends(b"\x16\x03\x01\x02garbage\r\n\r\n")) as url:
            said = await fault(runs, get(url))

        assert said == ("communication", "Unreadable answer", 500, f"{url} answered with something that is not HTTP")

    async def test_a_packed_answer_that_cannot_be_unpacked_is_called_that(self, runs: Runs, world: World) -> None:
        world.on("/x", lambda _request: (200, {"Content-Encoding": "gzip"}, b"no gzip"))

        words = f"the answer of {world.url}/x cannot be unpacked: it says it is packed as gzip, and is not"
        assert (await fault(runs, get(f"{world.url}/x")))[3] == words

    async def test_https_to_a_server_that_speaks_none_says_so(self, runs: Runs) -> None:
        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 What?\r\n\r\n")
            await writer.drain()
            writer.close()

        async with server(answer) as url:
            said = await fault(runs, get(url.replace("http", "https")))

        assert said[1] == "No answer: no encrypted connection (does it speak https?)"


class TestRequest:
    @pytest.mark.parametrize("url", ["not a url", "ftp://x.org/a c", "//x.org", "", "http://", "http://x.org:99999/a", "http://a:b/"])
    async def test_a_url_that_is_none_is_quoted_as_it_was_written(self, runs: Runs, url: str) -> None:
        kind, title, _, detail = await fault(runs, get("${ .url }"), {"url": url})

        assert (kind, title) == ("communication", "Not a usable URL")
        assert detail.startswith(f"'{url}' is not a URL that can be called: ")

    async def test_an_expression_that_gave_no_url_is_named(self, runs: Runs) -> None:
        assert (await fault(runs, get("${ .url }"), {"url": None}))[3] == "the endpoint must be a URL, and '.url' gave nothing (null)"

    @pytest.mark.parametrize("part", ["query", "headers"])
    async def test_parts_that_must_be_objects_say_so(self, runs: Runs, part: str) -> None:
        said = await fault(runs, get("http://127.0.0.1:9/x", **{part: "${ [1] }"}))

        assert said[::3] == ("expression", f"'{part}' of a call must be an object, and is a list")

    @pytest.mark.parametrize("options", [{"method": "G ET"}, {"headers": {"a": "x\r\ny: z"}}])
    async def test_what_cannot_be_sent_says_so(self, runs: Runs, world: World, options: dict[str, Any]) -> None:
        do = get(f"{world.url}/x", **dict.fromkeys(options, "${ .it }"))

        assert (await fault(runs, do, {"it": next(iter(options.values()))}))[1] == "Not a usable request"

    @pytest.mark.parametrize("options", [{"body": "${ .x }"}, {"body": {"a": "${ .x }"}}, {"query": {"a": "${ .x }"}}])
    async def test_half_a_character_is_a_validation_error(self, runs: Runs, world: World, options: dict[str, Any]) -> None:
        world.json("/half", HALF)

        kind, _, _, detail = await fault(runs, [{"h": get(f"{world.url}/half")[0]["x"]}, *get(f"{world.url}/x", **options)])

        assert (kind, detail) == ("validation", "a text to be sent holds half a character (an unpaired surrogate)")

    async def test_half_a_character_in_a_uri_template_too(self, runs: Runs, world: World) -> None:
        world.json("/half", HALF)

        assert (await fault(runs, [{"h": get(f"{world.url}/half")[0]["x"]}, *get(f"{world.url}/{{x}}")]))[0] == "validation"


async def test_a_redirect_says_where_it_points_and_how_to_follow_it(runs: Runs, world: World) -> None:
    world.on("/x", lambda _request: (302, {"Location": "/new"}, b"<html>moved</html>"))

    said = await fault(runs, get(f"{world.url}/x"))

    assert said[2:] == (302, f"GET {world.url}/x answered 302 and points to /new; to follow it, write `redirect: true` under `with`")


@pytest.mark.parametrize("host", ["169.254.169.254", "169.254.7.7", "[fe80::1]", "100.100.100.200", "[fd00:ec2::254]"])
async def test_nobody_is_taught_to_open_a_metadata_or_link_local_address(runs: Runs, host: str) -> None:
    kind, title, status, detail = await fault(runs, get(f"http://{host}/latest"))

    assert (kind, title, status) == ("authorization", "Address Not Allowed", 403)
    assert detail.endswith("which workflows may not call")


@pytest.mark.parametrize("content", ["application/json", ""])
@pytest.mark.parametrize("body", [b"[" * 100_000 + b"]" * 100_000, b'{"a": NaN}', b"[Infinity]"], ids=["deep", "NaN", "Infinity"])
async def test_json_that_no_other_reader_takes_is_none(runs: Runs, world: World, body: bytes, content: str) -> None:
    """Said to be JSON it is an error; else it is the text it is."""
    world.on("/x", lambda _request: (200, {"Content-Type": content} if content else {}, body))

    outcome = await runs.start(get(f"{world.url}/x"), {})

    assert (outcome.status, outcome.output) == (("faulted", None) if content else ("completed", body.decode()))


HALF = '{"x": "\\ud800"}'  # what a server may send
SCHEMA = {"input": {"schema": {"document": {"type": "object", "required": ["email"]}}}}


class TestInput:
    async def test_that_was_not_given_is_said_plainly(self, runs: Runs) -> None:
        said = await fault(runs, [{"s": {"set": {"n": 1}}}], top=SCHEMA)

        assert said[::3] == ("validation", "no input was given; this workflow needs an object with 'email'")

    async def test_that_does_not_fit_is_said_in_words(self, runs: Runs) -> None:
        said = await fault(runs, [{"s": {"set": {"n": 1}}}], {"name": "Ada"}, top=SCHEMA)

        assert said[3] == "the workflow input does not fit its schema: it needs 'email'"

    async def test_that_an_expression_misses_is_said_with_it(self, runs: Runs) -> None:
        do: Tasks = [{"s": {"set": "${ .menu | map(.name) }"}}]

        assert (await fault(runs, do))[3].endswith("; no input was given to the workflow")
        assert "no input" not in (await fault(runs, do, {}))[3]


@pytest.mark.parametrize("length", [{"days": 999_999_999}, {"seconds": 10**400}, {"seconds": 1e300}, "P99999999W"])
async def test_a_duration_longer_than_a_lifetime_is_refused(runs: Runs, length: Any) -> None:
    assert (await fault(runs, [{"w": {"wait": "${ $workflow.input }"}}], length))[3].startswith("a duration is at most 100 years, and ")


@pytest.mark.parametrize("to", ["x,,, <", "a\nb: c"])
async def test_an_email_that_cannot_be_written_is_a_validation_error(runs: Runs, to: str) -> None:
    tell = {"call": "notify:1.0.0@default", "with": {"channel": "email", "to": "${ .to }", "text": "hello"}}

    assert (await fault(runs, [{"t": tell}], {"to": to}, smtp_url="smtp://127.0.0.1:9"))[0] == "validation"
