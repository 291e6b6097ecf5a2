"""What an event must have at least to be for a listening, as data: so that a store can find the listenings of an event by an index.

A *need* is `{attribute: text, …, "data": {…}}`, the equalities among the tests of one filter; `{}` lets every event through. The tests
themselves are made later, by whoever listens; a need only keeps most events from waking it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence

from graphs.run import matching
from graphs.run.matching import MISSING, Equal, Fixed, FixedFilter, Members, Test, Text
from graphs.run.ports import JSON

Need = dict[str, JSON]
_PATH = re.compile(r"(?:\.[A-Za-z_]\w*)+")
_LITERALS = re.compile(r"-?\d.*|true|false|null|NaN|Infinity|-Infinity")  # texts that a constant may also mean as another value


def needs(fixed: Fixed) -> list[Need]:
    """Return the needs of *fixed*, one for each of its filters and those of its `until`."""
    own = [{}] if fixed.mode == "any" and not fixed.filters else [_need(one) for one in fixed.filters]
    return own + (needs(fixed.until) if fixed.until is not None else [])


def shown(found: Sequence[Need]) -> Mapping[str, JSON]:
    """Return needs as an `Awaited` carries them: a single one as it is, several as `{"any": [need, …]}`."""
    return found[0] if len(found) == 1 else {"any": list(found)}


def alternatives(event: Mapping[str, JSON] | None) -> list[Need]:
    """Return the needs an `Awaited` carries."""
    several = (event or {}).get("any")
    return list(several) if isinstance(several, list) else [dict(event or {})]


def meets(event: Mapping[str, JSON], need: Mapping[str, JSON]) -> bool:
    """Tell whether *event* has what *need* asks for."""
    return digest(need, names(need)) == digest(event, names(need))


def names(need: Mapping[str, JSON]) -> tuple[tuple[str, ...], ...]:
    """Return which places of an event *need* is about, sorted: `(("data", "order", "id"), ("type",))`."""
    return tuple(sorted(_places(need)))


def digest(of: Mapping[str, JSON], places: Sequence[Sequence[str]]) -> str:
    """Return a digest of what an event or a need has at *places*: equal for an event and a need it meets (32 hex digits)."""
    values = [_value(of, place) for place in places]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]


def as_text(data: JSON) -> str:
    """Return an event's data as the text it was sent as, when it was no text."""
    return json.dumps(data, ensure_ascii=False)


def _need(one: FixedFilter) -> Need:
    need: Need = {}
    for name, test in one.tests:
        if name == "data":
            data = _members(test)
            if data:
                need["data"] = data
        elif isinstance(test, Text) and test.pattern is None:
            need[name] = test.text
        elif isinstance(test, Equal) and matching.spelled(test.value) is not None:
            need[name] = matching.spelled(test.value)
    for each in one.correlations:
        if _PATH.fullmatch(each.source.source) and _settled(each.expected, constant=each.constant):
            _put(need, each.source.source[1:].split("."), each.expected)
    return need


def _members(test: Test) -> Need:
    """Return the scalar equalities below an object's test."""
    if isinstance(test, Equal) and isinstance(test.value, Mapping):
        test = Members(tuple((str(name), Equal(value)) for name, value in test.value.items()))
    found: Need = {}
    for name, member in test.members if isinstance(test, Members) else ():
        if isinstance(member, Text) and member.pattern is None:
            found[name] = member.text
        elif isinstance(member, Equal) and isinstance(member.value, str | int | float):
            found[name] = member.value
        elif below := _members(member):
            found[name] = below
    return found


def _settled(value: JSON, *, constant: bool) -> bool:
    if value is MISSING or not isinstance(value, str | int | float):
        return False
    return not (constant and isinstance(value, str) and _LITERALS.fullmatch(value))


def _put(need: Need, path: Sequence[str], value: JSON) -> None:
    """Add an equality, unless something is asked of the same place, or of one above it, already."""
    if len(path) > 1 and path[0] != "data":
        return
    if len(path) == 1:
        if path[0] != "data" and isinstance(value, str):  # an attribute that is no text may be spelled in several ways
            need.setdefault(path[0], value)
        return
    below = need
    for name in path[:-1]:
        inner = below.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        below = inner
    below.setdefault(path[-1], value)


def _places(need: Mapping[str, JSON], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in need.items():
        if isinstance(value, Mapping) and (above or name == "data"):
            yield from _places(value, (*above, name))
        else:
            yield (*above, name)


def _value(of: JSON, place: Sequence[str]) -> JSON:
    """Return [value] as it is compared, [] when there is none."""
    for name in place:
        if not isinstance(of, Mapping) or name not in of:
            return []
        of = of[name]
    if place[0] != "data":
        return [matching.spelled(of)]
    if isinstance(of, float) and of.is_integer():
        return [int(of)]
    return [of] if of is None or isinstance(of, str | int | float) else [None, ""]
