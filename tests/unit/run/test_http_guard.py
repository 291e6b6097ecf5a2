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
from tests.unit.run.harness import World

FORBIDDEN = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "169.254.169.254",
    "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    "fec0::1", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "100.100.100.200", "2001:db8::1",
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


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/", "http://2130706433:9/", "http://0x7f000001:9/", "http://127.1:9/", "http://[::1]:9/",
        "http://[::ffff:127.0.0.1]:9/", "http://[64:ff9b::7f00:1]:9/", "http://localhost:9/", "http://0:9/",
    ],
)  # fmt: skip
async def test_every_spelling_of_a_loopback_address_is_blocked(url: str) -> None:
    async with guarded_http() as http:
        with pytest.raises(HttpFailed) as caught:
            await http.send(HttpRequest(method="GET", url=url))

    assert caught.value.kind == "blocked"
    assert "PARLEY_HTTP_ALLOW=" in str(caught.value)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://x.org/", "http://user:w0rd@x.org/", "http://user:w0rd@0177.0.0.1/", "nonsense", "http:///x"]
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


async def test_proxies_of_the_machine_are_ignored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
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
