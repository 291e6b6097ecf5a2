"""Which task of the current definition a person means: by number, by kind, by its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

KINDS = {
    "approv": "approve", "sign-off": "approve", "confirm": "approve", "permission": "approve", "wait": "wait", "pause": "wait", "delay": "wait", "filter": "set", "keep": "set", "notif": "notify",  # noqa: E501
    "messag": "notify", "e-mail": "notify", "email": "notify", "mail": "notify", "summar": "summarize", "fetch": "get", "get": "get", "load": "get", "download": "get", "read": "get", "post": "post",  # noqa: E501
    "send": "post", "put": "put", "delet": "delete", "loop": "for", "retr": "try", "event": "emit", "ask": "ask", "question": "ask",
}  # fmt: skip
SMALL_WORDS = frozenset(re.findall(r"\w+", "the a an of to for by from in on at my our that this with is are and step steps"))
NUMBER = re.compile(
    r"\b(?:step|task|number|no\.?|#)\s*(\d+(?:\.\d+)*)\b|\bthe (first|second|third|fourth|fifth|sixth|last) (?:step|task|one)\b",
    re.IGNORECASE,
)
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True, slots=True)
class Target:
    """One task of the definition."""

    reference: str
    number: str
    name: str
    title: str
    kind: str  # get post put delete set approve notify … as KINDS names them
    body: dict[str, Any]


def targets(definition: Any, listed: Any) -> list[Target]:
    """Join the listed tasks (reference, number) with their bodies, in order."""
    numbers = {entry.get("reference"): str(entry.get("number", "")) for entry in reversed(listed or []) if isinstance(entry, dict)}
    return [
        Target(
            reference,
            numbers.get(reference, ""),
            name,
            str(body.get("metadata", {}).get("parley", {}).get("title", name)),
            _kind(body),
            body,
        )
        for reference, name, body in walk(definition.get("do", []) if isinstance(definition, dict) else [], "/do")
    ]


def walk(tasks: Any, at: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (reference, name, body) of every task, outer before inner."""
    for index, entry in enumerate(tasks if isinstance(tasks, list) else []):
        for name, body in entry.items() if isinstance(entry, dict) else ():
            if not isinstance(body, dict):
                continue
            here = f"{at}/{index}/{name}"
            yield here, name, body
            yield from walk(body.get("do"), f"{here}/do")
            yield from walk(body.get("try"), f"{here}/try")
            yield from walk((body.get("catch") or {}).get("do") if isinstance(body.get("catch"), dict) else None, f"{here}/catch/do")
            yield from walk(
                (body.get("fork") or {}).get("branches") if isinstance(body.get("fork"), dict) else None, f"{here}/fork/branches"
            )


def _kind(body: dict[str, Any]) -> str:
    call = body.get("call")
    if call == "http":
        return str(body.get("with", {}).get("method", "get")).lower()
    if isinstance(call, str):
        return call.split(":")[0]
    return next(
        (key for key in ("set", "switch", "for", "fork", "try", "wait", "emit", "listen", "raise", "run", "do") if key in body), "task"
    )


def find(words: str, known: list[Target]) -> list[Target]:
    """Return the tasks that *words* can mean: all of them when it is not clear, none when nothing fits."""
    numbered = NUMBER.search(words)
    if numbered:
        return _numbered(numbered, known)
    exact = [
        target
        for target in known
        if re.search(rf"(?<![\w-]){re.escape(target.name)}(?![\w-])", words, re.IGNORECASE) or target.title.lower() in words.lower()
    ]
    if len(exact) == 1:
        return exact
    kinds = {kind for stem, kind in KINDS.items() if re.search(rf"\b{stem}", words, re.IGNORECASE)}
    kinds |= {"patch"} if "post" in kinds else set()
    by_kind = [target for target in known if target.kind in kinds]
    if len(by_kind) <= 1:
        return by_kind or exact or _described(words, known)
    return _closest(words, by_kind)


_ANY = """step task part thing no number it one ones first second third fourth fifth sixth last anything everything again please any more
call calls request requests url address endpoint target source results result data list items orders them you we it they be being"""
SAID_OF_ANY = frozenset(_ANY.split())


def accounts(words: str, target: Target) -> bool:
    """Say whether *words* name the task and nothing else: "the approval for orders below 200" says more than a task can be."""
    known = {*re.findall(r"[a-z0-9]+", f"{target.title} {target.name} {target.number}".lower()), *SAID_OF_ANY}
    stems = [stem for stem, kind in KINDS.items() if kind == target.kind or {kind, target.kind} <= {"post", "put", "patch"}]
    stems += ["retr"] if target.kind == "try" else []
    left = [word for word in re.findall(r"[a-z0-9]+", words.lower()) if word not in SMALL_WORDS and word not in known]
    return all(any(word.startswith(stem) for stem in stems) for word in left)


def _numbered(found: re.Match[str], known: list[Target]) -> list[Target]:
    if found[1]:
        return [target for target in known if target.number.rstrip(".") == found[1]]
    top = [target for target in known if target.reference.count("/") == 3]
    at = -1 if found[2].lower() == "last" else ORDINALS.index(found[2].lower())
    return top[at : at + 1 or None] if at < len(top) else []


def _described(words: str, known: list[Target]) -> list[Target]:
    """Return the only task whose title or name holds a word of the description."""
    said = set(re.findall(r"[a-z0-9]{4,}", words.lower())) - SAID_OF_ANY
    found = [target for target in known if said & set(re.findall(r"[a-z0-9]{4,}", f"{target.title} {target.name}".lower()))]
    return found if len(found) == 1 else []


def _closest(words: str, among: list[Target]) -> list[Target]:
    """Prefer the task that shares most words with the description."""
    said = set(re.findall(r"[a-z0-9]{3,}", words.lower()))
    scores = [len(said & set(re.findall(r"[a-z0-9]{3,}", f"{target.title} {target.name}".lower()))) for target in among]
    best = max(scores)
    return [target for target, score in zip(among, scores, strict=True) if score == best]
