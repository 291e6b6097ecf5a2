"""The `notify` call: channel, recipient, words."""

from __future__ import annotations

import re
from collections.abc import Callable

from graphs.models.offline import conditions, objects
from graphs.models.offline.clause import Clause
from graphs.models.offline.notes import Notes
from graphs.models.offline.scope import Scope, Task, Value
from graphs.models.offline.wrap import NO_WORDS

OTHER = "say the words you want to have others"
Meant = Callable[[str, Clause, Scope], Value | None]


def notify(clause: Clause, scope: Scope, notes: Notes, meant: Meant) -> tuple[Task, str, str]:
    """Return the task's body, its title and its name."""
    values = clause.values
    channel, who = _channel(clause, notes)
    with_: Task = {"channel": channel}
    if channel == "email":
        with_["to"] = _recipient(clause, who, scope, notes)
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
    with_["text"] = _text(clause, scope, notes, meant)
    if values.get("to_field"):
        who = "each"
    title = f"Tell {who or with_.get('to') or 'the ' + channel} by {channel}"
    return {"call": "notify:1.0.0@default", "with": with_}, title, f"notify-{(who or channel).split('@')[0]}"


def _recipient(clause: Clause, who: str, scope: Scope, notes: Notes) -> str | list[str]:
    """Return the address, the addresses, or the field of an item that holds it."""
    if (name := clause.values.get("to_field")) and scope.current is not None:
        notes.assume("recipient-field", f"The address of each is in its field “{name}”.")
        return f"${{ {conditions.path(scope.current.read(scope), name)} }}"
    if ", " in who:
        return who.split(", ")
    return who if "@" in who else _address(who, notes)


def _channel(clause: Clause, notes: Notes) -> tuple[str, str]:
    """Return (channel, recipient); ask how to reach somebody who is neither an address nor the person asking."""
    said, channel = clause.values["who"], clause.values["channel"]
    if clause.values.get("to_field"):
        return "email", ""
    mine = said.lower() in ("me", "myself", "i", "")
    who = said if "@" in said or (channel == "email" and not mine) else notes.who(said) if said else ""
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


def _text(clause: Clause, scope: Scope, notes: Notes, meant: Meant) -> str:
    """Return the words of the message: what was quoted or said, the data that was named, or news about what is at hand."""
    values = clause.values
    if "literal" in values:
        return str(values["literal"])
    words = str(values.get("text") or values.get("about") or "")
    value = meant(str(values["object"]), clause, scope) if values.get("object") else _pointed(words, scope)
    if value is not None and value.noun in ("document", "chart") and not value.inner:
        notes.missing.append(f"a message that carries a file (“{clause.said}”): the file can be posted to an address")
    if value is not None:
        expression = value.read(scope)
        return f"${{ {expression} }}" if value.inner in (".summary", ".text") else f"${{ {expression} | tojson }}"
    if words:
        return words[:1].upper() + words[1:]
    current = scope.current
    if current is not None and current.noun not in ("input",) and not re.search(r"\bwhen\b|\bonce\b", clause.said):
        if clause.said:
            notes.assume(f"message-{current.key}", f"The message is “News about {current.named}” with the whole data after it; {OTHER}.")
        return f'${{ "News about {_quoted(current.named)}: " + ({current.read(scope)} | tojson) }}'
    if clause.said:
        notes.assume("message", f"The message is “{NO_WORDS}”, and after a failed call what failed; {OTHER}.")
    return NO_WORDS


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _pointed(words: str, scope: Scope) -> Value | None:
    """Return the value that the words of a message are, when they are nothing else: "them", "the summary"."""
    return objects.find(words, scope) if words and len(words.split()) <= 4 else None
