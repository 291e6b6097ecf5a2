"""Keeping and dropping items of a list."""

from __future__ import annotations

import re

from graphs.models.offline import conditions
from graphs.models.offline.clause import NUMBERS, Clause, Condition, Pattern, number, row
from graphs.models.offline.text import Protected

KEEP = r"(?:keep|select|pick|take|filter|find|use|choose|want|look at)(?: only| just| out)?"
DROP = r"(?:drop|remove|discard|ignore|skip|exclude|leave out|filter out|throw away|throw out|take out|get rid of|forget)"
NOUN = re.compile(
    r"(?:only |just |for |out )*(?:(?:the|those|all|all the|these|any|every|everything|anyone|anything|ones|rest|them|out|of|orders|[a-z][\w-]*)\s*){0,4}",  # noqa: E501
    re.IGNORECASE,
)
NOT_A_NOUN = re.compile(
    r"\b(?:me|you|by|to|that|which|where|whose|with|is|are|above|below|over|under|than|at|if|when|until|going|on|in|for|and|then)\b",
    re.IGNORECASE,
)


def _condition(rest: str, source: Protected) -> Condition | None:
    """Read "(the ones) (that are) above 100": the noun is the shortest beginning after which a condition follows."""
    words = rest.split(" ")
    for count in range(min(5, len(words))):
        head, tail = " ".join(words[:count]), " ".join(words[count:])
        if NOT_A_NOUN.search(head):
            return None
        condition = conditions.parse(tail, source)
        if condition and not (condition.kind == "equals" and condition.field is None and tail == rest):
            return condition
    return None


def _keep(found: re.Match[str], source: Protected) -> Clause | None:
    condition = _condition(found["rest"], source)
    return Clause("keep", source.open(found[0]), {"condition": condition, "drop": False}) if condition else None


def _drop(found: re.Match[str], source: Protected) -> Clause | None:
    condition = _condition(found["rest"], source)
    return Clause("keep", source.open(found[0]), {"condition": condition, "drop": True}) if condition else None


def _state(drop: bool, found: re.Match[str], source: Protected) -> Clause:
    said = source.open(found[0])
    condition = Condition("equals", found["state"], None, "!=" if found["no"] else "==", found["state"].lower())
    return Clause("keep", said, {"condition": condition, "drop": drop})


def _first(found: re.Match[str], source: Protected) -> Clause | None:
    if found["n"].lower() not in NUMBERS and not found["n"].isdigit():
        return None
    by = found.groupdict().get("field")
    return Clause("first", source.open(found[0]), {"count": int(number(found["n"])), "by": source.value(by) if by else ""})


def _sort(found: re.Match[str], source: Protected) -> Clause:
    down = bool(found["down"]) and not re.match(r"asc|lowest|smallest|oldest", found["down"].strip(" ,"), re.IGNORECASE)
    return Clause("sort", source.open(found[0]), {"by": source.value(found["field"]), "down": down})


STATES = "|".join(conditions.STATES)
FIELD = r"(?:the |their )?(?P<field>{text}|[a-z_]\w*)"
TABLE: tuple[Pattern, ...] = (
    row(
        rf"{KEEP} (?:only )?(?:the |all |all the |those |just the )?(?P<no>not |non-)?(?P<state>{STATES})(?: ones| [a-z]+)?",
        lambda f, s: _state(False, f, s),
    ),
    row(
        rf"{DROP} (?:the |all |all the |those |any )?(?P<no>not |non-)?(?P<state>{STATES})(?: ones| [a-z]+)?",
        lambda f, s: _state(True, f, s),
    ),
    row(rf"(?:only|just) (?:the |those )?(?P<no>not |non-)?(?P<state>{STATES})(?: ones| [a-z]+)?", lambda f, s: _state(False, f, s)),
    row(rf"{KEEP} (?:the |only the )?(?:first|top) (?P<n>\d+|[a-z]+)(?: ones| of them| [a-z]+)?(?: by {FIELD})?", _first),
    row(
        rf"(?:sort|order) (?:them|it|the [a-z]+|these|those) by {FIELD}(?P<down>,? (?:descending|desc|ascending|asc|highest first|lowest first|largest first|biggest first|smallest first|newest first|oldest first))?",  # noqa: E501
        _sort,
    ),
    row(rf"{KEEP} (?P<rest>.+)", _keep),
    row(rf"{DROP} (?P<rest>.+)", _drop),
    row(r"(?:only|just) (?P<rest>.+)", _keep),
)
