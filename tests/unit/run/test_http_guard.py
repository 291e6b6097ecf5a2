"""The way out: what is refused before anything connects, and what ends as a clean error."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Sequence
from typing import Any

import pytest

from graphs.run.addresses import AddressPolicy
from graphs.run.errors import HttpFailed
from graphs.run.http import guarded_http
from graphs.run.ports import HttpRequest
from tests.unit.run.harness import World, raw_server

FORBIDDEN = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "169.254.169.254",
    "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    "fec0::1", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "100.100.100.200", "2001:db8::1", "::ffff:0:7f00:1", "64:ff9b:1::7f00:1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe", "2002:a9fe:a9fe::1", "::ffff:169.254.169.254", "::a9fe:a9fe", "4000::1", "1::",
]  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
def test_addresses_that_are_not_public_are_forbidden(address: str) -> None:
    assert AddressPolicy().forbids(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"])
def test_public_addresses_are_open(address: str) -> None:
    assert AddressPolicy().forbids(address) == ""


def test_an_allowed_network_is_open_and_nothing_beside_it() -> None:
    policy = AddressPolicy(["127.0.0.0/8", "fd00::/8"])

    assert [policy.forbids(address) for address in ("127.0.0.1", "::ffff:127.0.0.1", "fd12::1")] == ["", "", ""]
    assert policy.forbids("::1") == "a loopback address"


def test_a_gateway_that_is_allowed_leads_to_no_address_that_is_not() -> None:
    """NAT64, 6to4 and their kin carry an IPv4 address, which is what is reached."""
    policy = AddressPolicy(["64:ff9b::/96", "2002::/16", "::1/128"])

    assert [policy.forbids(address) for address in ("64:ff9b::808:808", "2002:808:808::1", "::1")] == ["", "", ""]
    assert policy.forbids("64:ff9b::a9fe:a9fe") == "a cloud metadata service"
    assert policy.forbids("2002:7f00:1::") == "a loopback address"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/", "http://2130706433:9/", "http://0x7f000001:9/", "http://127.1:9/", "http://[::1]:9/",
        "http://[::ffff:127.0.0.1]:9/", "http://[64:ff9b::7f00:1]:9/", "http://localhost:9/", "http://0:9/", "http://0.0.0.0:9/", "http://[::]:9/",
        "http://017700000001:9/", "http://0x7f.1:9/", "http://127.0.1:9/", "http://[::ffff:7f00:1]:9/", "http://[2002:7f00:1::]:9/",
        "http://LOCALHOST:9/", "http://127。0。0。1:9/", "http://127.0.0.1:9#@example.org/", "http://127.0.0.1:9?@example.org/",
    ],
)  # fmt: skip
async def test_every_spelling_of_a_loopback_address_is_blocked(url: str) -> None:
    async with guarded_http() as http:
        with pytest.raises(HttpFailed) as caught:
            await http.send(HttpRequest(method="GET", url=url))

    assert caught.value.kind == "blocked"
    assert "PARLEY_HTTP_ALLOW=" in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "①②⑦.0.0.1:{}", "１２７.0.0.1:{}", "127.0.0.1：{}", "ⓛocalhost:{}", "[fe80::1%25lo]:{}", "[::1%lo]:{}",
        "localhost.:{}", "127.0.0.1.:{}", "127.0.0.1..:{}", "example.org@127.0.0.1:{}", "127.0.0.1:{}@example.org",
        "127.0.0.1:{}\\@example.org", "127.0.0.1:{}%2f@example.org", "[127.0.0.1]:{}", "[::127.0.0.1]:{}", "%31%32%37.0.0.1:{}",
        "127.0.0.1%00:{}", "127.0.0.1\t:{}", " 127.0.0.1:{}", "0:{}", "0177.1:{}", "4294967297:{}", "\u200b127.0.0.1:{}",
        "127.0.0.1%23.example.org:{}", "127.000.000.001:{}",
    ],
)  # fmt: skip
async def test_nothing_reaches_this_machine_however_its_name_is_written(world: World, host: str) -> None:
    """Blocked, unknown or no URL at all: which of them depends on the resolver; that nobody knocks does not."""
    async with guarded_http() as http:
        for scheme in ("http", "https", "HTTP"):
            with pytest.raises(HttpFailed) as caught:
                await http.send(HttpRequest(method="GET", url=f"{scheme}://{host.format(world.port)}/", timeout_s=10))
            assert caught.value.kind in ("blocked", "invalid", "connect")

    assert world.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://x.org/",
        "gopher://127.0.0.1:9/_x",
        "unix:///run/x",
        "//127.0.0.1/",
        "http:127.0.0.1",
        "http://user:w0rd@x.org/",
        "http://user:w0rd@0177.0.0.1/",
        "nonsense",
        "http:///x",
    ],
)
async def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    async with guarded_http() as http:
        with pytest.raises(HttpFailed) as caught:
            await http.send(HttpRequest(method="GET", url=url))

    assert caught.value.kind == "invalid"
    assert "w0rd" not in str(caught.value)


def names(answers: dict[str, list[Sequence[str]]]) -> Any:
    """Return a resolver that gives the answers for a host one after the other, the last for ever."""

    async def resolve(host: str, _port: int) -> Sequence[str]:
        return answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]

    return resolve


async def test_one_forbidden_address_among_many_blocks_the_host() -> None:
    async with guarded_http(resolve=names({"mixed.test": [["93.184.216.34", "10.0.0.5"]]})) as http:
        with pytest.raises(HttpFailed, match=r"mixed\.test \(10\.0\.0\.5\) is a private address"):
            await http.send(HttpRequest(method="GET", url="http://mixed.test/"))


async def test_a_name_that_changes_its_address_is_tested_with_every_connection(world: World) -> None:
    """DNS rebinding: the second answer points inside, and nothing is sent there."""
    world.json("/x", "1")
    resolve = names({"rebind.test": [["127.0.0.2"], ["127.0.0.1"]]})
    async with guarded_http(["127.0.0.2/32"], resolve=resolve) as http:
        with pytest.raises(HttpFailed) as first:
            await http.send(HttpRequest(method="GET", url=f"http://rebind.test:{world.port}/x"))
        with pytest.raises(HttpFailed) as second:
            await http.send(HttpRequest(method="GET", url=f"http://rebind.test:{world.port}/x"))

    assert (first.value.kind, second.value.kind, world.requests) == ("connect", "blocked", [])


async def test_a_redirect_is_tested_like_the_first_address(world: World) -> None:
    world.on("/in", lambda _request: (302, {"Location": "http://169.254.169.254/latest/meta-data"}, b""))
    world.on("/file", lambda _request: (302, {"Location": "file:///etc/passwd"}, b""))
    async with guarded_http(["127.0.0.0/8"]) as http:
        with pytest.raises(HttpFailed, match="cloud metadata service"):
            await http.send(HttpRequest(method="GET", url=f"{world.url}/in", follow_redirects=True))
        with pytest.raises(HttpFailed) as caught:
            await http.send(HttpRequest(method="GET", url=f"{world.url}/file", follow_redirects=True))

    assert caught.value.kind == "invalid"


@pytest.mark.parametrize(
    "where", ["http://10.0.0.1/", "http://[::ffff:169.254.169.254]/", "//2852039166/", "http://0xa9.254.43518/", "http://x:y@e.org/"]
)
async def test_a_redirect_is_refused_however_it_is_written(world: World, where: str) -> None:
    world.on("/x", lambda _request: (302, {"Location": where}, b""))
    async with guarded_http(["127.0.0.0/8"]) as http:
        with pytest.raises(HttpFailed) as caught:
            await http.send(HttpRequest(method="GET", url=f"{world.url}/x", follow_redirects=True))

    assert caught.value.kind in ("blocked", "invalid")


async def test_a_redirect_to_another_host_takes_no_header_along_that_may_be_a_key(world: World) -> None:
    world.on("/x", lambda _request: (307, {"Location": f"http://localhost:{world.port}/y"}, b""))
    world.json("/y", "1")
    headers = {"Authorization": "Bearer t", "X-Api-Key": "k", "Cookie": "c=1", "Accept": "a/b", "Content-Type": "text/plain"}
    async with guarded_http(["127.0.0.0/8", "::1/128"]) as http:
        await http.send(HttpRequest(method="POST", url=f"{world.url}/x", headers=headers, body=b"hi", follow_redirects=True))

    first, second = world.requests
    assert {name for name in first["headers"] if name not in second["headers"]} == {"authorization", "x-api-key", "cookie"}
    assert (second["method"], second["body"], second["headers"]["accept"]) == ("POST", b"hi", "a/b")


async def test_a_redirect_within_a_host_takes_all_headers_along(world: World) -> None:
    world.on("/x", lambda _request: (302, {"Location": "y?a=1"}, b""))
    world.json("/y", "1")
    async with guarded_http(["127.0.0.0/8"]) as http:
        headers = {"Authorization": "Bearer t", "X-Api-Key": "k"}
        await http.send(HttpRequest(method="GET", url=f"{world.url}/x", headers=headers, follow_redirects=True))

    assert (world.requests[1]["headers"]["authorization"], world.requests[1]["headers"]["x-api-key"]) == ("Bearer t", "k")
    assert world.requests[1]["query"] == "a=1"


async def test_endless_redirects_end(world: World) -> None:
    world.on("/x", lambda _request: (302, {"Location": "/x"}, b""))
    async with guarded_http(["127.0.0.0/8"]) as http:
        with pytest.raises(HttpFailed, match="more than 10 times"):
            await http.send(HttpRequest(method="GET", url=f"{world.url}/x", follow_redirects=True))


async def test_a_body_over_the_limit_ends_plain_or_packed(world: World) -> None:
    world.on("/big", lambda _request: (200, {}, b"x" * 2000))
    world.on("/bomb", lambda _request: (200, {"Content-Encoding": "gzip"}, gzip.compress(b"x" * 1_000_000)))
    async with guarded_http(["127.0.0.0/8"], body_limit_bytes=1000) as http:
        for path in ("/big", "/bomb"):
            with pytest.raises(HttpFailed) as caught:
                await http.send(HttpRequest(method="GET", url=f"{world.url}{path}"))
            assert caught.value.kind == "too-large"


async def test_an_answer_that_drips_ends_at_the_total_timeout(world: World) -> None:
    async def slow() -> Any:
        await asyncio.sleep(5)

    world.on("/slow", lambda _request: slow())
    async with guarded_http(["127.0.0.0/8"]) as http:
        with pytest.raises(HttpFailed) as caught:
            await http.send(HttpRequest(method="GET", url=f"{world.url}/slow", timeout_s=0.05))

    assert caught.value.kind == "timeout"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 50_000 + b"\r\n", "a head of more than 100 KB"),
        (b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 300_000 + b"\r\n\r\n", "a head of more than 100 KB"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "broke off in the middle"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "broke off in the middle"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 2\r\n\r\nhi", "packed 2 times over"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi", "says it is packed as gzip, and is not"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://x:port/\r\nContent-Length: 0\r\n\r\n", "redirects to something that is not a URL"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not HTTP"),
        (b"", "closed the connection before answering"),
    ],
    ids=["headers", "one header", "half a body", "wrong chunk", "packed twice", "not packed", "location", "another protocol", "nothing"],
)
async def test_an_answer_that_is_none_is_a_clean_error(answer: bytes, words: str) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with raw_server(speak) as url, guarded_http(["127.0.0.0/8"]) as http:
        with pytest.raises(HttpFailed, match=words) as caught:
            await http.send(HttpRequest(method="GET", url=url, follow_redirects=True))

    assert caught.value.kind == "protocol"


async def test_an_answer_that_comes_byte_by_byte_for_ever_ends_at_the_total_timeout() -> None:
    """Each byte is in time for itself."""
    sent = 0

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not reader.at_eof():
            writer.write(b"x")
            await writer.drain()
            sent += 1
            await asyncio.sleep(0.005)

    async with raw_server(drip) as url, guarded_http(["127.0.0.0/8"]) as http:
        with pytest.raises(HttpFailed, match=r"did not answer within 0\.1 s") as caught:
            await http.send(HttpRequest(method="GET", url=url, timeout_s=0.1))

    assert caught.value.kind == "timeout"
    assert 1 < sent < 1000


async def test_connections_are_used_again() -> None:
    """A hundred requests, one connection."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with raw_server(serve) as url, guarded_http(["127.0.0.0/8"]) as http:
        answers = [await http.send(HttpRequest(method="GET", url=url)) for _ in range(100)]

    assert {answer.body for answer in answers} == {b"ok"}
    assert connections == 1


async def test_a_body_may_have_a_limit_of_its_own(world: World) -> None:
    world.on("/x", lambda _request: (200, {}, b"x" * 2000))
    async with guarded_http(["127.0.0.0/8"], body_limit_bytes=1000) as http:
        answer = await http.send(HttpRequest(method="GET", url=f"{world.url}/x", body_limit_bytes=2000))

    assert len(answer.body) == 2000


async def test_proxies_of_the_machine_are_ignored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    world.json("/x", "1")
    async with guarded_http(["127.0.0.0/8"]) as http:
        response = await http.send(HttpRequest(method="GET", url=f"{world.url}/x"))

    assert response.body == b"1"


async def test_cookies_of_one_request_never_reach_another(world: World) -> None:
    """The client is shared by all runs of a process."""
    world.on("/x", lambda _request: (200, {"Set-Cookie": "session=s3cret; Path=/"}, b""))
    async with guarded_http(["127.0.0.0/8"]) as http:
        for _ in range(2):
            await http.send(HttpRequest(method="GET", url=f"{world.url}/x"))

    assert [request["headers"].get("cookie") for request in world.requests] == [None, None]


@pytest.mark.parametrize("value", ["ü", "a\r\nX-Injected: 1"])
async def test_a_header_that_cannot_be_sent_is_a_clean_error(world: World, value: str) -> None:
    async with guarded_http(["127.0.0.0/8"]) as http:
        with pytest.raises(HttpFailed):
            await http.send(HttpRequest(method="GET", url=f"{world.url}/x", headers={"X-A": value}))

    assert world.requests == []
