"""One clause: the longest run of words that a row of a table understands in full, or a request with its address in the middle."""

from __future__ import annotations

import re

from graphs.models.offline import control, filters, outputs, papers, people, sources
from graphs.models.offline.clause import NOUN_WORD, URL, Clause, first
from graphs.models.offline.text import Protected, tidy

TABLES = (control.TABLE, people.TABLE, papers.TABLE, outputs.TABLE, sources.TABLE, filters.TABLE)
WRITES = ("send", "notify", "emit")  # what an approval said behind it guards
BEHIND = re.compile(r"\s(?:but )?(?:only )?(?P<guard>(?:after|once|with)\s)", re.IGNORECASE)
VERB = r"post|send|put|patch|forward|submit|upload|deliver|summari[sz]e|condense|sum up|e-?mail|mail|show|keep|drop|filter|take|count|give"
WHAT = rf"(?:the |all |all the |my |our )?{NOUN_WORD}(?: {NOUN_WORD}){{0,2}}(?: by [a-z_]\w*)?"
AT_PAGE = r"(?:the (?:page|article|text) (?:at |under )?)?"
FROM_ADDRESS = re.compile(
    rf"(?P<verb>{VERB}) (?:(?P<what>{WHAT}) (?:from|at|of|under|out of) )?{AT_PAGE}(?P<url>{URL})(?P<rest>(?: .+)?)",
    re.IGNORECASE,
)
FROM_WHERE = re.compile(
    rf"(?P<verb>{VERB}) (?P<what>{WHAT}) (?:from|at|of|under|out of) (?P<url>{URL}) (?P<which>(?P<but>except|but not|without)?.+?) (?P<to>(?:to|in|into) .+)",  # noqa: E501
    re.IGNORECASE,
)


def recognise(text: str, source: Protected) -> Clause | None:
    """Read one clause without its connectors, or nothing."""
    words = tidy(text)
    if not words:
        return Clause("nothing", source.open(text))
    for table in TABLES:
        clause = first(table, words, source)
        if clause is not None:
            return clause
    return _from_address(words, source) or _guarded(words, source)


def _guarded(text: str, source: Protected) -> Clause | None:
    """Read "post them to URL after I approve": who decides is said behind what hangs on it."""
    for found in BEHIND.finditer(text):
        clause, guard = recognise(text[: found.start()], source), recognise(text[found.start("guard") :], source)
        if clause and guard and clause.kind in WRITES and guard.kind == "approve":
            return Clause("several", source.open(text), body=[guard, clause])
    return None


def _from_address(text: str, source: Protected) -> Clause | None:
    """Read "summarize URL", "post the orders from URL to URL": what the address answers is fetched first."""
    if (whole := FROM_WHERE.fullmatch(text)) and (clause := _from_where(whole, source)):
        return clause
    found = FROM_ADDRESS.fullmatch(text)
    if not found:
        return None
    noun = found["what"] or ""
    picked = filters.some(noun, source) if noun else None  # "the first order": what is fetched is all of them
    clause = recognise(f"{found['verb']} {noun or 'it'}{found['rest']}", source)
    fetch = recognise(f"fetch {noun + ' from ' if noun and not picked else ''}{found['url']}", source)
    if clause is None or fetch is None or clause.kind not in ("send", "notify", "summarize", "keep", "count", "first"):
        return None
    return Clause("several", source.open(text), body=[fetch, clause])


def _from_where(found: re.Match[str], source: Protected) -> Clause | None:
    """Read "mail all accounts from URL where paid is true to ADDRESS": fetch, keep, then mail what is left."""
    which = found["which"].removeprefix(found["but"] or "").strip()
    fetch = recognise(f"fetch {found['what']} from {found['url']}", source)
    keep = recognise(f"{'drop' if found['but'] else 'keep those'} {which}", source)
    sent = recognise(f"{found['verb']} them {found['to']}", source)
    if fetch is None or keep is None or sent is None or keep.kind != "keep" or sent.kind not in WRITES:
        return None
    return Clause("several", source.open(found[0]), body=[fetch, keep, sent])
