"""Read the text of a definition: YAML 1.2 (or JSON) to plain data, with the place of every node.

`read` never raises and never runs anything: what is wrong is a problem with line and column. It works on libyaml's events, so
neither depth nor aliases can exhaust the stack or the memory. Aliases are expanded, within the limits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from dsl.collector import uncollected
from dsl.problems import Problem

MAX_CHARACTERS: Final = 5_000_000
MAX_DEPTH: Final = 200
MAX_NODES: Final = 300_000  # with aliases expanded
MAX_BRANCHES: Final = 4_000  # of one fork: reading on would only cost time

JSON = Any

_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_BREAKS = re.compile("[\x85\u2028\u2029]")  # line breaks to libyaml, plain characters to YAML 1.2
_PLAIN = bytes([9, 10, 13, *range(32, 127)])
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


class Span(NamedTuple):
    """Where a node stands: 1-based lines and columns, offsets in characters; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text and what was read from it."""

    text: str
    data: JSON = None  # None when the text cannot be read
    spans: Mapping[str, Span] = field(default_factory=dict)  # of values, by JSON Pointer; nodes inside an alias have none
    keys: Mapping[str, Span] = field(default_factory=dict)  # of the keys those values stand under
    problems: tuple[Problem, ...] = ()


def read(text: str) -> Source:
    """Return the data of *text* with the place of every node, and what is wrong with it as text."""
    if len(text) > MAX_CHARACTERS:
        message = f"the definition has {len(text):,} characters, more than the {MAX_CHARACTERS:,} allowed"
        return _refused(text, "too-large", message, "split it: `run: workflow` starts another definition")
    unreadable = _unreadable(text)
    if unreadable:
        return _invalid_character(text, unreadable)
    crowded = _crowded(text)
    if crowded is not None:
        message = f"this line has more than {MAX_NODES:,} values"
        return _refused(text, "too-many-nodes", message, "let a task fetch or make what is so large", crowded)
    from dsl.yaml_events import Reader, Refused  # PyYAML costs 20 ms: only who reads text pays

    is_json = _looks_like_json(text)
    reader = Reader(unpaired(text), depth=MAX_DEPTH, nodes=MAX_NODES, branches=MAX_BRANCHES)
    try:
        with uncollected():
            data = reader.run()
    except Refused as refusal:
        return Source(text=text, problems=(*reader.problems, refusal.problem))
    if is_json:
        data, is_json = _as_json(text, data)
    breaks = None if is_json else _BREAKS.search(text)
    if breaks:
        return _invalid_character(text, breaks)
    return Source(text=text, data=data, spans=reader.spans, keys=reader.keys, problems=tuple(reader.problems))


def unpaired(text: str) -> str:
    r"""Return *text* for libyaml, which refuses what JSON writes as a pair of `\u` escapes; of the same length."""
    return _PAIR.sub(r"\\ue000\\ue000", text) if _looks_like_json(text) else text


def _looks_like_json(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n").startswith("{")


def _as_json(text: str, data: JSON) -> tuple[JSON, bool]:
    r"""Return what JSON makes of *text*, and whether it is JSON: escapes such as `\/` mean the same, pairs of surrogates one character."""
    try:
        decoded = json.loads(text.lstrip("\ufeff"))
        json.dumps(decoded, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return data, False
    return decoded, True


def _unreadable(text: str) -> re.Match[str] | None:
    if text.isascii() and not text.encode().translate(None, _PLAIN):  # a tenth of the time, and nearly always enough
        return None
    return _UNREADABLE.search(text, 1 if text.startswith("\ufeff") else 0)


def _crowded(text: str) -> int | None:
    """Return where a line starts that has more values than a definition may have: known without reading them one by one."""
    at = 0
    while len(text) - at > 2 * MAX_NODES:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if end - at > 2 * MAX_NODES and text.count(",", at, end) > MAX_NODES:
            return at
        at = end + 1
    return None


def _invalid_character(text: str, found: re.Match[str]) -> Source:
    message = f"the character U+{ord(found.group()):04X} may not stand in a definition"
    hint = "remove it, or write it as an escape in a double-quoted string"
    return _refused(text, "invalid-character", message, hint, found.start())


def _refused(text: str, code: str, message: str, hint: str, offset: int = 0) -> Source:
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return Source(text=text, problems=(Problem(code=code, reference="", message=message, hint=hint, line=line, column=column),))
