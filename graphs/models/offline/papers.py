"""Documents, pages, charts and databases: reading them and making them."""

from __future__ import annotations

import re

from graphs.models.offline.clause import NOUN_WORD, Clause, Pattern, row
from graphs.models.offline.text import Protected

READ = r"(?:fetch|get|load|read|download|pull|retrieve|grab|open|scrape|take)"
MAKE = r"(?:write|make|create|produce|generate|build|draw|plot|prepare|export|save|turn)"
PAPER = r"(?P<to>pdf|word|docx|html)(?: (?:document|file|report|page))?"
THING = rf"(?:the |all |all the |my |our )?{NOUN_WORD}(?: {NOUN_WORD}){{0,3}}?"
FORMS = {"pdf": "pdf", "word": "docx", "docx": "docx", "html": "html"}
FIELD = r"[a-z_]\w*"
CHART = r"(?P<kind>bar|line|area|scatter|pie)[ -](?:chart|graph|plot|diagram)"
SHOWN = rf"(?: (?:of|with|for) (?P<y>{FIELD}) (?:by|per|over|against) (?P<x>{FIELD})| (?:of|with|from) (?P<first>{FIELD}) and (?P<second>{FIELD}))"  # noqa: E501
CHANGES = re.compile(r"\s*(?:insert|update|delete|drop|alter|create|truncate|grant|merge|replace)\b", re.IGNORECASE)


def _page(found: re.Match[str], source: Protected) -> Clause:
    return Clause("page", source.open(found[0]), {"url": source.url(found["url"])})


def _document(found: re.Match[str], source: Protected) -> Clause:
    return Clause("document", source.open(found[0]), {"url": source.url(found["url"])})


def _write(found: re.Match[str], source: Protected) -> Clause:
    what = found.groupdict().get("what") or found.groupdict().get("what2") or ""
    return Clause("write", source.open(found[0]), {"to": FORMS[found["to"].lower()], "object": what.lower()})


def _chart(found: re.Match[str], source: Protected) -> Clause:
    groups = found.groupdict()
    x, y = groups.get("x") or groups.get("first"), groups.get("y") or groups.get("second")
    clause = Clause("chart", source.open(found[0]), {"kind": found["kind"].lower(), "x": x, "y": y})
    if groups.get("url"):
        fetch = Clause("fetch", clause.said, {"urls": [source.url(groups["url"])], "noun": "", "called": "", "secret": ""})
        return Clause("several", clause.said, body=[fetch, clause])
    return clause


def _sql(found: re.Match[str], source: Protected) -> Clause | None:
    statement = source.value(found["text"]).strip().rstrip(";").strip()
    if ";" in statement or CHANGES.match(statement):
        return None  # several statements, or one that changes: nothing to read in passing
    return Clause("sql", source.open(found[0]), {"statement": statement, "connection": found["connection"]})


TABLE: tuple[Pattern, ...] = (
    row(rf"{READ} (?:the )?(?:web ?page|web ?site|site|page|article)(?: at| under| of)? {{url:url}}", _page),
    row(rf"{READ} (?:the )?(?:pdf|word document|word file|docx|document)(?: document| file)?(?: at| from| under)? {{url:url}}", _document),
    row(rf"{MAKE} (?:a |an |one )?{PAPER}(?: (?:of|from|with|about|for|out of) (?P<what>it|them|this|that|{THING}))?(?:,? with (?P<what2>it|them|{THING}) in a table)?", _write),  # noqa: E501
    row(rf"(?:turn|convert|make|export|put|save|write) (?P<what>it|them|this|that|{THING}) (?:in|into|to|as) (?:a |an )?{PAPER}", _write),
    row(rf"{MAKE} (?:me )?(?:a |the )?{CHART}{SHOWN}", _chart),
    row(rf"{MAKE} (?:me )?(?:a |the )?{CHART} (?:from|of) {{url:url}}{SHOWN}", _chart),
    row(r"(?:run|execute|do|ask) (?:the )?(?:sql |query |statement |sql query )*{text:text} (?:on|against|in|at|over) (?:the |our )?(?:sql |database )*(?:connection )?(?P<connection>[a-z][\w-]*)(?: connection| database)?", _sql),  # noqa: E501
)  # fmt: skip
