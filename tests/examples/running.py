"""Run an example with the real engine on in-memory adapters: people answer from its script, events arrive from its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from dsl.expressions import Expressions
from graphs import catalogue
from graphs.run import Outcome, RunDeps, compile, execute, run_graph  # noqa: A004 (the contract's word)
from graphs.run.http import guarded_http
from graphs.run.memory_ports import MemoryEvents, MemoryNotices, ephemeral_deps
from graphs.run.paths import to_reference
from graphs.run.ports import Awaited
from tests.examples.cases import Example

JSON = Any
_LONGEST_WAIT_S = 10.0  # for a timer of an example; deadlines of people and events are longer and are not waited for


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run ended and what it told the world besides HTTP."""

    status: str
    output: JSON
    error: Mapping[str, JSON] | None
    events: list[JSON]  # published by the run
    notices: list[JSON]  # {channel, to, title, text} for people


async def run(
    example: Example, base_url: str, *, people: Mapping[str, JSON] | None = None, changes: Mapping[str, JSON] | None = None
) -> Ended:
    """
    Run *example* to its end against the world at *base_url*.

    Args:
        people: Answers by the reference of the asking task; the example's own script when left out.
        changes: Merged into the top of the input.

    Raises:
        AssertionError: The run waits for something nobody in the script brings.
    """
    functions = catalogue.load()
    program = compile(example.definition, functions, workflows=example.children)
    data = example.read("input.json", base_url=base_url)
    expressions = Expressions(children=1)
    try:
        async with guarded_http(allow=["127.0.0.0/8"]) as http:
            deps = ephemeral_deps(
                expressions=expressions,
                catalogue=functions,
                http=http,
                secrets=example.secrets,
                workflows=example.children.values(),
                events=example.read("events.json", base_url=base_url, default=[]),
            )
            begin = {**data, **changes} if changes else data
            outcome = await _drive(deps, program, begin, example.people if people is None else people)
    finally:
        await expressions.aclose()
    assert isinstance(deps.events, MemoryEvents)
    assert isinstance(deps.notices, MemoryNotices)
    return Ended(
        status=outcome.status,
        output=outcome.output,
        error=outcome.error,
        events=list(deps.events.published),
        notices=[{"channel": n.channel, "to": n.to, "title": n.title, "text": n.text} for n in deps.notices.posted.values()],
    )


async def _drive(deps: RunDeps, program: Any, data: JSON, people: Mapping[str, JSON]) -> Outcome:
    """Execute until the run has ended, answering what it asks and waiting out its timers."""
    graph = run_graph(InMemorySaver())
    deliveries: dict[str, JSON] = {}
    while True:
        outcome = await execute(graph, deps, run_id="example", program=program, input=data, deliveries=deliveries)
        if outcome.status != "waiting":
            return outcome
        deliveries = {one.path: people[to_reference(one.path)] for one in outcome.awaited if one.kind in ("approve", "ask")}
        if not deliveries:
            assert any(_is_short(deps, one) for one in outcome.awaited), f"nobody brings what it waits for: {outcome.awaited}"
            await deps.mailbox.changed(_LONGEST_WAIT_S)


def _is_short(deps: RunDeps, one: Awaited) -> bool:
    return one.kind == "timer" and one.wake_at is not None and (one.wake_at - deps.clock.now()).total_seconds() < _LONGEST_WAIT_S
