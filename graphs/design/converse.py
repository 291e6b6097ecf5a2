"""The two ways in: a turn of a conversation, and one-shot authoring."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, StreamMode

import dsl
from graphs.design import events, ledger
from graphs.design.deps import DesignDeps, Draft
from graphs.design.graph import Graph, design_graph
from graphs.design.planning import open_words, understood
from graphs.models import NOTHING, ModelError, redact, total

MAX_STEPS = 60  # graph steps of one turn
ROUNDS = 6  # rounds of questions that `author` answers with defaults


async def converse(graph: Graph, deps: DesignDeps, *, thread_id: str, user: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
    """
    Take one turn of the conversation *thread_id*. The same message after a turn that did not end goes on where that one stopped.

    Args:
        user: `{"text"}`, `{"answers": {question id: value}}` or `{"decision": "approve"|"approve-and-run"|"reject"|"change", "text"?}`.
            Secrets in it are masked before anything is stored.

    Yields:
        Events: `step`, `say`, `questions`, `proposal` (with `proposal_id`, `digest`, `version`), `run-wanted`, `error`; see
        `graphs.design.events`.
    """
    try:
        async for event in _turn(graph, deps, thread_id, user):
            yield event
    except ModelError as exc:
        yield events.failed(exc)


async def _turn(graph: Graph, deps: DesignDeps, thread_id: str, user: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
    """Yield a turn's events. Raises ModelError."""
    config: RunnableConfig = {"configurable": {"thread_id": thread_id}, "recursion_limit": MAX_STEPS}
    snapshot = await graph.aget_state(config)
    message = masked(user)
    unfinished = bool(snapshot.next) and snapshot.values.get("user") == message  # the process died, or no model answered
    given: Any = Command(resume=message) if snapshot.interrupts else None if unfinished else {"user": message}
    modes: list[StreamMode] = ["custom", "updates"]
    part: Any
    async for mode, part in graph.astream(given, config, context=deps, stream_mode=modes):
        if mode == "custom":
            yield dict(part)
        elif "__interrupt__" in part:
            event = _paused(part["__interrupt__"][0].value)
            if event:
                yield event


def _paused(value: Mapping[str, Any]) -> dict[str, Any] | None:
    """Turn a pause into the event that shows what is waited for; a card that is already there is not shown again."""
    if value["kind"] == "questions":
        return {"type": "questions", "questions": value["questions"]}
    return {"type": "proposal", **value["proposal"]} if value["fresh"] else None


def masked(user: Mapping[str, Any]) -> dict[str, Any]:
    """Return the message without secrets; `masked` lists suggested names for those that were in it."""
    names: list[str] = list(user.get("masked") or ())  # the chat masks a message when it arrives

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            found = redact(value)
            names.extend(found.names)
            return found.text
        if isinstance(value, Mapping):
            return {key: clean(inner) for key, inner in value.items()}
        return value

    message = {key: clean(value) for key, value in user.items() if key in ("text", "answers", "decision", "as")}
    return {**message, "masked": list(dict.fromkeys(names))}


async def author(deps: DesignDeps, text: str, *, yes_to_defaults: bool) -> dict[str, Any]:
    """
    Author a definition in one shot.

    Returns:
        `{"definition": YAML or "", "problems", "effects", "assumptions", "questions", "understood", "usage"}`. Open questions and words
        that were not understood leave `definition` empty; the words are problems (`not-understood`), `understood` holds the planned steps.

    Raises:
        ModelError: no model answered, or none with a usable value.
    """
    kept: list[Draft] = []

    async def keep(draft: Draft) -> dict[str, Any]:
        kept.append(draft)
        return {"proposal_id": "", "digest": "", "version": ""}

    graph, inner, thread = design_graph(InMemorySaver()), replace(deps, propose=keep), uuid.uuid4().hex
    user: dict[str, Any] = {"text": text, "as": "wish"}  # what it is needs no reading
    questions: list[dict[str, Any]] = []
    usage = dict(NOTHING)
    for _ in range(ROUNDS):
        seen = [event async for event in _turn(graph, inner, thread, user)]
        state = await _state(graph, thread)
        usage = total(usage, state.get("usage") or NOTHING)
        questions = next((event["questions"] for event in seen if event["type"] == "questions"), [])
        if not yes_to_defaults or not questions or not all(_default(question) for question in questions):
            break
        user = {"answers": {question["id"]: _default(question) for question in questions if not question.get("default")}}
    state = await _state(graph, thread)
    return {**_result(kept, state, deps), "questions": (state.get("questions") or []) if questions else [], "usage": usage}


async def _state(graph: Graph, thread: str) -> dict[str, Any]:
    snapshot = await graph.aget_state({"configurable": {"thread_id": thread}})
    return dict(snapshot.values)


def _default(question: Mapping[str, Any]) -> str:
    return str(question.get("default") or next(iter(question.get("options") or []), ""))


def _result(kept: list[Draft], state: Mapping[str, Any], deps: DesignDeps) -> dict[str, Any]:
    text = kept[-1].text if kept else str((state.get("best") or {}).get("text", "")) if state.get("outcome") == "unrepaired" else ""
    examined = deps.examine(text, deps.catalogue) if text else None
    problems = [problem.to_json() for problem in examined.problems] if examined else []
    unclear = state.get("unclear") or []
    problems += [_problem("not-understood", words, "" if at else _hint(state)) for at, words in enumerate(unclear)]
    return {
        "definition": text,
        "problems": problems,
        "effects": [effect.to_json() for effect in examined.effects] if examined else [],
        "assumptions": ledger.words(state.get("ledger") or []),
        "understood": [open_words(step) for step in state.get("understood") or _planned(state)],
    }


def _planned(state: Mapping[str, Any]) -> list[str]:
    return [str(step["text"]) for step in (state.get("outline") or {}).get("steps", [])]


def _hint(state: Mapping[str, Any]) -> str:
    """Say what was understood, and what the wish could be instead."""
    if not state.get("understood") and not state.get("offer") and len(state["unclear"]) == 1 and "“" not in state["unclear"][0]:
        return ""
    known = [f"I understood: {understood(state['understood'])}."] if state.get("understood") else []
    offered = [f"This would be understood: {state['offer']}"] if state.get("offer") else []
    return "\n".join([*known, *offered, events.BEYOND])


def _problem(code: str, message: str, hint: str) -> dict[str, Any]:
    return dsl.Problem(code=code, reference="", message=message, hint=hint).to_json()
