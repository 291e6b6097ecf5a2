"""Events on the command line: tokens for senders, `emit` from standard input, streams given with `--events`, lifecycle events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.acceptance import definitions
from tests.acceptance.conftest import Parley

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
STREAM = definitions.HEAD + (
    "do:\n"
    "  - first:\n      listen: {to: {all: [{with: {type: a.*}}, {with: {type: b}}]}}\n      export: {as: '${ {first: .} }'}\n"
    "  - rest:\n      listen: {to: {any: [{with: {data: '${ .n > 1 }'}}], until: {one: {with: {type: stop}}}}}\n"
    "      foreach: {item: e, at: i, do: [{keep: {set: {i: '${ $i }', n: '${ $e.n }'}}}]}\n"
    "      output: {as: '${ $context + {rest: .} }'}\n"
)
OUTPUT = {"first": [{"n": 1}, {"n": 3}], "rest": [{"i": 0, "n": 2}, {"i": 1, "n": 4}]}


def event(number: int, type_: str) -> dict[str, Any]:
    return {"id": str(number), "source": "/s", "type": type_, "data": {"n": number}}


EVENTS = [event(1, "b"), event(2, "x"), event(3, "a.x"), event(4, "y"), {**event(0, "z")}, event(5, "stop")]


@pytest.fixture(scope="module")
def parley(tmp_path_factory: pytest.TempPathFactory) -> Parley:
    return Parley(tmp_path_factory.mktemp("events"))


@pytest.mark.parametrize("how", [[], ["--ephemeral"]])
def test_a_stream_given_with_events_reaches_every_listening_in_order(parley: Parley, how: list[str]) -> None:
    parley.write("stream.yaml", STREAM)
    parley.write("events.json", json.dumps(EVENTS))

    done = parley("run", "stream.yaml", "--events", "events.json", "--json", *how)

    assert (done.json["status"], done.json["output"]) == ("completed", OUTPUT)
    assert done.json["notes"] == ["Event 5 of --events (z) found nobody who waits for it."]


def test_emit_takes_what_is_piped_in_and_the_run_goes_on(parley: Parley) -> None:
    parley.write("stream.yaml", STREAM)
    waiting = parley("run", "stream.yaml", "--json")

    sent = parley("emit", "-", "--json", given=json.dumps(EVENTS))
    wrong = parley("emit", "-", "--json", given="{")
    told = parley("show", waiting.json["run_id"], "--events", "--json")

    assert waiting.json["awaiting"][0]["event"] == {"any": [{}, {"type": "b"}]}
    assert (sent.json["accepted"], sent.json["receivers"]) == (6, [1] * 6)
    assert (wrong.code, wrong.error["where"]) == (2, "standard input, line 1 column 2")
    assert told.json["events"][0]["type"] == "io.serverlessworkflow.workflow.started.v1"


def test_a_token_is_shown_once_listed_without_itself_and_revoked(parley: Parley) -> None:
    made = parley("token", "create", "the shop", "--source", "https://shop.example", "--json")
    listed = parley("token", "list", "--json")
    revoked = parley("token", "revoke", made.json["id"], "--json")
    again = parley("token", "revoke", "nope", "--json")

    assert made.json["token"].startswith(f"parley-event.default.{made.json['id']}.")
    assert [(row["name"], row["source"]) for row in listed.json["tokens"]] == [("the shop", "https://shop.example")]
    assert made.json["token"].rpartition(".")[2] not in listed.out
    assert revoked.json["revoked"] is True
    assert parley("token", "list").out == "No tokens yet: parley token create NAME\n"
    assert (again.code, again.error["code"]) == (1, "no-such-token")
