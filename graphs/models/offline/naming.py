"""Names and titles for people, from their own words and addresses."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from graphs.models.offline.clause import Clause


def split(url: str) -> SplitResult:
    """Split an address; one that is none has nothing but a path."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", url, "", "")


def noun_of(url: str) -> str:
    parts = [
        part
        for part in split(url).path.split("/")
        if re.fullmatch(r"[A-Za-z][\w-]*(?:\.\w+)?", part) and not re.fullmatch(r"v\d+|api", part)
    ]
    return re.sub(r"\.\w+$", "", parts[-1]).lower() if parts else "data"


def place_of(url: str) -> str:
    parts = split(url)
    return f"{parts.netloc.rpartition('@')[2] or url}{parts.path if parts.path != '/' else ''}"


def sentence(words: str) -> str:
    text = re.sub(r"^(?:only|just) (?=keep|take|the\b)", "", re.sub(r"\s+", " ", words).strip(" ,.;:"), flags=re.IGNORECASE)
    return (text[:1].upper() + text[1:])[:80]


def short(words: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9 ]", "", words.lower()).split()[:5])


VERBS = {
    "fetch": "fetch",
    "keep": "filter",
    "first": "pick",
    "sort": "sort",
    "approve": "approve",
    "send": "post",
    "notify": "notify",
    "summarize": "summarize",
    "each": "handle each",
    "ask": "ask",
    "emit": "emit",
    "wait": "wait",
    "if": "decide",
}


def title_of(clauses: list[Clause]) -> str:
    """Return a workflow's title: its steps' verbs, with what is fetched or deleted."""
    parts: list[str] = []
    for clause in clauses:
        text = _short(clause)
        parts += [text] if text and text not in parts else []
    return sentence(", ".join(parts[:4]))[:60].rstrip(", ") or "Workflow"


def _short(clause: Clause) -> str:
    if clause.kind == "parallel":
        nouns = [noun for part in clause.body if part.kind == "fetch" for noun in _nouns(part)]
        return f"fetch {' and '.join(dict.fromkeys(nouns))}" if nouns else "work in parallel"
    if clause.kind == "send" and clause.values.get("method") == "DELETE":
        return f"delete {clause.values.get('object') or place_of(clause.values['url'])}"
    noun = " and ".join(_nouns(clause)) if clause.kind in ("fetch", "each") else ""
    return f"{VERBS[clause.kind]} {noun}".strip() if clause.kind in VERBS else ""


def _nouns(clause: Clause) -> list[str]:
    """Return what a clause is about: said, or from its addresses; an address that ends in no plural is named by its host."""
    if clause.values.get("noun"):
        return [str(clause.values["noun"])]
    urls = clause.values.get("urls") or []
    return [noun if (noun := noun_of(url)).endswith("s") or noun == "data" else place_of(url) for url in urls]
