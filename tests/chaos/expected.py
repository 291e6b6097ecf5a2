"""How runs end without faults: the same definitions in memory, nobody killed, everybody answering at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

import graphs.run as run
from dsl.expressions import Expressions
from graphs import catalogue
from graphs.run.http import guarded_http
from graphs.run.memory_ports import ephemeral_deps
from tests.chaos.effects import EffectServer
from tests.chaos.history import Expected
from tests.chaos.mixes import ITEM, ITEMS, TOP

Course = tuple[str, int]  # workflow and its input's `n`
_TRIES = 100


async def expectations(texts: Mapping[str, str], effects: EffectServer, largest: int) -> dict[Course, Expected]:
    """Return how each workflow ends with an input `{"n": 1}` to `{"n": largest}`."""
    expressions, parsed = Expressions(children=1), {name: json.loads(text) for name, text in texts.items()}
    try:
        courses = [(name, n) for name in TOP for n in range(1, largest + 1)]
        ends = await asyncio.gather(*(_without_faults(parsed, name, n, effects, expressions) for name, n in courses))
        return dict(zip(courses, ends, strict=True))
    finally:
        await expressions.aclose()


async def _without_faults(parsed: Mapping[str, Any], name: str, n: int, effects: EffectServer, expressions: Expressions) -> Expected:
    functions, id_ = catalogue.load(), f"expected-{name}-{n}"
    async with guarded_http(["127.0.0.0/8"]) as http:
        deps = ephemeral_deps(expressions=expressions, catalogue=functions, http=http, workflows=[parsed["errand"]])
        mailbox: Any = deps.mailbox
        for number in range(ITEMS):
            mailbox.post_event(event(id_, number))
        program, graph = run.compile(parsed[name], functions), run.run_graph(InMemorySaver())
        for _ in range(_TRIES):
            outcome = await run.execute(graph, deps, run_id=id_, program=program, input={"n": n}, workflow_meta={"id": id_})
            if outcome.status != "waiting":
                break
            for one in outcome.awaited:
                if one.kind == "approve":
                    mailbox.answer(one.path, {"approved": True, "comment": "", "by": "ada"})
            await mailbox.changed(1.0)
    assert outcome.status == "completed", outcome
    return Expected(outcome.output, frozenset(effect.place for effect in effects.effects(id_) if effect.performed))


def event(run_id: str, number: int) -> dict[str, Any]:
    """Return the event *number* for a desk."""
    id_ = f"{run_id}-{number}"
    return {"specversion": "1.0", "id": id_, "source": "/chaos", "type": ITEM, "subject": run_id, "data": {"n": number}}
