"""The nodes that turn a wish into a plan, and a change wish into edits."""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

import dsl
from graphs.design import events, ledger
from graphs.design.deps import DesignDeps
from graphs.design.patching import ChangeRefused, change
from graphs.design.replies import Change, Outline
from graphs.design.state import DesignState
from graphs.models import Usage, total

Run = Runtime[DesignDeps]
Update = dict[str, Any]


def functions(deps: DesignDeps) -> list[dict[str, Any]]:
    """Return the catalogue as a prompt shows it: name, what it does, inputs and output with their types (`?`: may be left out)."""
    return [
        {
            "name": key,
            "does": function.summary,
            "effect": function.effect,
            "input": _fields(function.input),
            "output": _fields(function.output),
        }
        for key, function in deps.catalogue.items()
    ]


def _fields(schema: Any) -> dict[str, str]:
    required = schema.get("required", [])
    return {name: f"{_type(inner)}{'' if name in required else '?'}" for name, inner in schema.get("properties", {}).items()}


def _type(schema: Any) -> str:
    if not isinstance(schema, dict):
        return "any"
    if "enum" in schema:
        return "|".join(str(value) for value in schema["enum"])
    kinds = schema.get("type", "any")
    return "|".join(kind for kind in kinds if kind != "null") if isinstance(kinds, list) else str(kinds)


async def begin(state: DesignState) -> Update:
    """Take the message as a wish: the first one, a new one, or more of the one in work."""
    text = state["user"].get("text", "")
    more = state["intent"].get("intent") == "change" or (state.get("pending") == "questions" and state["intent"].get("intent") == "design")
    wishes = [*(state.get("wishes") or []), text] if more and not state.get("base") else [text]
    kept = {"ledger": state.get("ledger") or []} if len(wishes) > 1 else {"ledger": []}
    return {
        **kept,
        "wishes": wishes,
        "mode": "design",
        "draft": "",
        "base": "",
        "problems": [],
        "best": {},
        "seen": [],
        "repairs": 0,
        "fixes": [],
        "changed": "",
        "proposal": {},
        "pending": "",
        "questions": [],
        "unclear": [],
        "understood": [],
        "offer": "",
    }


async def plan(state: DesignState, runtime: Run) -> Update:
    """Ask for the outline, the assumptions and the questions that block."""
    deps, used, write = runtime.context, Usage(), runtime.stream_writer
    write(events.step("Planning", "start"))
    values = {
        "person": deps.person,
        "timezone": deps.timezone,
        "functions": functions(deps),
        "wishes": state["wishes"],
        "ledger": state.get("ledger") or [],
    }
    outline = await deps.models.ask("design/outline", values, Outline, usage=used)
    spent = total(state["usage"], used.to_json())
    write(events.step("Planning", "end", f"{len(outline.steps)} steps, {len(outline.questions)} questions"))
    unclear = [f"I did not understand: “{words}”." for words in outline.not_understood]
    unclear += [f"This is missing here: {words}." for words in outline.missing] + outline.remarks
    if unclear or not outline.steps:
        write(events.say(_beyond(outline, unclear)))
        return {
            "usage": spent,
            "outcome": "beyond",
            "wishes": [],
            "questions": [],
            "pending": "",
            "unclear": unclear or [f"I found no step in “{state['wishes'][-1]}” that I could build."],
            "understood": [step.text for step in outline.steps],
            "offer": outline.offer,
        }
    entries = ledger.assumed(state.get("ledger") or [], [item.model_dump() for item in outline.assumptions], state["turn"])
    questions = [question.model_dump() for question in outline.questions if not ledger.settled(entries, question.id)]
    return {
        "usage": spent,
        "outline": outline.model_dump(),
        "ledger": entries,
        "questions": questions,
        "pending": "questions" if questions else "",
    }


def after_plan(state: DesignState) -> str:
    if state.get("outcome"):
        return "end"
    return "ask" if state.get("questions") else "draft"


def _beyond(outline: Outline, unclear: list[str]) -> str:
    """Say what was not understood, word by word, and what would be."""
    if outline.remarks and not (outline.not_understood or outline.missing or outline.steps):
        return " ".join(outline.remarks)  # it could not be read at all, and they say why
    parts = unclear or ["I found no step in that which I could build."]
    if outline.steps:
        parts = [f"I understood: {understood([step.text for step in outline.steps])}.", *parts]
    if outline.offer:
        said = "yes" if outline.offered.startswith("Did") else "leave it out"
        parts.append(f"{outline.offered}: “{outline.offer}”. Say “{said}” for that, or say that part in other words.")
    elif outline.steps:
        parts.append("Nothing is left out silently: say the whole of it again, with that part in other words or left out.")
    return "\n".join([*parts, events.BEYOND])


def understood(steps: list[str]) -> str:
    """Return steps in a row: "fetch the orders; post the orders to …"."""
    return "; ".join(step[:1].lower() + step[1:] for step in map(open_words, steps))


def open_words(step: str) -> str:
    """Return a planned step's words without the stand-in for an answer that is still open."""
    return step.removesuffix(" to ?").replace(" ? ", " somebody ")


async def begin_change(state: DesignState) -> Update:
    """Take the message as a change of the draft."""
    return {
        "mode": "change",
        "request": state["user"].get("text", ""),
        "pending": "",
        "questions": [],
        "problems": [],
        "best": {},
        "seen": [],
        "repairs": 0,
        "fixes": [],
        "changed": "",
    }


async def edit(state: DesignState, runtime: Run) -> Update:
    """Ask for edits of the current definition and carry them out; a refusal changes nothing."""
    deps, used, write = runtime.context, Usage(), runtime.stream_writer
    write(events.step("Planning", "start"))
    base = state["base"]
    values = {
        "person": deps.person,
        "functions": functions(deps),
        "ledger": state.get("ledger") or [],
        "definition": base,
        "tasks": _tasks(base, deps),
        "request": state["request"],
    }
    wanted = await deps.models.ask("design/change", values, Change, usage=used)
    spent: Update = {"usage": total(state["usage"], used.to_json())}
    write(events.step("Planning", "end", wanted.said))
    questions = [question.model_dump() for question in wanted.questions if not ledger.settled(state.get("ledger") or [], question.id)]
    if questions:
        return {**spent, "questions": questions, "pending": "questions"}
    if wanted.not_understood or not wanted.operations:
        unclear = [f"I did not understand: “{words}”." for words in wanted.not_understood]
        unclear = unclear or [f"I did not understand what to change: “{state['request']}”."]
        write(events.say("\n".join([*unclear, f"Nothing was changed. {events.CHANGES}"])))
        return {**spent, **_refused(state)}
    try:
        applied = change(base, wanted.operations)
    except ChangeRefused as exc:
        write(events.say(f"I could not make this change: {exc}. Nothing was changed."))
        return {**spent, **_refused(state)}
    return {**spent, "draft": applied.text, **_carried_out(state, wanted)}


def _refused(state: DesignState) -> Update:
    """Go back to where the conversation was."""
    return {"outcome": "refused", "pending": "decision" if state.get("proposal") else ""}


def _carried_out(state: DesignState, wanted: Change) -> Update:
    """Keep the change as a wish, and in the ledger, where it stands after the answers that it overrules."""
    said = wanted.said or state["request"]
    places = {operation.reference.rsplit("/", 1)[-1] for operation in wanted.operations}
    entry = {"id": f"change-{state['turn']}", "text": state["request"], "status": "changed", "value": said, "turn": state["turn"]}
    entry["steps"] = sorted(places)
    return {
        "changed": said,
        "wishes": [*(state.get("wishes") or []), state["request"]],
        "ledger": ledger.put(state.get("ledger") or [], entry),
    }


def after_edit(state: DesignState) -> str:
    if state.get("outcome"):
        return "decide" if state.get("pending") == "decision" else "end"
    return "ask" if state.get("questions") else "check"


def _tasks(text: str, deps: DesignDeps) -> list[dict[str, str]]:
    """Return the tasks by reference, number and words, as an edit may name them."""
    found: dict[str, dict[str, str]] = {}
    for line in dsl.outline(dsl.read(text).data, deps.catalogue):
        if line.reference and line.reference not in found:
            found[line.reference] = {"reference": line.reference, "number": line.number, "text": line.text}
    return list(found.values())
