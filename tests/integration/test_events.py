"""Events in PostgreSQL, with real workers: streams, what is parked, what comes while nobody works."""

from __future__ import annotations

from typing import Any

from app.actions import Actor
from app.container import Container
from tests.fakes import approved, definition
from tests.integration.test_worker import ended, eventually, start, status, working


def event(number: int, type_: str = "t", **more: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": str(number), "source": "/s", "type": type_, **more}


UNTIL = "l: {listen: {to: {any: [{with: {type: t}}], until: {one: {with: {type: end}}}}}}"
EACH = (
    "l: {listen: {to: {any: [{with: {type: t}}], until: {one: {with: {type: end}}}}},"
    " foreach: {item: e, at: i, do: [{a: {set: {n: '${ [$i, $e] }'}}}], output: {as: '.n'}}}"
)


async def test_a_stream_is_heard_in_order_with_and_without_a_worker(container: Container, actor: Actor) -> None:
    """What comes while the run is parked, while nobody works, and in batches: nothing is lost, nothing heard twice."""
    async with working(container):
        run = await start(container, actor, definition(EACH))
        await eventually(container, actor, run.id, status("waiting"))
        for number in range(5):
            await container.actions.accept_events(actor, [event(number, data=number)])
    for number in range(5, 10):
        await container.actions.accept_events(actor, [event(number, data=number), event(number, data="again")])
    await container.actions.accept_events(actor, [event(number, data=number) for number in range(8, 300)])
    async with working(container):
        await container.actions.accept_events(actor, [event(900, "end")])
        done = await eventually(container, actor, run.id, ended)

    assert (done.status, done.output) == ("completed", [[number, number] for number in range(300)])


async def test_two_workers_hear_a_stream_once(container: Container, actor: Actor) -> None:
    async with working(container), working(container):
        runs = [await start(container, actor, definition(EACH, name=f"stream-{n}")) for n in range(3)]
        for number in range(40):
            await container.actions.accept_events(actor, [event(number, data=number)])
        await container.actions.accept_events(actor, [event(900, "end")])
        done = [await eventually(container, actor, run.id, ended) for run in runs]

    assert [view.output for view in done] == [[[number, number] for number in range(40)]] * 3


async def test_a_correlated_event_wakes_its_own_run_only(container: Container, actor: Actor) -> None:
    text = definition(
        "l: {listen: {to: {one: {with: {type: paid}, correlate: {order: {from: .data.order.id, expect: '${ .order }'}}}}}}", name="orders"
    )
    version = await approved(container, actor, text)
    async with working(container):
        runs = [await container.actions.start(actor, version.id, input={"order": number}) for number in range(5)]
        for run in runs:
            await eventually(container, actor, run.id, status("waiting"))
        taken = await container.actions.take_events(actor, [event(1, "paid", data={"order": {"id": 3}})])
        done = await eventually(container, actor, runs[3].id, ended)

    assert taken.receivers == (1,)
    assert done.output == [{"order": {"id": 3}}]


async def test_an_ended_run_listens_no_more(container: Container, actor: Actor) -> None:
    async with working(container):
        run = await start(container, actor, definition(UNTIL))
        await eventually(container, actor, run.id, status("waiting"))
        await container.actions.cancel(actor, run.id)
        await eventually(container, actor, run.id, ended)

    taken = await container.actions.take_events(actor, [event(1)])

    assert (taken.new, taken.receivers) == (1, (0,))


async def test_events_given_to_a_run_reach_all_its_listenings_in_order(container: Container, actor: Actor) -> None:
    from app.foreground import run_in_foreground

    text = definition(
        "x: {listen: {to: {one: {with: {type: x}}}}, export: {as: '${ [.] }'}}",
        "any: {listen: {to: {any: [], until: 'length == 2'}}, export: {as: '${ $context + [.] }'}}",
        "all: {listen: {to: {all: [{with: {type: y}}, {with: {type: z}}]}}, output: {as: '${ $context + [.] }'}}",
    )
    events = [event(number, kind, data=f"{kind}{number}") for number, kind in enumerate("yzxzyx")]

    view = await run_in_foreground(container, actor, (await approved(container, actor, text)).id, events=events)

    assert (view.status, view.output) == ("completed", [["x2"], ["y0", "z1"], ["z3", "y4"]])
    assert await container.actions.given_taken(actor, view.id) == {1, 2, 3, 4, 5}
