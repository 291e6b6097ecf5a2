"""What every adapter for events and notices does: the same thing said twice is said once."""

from __future__ import annotations

from tests.contract.adapters import Bench

EVENT = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "paid", "data": {"euro": 3}}


async def test_an_event_is_accepted_once_by_source_and_id(bench: Bench) -> None:
    events = bench.events()

    await events.publish(EVENT)
    await events.publish({**EVENT, "data": {"euro": 4}})
    await events.publish({**EVENT, "source": "/other"})

    assert [(event["source"], event["id"], event["data"]) for event in await bench.published()] == [
        ("/shop", "1", {"euro": 3}),
        ("/other", "1", {"euro": 3}),
    ]


async def test_a_notice_is_posted_once_per_path(bench: Bench) -> None:
    notices = bench.notices()

    for title in ("first", "again"):
        await notices.post(path="/do/0/n", channel="chat", to="", title=title, text="x")
    await notices.post(path="/do/1/n", channel="chat", to="", title="second", text="x")

    assert list(await bench.noticed()) == ["first", "second"]
