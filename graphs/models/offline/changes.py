"""Change wishes: each row of the table turns one sentence into edits of the current definition, or says that it is not understood."""

from __future__ import annotations

import re
from typing import Any

import dsl
from graphs.models.offline import additions, targets, text
from graphs.models.offline.edits import edit
from graphs.models.offline.phrasing import plain
from graphs.models.offline.reading import Reading
from graphs.models.offline.retouching import retouch
from graphs.models.offline.wish import Edit, Wish

VERB = r"(?:change|set|raise|lower|increase|decrease|reduce|rename|replace|move|update|modify|adjust|edit|remove|delete|drop|take out|leave out|get rid of|skip|add|insert|also|additionally|instead|make it|make the|run it|start it|do it|switch|use|call it)"  # noqa: E501
LOOKS = re.compile(
    rf"^(?:(?:please|can you|could you|i want you to|i'd like to|now|then|but|and|no|yes|ok|okay|actually|hmm|well),?\s+)*{VERB}\b|\binstead\b|\b(?:before|after) (?:you|the|it|posting|sending|fetching|step)\b|\bno longer\b|\bnot \d+ but\b",  # noqa: E501
    re.IGNORECASE,
)


def looks_like(message: str) -> bool:
    """Say whether a message reads as a change of what is there."""
    return bool(LOOKS.search(message.strip()))


def change(reading: Reading) -> dict[str, Any]:
    """Answer `design/change`."""
    request = reading.text("request")
    data = dsl.read(reading.text("definition")).data
    listed = reading.value("tasks")
    wish = Wish(
        request, data if isinstance(data, dict) else {}, targets.targets(data, listed), reading.answers(), reading.person, reading.timezone
    )
    operations, said, unknown = [], [], []
    for part in parts(request, wish):
        found = _read(part, wish)
        if found is None:
            unknown.append(part)
            continue
        operations += found.operations
        said.append(found.said)
    places = [(operation["reference"], operation.get("field")) for operation in operations if operation["op"] == "set-field"]
    if len(set(places)) < len(places):
        unknown = [request]  # "above 100 and below 500": one edit would undo the other
    if unknown and not wish.questions:
        operations = []  # half a change is no change: the person sees what was not understood and says it again
    return {
        "operations": operations if not wish.questions else [],
        "said": "; ".join(said),
        "questions": wish.questions,
        "not_understood": unknown,
    }


def parts(request: str, wish: Wish) -> list[str]:
    """Cut a request into single wishes: sentences, and at "and" where both sides are understood."""
    found: list[str] = []
    source = text.protect(request)
    for sentence in text.sentences(source):
        whole = source.open(sentence)
        pieces = [source.open(piece) for piece in re.split(r",? and (?:also |then )?|, (?:also |then )", sentence)]
        if len(pieces) > 1 and not _understood(whole, wish) and all(_understood(piece, wish) for piece in pieces):
            found += pieces
        else:
            found.append(whole)
    return found


def _understood(part: str, wish: Wish) -> bool:
    return _read(part, wish.copy()) is not None


def _read(part: str, wish: Wish) -> Edit | None:
    """Read one wish: as it was said, then put plainly."""
    source = text.protect(part)
    found = edit(source, wish) or retouch(source, wish) or additions.add(source, wish)
    put = plain(source.text)
    if found is None and put != source.text and not wish.questions:
        source.text = put
        found = edit(source, wish) or retouch(source, wish) or additions.add(source, wish)
    return found
