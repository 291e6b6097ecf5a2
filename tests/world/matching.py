"""Does a request look as wanted? One comparison serves routes (`when`) and expectations, and answers in words.

A wanted value is plain JSON: mappings match when every wanted key matches (further keys are welcome unless `exact`), lists
match item by item, everything else by equality. A mapping whose only key starts with `$` is a question instead:

    $any: true        anything, but present         $absent: true      not there at all
    $matches: regex   a text that contains a match  $contains: x       a text, list or mapping with x in it
    $one_of: [a, b]   one of these                  $above / $below: n a number beyond n
    $length: n        so many items or characters   $exactly: value    equal, no further keys anywhere inside
    $set: [a, b]      these items in any order
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

JSON = Any
MISSING = object()  # what an absent key is compared as


def differences(wanted: JSON, got: JSON, *, where: str = "", exact: bool = False) -> list[str]:
    """Return what keeps *got* from matching *wanted*, one line each with its place; nothing when it matches."""
    question = _question(wanted)
    if question is not None:
        return _ask(*question, got, where=where, exact=exact)
    if got is MISSING:
        return [f"{where or 'value'} is missing"]
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        return _mapping(wanted, got, where=where, exact=exact)
    if isinstance(wanted, list) and isinstance(got, list):
        return _list(wanted, got, where=where, exact=exact)
    if _equal(wanted, got):
        return []
    return [f"{where or 'value'} is {got!r}, wanted {wanted!r}"]


def _equal(wanted: JSON, got: JSON) -> bool:
    """JSON equality: 1 and 1.0 are one number, true is not 1."""
    return isinstance(wanted, bool) == isinstance(got, bool) and bool(wanted == got)


def _mapping(wanted: Mapping[str, JSON], got: Mapping[str, JSON], *, where: str, exact: bool) -> list[str]:
    found: list[str] = []
    for key, value in wanted.items():
        found += differences(value, got.get(key, MISSING), where=f"{where}.{key}".lstrip("."), exact=exact)
    if exact:
        found += [f"{where}.{key}".lstrip(".") + " was not expected" for key in got if key not in wanted]
    return found


def _list(wanted: list[JSON], got: list[JSON], *, where: str, exact: bool) -> list[str]:
    if len(wanted) != len(got):
        return [f"{where or 'value'} has {len(got)} items, wanted {len(wanted)}: {got!r}"]
    found: list[str] = []
    for index, (one, other) in enumerate(zip(wanted, got, strict=True)):
        found += differences(one, other, where=f"{where}[{index}]", exact=exact)
    return found


def _question(wanted: JSON) -> tuple[str, JSON] | None:
    if isinstance(wanted, Mapping) and len(wanted) == 1:
        (name, value), *_ = wanted.items()
        if isinstance(name, str) and name in _QUESTIONS:
            return name, value
    return None


def _ask(name: str, value: JSON, got: JSON, *, where: str, exact: bool) -> list[str]:
    if name == "$absent":
        return [] if (got is MISSING) == bool(value) else [f"{where or 'value'} should be {'absent' if value else 'present'}"]
    if got is MISSING:
        return [f"{where or 'value'} is missing"]
    if name == "$exactly":
        return differences(value, got, where=where, exact=True)
    if _QUESTIONS[name](value, got, exact):
        return []
    return [f"{where or 'value'} is {got!r}, wanted {name} {value!r}"]


def _is_number(got: JSON) -> bool:
    return isinstance(got, int | float) and not isinstance(got, bool)


def _contains(value: JSON, got: JSON, exact: bool) -> bool:
    if isinstance(got, str):
        return isinstance(value, str) and value in got
    if isinstance(got, Mapping):
        return value in got
    return isinstance(got, list) and any(not differences(value, item, exact=exact) for item in got)


def _same_set(value: JSON, got: JSON, exact: bool) -> bool:
    if not isinstance(got, list) or len(value) != len(got):
        return False
    left = list(got)
    for wanted in value:
        index = next((i for i, item in enumerate(left) if not differences(wanted, item, exact=exact)), None)
        if index is None:
            return False
        del left[index]
    return True


_QUESTIONS: Mapping[str, Callable[[JSON, JSON, bool], bool]] = {
    "$any": lambda value, got, exact: True,
    "$absent": lambda value, got, exact: False,  # answered before the table is asked
    "$exactly": lambda value, got, exact: False,  # likewise
    "$matches": lambda value, got, exact: isinstance(got, str) and re.search(str(value), got) is not None,
    "$contains": _contains,
    "$one_of": lambda value, got, exact: any(not differences(item, got, exact=exact) for item in value),
    "$above": lambda value, got, exact: _is_number(got) and got > value,
    "$below": lambda value, got, exact: _is_number(got) and got < value,
    "$length": lambda value, got, exact: isinstance(got, str | list | Mapping) and len(got) == value,
    "$set": _same_set,
}


def segments(target: str) -> list[str]:
    """Split the path of a request's target and decode each part, so that an escaped slash stays inside its segment."""
    return [unquote(part) for part in urlsplit(target).path.strip("/").split("/")]


@dataclass(frozen=True, slots=True)
class Pattern:
    """`GET /orders/{id}`: a method (`*` is any) and a path whose `{name}` is one segment and `{name*}` the rest."""

    text: str
    method: str
    segments: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, *, prefix: str = "") -> Pattern:
        """Raises ValueError in words when *text* is not METHOD, space, /path."""
        method, _, path = text.strip().partition(" ")
        path = path.strip()
        if not re.fullmatch(r"[A-Z]+|\*", method) or not path.startswith("/"):
            raise ValueError(f"{text!r} is not METHOD /path, such as 'GET /orders/{{id}}'")
        whole = prefix.rstrip("/") + path
        return cls(f"{method} {whole}", method, tuple(whole.strip("/").split("/")))

    def match(self, method: str, segments: Sequence[str]) -> dict[str, str] | None:
        """Return the path parameters when *method* and the decoded *segments* fit, else None."""
        if self.method not in ("*", method):
            return None
        found: dict[str, str] = {}
        for index, wanted in enumerate(self.segments):
            if wanted.startswith("{") and wanted.endswith("*}"):
                return found | {wanted[1:-2]: "/".join(segments[index:])}
            if index >= len(segments):
                return None
            if wanted.startswith("{") and wanted.endswith("}"):
                found[wanted[1:-1]] = segments[index]
            elif wanted != segments[index]:
                return None
        return found if len(segments) == len(self.segments) else None
