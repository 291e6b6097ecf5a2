"""The nodes that read a message: what it wants, what it settles, and the answers that need no design."""

from __future__ import annotations

import re
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import interrupt

import dsl
from graphs.design import events, ledger
from graphs.design.deps import DesignDeps
from graphs.design.facts import explain
from graphs.design.planning import open_words
from graphs.design.replies import Intent
from graphs.design.state import DesignState
from graphs.models import NOTHING, Usage, total

SURE = 0.6  # below this, a decision or a run is asked about instead of carried out
TASK_HELP = (
    "To use it, say “… using the secret NAME” and store it with the secret form that then appears in this chat, or with "
    "`parley secret set NAME`: there it is kept encrypted and never shown to a model."
)

TAKES = re.compile(
    r"(?:ok(?:ay)?|yes|yep|sure|please|then|just|so)?[,. ]*(?:please |just )*(?:leave (?:it|that|this)(?: part)? out|leave out (?:it|that|this)(?: part)?|without (?:it|that|this)(?: part)?|skip (?:it|that|this)|drop (?:it|that)|yes|ok(?:ay)?|sure|do that|do so|go ahead|that is right|right|correct)?[.! ]*(?:please)?[.!]*",  # noqa: E501
    re.IGNORECASE,
)

CONTROL = re.compile(
    r"(?:please |now |can you |could you )*(?:(?P<retry>retry|re-?run|try)|(?P<cancel>cancel|stop|abort|halt|kill))"
    r"(?: it| this| that| (?:the|this|that|my) (?:run|workflow|last run))?(?: (?:again|now|please))*[.! ]*",
    re.IGNORECASE,
)  # a run is retried and cancelled on its card

Run = Runtime[DesignDeps]
Update = dict[str, Any]


async def receive(state: DesignState, runtime: Run) -> Update:
    """Begin a turn."""
    masked = state["user"].get("masked") or []
    if masked:
        names = ", ".join(masked)
        runtime.stream_writer(
            events.say(
                f"Your message held what looks like a secret ({names}). I masked it: it is not kept here, and no model saw it. {TASK_HELP}"
            )
        )
    late = "answers" in state["user"] and not state.get("questions")  # a card of questions that were settled meanwhile
    intent = {"intent": "answer", "confidence": 1.0} if late else {}
    said = str(state["user"].get("text", "")).strip()
    if state.get("offer") and said and TAKES.fullmatch(said):  # "leave it out": the wish that was offered
        return {**_fresh(state), "intent": {}, "user": {"text": state["offer"], "as": "wish"}}
    if found := _of_a_run(said, state):
        intent = {"intent": found, "confidence": 1.0}
    return {**_fresh(state), "intent": intent}


def _of_a_run(said: str, state: DesignState) -> str:
    """Return "retry" or "cancel" when the message says that of a run; while a proposal or a question is open, "cancel" is about that."""
    found = CONTROL.fullmatch(said)
    if not found or "decision" in state["user"] or state["user"].get("as") == "wish":
        return ""
    kind = "retry" if found["retry"] else "cancel"
    return (
        ""
        if state.get("pending") == "questions" or (kind == "cancel" and said.lower().startswith("cancel") and state.get("pending"))
        else kind
    )


def _fresh(state: DesignState) -> Update:
    return {"turn": state.get("turn", 0) + 1, "usage": dict(NOTHING), "outcome": ""}


def after_receive(state: DesignState) -> str:
    """Answers and decisions of a card need no reading."""
    user = state["user"]
    if "answers" in user:
        return "settle" if state.get("questions") else "respond"
    if "decision" in user:
        return "decided"
    if state["intent"].get("intent") in ("retry", "cancel"):
        return "respond"
    return "begin" if user.get("as") == "wish" else "understand"


async def understand(state: DesignState, runtime: Run) -> Update:
    """Say what the message wants."""
    runtime.stream_writer(events.step("Understanding", "start"))
    deps, used = runtime.context, Usage()
    text = state["user"].get("text", "")
    workflows = await deps.workflows()
    values = {
        "pending": state.get("pending") or "nothing",
        "questions": state.get("questions") or [],
        "workflow": _about(state),
        "workflows": [{"name": entry.get("name"), "title": entry.get("title")} for entry in workflows[:50]],
        "message": text,
    }
    intent = await deps.models.ask("design/classify", values, Intent, usage=used)
    runtime.stream_writer(events.step("Understanding", "end", _kind_words(intent.intent)))
    return {"intent": intent.model_dump(), "usage": total(state["usage"], used.to_json())}


def _about(state: DesignState) -> str:
    """Return the current draft's outline, short, or the wish that is being worked on."""
    text = state.get("draft") or ""
    if not text:
        return "\n".join(step["text"] for step in (state.get("outline") or {}).get("steps", [])) if state.get("questions") else ""
    return "\n".join(f"{line.number} {line.text}" for line in dsl.outline(dsl.read(text).data)[:40])


def _kind_words(kind: str) -> str:
    return {
        "design": "a new workflow",
        "change": "a change",
        "answer": "an answer",
        "question": "a question",
        "run": "a start",
        "monitor": "a question about runs",
    }.get(kind, kind)


def after_understand(state: DesignState) -> str:
    """Choose the part of the graph that handles the message."""
    intent, pending = state["intent"], state.get("pending", "")
    kind, unsure = intent["intent"], intent["confidence"] < SURE
    if kind == "answer":
        return "settle" if state.get("questions") else "respond"
    if kind in ("approve", "reject"):
        return "decided" if kind == "reject" and pending == "decision" and not unsure else "respond"
    if kind == "design":
        return "begin"
    if kind == "change":
        return "begin_change" if state.get("base") else "begin"
    return "respond"


async def settle(state: DesignState, runtime: Run) -> Update:
    """Write answers into the ledger; what does not fit stays open."""
    user, shown = state["user"], (state.get("questions") or [])[: ledger.AT_ONCE]
    answers = user.get("answers") if "answers" in user else state["intent"].get("answers")
    by_text = "answers" not in user
    asked = [question for question in shown if not by_text or question["id"] in (answers or {})]
    entries, still_open = ledger.answer(state.get("ledger") or [], asked, answers or {}, state["turn"])
    for question in still_open:
        if (answers or {}).get(question["id"]):
            runtime.stream_writer(events.say(f"{question['why']} {question['text']}"))
    waiting = {question["id"]: question for question in still_open}
    left = [
        waiting.get(question["id"], question) for question in state.get("questions") or [] if not ledger.settled(entries, question["id"])
    ]
    return {"ledger": entries, "questions": left, "pending": "questions" if left else ""}


def after_settle(state: DesignState) -> str:
    if state.get("questions"):
        return "ask"
    return "change" if state.get("mode") == "change" else "draft"


async def ask(state: DesignState) -> Update:
    """Wait for answers. Nothing stands before the pause: this runs again when it ends."""
    reply = interrupt({"kind": "questions", "questions": (state.get("questions") or [])[: ledger.AT_ONCE]})
    return {"user": reply}


async def decide(state: DesignState) -> Update:
    """Wait for the decision on the proposal."""
    fresh = state.get("proposed_in") == state["turn"] or state["intent"].get("intent") in ("approve", "reject")
    reply = interrupt({"kind": "decision", "proposal": state.get("proposal") or {}, "fresh": fresh})
    return {"user": reply}


async def decided(state: DesignState, runtime: Run) -> Update:
    """Take note of a decision. Approving itself is done by the store, for the person and the digest on the card."""
    decision, proposal = state["user"].get("decision") or state["intent"].get("intent"), state.get("proposal") or {}
    if decision == "change":
        if state["user"].get("text"):
            return {"intent": {"intent": "change"}, "pending": ""}
        runtime.stream_writer(events.say("What shall be different? Say it in your own words."))
        return {"intent": {"intent": "wait"}}
    if decision == "approve-and-run":
        decision = "approve"
        runtime.stream_writer(events.say(f"Approved: version {proposal.get('version', '')} starts now."))
    elif decision == "approve":
        runtime.stream_writer(events.say(f"Approved: version {proposal.get('version', '')} can run now. Say “run it”, or press Run now."))
    else:
        runtime.stream_writer(events.say("Rejected. Nothing will run. Tell me what to change, or describe something new."))
    return {"pending": "", "proposal": {}, "intent": {"intent": str(decision)}}


def after_decided(state: DesignState) -> str:
    kind = state["intent"]["intent"]
    if kind == "change":
        return "begin_change" if state.get("base") else "begin"
    return "decide" if kind == "wait" and state.get("pending") == "decision" else "end"


async def respond(state: DesignState, runtime: Run) -> Update:
    """Answer what needs no design, from facts."""
    deps, intent, text = runtime.context, state["intent"], state["user"].get("text", "")
    write, kind = runtime.stream_writer, intent["intent"]
    if kind in ("approve", "reject"):
        write(events.say(_decision_words(kind, state)))
    elif kind in ("retry", "cancel"):
        write(events.say(events.ON_THE_CARD[kind]))
    elif kind == "run" and state.get("pending") == "decision" and intent.get("workflow", "") in ("", _name(state)):
        write(events.say("Approve it first: press Approve, or Approve and run, on the card above. Nothing runs before that."))
    elif kind == "run" and intent["confidence"] < SURE:
        write(events.say("Shall I start a run? Say “run it” and the workflow’s name."))
    elif kind == "run":
        write({"type": "run-wanted", "workflow": intent.get("workflow") or _name(state)})
    elif kind == "monitor":
        write(events.say(_runs(await deps.status(text))))
    elif kind == "secret":
        write(events.say(f"Never write a secret into the chat. {TASK_HELP}"))
    elif kind == "question" and state.get("draft"):
        write(
            events.say(
                explain(text, dsl.read(state["draft"]).data, state["draft"], deps.catalogue, ledger.words(state.get("ledger") or []))
            )
        )
    elif kind == "question" and state.get("questions"):
        write(events.say(_planned(state)))
    elif kind in ("help", "question"):
        write(events.say(events.HELP))
    elif kind == "answer":
        write(events.say("There is no open question. Tell me what to change, or describe something new."))
    else:
        write(events.say(f"I design, run and watch workflows; this is something else. {events.HELP}"))
    return {}


def after_respond(state: DesignState) -> str:
    """Go back to what the person was asked before."""
    pending = state.get("pending", "")
    return "ask" if pending == "questions" and state.get("questions") else "decide" if pending == "decision" else "end"


def _planned(state: DesignState) -> str:
    """Say what the plan is while its questions are open."""
    outline = state.get("outline") or {}
    steps = "\n".join(f"- {open_words(step['text'])}" for step in outline.get("steps", []))
    begins = outline.get("trigger") or "by hand"
    return f"So far I plan this, started {begins}:\n{steps}\nOne or more answers are missing before I can write it."


def _decision_words(kind: str, state: DesignState) -> str:
    if state.get("pending") != "decision":
        return "There is no proposal waiting for a decision."
    button = "Approve" if kind == "approve" else "Reject"
    return f"Press {button} on the card above: a decision is bound to exactly the definition that you see there."


def _name(state: DesignState) -> str:
    data = dsl.read(state.get("draft") or "").data
    document = data.get("document") if isinstance(data, dict) else None
    return str(document.get("name", "")) if isinstance(document, dict) else ""


def _runs(runs: list[dict[str, Any]]) -> str:
    if not runs:
        return "There are no runs yet."
    return "\n".join(
        [
            "The last runs:",
            *(
                f"- {run.get('title') or run.get('name')}: {run.get('status')}{', ' + str(run['reason']) if run.get('reason') else ''}"
                for run in runs[:10]
            ),
        ]
    )
