"""`agent`: a model works on a task with tools, turn by turn, as a LangGraph graph of two nodes: `think` asks the model, `act` uses a tool.

Everything it does is a step of its own in the run's journal, so a resume asks no model again and uses no tool again:

    PATH/tools/NAME              the tools of an MCP server, as they were when the agent began
    PATH/agent[1]/model          what the model said in the first turn
    PATH/agent[1]/approve        a person's yes or no to the tool it wanted
    PATH/agent[1]/tool/notify    what the tool gave
"""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypedDict

from graphs.functions import asking, replies, toolbox
from graphs.functions.toolbox import Tool
from graphs.run.ending import end
from graphs.run.errors import WorkflowError
from graphs.run.function_api import FunctionCall
from graphs.run.schemas import problem_in
from graphs.run.step import Flow, Step

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph
    from langgraph.runtime import Runtime

_TURNS = 12
_TOKENS = 100_000
_SHOWN = 20_000  # characters of a result that the model sees


class State(TypedDict, total=False):
    """JSON-plain, as all states are."""

    turn: int  # the turn that is thought about, from 1
    said: dict[str, Any]  # the model's last turn
    done: list[dict[str, Any]]  # [{turn, tool, arguments, result | error | refused}]
    usage: dict[str, int]
    by: list[str]


@dataclass(frozen=True, slots=True)
class Work:
    """LangGraph's runtime context of one agent."""

    call: FunctionCall
    arguments: Mapping[str, Any]
    tools: Mapping[str, Tool]
    most_turns: int
    most_tokens: int


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> dict[str, Any]:
    """
    Return `{answer, turns, tools: [{tool, outcome}], by, usage}`.

    Raises:
        WorkflowError: configuration (`no-model`, a tool that is not there), runtime (`agent-limit`, an answer that does not fit),
            communication when no model answers.
    """
    model = str(arguments.get("model") or "")
    if not await asking.chosen(call, "run/agent", model):
        raise asking.no_model("agent", model)
    wrong = problem_in(arguments["output"]) if arguments.get("output") else ""
    if wrong:
        raise WorkflowError.of("validation", f"the 'output' of agent is no JSON Schema: {wrong}")
    limits = arguments.get("limits") or {}
    rounds = call.attempt  # a person who has it done again gives it as much as it had
    work = Work(
        call, arguments, await toolbox.open_tools(arguments, call), int(limits.get("turns") or _TURNS) * rounds,
        int(limits.get("tokens") or _TOKENS) * rounds,
    )  # fmt: skip
    state = await _through(work)
    tools = [{"tool": one["tool"], "outcome": toolbox.outcome(one)} for one in state["done"]]
    return {
        "answer": state["said"]["answer"], "turns": state["turn"], "tools": tools, "by": ", ".join(state["by"]), "usage": state["usage"],
    }  # fmt: skip


async def _through(work: Work) -> State:
    """Run the graph; what surrounds it (the run's own graph, its saver, its stream) is none of its business."""
    begin: State = {"turn": 1, "done": [], "usage": {"input_tokens": 0, "output_tokens": 0}, "by": []}
    going = _graph().ainvoke(begin, {"recursion_limit": 2 * work.most_turns + 5}, context=work)
    task: asyncio.Task[Any] = asyncio.create_task(going, context=contextvars.Context())
    try:
        state: State = await asyncio.shield(task)
    finally:
        await end(task)
    return state


@cache
def _graph() -> CompiledStateGraph[State, Work, State, State]:
    from langgraph.graph import END, START, StateGraph

    graph = StateGraph(State, context_schema=Work)
    graph.add_node("think", think)
    graph.add_node("act", act)
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", lambda state: "act" if state["said"]["tool"] else END, ["act", END])
    graph.add_edge("act", "think")
    return graph.compile(checkpointer=False)


async def think(state: State, runtime: Runtime[Work]) -> State:
    """Ask the model for the next turn. Raises WorkflowError at a limit."""
    work, turn = runtime.context, state["turn"]
    spent = sum(state["usage"].values())
    if turn > work.most_turns:
        raise _limit(f"the agent came to no answer within {work.most_turns} turns")
    if spent >= work.most_tokens:
        raise _limit(f"the agent used {spent:,} tokens and came to no answer; it may use {work.most_tokens:,}")
    said = await work.call.inner([f"agent[{turn}]", "model"], _Asking(work, state["done"], work.most_turns - turn))
    usage = {key: state["usage"][key] + said["usage"][key] for key in state["usage"]}
    return {"said": said, "usage": usage, "by": list(dict.fromkeys([*state["by"], said["by"]]))}


def _limit(words: str) -> WorkflowError:
    return WorkflowError.of("runtime", f"{words} ('limits' of the task)", title="agent-limit")


async def act(state: State, runtime: Runtime[Work]) -> State:
    """Use the tool that the model wants, when it may."""
    work, turn, said = runtime.context, state["turn"], state["said"]
    found = {"turn": turn, "tool": said["tool"], "arguments": said["arguments"]}
    tool = work.tools.get(said["tool"])
    if tool is None:
        found["error"] = f"there is no such tool; there are: {', '.join(work.tools) or 'none'}"
    else:
        found |= await _used(work, tool, said, turn)
    return {"done": [*state["done"], found], "turn": turn + 1}


async def _used(work: Work, tool: Tool, said: Mapping[str, Any], turn: int) -> dict[str, Any]:
    """Return `{result}`, `{error}` or `{refused}`."""
    arguments = {**said["arguments"], **tool.settled}
    if not toolbox.allowed(tool, arguments, work.call):
        answer = await work.call.inner([f"agent[{turn}]", "approve"], _Permission(work, tool, arguments, str(said["thought"])))
        if not answer["approved"]:
            return {"refused": answer["comment"] or "a person refused it"}
    try:
        return {"result": await work.call.inner([f"agent[{turn}]", "tool", tool.name], tool.body(arguments))}
    except WorkflowError as error:
        if error.final:
            raise
        return {"error": error.detail or error.title}


@dataclass(frozen=True, slots=True)
class _Asking:
    """The body of a turn's question to the model. Gives `{thought, tool, arguments, answer, by, usage}`."""

    work: Work
    done: Sequence[Mapping[str, Any]]
    left: int

    async def run(self, step: Step) -> Flow:
        work, given, call = self.work, self.work.arguments, FunctionCall(step)
        values = {
            "instructions": str(given["instructions"]), "input": given.get("input"), "left": self.left,
            "tools": [tool.shown() for tool in work.tools.values()], "done": [_cut(call.shown(one)) for one in self.done],
        }  # fmt: skip
        reply = replies.fitting(replies.Turn, "answer", given["output"]) if given.get("output") else replies.Turn
        asked = await asking.ask(call, "run/agent", values, reply, what="agent", model=str(given.get("model") or ""))
        usage = {key: asked.usage[key] for key in ("input_tokens", "output_tokens")}
        return Flow({**asked.reply.model_dump(), "by": asked.model, "usage": usage})


@dataclass(frozen=True, slots=True)
class _Permission:
    """The body that asks a person whether a tool may be used."""

    work: Work
    tool: Tool
    arguments: Mapping[str, Any]
    why: str

    async def run(self, step: Step) -> Flow:
        form = {
            "title": f"May the agent use {self.tool.name}?",
            "message": f"{self.tool.title}. The agent says: {self.why or 'nothing'}",
            "data": dict(self.arguments),
            "assignee": self.work.arguments.get("assignee"),
        }
        delivery = await FunctionCall(step).person("approve", form)
        answer = delivery.payload or {}
        return Flow(
            {"approved": answer.get("approved") is True, "comment": answer.get("comment") or "", "by": answer.get("by") or delivery.by}
        )


def _cut(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was done, a long result as the beginning of its JSON."""
    text = json.dumps(one.get("result"), ensure_ascii=False)
    if len(text) <= _SHOWN:
        return dict(one)
    return {**one, "result": f"{text[:_SHOWN]} … ({len(text) - _SHOWN:,} more characters were cut off)"}
