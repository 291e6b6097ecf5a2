"""What LangGraph stored may be older than the journal: checkpoints of a run in hand are kept back, and lost with the process. The journal
is what counts."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

import graphs.run as run
from tests.unit.run.harness import Runs, World, until

HEAR = {"hear": {"listen": {"to": {"one": {"with": {"type": "t"}}}}}}
OK = {"ok": {"call": "approve:1.0.0@default", "with": {"title": "Go?"}}}
EVENT = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": 7}
YES = {"approved": True, "comment": "", "by": "ada"}


def remembered(saver: InMemorySaver) -> Any:
    return deepcopy((dict(saver.storage), dict(saver.writes), dict(saver.blobs)))


def restore(runs: Runs, before: Any) -> None:
    """Have the thread be as it was *before*, as if nothing had been stored since."""
    saver = InMemorySaver()
    kept: tuple[Any, ...] = (saver.storage, saver.writes, saver.blobs)
    for own, old in zip(kept, before, strict=True):
        own.update(old)
    runs.graph = run.run_graph(saver)


async def test_a_run_that_listens_no_more_asks_the_person_it_has_come_to(runs: Runs) -> None:
    saver = InMemorySaver()
    runs.graph = run.run_graph(saver)
    await runs.start([HEAR, OK])
    before = remembered(saver)
    runs.mailbox.post_event(EVENT)
    await runs.go_on()

    restore(runs, before)
    waiting = await runs.after_kill()
    runs.mailbox.answer("/do/1/ok", YES)
    done = await runs.go_on()

    assert [one.path for one in waiting.awaited] == ["/do/1/ok"]
    assert done.status == "completed"


async def test_killed_in_the_effect_of_the_last_event_the_run_asks_whether_it_happened(runs: Runs, world: World) -> None:
    saver = InMemorySaver()
    runs.graph = run.run_graph(saver)
    post = {"note": {"call": "http", "with": {"method": "post", "endpoint": f"{world.url}/note"}}}
    tasks = [{"hear": {**HEAR["hear"], "foreach": {"item": "e", "do": [post]}}}]
    await runs.start(tasks)
    before = remembered(saver)
    runs.mailbox.post_event(EVENT)
    never = asyncio.Event()
    world.on("/note", lambda _: never.wait())
    working = asyncio.create_task(runs.go_on())
    await until(lambda: world.seen("/note") == 1)
    working.cancel(run.RELEASE)
    await asyncio.gather(working, return_exceptions=True)

    restore(runs, before)
    waiting = await runs.after_kill()

    assert [(one.kind, one.path) for one in waiting.awaited] == [("outcome-unknown", "/do/0/hear/foreach[0]/0/note")]
