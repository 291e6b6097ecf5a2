"""What "them", "the open orders", "the summary" refer to. Every word counts: what nothing accounts for is not understood."""

from __future__ import annotations

import re
from collections.abc import Iterable

from graphs.models.offline.scope import Scope, Value, single


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


SMALL = _set("the a an all of my our its their his her these those this that today's every each any some just")
LISTS = _set("them these those ones list items entries elements records rows everything things results")
ONE = _set("it this that answer answers result data content contents response page body output reply text item one message whole")
QUALIFIERS = _set("remaining filtered kept sorted resulting fetched selected matching whole entire full complete")

MEASURES = _set(  # what has to be computed, or picked, or is somebody's
    "total totals sum sums average mean count number amount difference ratio share percentage maximum minimum median rest others first last "  # noqa: E501
    "oldest newest highest lowest cheapest best worst name names title titles summary report analysis forecast both none nothing change changes "  # noqa: E501
    "email emails mail address addresses price prices date time link links key token password header error errors"
)
GENERIC = _set(  # at the end of an address they name no kind of thing
    "data now latest list current today yesterday week month day year all new run next due state info get read export feed api index item "
    "items entries result results open recent full v1 v2 json csv status"
)
STARTED = _set("input inputs data payload it is was be gets given started start starts with workflow run what")


def is_input(words: str) -> bool:
    """Say whether *words* name the data that a workflow is started with: "the input", "the data it is started with"."""
    said = content(words)
    return bool({"input", "inputs", "data", "payload", "started", "starts"} & set(said)) and set(said) <= STARTED


def content(text: str) -> list[str]:
    """Return the words of *text* that carry meaning, lower case, each without its `'s`."""
    return [re.sub(r"['’]s?$", "", word) for word in re.findall(r"[a-z0-9_][\w'’-]*", text.lower()) if word not in SMALL]


def same(left: str, right: str) -> bool:
    return single(left) == single(right)


def covers(known: Iterable[str], words: Iterable[str]) -> bool:
    """Say whether each of *words* is among *known*, one or many."""
    stems = {single(word) for word in known}
    return all(single(word) in stems for word in words)


def find(words: str, scope: Scope) -> Value | None:
    """Return the value that *words* refer to; None when a word is left that nothing accounts for, or when there is nothing yet."""
    low = words.lower().strip()
    if re.fullmatch(r"what(?:['’]s| is)? (?:left|remains)(?: over)?", low):
        return _many(scope)
    said = content(low)
    if not said:
        return _many(scope) if re.search(r"\b(?:these|those|all)\b", low) else scope.current
    head = said[-1]
    for value in reversed(scope.known):
        if same(head, value.noun) or (head in value.words and head not in QUALIFIERS):
            return value if covers({*value.words, value.noun, *QUALIFIERS, *_decided(scope)}, said) else None
    pointed = _many(scope) if head in LISTS or head == "rest" else scope.current if head in ONE else None
    return pointed if pointed is not None and covers({*pointed.words, *LISTS, *ONE, *QUALIFIERS, *_decided(scope)}, said) else None


def _many(scope: Scope) -> Value | None:
    return next((value for value in reversed(scope.known) if value.many), scope.current)


def _decided(scope: Scope) -> tuple[str, ...]:
    return ("approved", "confirmed", "accepted") if scope.decided is not None else ()


def fits(noun: str, value: Value | None) -> bool:
    """Say whether *noun* ("orders", "open tickets") can name the items of *value*."""
    said = content(noun)
    if not said or value is None:
        return not said
    return covers({*value.words, value.noun, *LISTS, *ONE, *QUALIFIERS}, said)
