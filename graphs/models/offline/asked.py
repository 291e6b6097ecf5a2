"""Tasks for people: an approval, a question, a form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from graphs.models.offline import objects
from graphs.models.offline.clause import Clause
from graphs.models.offline.naming import sentence
from graphs.models.offline.scope import Scope, Task, Value, key

if TYPE_CHECKING:
    from graphs.models.offline.build import Builder

STARTERS = ("", "the requester", "the applicant", "the starter", "the user", "whoever starts it", "the person who starts it")


def approve(builder: Builder, clause: Clause, scope: Scope) -> None:
    who, value, words = builder.notes.who(clause.values["who"]), _shown(scope), clause.values.get("object", "")
    if words and value is not None:
        value = _approved(builder, words, value, clause, scope)
    title = f"Approve {value.named}?" if value else f"Approve {words.lower()}?" if objects.content(words) else "Go on?"
    with_: Task = {"title": title}
    if value is not None:
        with_["data"] = f"${{ {value.read(scope)} }}"
    if who:
        with_["assignee"] = who
    if clause.values.get("other"):
        with_["assignee"] = [who, clause.values["other"]]
        who = f"{who} or {clause.values['other']}"
    if clause.values.get("deadline"):
        with_["deadline"] = clause.values["deadline"]
        builder.notes.assume("deadline", "When nobody decides in that time the run fails.")
    task = scope.add(
        scope.name("approve"),
        f"Ask {who or 'somebody'} to approve",
        {"call": "approve:1.0.0@default", "with": with_},
        uses="approve",
        serves=clause.said,
    )
    scope.decided = scope.dot = Value("approval", many=False, producer=task, key="approval", inner=".approved")


def _approved(builder: Builder, words: str, shown: Value, clause: Clause, scope: Scope) -> Value | None:
    """Return what an approval is about; "the shipment", a name for nothing at hand, stands in the title beside the data at hand."""
    said = objects.content(words)
    known = {*objects.LISTS, *objects.ONE, "rest", *(value.noun for value in scope.known)}
    if len(said) == 1 and not objects.covers(known, said):
        return replace(shown, label=words.lower())
    return builder.meant(words, clause, scope)


def _shown(scope: Scope) -> Value | None:
    return scope.current if scope.current and scope.current.noun != "input" else None


def ask(builder: Builder, clause: Clause, scope: Scope) -> None:
    if clause.values.get("fields"):
        return _form(builder, clause, scope)
    what = clause.values["what"].rstrip("?")
    field_ = key(what.split()[-1]) if not clause.values["question"] and not clause.values["boolean"] else "answer"
    question = f"{clause.values['question'].capitalize()} {what}?".strip()
    title = question if clause.values["question"] else sentence(what) + ("?" if clause.values["boolean"] else "")
    kind = "boolean" if clause.values["boolean"] else "string"
    task = _question(builder, clause, scope, title, {field_: {"type": kind, "title": sentence(what)}})
    said = frozenset(objects.content(what)) | {"answer"}
    builder.produced(scope, Value(what.split()[-1].lower(), many=False, producer=task, key=key(field_), inner=f".{field_}", words=said))
    return None


def _form(builder: Builder, clause: Clause, scope: Scope) -> None:
    """Ask for several values at once: the answer is one object."""
    fields = [(key(what.split()[-1]), sentence(what)) for what in clause.values["fields"]]
    title = sentence(", ".join(words.lower() for _, words in fields))
    task = _question(builder, clause, scope, title, {name: {"type": "string", "title": words} for name, words in fields})
    said = frozenset({*(name for name, _ in fields), *objects.content(" ".join(clause.values["fields"])), "form", "answers", "values"})
    builder.produced(scope, Value("answer", many=False, producer=task, key="answer", words=said, label="the answers"))


def _question(builder: Builder, clause: Clause, scope: Scope, title: str, properties: Task) -> Task:
    who = clause.values["who"]
    if who.lower() in STARTERS:
        builder.notes.assume(
            "starter", f"“{who}” is whoever fills the form in: nobody is named." if who else "Nobody is named: anybody may fill it in."
        )
        who = ""
    who = builder.notes.who(who)
    with_: Task = {"title": title, "schema": {"type": "object", "properties": properties, "required": list(properties)}}
    if who:
        with_["assignee"] = who
    name, field_ = scope.name(f"ask-{next(iter(properties))}"), f"Ask {who or 'somebody'}: {title}"
    return scope.add(name, field_, {"call": "ask:1.0.0@default", "with": with_}, uses="ask", serves=clause.said)
