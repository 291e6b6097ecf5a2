"""The `notify` call: channel, recipient, words."""

from __future__ import annotations

import re

from graphs.models.offline.clause import Clause
from graphs.models.offline.notes import Notes
from graphs.models.offline.scope import Scope, Task, Value
from graphs.models.offline.wrap import NO_WORDS

POINTERS = {
    "list",
    "result",
    "results",
    "it",
    "them",
    "this",
    "that",
    "these",
    "those",
    "summary",
    "rest",
    "answer",
    "answers",
    "ones",
    "data",
    "report",
    "text",
    "message",
}


def notify(clause: Clause, scope: Scope, notes: Notes) -> tuple[Task, str, str]:
    """Return the task's body, its title and its name."""
    values = clause.values
    channel, who = _channel(clause, notes)
    with_: Task = {"channel": channel}
    if channel == "email":
        with_["to"] = who if "@" in who else _address(who, notes)
        with_["title"] = "Message from a workflow"
    elif channel in ("slack", "webhook"):
        name = "Slack’s incoming webhook" if channel == "slack" else "the webhook"
        with_["url"] = values["url"] or notes.ask(
            f"{channel}-address", f"What is the address (URL) of {name}?", why=f"“{clause.said}” names no address.", kind="url"
        )
        if values.get("room") or (who and channel == "slack"):
            with_["to"] = values.get("room") or who
    elif who:
        with_["to"] = who
    with_["text"] = _text(clause, scope, notes)
    title = f"Tell {with_.get('to') or who or 'the ' + channel} by {channel}"
    return {"call": "notify:1.0.0@default", "with": with_}, title, f"notify-{(who or channel).split('@')[0]}"


def _channel(clause: Clause, notes: Notes) -> tuple[str, str]:
    """Return (channel, recipient); ask how to reach somebody who is neither an address nor the person asking."""
    said, channel = clause.values["who"], clause.values["channel"]
    who = said if "@" in said else notes.who(said) if said else ""
    if channel:
        return channel, who
    if "@" in who:
        return "email", who
    if not said or who == notes.person:
        notes.assume("chat", f"“{clause.said}” means a message in this chat.", "chat")
        return "chat", who
    answer = notes.ask(
        "channel",
        f"How shall {said} be told: by chat, or at which e-mail address?",
        why=f"“{clause.said}” names no way.",
        options=("chat",),
        default="chat",
    )
    return ("email", answer) if "@" in answer else ("chat", who)


def _address(who: str, notes: Notes) -> str:
    name = "your" if who in ("", notes.person) else f"{who}’s"
    return notes.ask("email-address", f"What is {name} e-mail address?", why="An e-mail needs a recipient.", kind="email")


def _text(clause: Clause, scope: Scope, notes: Notes) -> str:
    text, object_ = str(clause.values.get("text", "")), str(clause.values.get("object", ""))
    if "literal" in clause.values:
        return str(clause.values["literal"])
    value = _meant(text or object_, scope)
    if value is not None:
        expression = value.read(scope)
        return f"${{ {expression} }}" if value.inner in (".summary", ".text") else f"${{ {expression} | tojson }}"
    words = text or object_
    if words:
        return words[:1].upper() + words[1:]
    if clause.said:
        notes.assume("message", "The message says that this step was reached; say the words you want to have others.")
    current = scope.current
    if current is not None and current.noun not in ("input",) and not re.search(r"\bwhen\b|\bonce\b", clause.said):
        return f'${{ "News about the {current.noun}: " + ({current.read(scope)} | tojson) }}'
    return NO_WORDS


def _meant(words: str, scope: Scope) -> Value | None:
    """Return the value that *words* point at, if they do."""
    low = re.sub(r"^(?:the|a|an|my|our|all|all the)\s+", "", words.lower().strip())
    if not low or len(low.split()) > 2:
        return None
    last = low.split()[-1]
    known = any(last in (value.noun, value.noun.rstrip("s")) for value in scope.known)
    return scope.find(low) if known or last in POINTERS else None
