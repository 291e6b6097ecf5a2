"""The nodes that write a definition, check and repair it, say what it does, and propose it."""

from __future__ import annotations

import json
from typing import Any

from langgraph.runtime import Runtime

import dsl
from dsl.walk import steps
from graphs.design import events, ledger
from graphs.design.deps import DesignDeps
from graphs.design.deps import Draft as Proposed
from graphs.design.dialect import is_old
from graphs.design.fixes import mend
from graphs.design.planning import functions
from graphs.design.replies import Draft, Summary
from graphs.design.state import DesignState
from graphs.design.telling import tell
from graphs.models import ModelError, Usage, total

Run = Runtime[DesignDeps]
Update = dict[str, Any]

REPAIRS = 3  # model repairs of one draft


async def draft(state: DesignState, runtime: Run) -> Update:
    """Ask for the definition of the outline."""
    deps, used, write = runtime.context, Usage(), runtime.stream_writer
    write(events.step("Drafting", "start"))
    values = {
        "person": deps.person, "timezone": deps.timezone, "functions": functions(deps), "wishes": state["wishes"],
        "ledger": state.get("ledger") or [], "outline": {key: state["outline"][key] for key in ("title", "name", "trigger", "steps")},
    }  # fmt: skip
    reply = await deps.models.ask("design/draft", values, Draft, usage=used)
    write(events.step("Drafting", "end"))
    return {"draft": tidy(reply.definition), "usage": total(state["usage"], used.to_json())}


def tidy(text: str) -> str:
    """Return a definition in our layout when it can be read, else as it came."""
    source = dsl.read(unfenced(text))
    return dsl.render(source.data) if isinstance(source.data, dict) and not source.problems else unfenced(text)


def unfenced(text: str) -> str:
    """Take a Markdown fence away."""
    stripped = text.strip()
    if stripped.startswith("```") and stripped.endswith("```") and "\n" in stripped:
        return stripped.split("\n", 1)[1].rsplit("```", 1)[0]
    return text


async def check(state: DesignState, runtime: Run) -> Update:
    """Check the draft; what has one sensible correction is corrected at once (not in a change: there nothing else may move)."""
    deps, write = runtime.context, runtime.stream_writer
    write(events.step("Checking", "start"))
    text, examined = state["draft"], deps.examine(state["draft"], deps.catalogue)
    fixes = list(state.get("fixes") or [])
    for _ in range(3):
        errors = [problem for problem in examined.problems if problem.severity == "error"]
        if not errors or state.get("mode") == "change" or not isinstance(examined.data, dict):
            break
        fixed, done = mend(examined.data, errors, deps.catalogue)
        tried = deps.examine(dsl.render(fixed), deps.catalogue) if done else examined
        if not done or (len(_errors(tried)) > len(errors) and not is_old(examined.data)):
            break  # the old dialect is one problem and hides the others: its rewriting is always kept
        text, examined, fixes = dsl.render(fixed), tried, fixes + done
    errors = _errors(examined)
    write(events.step("Checking", "end", f"{len(errors)} problems" if errors else "no problems"))
    best = state.get("best") or {}
    if not best or len(errors) <= best["errors"]:
        best = {"text": text, "errors": len(errors), "problems": [problem.to_json() for problem in errors]}
    return {"draft": text, "problems": [problem.to_json() for problem in errors], "fixes": list(dict.fromkeys(fixes)), "best": best}


def _errors(examined: dsl.Examined) -> list[dsl.Problem]:
    return [problem for problem in examined.problems if problem.severity == "error"]


def signature(problems: list[dict[str, Any]]) -> str:
    """Return what makes two sets of problems the same: codes and places, not words."""
    return json.dumps(sorted((problem["code"], problem["reference"]) for problem in problems))


def after_check(state: DesignState) -> str:
    problems = state.get("problems") or []
    if not problems:
        return "summarize"
    if state.get("mode") == "change" or state.get("repairs", 0) >= REPAIRS or signature(problems) in (state.get("seen") or []):
        return "give_up"
    return "repair"


async def repair(state: DesignState, runtime: Run) -> Update:
    """Send the problems back, with their hints."""
    deps, used, write = runtime.context, Usage(), runtime.stream_writer
    write(events.step("Repairing", "start", f"{len(state['problems'])} problems"))
    problems = [{key: problem[key] for key in ("code", "reference", "message", "hint", "line")} for problem in state["problems"]]
    values = {"functions": functions(deps), "wishes": state["wishes"], "definition": state["draft"], "problems": problems}
    reply = await deps.models.ask("design/repair", values, Draft, usage=used)
    write(events.step("Repairing", "end"))
    return {
        "draft": tidy(reply.definition),
        "repairs": state.get("repairs", 0) + 1,
        "seen": [*(state.get("seen") or []), signature(state["problems"])],
        "usage": total(state["usage"], used.to_json()),
    }


async def give_up(state: DesignState, runtime: Run) -> Update:
    """Say honestly that the draft is not right, and keep the best one; a change is taken back."""
    kept = (state.get("best") or {}).get("problems") or state["problems"]
    shown = [
        f"- {problem['message']}{' (' + problem['hint'] + ')' if problem['hint'] else ''} at {problem['reference'] or 'the document'}"
        for problem in kept[:6]
    ]
    if state.get("mode") == "change":
        text = "This change would make the definition wrong, so I took it back:"
        update: Update = {
            "draft": state["base"],
            "pending": "decision" if state.get("proposal") else "",
            "wishes": (state.get("wishes") or [])[:-1],
            "ledger": [entry for entry in state.get("ledger") or [] if entry["id"] != f"change-{state['turn']}"],
        }
    else:
        text = f"I could not get this right: after {state.get('repairs', 0)} repairs these problems are left. "
        text += "I propose nothing that is wrong; the best draft is kept."
        update = {"draft": (state.get("best") or {}).get("text", state["draft"]), "pending": ""}
    runtime.stream_writer(
        events.say("\n".join([text, *shown, "Say it in other words or in smaller steps, or choose a stronger model with PARLEY_MODEL."]))
    )
    return {**update, "outcome": "unrepaired"}


def after_give_up(state: DesignState) -> str:
    return "decide" if state.get("pending") == "decision" else "end"


async def summarize(state: DesignState, runtime: Run) -> Update:
    """Say what it does: words by the model, but what changes outside is always told from the definition."""
    deps, used, write = runtime.context, Usage(), runtime.stream_writer
    write(events.step("Summarizing", "start"))
    known = tell(dsl.read(state["draft"]).data, deps.catalogue, changed=state.get("changed", ""))
    text = str(known["plain"])
    try:
        said = (await deps.models.ask("design/summarize", {"wishes": state["wishes"], "facts": known}, Summary, usage=used)).text
        text = text if said.strip() == text else f"{said.strip()} {known['outside']}"
    except ModelError:
        pass  # the words are a courtesy: the card's facts do not need them
    write(events.step("Summarizing", "end", text))
    return {"summary": text, "usage": total(state["usage"], used.to_json())}


async def propose(state: DesignState, runtime: Run) -> Update:
    """Hand the draft over for a decision."""
    data = dsl.read(state["draft"]).data
    document = data["document"]
    entries = state.get("ledger") or []
    if state.get("mode") == "change":
        gone = _names(dsl.read(state["base"]).data) - _names(data)
        entries = ledger.without(entries, gone, state["turn"])
    proposed = Proposed(
        text=state["draft"],
        name=str(document["name"]),
        title=str(document.get("title") or document["name"]),
        summary=state["summary"],
        assumptions=tuple(ledger.words(entries)),
    )
    return {
        "proposal": await runtime.context.propose(proposed),
        "base": state["draft"],
        "ledger": entries,
        "pending": "decision",
        "proposed_in": state["turn"],
    }


def _names(data: Any) -> set[str]:
    return {step.reference.rsplit("/", 1)[-1] for step in steps(data)}
