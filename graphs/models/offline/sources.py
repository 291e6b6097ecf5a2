"""Where data comes from: fetching an address."""

from __future__ import annotations

import re

from graphs.models.offline.clause import Clause, Pattern, row
from graphs.models.offline.text import Protected

FETCH = r"(?:fetch|get|load|read|download|pull|retrieve|grab|request|query|check|poll|go get)"
FORMATS = {"csv", "xml", "pdf", "html", "excel", "xlsx", "spreadsheet"}  # that nothing here could turn an answer into
OURS = re.compile(r"\b(?:approval|permission|confirmation|sign-?off|rid|back|started|going|an ok|in touch)\b", re.IGNORECASE)


def _fetch(found: re.Match[str], source: Protected) -> Clause | None:
    groups = found.groupdict()
    urls = [source.url(groups[key]) for key in ("url", "second", "third") if groups.get(key)]
    what = groups.get("what") or ""
    if set(what.lower().split()) & FORMATS:
        return None
    return Clause(
        "fetch", source.open(found[0]), {"urls": urls, "noun": noun(what), "called": what.lower(), "secret": groups.get("secret") or ""}
    )


def _nowhere(found: re.Match[str], source: Protected) -> Clause | None:
    what = found["what"]
    if OURS.search(what) or noun(what) in ("it", "them", "that", "this", ""):
        return None
    called = f"{what} {found['origin'] or ''}".strip().lower()
    return Clause("fetch", source.open(found[0]), {"urls": [], "noun": noun(what), "called": called, "secret": ""})


def noun(words: str) -> str:
    """The last word that names something: "the open orders" → "orders"."""
    text = re.sub(r"^(?:the|all|my|our|a|an|list of|some|today's|latest|current|new|open)\s+", "", words.strip().lower())
    last = re.sub(r"[^a-z0-9 -]", "", text).split(" of ")[0].split(" from ")[0].split()
    return last[-1] if last and last[-1] != "list" else ""


WITH_KEY = r"(?:,? (?:using|with) (?:the )?(?:secret|token|key|api key) (?P<secret>[A-Z][A-Z0-9_]{2,}))?"
TABLE: tuple[Pattern, ...] = (
    row(
        rf"{FETCH} ~(?P<what>{{noun}}) (?:from|at|of|under|via|in|on|out of) (?:the )?(?:url |address |api |api at |page |endpoint )?{{url:url}}{WITH_KEY}",  # noqa: E501
        _fetch,
    ),
    row(rf"{FETCH} (?:the )?(?:url |address |page |data at |api |api at )?{{url:url}}(?: as (?P<what>{{noun}}))?{WITH_KEY}", _fetch),
    row(
        rf"{FETCH} (?:~(?P<what>{{noun}}) from )?{{url:url}}(?:,| and|, and) (?:from )?{{url:second}}(?:(?:,| and|, and) {{url:third}})?{WITH_KEY}",  # noqa: E501
        _fetch,
    ),
    row(rf"(?:call|query|send a get(?: request)? to|do a get(?: request)? (?:on|to)|make a get request to) {{url:url}}{WITH_KEY}", _fetch),
    row(
        r"(?:fetch|get|load|read|download|pull|retrieve|grab) (?:the|all|all the|my|our|today's|the latest|new|open) (?P<what>{noun})(?P<origin> (?:from|in) (?:the|our|my) [a-z][\w-]*(?: [\w-]+)?)?",  # noqa: E501
        _nowhere,
    ),
)
