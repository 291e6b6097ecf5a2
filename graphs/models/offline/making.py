"""Tasks around documents, pages, charts and databases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graphs.models.offline import objects
from graphs.models.offline.clause import Clause
from graphs.models.offline.naming import place_of
from graphs.models.offline.scope import AS_LIST, Scope, Task, Value

if TYPE_CHECKING:
    from graphs.models.offline.build import Builder

TEXTS = '[ .. | strings | if test("</[a-zA-Z]+ *>") then gsub("<(script|style)[^>]*>.*?</(script|style)>|<[^>]*>"; " "; "m") else . end ]'
TABLE = (
    ' as $rows | if ($rows | type) == "array" and ($rows[0] | type) == "object" then ($rows[0] | keys_unsorted) as $names'
    ' | [ "| " + ($names | join(" | ")) + " |", "|" + ($names | map(" --- ") | join("|")) + "|",'
    ' ($rows[] | . as $row | "| " + ($names | map($row[.] | tostring | gsub("[|\\n]"; " ")) | join(" | ")) + " |") ] | join("\\n")'
    ' else $rows | if type == "string" then . else tojson end end'
)


def page(builder: Builder, clause: Clause, scope: Scope) -> None:
    """Fetch a web page: its text is what the words after it speak of."""
    url = clause.values["url"]
    body: Task = {"call": "fetch-page:1.0.0@default", "with": {"url": url}}
    _read(clause, scope, body, "page", f"Fetch the page {place_of(url)}", "fetch-page", builder)


def document(builder: Builder, clause: Clause, scope: Scope) -> None:
    """Read a document: its text is what the words after it speak of."""
    url = clause.values["url"]
    body: Task = {"call": "read-document:1.0.0@default", "with": {"url": url}}
    _read(clause, scope, body, "document", f"Read the document {place_of(url)}", "read-document", builder)


def _read(clause: Clause, scope: Scope, body: Task, noun: str, title: str, uses: str, builder: Builder) -> None:
    task = scope.add(scope.name(f"read-{noun}"), title, body, uses=uses, serves=clause.said)
    words = frozenset({"page", "document", "pdf", "file", "text", "article", "site", "website"})
    builder.produced(scope, Value(noun, many=False, producer=task, key=noun, inner=".text", words=words, label=f"the {noun}"))


def write(builder: Builder, clause: Clause, scope: Scope) -> None:
    """Make a document of what is at hand: texts as they are, lists as a table."""
    value = _drawn_from(scope, builder) if not clause.values["object"] else None
    value = value or builder.meant(clause.values["object"], clause, scope)
    if value is not None and value.noun == "chart":
        builder.notes.missing.append(f"a document with a picture in it (“{clause.said}”)")
    form = clause.values["to"]
    read = value.read(scope) if value else "."
    listed = f"({read} | (({AS_LIST})? // .))" if value is not None and value.raw else f"({read})"
    named = value.named if value else "the data"
    heading = named.removeprefix("the ").capitalize()
    builder.notes.assume("document", f"The document has the heading “{heading}”; a list becomes a table, anything else stands as it is.")
    with_: Task = {"to": form, "title": heading, "markdown": f"${{ {listed}{TABLE} }}"}
    name = scope.name(f"write-{form}")
    task = scope.add(
        name,
        f"Write {named} as {form.upper()}",
        {"call": "write-document:1.0.0@default", "with": with_},
        uses="write-document",
        serves=clause.said,
    )
    words = frozenset({"document", "report", "file", "pdf", "word"})
    builder.produced(scope, Value("document", many=False, producer=task, key="document", words=words, label="the document"))


def _drawn_from(scope: Scope, builder: Builder) -> Value | None:
    """Return what the chart at hand was drawn from: a document of which nothing was said is of that, not of the picture."""
    if scope.current is None or scope.current.noun != "chart":
        return None
    found = next((value for value in reversed(scope.known) if value.noun != "chart"), None)
    if found is not None:
        builder.notes.assume("no-picture", f"The document holds {found.named}; the chart is a file of its own.")
    return found


def chart(builder: Builder, clause: Clause, scope: Scope) -> None:
    """Draw the rows at hand; what was at hand stays what “it” means."""
    value, x, y = scope.current, clause.values["x"], clause.values["y"]
    if value is None or value.noun == "input":
        builder.notes.unclear(clause.said)
        return
    read = value.read(scope)
    data = (f"${{ {AS_LIST} }}" if read == "." else f"${{ {read} | {AS_LIST} }}") if value.raw else f"${{ {read} }}"
    with_: Task = {"kind": clause.values["kind"], "data": data, "x": x, "y": y}
    builder.notes.assume("chart", f"“{x}” and “{y}” are fields of the items; “{y}” is a number.")
    title = f"Draw {y} by {x} as a {clause.values['kind']} chart"
    task = scope.add(scope.name("draw-chart"), title, {"call": "chart:1.0.0@default", "with": with_}, uses="chart", serves=clause.said)
    words = frozenset({"picture", "graph"})
    builder.produced(scope, Value("chart", many=False, producer=task, key="chart", words=words, label="the chart"))


def sql(builder: Builder, clause: Clause, scope: Scope) -> None:
    """Run one reading statement on a named connection."""
    connection = clause.values["connection"]
    with_: Task = {"connection": connection, "statement": clause.values["statement"], "access": "read"}
    name, title = scope.name(f"ask-{connection}"), f"Ask the database {connection}"
    task = scope.add(name, title, {"call": "sql:1.0.0@default", "with": with_}, uses="sql", serves=clause.said)
    words = frozenset({*objects.content(connection), "result", "results", "list"})
    builder.produced(scope, Value("rows", many=True, producer=task, key="rows", inner=".rows", words=words, label="the rows"))


def summarize(builder: Builder, clause: Clause, scope: Scope) -> None:
    """Summarize a text, or the texts in what is at hand."""
    value = None if "literal" in clause.values else builder.meant(clause.values.get("object", ""), clause, scope)
    with_: Task = {"sentences": clause.values["sentences"]}
    if "literal" in clause.values:
        with_["text"] = clause.values["literal"]
    elif value is not None and value.noun == "summary":
        with_["text"] = f"${{ {value.read(scope)} }}"
    else:
        from_ = value.read(scope) if value else "."
        with_["items"] = f"${{ {TEXTS if from_ == '.' else f'{from_} | {TEXTS}'} }}"
        builder.notes.assume("summary-of", "The summary is made of the texts in it; marks of a web page are left out.")
    task = scope.add(
        scope.name("summarize"),
        f"Summarize {value.named if value else 'the text'}",
        {"call": "summarize:1.0.0@default", "with": with_},
        uses="summarize",
        serves=clause.said,
    )
    if not re.search(r"sentence", clause.said):
        builder.notes.assume("summary-length", "The summary has at most 3 sentences.", "3")
    words = frozenset({"short", "brief"})
    builder.produced(scope, Value("summary", many=False, producer=task, key="summary", inner=".summary", words=words))
