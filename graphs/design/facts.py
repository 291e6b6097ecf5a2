"""What a definition does, said from the definition: answers to questions about it. No model is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import dsl
from dsl.catalogue import find as dsl_find
from dsl.settings import parley_of
from dsl.walk import steps

Catalogue = Mapping[str, dsl.Function]
STEP = re.compile(r"\b(?:step|task|number|no\.?|line)\s*#?\s*(\d+(?:\.\d+)*)\b", re.IGNORECASE)
ORDINAL = re.compile(r"\bthe (first|second|third|fourth|fifth|sixth|last) (?:step|task|one)\b", re.IGNORECASE)
OUTSIDE = re.compile(
    r"\b(?:effects?|outside|chang\w*|writ\w*|send\w*|irreversib\w*|side.effects?|dangerous|risk\w*|safe|touch\w*|post\w*)\b", re.IGNORECASE
)
TIMES = re.compile(r"\b(?:when|how often|what time|schedule|trigger|start\w*)\b", re.IGNORECASE)
ASSUMED = re.compile(r"\b(?:assum\w*|default\w*|time ?zone|why did you)\b", re.IGNORECASE)
PEOPLE = re.compile(r"\b(?:who|approv\w*|decid\w*|person|people)\b", re.IGNORECASE)
SECRETS = re.compile(r"\b(?:secret|token|password|key|credential)s?\b", re.IGNORECASE)
TEXT = re.compile(r"\b(?:yaml|definition|source|code|dsl|json)\b", re.IGNORECASE)


def _effect(effect: dsl.Effect) -> str:
    often = f", {effect.how_often}" if effect.how_often else ""
    first = f" (after {effect.by or 'a person'} decided)" if effect.decided_before else ""
    return f"{effect.title or effect.task}: {effect.target}{often}{first}"


def explain(question: str, data: Any, text: str, catalogue: Catalogue, ledger: Sequence[str]) -> str:
    """Answer a question about a definition from the definition."""
    lines = dsl.outline(data, catalogue)
    one = _line(question, lines)
    if one is not None:
        return _step(one, lines, data, catalogue)
    if TEXT.search(question) and not STEP.search(question):
        return f"This is the definition:\n\n```yaml\n{text.rstrip()}\n```"
    if ASSUMED.search(question):
        return (
            "Settled or assumed so far:\n" + "\n".join(f"- {entry}" for entry in ledger)
            if ledger
            else "Nothing was assumed; everything in it is what you said."
        )
    if SECRETS.search(question):
        names = sorted({name for effect in dsl.effects(data, catalogue) for name in effect.secrets})
        return f"It uses the secrets {', '.join(names)}." if names else "It uses no secrets."
    if PEOPLE.search(question):
        return _people(data, catalogue)
    if OUTSIDE.search(question):
        return _outside(data, catalogue)
    if TIMES.search(question):
        starts = [line.text for line in lines if not line.reference and line.number]
        return f"{'; '.join(starts)}." if starts else "It starts by hand: nothing starts it on its own."
    return _whole(lines, data, catalogue)


def _line(question: str, lines: Sequence[dsl.OutlineLine]) -> dsl.OutlineLine | None:
    """Return the outline's line that a question names by number, position or task name."""
    found = STEP.search(question)
    if found:
        return next((line for line in lines if line.number.rstrip(".") == found[1]), None)
    found = ORDINAL.search(question)
    top = [line for line in lines if line.reference and line.depth == 0]
    if found and top:
        at = -1 if found[1].lower() == "last" else ("first", "second", "third", "fourth", "fifth", "sixth").index(found[1].lower())
        return top[at] if at < len(top) else None
    named = [
        line
        for line in lines
        if line.reference and re.search(rf"(?<![\w-]){re.escape(line.reference.rsplit('/', 1)[-1])}(?![\w-])", question, re.IGNORECASE)
    ]
    return named[0] if len(named) == 1 and ("-" in named[0].reference.rsplit("/", 1)[-1] or "step" in question.lower()) else None


def _step(line: dsl.OutlineLine, lines: Sequence[dsl.OutlineLine], data: Any, catalogue: Catalogue) -> str:
    inner = [other for other in lines if line.reference and other.reference.startswith(f"{line.reference}/")]
    told = [f"Step {line.number}: {line.text}."] + [f"- {other.number} {other.text}" for other in inner]
    for effect in dsl.effects(data, catalogue):
        if line.reference and (effect.reference == line.reference or effect.reference.startswith(f"{line.reference}/")):
            kind = {
                "read": "It only reads",
                "write": "It writes",
                "irreversible": "It cannot be taken back",
                "none": "It stays inside",
            }.get(effect.kind, "Its effect is not known")
            secrets = f", with the secret {', '.join(effect.secrets)}" if effect.secrets else ""
            decided = f" {effect.by or 'A person'} decides before it." if effect.decided_before else ""
            told.append(f"{kind}: {effect.target}{secrets}.{decided}")
    return "\n".join(told)


def _outside(data: Any, catalogue: Catalogue) -> str:
    effects = dsl.effects(data, catalogue)
    writes = [f"- {_effect(effect)}" for effect in effects if effect.kind in ("write", "irreversible", "unknown")]
    reads = [f"- {_effect(effect)}" for effect in effects if effect.kind == "read"]
    parts = ["It changes this outside:", *writes] if writes else ["It changes nothing outside."]
    return "\n".join([*parts, *(["It reads:", *reads] if reads else [])])


def _people(data: Any, catalogue: Catalogue) -> str:
    """Name the approvals and forms of a run, and who gets them."""
    asked = []
    for step in steps(data):
        function = dsl_find(step.task.get("call"), catalogue)
        if function is None or not function.person:
            continue
        with_ = step.task.get("with")
        who = with_.get("assignee") if isinstance(with_, dict) else None
        who = " or ".join(map(str, who)) if isinstance(who, list) else who
        asked.append(f"- {parley_of(step.task).get('title') or step.name}: {who or 'anybody with the right to'}")
    if not asked:
        return "Nobody is asked while it runs. You approve the definition before it can run at all."
    return "\n".join(["In a run, these people are asked:", *asked])


def _whole(lines: Sequence[dsl.OutlineLine], data: Any, catalogue: Catalogue) -> str:
    told = [f"{'  ' * line.depth}- {line.number} {line.text}".replace("-  ", "- ") for line in lines]
    return "\n".join(["This is what it does:", *told, "", _outside(data, catalogue)])
