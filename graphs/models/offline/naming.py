"""Names and titles for people, from their own words and addresses."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from graphs.models.offline.clause import Clause


def noun_of(url: str) -> str:
    parts = [
        part
        for part in urlsplit(url).path.split("/")
        if re.fullmatch(r"[A-Za-z][\w-]*(?:\.\w+)?", part) and not re.fullmatch(r"v\d+|api", part)
    ]
    return re.sub(r"\.\w+$", "", parts[-1]).lower() if parts else "data"


def place_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2] or url}{parts.path if parts.path != '/' else ''}"


def sentence(words: str) -> str:
    text = re.sub(r"\s+", " ", words).strip(" ,.;:")
    return (text[:1].upper() + text[1:])[:80]


def short(words: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9 ]", "", words.lower()).split()[:5])


def title_of(clauses: list[Clause]) -> str:
    words = {
        "fetch": "fetch",
        "keep": "filter",
        "approve": "approve",
        "send": "post",
        "notify": "notify",
        "summarize": "summarize",
        "each": "handle each",
        "ask": "ask",
        "emit": "emit",
        "wait": "wait",
        "parallel": "work in parallel",
        "if": "decide",
    }
    parts: list[str] = []
    for clause in clauses:
        noun = (
            clause.values.get("noun") or next((noun_of(url) for url in clause.values.get("urls") or []), "")
            if clause.kind in ("fetch", "each")
            else ""
        )
        text = f"{words[clause.kind]} {noun}".strip() if clause.kind in words else ""
        parts += [text] if text and text not in parts else []
    return sentence(", ".join(parts[:4]))[:60].rstrip(", ") or "Workflow"
