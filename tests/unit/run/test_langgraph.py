"""Runs are LangGraph threads: its own methods start them, show every step, tell where they are and answer people."""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import Command

import graphs.run as run
from tests.unit.run.harness import Runs, definition

CONFIG: Any = {"configurable": {"thread_id": "t1"}}


async def drive(runs: Runs, graph: Any, given: Any) -> tuple[list[Any], list[Any]]:
    """Return the updates and the steps that `astream` shows for one invocation, as a process of its own would see them."""
    updates, steps = [], []
    program = run.compile(runs.definition, runs.functions)
    async with run.session(runs.deps, program) as context:
        async for mode, part in graph.astream(given, CONFIG, context=context, stream_mode=["updates", "custom"], durability="sync"):
            (updates if mode == "updates" else steps).append(part)
    return updates, steps


async def test_a_run_is_started_watched_and_answered_with_langgraphs_own_methods(runs: Runs) -> None:
    graph = run.run_graph(InMemorySaver())
    approve = {"call": "approve:1.0.0@default", "with": {"title": "Go?"}}
    runs.definition = definition([{"a": {"set": {"n": "${ .n + 1 }"}}}, {"ok": approve}, {"b": {"set": {"done": "${ .approved }"}}}])

    updates, steps = await drive(runs, graph, {"run_id": "t1", "input": {"n": 1}, "status": "running"})
    state = await graph.aget_state(CONFIG)

    assert [(step["path"], step["status"]) for step in steps] == [("/do/0/a", "started"), ("/do/0/a", "finished"), ("/do/1/ok", "started")]
    assert list(updates[-1]) == ["__interrupt__"]
    assert state.next == ("park",)
    assert list(state.interrupts[0].value) == ["/do/1/ok"]
    assert state.values["awaited"]["/do/1/ok"]["form"]["title"] == "Go?"

    _, steps = await drive(runs, graph, Command(resume={"/do/1/ok": {"approved": True, "comment": "", "by": "ada"}}))
    state = await graph.aget_state(CONFIG)

    assert [(step["path"], step["status"]) for step in steps][-2:] == [("/do/2/b", "started"), ("/do/2/b", "finished")]
    assert (state.next, state.values["status"], state.values["output"]) == ((), "completed", {"done": True})
    assert len([snapshot async for snapshot in graph.aget_state_history(CONFIG)]) >= 4


async def test_a_long_run_is_checkpointed_every_two_hundred_steps(runs: Runs) -> None:
    graph = run.run_graph(InMemorySaver())
    runs.definition = definition([{"loop": {"for": {"in": "[range(900)]"}, "do": [{"a": {"set": {"n": "${ $item }"}}}]}}])

    updates, _ = await drive(runs, graph, {"run_id": "t1", "input": {}, "status": "running"})

    assert [update["advance"]["steps"] for update in updates] == [200, 400, 600, 800, 901]


async def test_the_state_survives_strict_serialisation(runs: Runs) -> None:
    """Everything in a checkpoint is plain JSON: the strict serialiser reads it back as it was."""
    saver = InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=None))
    graph = run.run_graph(saver)
    runs.definition = definition([{"w": {"wait": {"hours": 1}}}])

    await drive(runs, graph, {"run_id": "t1", "input": {"a": [1, None, "x"]}, "status": "running"})
    values = (await graph.aget_state(CONFIG)).values

    assert values["input"] == {"a": [1, None, "x"]}
    assert values["awaited"]["/do/0/w"]["kind"] == "timer"


async def test_an_answer_that_names_nobody_changes_nothing(runs: Runs) -> None:
    graph = run.run_graph(InMemorySaver())
    runs.definition = definition([{"w": {"wait": {"hours": 1}}}])
    await drive(runs, graph, {"run_id": "t1", "input": {}, "status": "running"})

    for answer in ("yes", {"/do/9/nobody": True}):
        await drive(runs, graph, Command(resume=answer))

        assert (await graph.aget_state(CONFIG)).next == ("park",)


async def test_values_that_the_checkpoint_cannot_hold_are_made_so_that_it_can(runs: Runs) -> None:
    """Integers beyond 64 bits become floats, as in jq; half a character becomes the replacement character."""
    runs.graph = run.run_graph(InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=None)))
    huge = {"id": 10**30, "list": [-(10**400)], "half\udc00": "a\ud800b", "fine": [2**53 - 1, "ä", 1.5, None, True]}
    ask = {"call": "ask:1.0.0@default", "with": {"title": "?", "schema": {}}, "output": {"as": "{ asked: ., before: $input }"}}
    await runs.start([{"a": ask}], huge)

    runs.mailbox.answer("/do/0/a", {"n": 10**30})
    outcome = await runs.go_on()

    plain = {"id": 1e30, "list": [-1.7976931348623157e308], "half�": "a�b", "fine": [2**53 - 1, "ä", 1.5, None, True]}
    assert outcome.output == {"asked": {"n": 1e30}, "before": plain}
