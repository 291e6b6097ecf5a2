"""Digest: the server asks, the answer is a hash, its nonce is used again. The server here checks every answer itself."""

from __future__ import annotations

import hashlib
import itertools
import re
from dataclasses import replace
from typing import Any

import pytest

from graphs.run.authentication.digest import challenges
from graphs.run.credentials import Credentials
from tests.unit.run.harness import Runs, World, definition

USER, PASSWORD = "Mufasa", "Circle of Life"
HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256, "SHA-512": hashlib.sha512}


class Guarded:
    """A resource that checks digests as RFC 7616, 3.4 has it, nonce counts included."""

    def __init__(self, world: World, *, algorithm: str = "MD5", qop: str | None = "auth", before: str = "", uses: int = 1000) -> None:
        self.algorithm, self.qop, self.before, self.uses = algorithm, qop, before, uses
        self.counts: dict[str, int] = {}
        self.nonces = (f"nonce-{number}" for number in itertools.count(1))
        self.seen: list[dict[str, str]] = []
        world.on("/x", self.answer)

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        given = request["headers"].get("authorization", "")
        fields = {name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', given)}
        self.seen.append(fields)
        if given.startswith("Digest ") and fields["response"] == self.expected(request, fields) and self.counted(fields):
            return 200, {"Content-Type": "text/plain"}, request["body"] or b"in"
        nonce = next(self.nonces)
        self.counts[nonce] = 0
        qop = f', qop="{self.qop}"' if self.qop else ""
        asked = f'Digest realm="a, b", nonce="{nonce}", algorithm={self.algorithm}, opaque="o"{qop}'
        return 401, {"WWW-Authenticate": f"{self.before}{asked}"}, b""

    def counted(self, fields: dict[str, str]) -> bool:
        """Each nonce is counted up by one and good for so many uses."""
        if self.qop is None:
            return True
        self.counts[fields["nonce"]] += 1
        return int(fields["nc"], 16) == self.counts[fields["nonce"]] <= self.uses

    def expected(self, request: dict[str, Any], fields: dict[str, str]) -> str:
        def h(text: str) -> str:
            return HASHES[self.algorithm.removesuffix("-sess")](text.encode()).hexdigest()

        secret = h(f"{USER}:a, b:{PASSWORD}")
        if self.algorithm.endswith("-sess"):
            secret = h(f"{secret}:{fields['nonce']}:{fields['cnonce']}")
        target = request["path"] + (f"?{request['query']}" if request["query"] else "")
        assert fields["uri"] == target
        what = h(f"{request['method']}:{target}")
        if self.qop is None:
            return h(f"{secret}:{fields['nonce']}:{what}")
        return h(f"{secret}:{fields['nonce']}:{fields['nc']}:{fields['cnonce']}:auth:{what}")


def task(world: World, method: str = "get", password: str = PASSWORD, **options: Any) -> dict[str, Any]:
    policy = {"digest": {"username": USER, "password": password}}
    return {"call": "http", "with": {"method": method, "endpoint": {"uri": f"{world.url}/x", "authentication": policy}, **options}}


@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512"])
@pytest.mark.parametrize("qop", ["auth", "auth,auth-int"])
async def test_the_question_is_answered(runs: Runs, world: World, algorithm: str, qop: str) -> None:
    guarded = Guarded(world, algorithm=algorithm, qop=qop)

    outcome = await runs.start([{"a": {**task(world, query={"q": "a b"}), "output": {"as": "[., $authorization.scheme]"}}}], {})

    assert outcome.output == ["in", "Digest"]
    assert [fields.get("nc") for fields in guarded.seen] == [None, "00000001"]


async def test_an_old_server_asks_without_qop(runs: Runs, world: World) -> None:
    Guarded(world, qop=None)

    assert (await runs.start([{"a": task(world)}], {})).output == "in"


async def test_a_nonce_is_used_again_with_a_higher_count_until_the_server_wants_another(runs: Runs, world: World) -> None:
    """By all runs of a process: two of two steps each."""
    guarded = Guarded(world, uses=3)
    credentials = Credentials()
    for _ in range(2):
        runs.definition = definition([{"a": task(world)}, {"b": task(world)}])
        runs.deps = replace(runs.fresh(), credentials=credentials)
        assert (await runs.go_on({})).output == "in"

    used = [(fields.get("nonce"), fields.get("nc")) for fields in guarded.seen]
    one, two = "nonce-1", "nonce-2"
    assert used == [
        (None, None), (one, "00000001"), (one, "00000002"), (one, "00000003"), (one, "00000004"), (two, "00000001"),
    ]  # fmt: skip


async def test_the_body_is_sent_again_and_the_intent_is_one(runs: Runs, world: World) -> None:
    Guarded(world)

    outcome = await runs.start([{"a": task(world, "post", body="hello")}], {})

    assert (outcome.output, [request["body"] for request in world.requests]) == ("hello", [b"hello", b"hello"])
    assert [row.kind for row in runs.journal.rows] == ["intent", "step"]
    assert world.requests[0]["headers"]["idempotency-key"] == world.requests[1]["headers"]["idempotency-key"]


async def test_the_strongest_of_several_questions_is_answered(runs: Runs, world: World) -> None:
    """A server offers Basic, MD5 and SHA-256 on one line; the password never goes out in clear."""
    guarded = Guarded(
        world, algorithm="SHA-256", before='Basic realm="x, y", Digest realm="a, b", nonce="weak", algorithm=MD5, qop="auth", '
    )

    assert (await runs.start([{"a": task(world)}], {})).output == "in"
    assert guarded.seen[1]["algorithm"] == "SHA-256"


async def test_wrong_credentials_are_a_communication_error_401_without_them(runs: Runs, world: World) -> None:
    Guarded(world)

    outcome = await runs.start([{"a": task(world, password="wrong-word")}], {})

    assert outcome.error is not None
    assert (outcome.error["type"].rpartition("/")[2], outcome.error["status"]) == ("communication", 401)
    assert world.seen("/x") == 2


@pytest.mark.parametrize(
    "asked", ['Digest realm="a", nonce="n", algorithm=SHA-3', 'Digest realm="a", nonce="n", qop="auth-int"', "Digest realm", 'Digest x="y"']
)
async def test_a_question_nobody_can_answer_is_an_authentication_error(runs: Runs, world: World, asked: str) -> None:
    world.on("/x", lambda _request: (401, {"WWW-Authenticate": asked}, b""))

    outcome = await runs.start([{"a": task(world)}], {})

    assert outcome.error is not None
    assert outcome.error["status"] == 401
    assert outcome.error["type"].rpartition("/")[2] == ("authentication" if "=" in asked else "communication")


async def test_a_server_that_asks_nothing_gets_nothing(runs: Runs, world: World) -> None:
    world.json("/x", "1")

    assert (await runs.start([{"a": task(world)}], {})).output == 1
    assert "authorization" not in world.requests[0]["headers"]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", []),
        ("Negotiate", ["Negotiate"]),
        ('Basic realm="x"', ['Basic realm="x"']),
        (
            'Negotiate, Digest realm="a, b", nonce="n=1", Basic realm="c"',
            ["Negotiate", 'Digest realm="a, b", nonce="n=1"', 'Basic realm="c"'],
        ),
    ],
)
def test_challenges_on_one_line_are_told_apart(header: str, found: list[str]) -> None:
    assert challenges(header) == found
