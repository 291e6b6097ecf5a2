"""Every example runs with the real engine on in-memory adapters, against its own world, in all the ways it can go."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.examples.cases import ALL, NAMES, Example, named
from tests.examples.running import run
from tests.world import World
from tests.world.matching import differences
from tests.world.yaml_text import read_yaml

JSON = Any


@pytest.mark.parametrize("example", ALL, ids=NAMES)
async def test_it_does_what_its_world_and_its_reader_expect(example: Example) -> None:
    world = World.load(example.world)
    async with world.running() as base_url:
        ended = await run(example, base_url)

    assert (ended.status, ended.output, ended.error) == (example.expected["status"], example.expected["output"], None)
    assert differences(example.expected.get("events", []), ended.events) == []
    assert differences(example.expected.get("notices", []), ended.notices) == []
    assert world.verdict() == []


@dataclass(frozen=True, kw_only=True)
class Way:
    """Another way through an example: what is different, and what must come of it."""

    example: str
    answers: Mapping[str, JSON] = field(default_factory=dict)  # route -> the answers it gives instead
    people: Mapping[str, JSON] = field(default_factory=dict)  # reference -> the answer given instead
    input: Mapping[str, JSON] = field(default_factory=dict)  # merged into the top of the input
    output: JSON = None
    error: Mapping[str, JSON] | None = None
    bodies: Mapping[str, list[JSON]] = field(default_factory=dict)  # request -> all bodies the world saw
    never: tuple[str, ...] = ()


WAYS = {
    "a rejected report is not posted": Way(
        example="high-value-orders",
        people={"/do/2/askForApproval": {"approved": False, "comment": "Duarte has paid", "by": "maria"}},
        output={"reported": 0, "why": "Duarte has paid"},
        never=("POST /report",),
    ),
    "a dish that ran out stops the ticket": Way(
        example="order-kitchen",
        answers={"PUT /stock/{sku}/reservations/{order}": [{"json": {"reserved": True}}, {"json": {"reserved": False}}]},
        output={"order": "77", "status": "missing dishes"},
        bodies={"POST /waiter/messages": [{"$contains": "text"}]},
        never=("POST /kitchen/tickets", "PATCH /till/orders/77"),
    ),
    "a lukewarm lead is not announced": Way(
        example="lead-enrichment",
        answers={"GET /companies": [{"json": {"employees": 8}}]},
        output={"employees": 8, "visits": 6, "contacts": 1, "score": 40.8},
    ),
    "a bank that recovers is used": Way(
        example="invoice-in-euro",
        answers={"GET /rates/{currency}": [{"status": 503}, {"json": {"rate": 0.93}}]},
        output={"invoice": "2026-0917", "euro": 1162.5, "rate": 0.93, "source": "bank, today"},
        never=("GET /central-bank/reference-rates",),
    ),
    "an unknown currency is not tried again": Way(
        example="invoice-in-euro",
        answers={"GET /rates/{currency}": [{"status": 404, "text": "no such currency"}]},
        error={"status": 404, "instance": "/do/0/findRate/try/0/askBank"},
        bodies={"GET /bank/rates/USD": [None]},
        never=("GET /central-bank/reference-rates", "PUT /ledger/{rest*}"),
    ),
    "a fault goes to engineering": Way(
        example="support-triage",
        input={"request": {"id": "req-881", "subject": "The export is broken", "text": "It stops with an error."}},
        output={"desk": "engineering", "ticket": "engineering-1"},
        bodies={"POST /queues/engineering/tickets": [{"$contains": "request"}]},
    ),
    "anything else goes to the front office": Way(
        example="support-triage",
        input={"request": {"id": "req-882", "subject": "Opening hours", "text": "When are you open on Friday?"}},
        output={"desk": "front-office", "ticket": "front-office-1"},
    ),
    "a small invoice is paid without asking anyone": Way(
        example="invoice-approval",
        answers={"GET /invoices/{number}": [{"json": {"number": "INV-4410", "supplier": "Kiosk", "iban": "DE02", "amount": 42}}]},
        people={"/do/2/askController": None, "/do/3/askManager": None},
        output={"invoice": "INV-4410", "status": "paid", "payment": "pay-INV-4410"},
        bodies={"POST /bank/payments": [{"invoice": "INV-4410", "iban": "DE02", "amount": 42, "costCentre": "0000"}]},
    ),
    "a rejected invoice goes back with the reason": Way(
        example="invoice-approval",
        people={"/do/3/askManager": {"approved": False, "comment": "Ordered twice", "by": "maria"}},
        output={"invoice": "INV-4410", "status": "returned", "reason": "Ordered twice"},
        bodies={"PATCH /documents/invoices/INV-4410": [{"status": "returned", "reason": "Ordered twice"}]},
        never=("POST /bank/payments",),
    ),
    "a failed export writes nothing": Way(
        example="stock-sync",
        answers={"GET /exports/{job}": [{"json": {"state": "working"}}, {"json": {"state": "failed", "reason": "disk full"}}]},
        error={"status": 502, "title": "The warehouse could not export", "detail": "disk full", "instance": "/do/4/giveUp"},
        never=("PUT /shop/articles/{sku}/stock",),
    ),
    "a warehouse that stays away ends the run": Way(
        example="stock-sync",
        answers={"GET /exports/{job}": [{"status": 503}]},
        error={"status": 503, "instance": "/do/2/checkExport/try/0/readState"},
        bodies={"GET /warehouse/exports/exp-31": [None] * 4},
    ),
    "a first refund is paid once": Way(
        example="refund-guard",
        answers={"GET /orders/{id}": [{"json": {"order": "ord-1020", "total": 59.9, "ageDays": 30, "refundedOn": None}}]},
        output={"order": "ord-1020", "refunded": 59.9},
        bodies={"POST /orders/ord-1020/refunds": [{"amount": 59.9}]},
        never=("POST /desk/messages",),
    ),
    "an old order is not refunded": Way(
        example="refund-guard",
        answers={"GET /orders/{id}": [{"json": {"order": "ord-1020", "total": 59.9, "ageDays": 31, "refundedOn": None}}]},
        output={"order": "ord-1020", "refunded": 0, "why": "Order ord-1020 is 31 days old, 30 is the limit."},
        never=("POST /orders/ord-1020/refunds",),
    ),
    "the server's own error is not a refusal": Way(
        example="refund-guard",
        answers={"GET /orders/{id}": [{"status": 500}]},
        error={"status": 500, "instance": "/do/0/refund/try/0/fetchOrder"},
        never=("POST /orders/ord-1020/refunds", "POST /desk/messages"),
    ),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
async def test_the_other_ways_it_can_go(way: Way) -> None:
    example = named(way.example)
    world = World.load(changed(read_yaml(example.world.read_text(encoding="utf-8")), way.answers))
    async with world.running() as base_url:
        ended = await run(example, base_url, people={**example.people, **way.people}, changes=way.input)

    assert (ended.status, ended.output) == ("faulted" if way.error else "completed", way.output)
    assert differences(way.error, ended.error) == []
    assert {request: differences(bodies, world.saw(request).bodies) for request, bodies in way.bodies.items()} == {
        request: [] for request in way.bodies
    }
    assert [request for request in way.never if world.saw(request)] == []


def changed(description: JSON, answers: Mapping[str, JSON]) -> JSON:
    """The description with other answers; naming a route that is not there is a mistake of the test."""
    description = copy.deepcopy(description)
    routes = {route["request"]: route for service in description["services"].values() for route in service["routes"]}
    for request, sequence in answers.items():
        routes[request].pop("answer", None)
        routes[request]["answers"] = sequence
    return description
