"""The specification's examples of listening, as they are published, with events that suit them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import dsl
import graphs.run as run
from dsl.expressions import Expressions
from graphs.run.http import guarded_http
from tests.conformance.stand_in import StandIn
from tests.unit.run.harness import Runs, World

FOLDER = Path(os.environ.get("PARLEY_CONFORMANCE") or Path(__file__).parents[3] / "shared" / "conformance") / "examples"
VITALS = "com.fake-hospital.vitals.measurements"


def event(number: int, type_: str, data: Any = None) -> dict[str, Any]:
    return {"specversion": "1.0", "id": str(number), "source": "https://fake-hospital.com", "type": type_, "data": data}


def temperature(number: int, value: float) -> dict[str, Any]:
    return event(number, f"{VITALS}.temperature", {"temperature": value})


def bpm(number: int, value: int) -> dict[str, Any]:
    return event(number, f"{VITALS}.bpm", {"bpm": value})


WELL_AND_ILL = [temperature(1, 37), bpm(2, 70), bpm(3, 130), temperature(4, 39.5), bpm(5, 40)]


async def play(name: str, events: list[dict[str, Any]], input: Any = None) -> tuple[Any, Runs, World]:  # noqa: A002
    path = FOLDER / f"{name}.yaml"
    if not path.exists():
        reason = f"the examples are not at {FOLDER}: set PARLEY_CONFORMANCE"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    world, expressions = World(), Expressions(children=1)
    await world.open()
    world.json("/fake-chat-api.com/room/7", "{}")
    world.json("/virtual-wf-powered-race.com/api/v4/cars//start", '{"started": true}')
    async with guarded_http(["127.0.0.0/8"]) as http:
        runs = Runs(expressions, http)
        runs.http = StandIn(http, world)  # type: ignore[assignment]  # any `ports.Http` will do
        runs.fresh(events=events)
        runs.definition = dsl.read(path.read_text(encoding="utf-8")).data
        run.compile(runs.definition, runs.functions)
        outcome = await runs.go_on(input)
    await expressions.aclose()
    await world.close()
    return outcome, runs, world


@pytest.mark.parametrize(
    ("name", "events", "output"),
    [
        ("listen-to-all", WELL_AND_ILL, [{"bpm": 130}, {"temperature": 39.5}]),
        ("listen-to-all-read-envelope", WELL_AND_ILL, [WELL_AND_ILL[2], WELL_AND_ILL[3]]),
        ("listen-to-any", WELL_AND_ILL, [{"temperature": 37}]),
        ("listen-to-any-filter", WELL_AND_ILL, [{"bpm": 130}]),
        ("listen-to-any-until-condition", WELL_AND_ILL, [one["data"] for one in WELL_AND_ILL[:4]]),
        (
            "listen-to-any-until-consumed",
            [*WELL_AND_ILL, event(6, "com.fake-hospital.patient.checked-out"), bpm(7, 30)],
            [{"bpm": 130}, {"temperature": 39.5}, {"bpm": 40}],
        ),
    ],
)
async def test_an_example_hears_what_it_should(name: str, events: list[dict[str, Any]], output: Any) -> None:
    outcome, _, _ = await play(name, events)

    assert (outcome.status, outcome.output) == ("completed", output)


@pytest.mark.parametrize("name", ["listen-to-all", "listen-to-any-until-condition", "listen-to-any-until-consumed"])
async def test_an_example_waits_for_the_rest(name: str) -> None:
    outcome, _, _ = await play(name, WELL_AND_ILL[:3])

    assert outcome.status == "waiting"


async def test_one_event_starts_the_race() -> None:
    """Its address has a {carId}, and what `listen` gives is a list: the place stays empty."""
    outcome, _, world = await play("listen-to-one", [event(1, "com.virtual-wf-powered-race.events.race.started.v1", {"carId": 7})])

    assert (outcome.status, outcome.output) == ("completed", {"started": True})
    assert [request["method"] for request in world.requests] == ["POST"]


async def test_gossip_is_posted_one_by_one_for_ever() -> None:
    gossip = [event(number, "gossip", {"roomId": 7, "text": f"g{number}"}) for number in range(3)]

    outcome, runs, world = await play("listen-to-any-forever-foreach", gossip)

    assert outcome.status == "waiting"
    assert [json.loads(request["body"]) for request in world.requests] == [{"event": one["data"]} for one in gossip]
    assert [row.path for row in runs.journal.rows if row.path.endswith("]") and row.kind == "step"] == [
        f"/do/0/listenToGossips/foreach[{number}]" for number in range(3)
    ]
