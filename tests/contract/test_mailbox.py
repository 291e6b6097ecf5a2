"""What every mailbox does."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from graphs.run.ports import Awaited, Mailbox
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


def listen(path: str = "/do/1/l", **needs: object) -> Awaited:
    return Awaited(path=path, reference=path, kind="event", event=needs)


async def ids(mailbox: Mailbox, path: str = "/do/1/l", after: int | None = None) -> list[str]:
    return [posted.event["id"] for posted in (await mailbox.events({path: after})).get(path, ())]


async def test_an_event_reaches_who_listens_for_its_attributes(bench: Bench) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect([LISTEN])
    await bench.post_event({**EVENT, "id": "2", "subject": "other"})
    assert await mailbox.events({"/do/1/l": None}) == {}

    await bench.post_event(EVENT)

    (posted,) = (await mailbox.events({"/do/1/l": None}))["/do/1/l"]
    assert (posted.event["id"], posted.event["data"]) == ("1", {"euro": 3})
    assert await mailbox.collect() == {}


async def test_a_listening_reads_in_order_and_at_its_own_pace(bench: Bench) -> None:
    """What it is done with is forgotten, what it is not stays; another process reads on."""
    mailbox = bench.mailbox()
    await mailbox.expect([listen(type="paid")])
    for number in range(5):
        await bench.post_event({**EVENT, "id": str(number)})

    first = (await mailbox.events({"/do/1/l": None}, limit=2))["/do/1/l"]
    again = await ids(mailbox)
    rest = await ids(mailbox, after=first[-1].number)

    assert [posted.event["id"] for posted in first] == ["0", "1"]
    assert first[0].number < first[1].number  # type: ignore[operator]
    assert again == ["0", "1", "2", "3", "4"]
    assert rest == await ids(bench.mailbox()) == ["2", "3", "4"]


async def test_a_listening_finds_what_came_before_it_and_after_what_it_knows(bench: Bench) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect([listen("/do/0/l", type="paid")])
    for number in range(3):
        await bench.post_event({**EVENT, "id": str(number)})
    known = (await mailbox.events({"/do/0/l": None}))["/do/0/l"][0].number

    await mailbox.expect([listen(), Awaited(path="/do/2/l", reference="/do/2/l", kind="event", event={"type": "paid"}, after=known)])

    assert await ids(mailbox) == ["0", "1", "2"]
    assert await ids(mailbox, "/do/2/l") == ["1", "2"]


@pytest.mark.parametrize(
    ("needs", "found"),
    [
        ({}, ["a", "b", "c"]),
        ({"any": [{"type": "paid"}, {"type": "sent"}]}, ["a", "b"]),
        ({"any": [{"type": "paid"}, {"type": "paid", "subject": "o7"}]}, ["a"]),
        ({"type": "paid", "data": {"order": {"id": 7}}}, ["a"]),
        ({"type": "paid", "data": {"order": {"id": 8}}}, []),
        ({"priority": "5"}, ["b"]),
        ({"data": {"order": {"id": 7}}}, ["a", "c"]),
    ],
)
async def test_what_a_listening_cannot_need_does_not_reach_it(bench: Bench, needs: dict[str, object], found: list[str]) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect([listen(**needs)])

    await bench.post_event({**EVENT, "id": "a", "subject": "o7", "data": {"order": {"id": 7, "n": 1}}})
    await bench.post_event({**EVENT, "id": "b", "subject": "o8", "type": "sent", "priority": 5, "data": "text"})
    await bench.post_event({**EVENT, "id": "c", "type": "else", "data": {"order": {"id": 7.0}}})

    assert await ids(mailbox) == found
    assert await ids(mailbox) == found  # reading takes nothing away


async def test_collecting_gives_what_is_new_and_a_new_process_everything(bench: Bench) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect([APPROVE, timer(-1)])
    assert list(await mailbox.collect()) == ["/do/2/t"]
    await bench.answer("/do/0/a", {"approved": True, "comment": "", "by": "ada"}, "ada")

    assert "/do/0/a" in await mailbox.collect()
    assert sorted(await bench.mailbox().collect()) == ["/do/0/a", "/do/2/t"]


async def test_what_is_withdrawn_never_arrives(bench: Bench) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect([timer(0.05), LISTEN])
    await mailbox.withdraw(["/do/2/t", "/do/1/l", "/do/9/nobody"])
    await asyncio.sleep(0.1)
    await bench.post_event(EVENT)

    assert await mailbox.collect() == {}
    assert await mailbox.events({"/do/1/l": None}) == {}


async def test_changed_returns_with_an_event(bench: Bench) -> None:
    mailbox = bench.mailbox()
    await mailbox.expect([LISTEN])
    began = time.monotonic()
    waiting = asyncio.create_task(mailbox.changed(10))
    await asyncio.sleep(0.05)

    await bench.post_event(EVENT)
    await waiting

    assert time.monotonic() - began < 5
    assert await ids(mailbox) == ["1"]


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
