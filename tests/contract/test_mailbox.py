"""What every mailbox does."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from graphs.run.ports import Awaited
from tests.contract.adapters import Bench

APPROVE = Awaited(path="/do/0/a", reference="/do/0/a", kind="approve", form={"title": "Pay?", "data": {"n": 1}})
LISTEN = Awaited(path="/do/1/l", reference="/do/1/l", kind="event", event={"type": "paid", "subject": "o7"})
EVENT = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "paid", "subject": "o7", "data": {"euro": 3}}


def timer(seconds: float, path: str = "/do/2/t") -> Awaited:
    return Awaited(path=path, reference=path, kind="timer", wake_at=datetime.now(UTC) + timedelta(seconds=seconds))


async def test_an_answer_reaches_the_run_once_it_is_given_and_stays(bench: Bench) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect([APPROVE])
    assert await mailbox.collect() == {}

    await bench.answer("/do/0/a", {"approved": True, "comment": "", "by": "ada"}, "ada")

    for _ in range(2):
        delivery = (await bench.mailbox().collect())["/do/0/a"]
        assert (delivery.kind, delivery.payload["approved"], delivery.by) == ("approve", True, "ada")


async def test_a_timer_arrives_when_it_is_due_and_not_before(bench: Bench) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect([timer(-1, "/do/0/due"), timer(60, "/do/0/later")])

    delivered = await mailbox.collect()

    assert {path: (delivery.kind, delivery.payload) for path, delivery in delivered.items()} == {"/do/0/due": ("timer", None)}


async def test_expecting_again_changes_nothing_the_first_deadline_counts(bench: Bench) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect([timer(0.1)])
    await mailbox.expect([timer(60)])
    await asyncio.sleep(0.15)

    assert list(await mailbox.collect()) == ["/do/2/t"]


async def test_a_deadline_passes_as_a_timer_for_the_path_that_had_it(bench: Bench) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect(
        [Awaited(path="/do/0/a", reference="/do/0/a", kind="approve", form={}, wake_at=datetime.now(UTC) - timedelta(seconds=1))]
    )

    assert (await mailbox.collect())["/do/0/a"].kind == "timer"


async def test_an_event_reaches_who_waits_for_its_attributes(bench: Bench) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect([LISTEN])
    await bench.post_event({**EVENT, "id": "2", "subject": "other"})
    assert await mailbox.collect() == {}

    await bench.post_event(EVENT)

    delivery = (await mailbox.collect())["/do/1/l"]
    assert (delivery.kind, delivery.payload["id"], delivery.payload["data"]) == ("event", "1", {"euro": 3})


async def test_what_is_withdrawn_never_arrives(bench: Bench) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect([timer(0.05), LISTEN])
    await mailbox.withdraw(["/do/2/t", "/do/1/l", "/do/9/nobody"])
    await asyncio.sleep(0.1)
    await bench.post_event(EVENT)

    assert await mailbox.collect() == {}


async def test_changed_returns_with_the_news(bench: Bench) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect([APPROVE])
    began = time.monotonic()
    waiting = asyncio.create_task(mailbox.changed(10))
    await asyncio.sleep(0.05)

    await bench.answer("/do/0/a", {"approved": True}, "ada")
    await waiting

    assert time.monotonic() - began < 5
    assert "/do/0/a" in await mailbox.collect()


@pytest.mark.parametrize("awaited", [[], [APPROVE]])
async def test_changed_returns_after_its_time_without_news(bench: Bench, awaited: list[Awaited]) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect(awaited)
    began = time.monotonic()

    await mailbox.changed(0.1)

    assert 0.05 < time.monotonic() - began < 3


async def test_changed_returns_when_a_timer_falls_due(bench: Bench) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect([timer(0.1)])
    began = time.monotonic()

    while not await mailbox.collect():
        await mailbox.changed(10)

    assert time.monotonic() - began < 5
