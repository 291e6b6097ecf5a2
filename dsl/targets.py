"""Addresses and other targets that an expression computes, in words: what it is made of and where that comes from, never a guess.

`${ $workflow.input.services.reports + "/report" }` is "an address from the input: services.reports + /report".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from dsl.expressions.program import is_expression, strip

JSON = Any

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_PATH: Final = rf"(?:\${_NAME}(?:\.{_NAME}|\[\d+\])*|(?:\.{_NAME}(?:\[\d+\])*)+)"
_STRING: Final = r'"(?:[^"\\]|\\["\\/])*"'
_WORD: Final = rf"{_STRING}|{_PATH}|\(\s*{_PATH}(?:\s*\|\s*(?:tostring|@uri))?\s*\)"
_SUM = re.compile(rf"\s*(?:{_WORD})\s*(?:\+\s*(?:{_WORD})\s*)*")
_WORDS = re.compile(_WORD)
_FIELD = re.compile(rf"{_PATH}\s*(?:\|\s*(?:tostring|@uri))?")
_CODE: Final = "an expression"  # the source of a part that is more than a field
_ROOTS: Final = (
    ("$workflow.input", "the input"),
    ("$context", "the context"),
    ("$input", "the data"),
    ("$output", "the result"),
    ("$secrets", "the secrets"),
    ("$error", "the error"),
)


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    source: str = ""  # where the value comes from; "" for text that is written out


def value_of(written: JSON, what: str = "a value") -> str:
    """
    Return *written* as words: text as it is, an expression as "*what* from the input: services.reports + /report".

    An expression that is more than a sum of fields and texts is shown as it is.
    """
    if isinstance(written, list):
        return ", ".join(value_of(item, what) for item in written)
    parts = _parts(strip(written)) if is_expression(written) else None
    if parts is None or not _sources(parts) or not parts[0].source:
        return _as_it_reads(written, parts, what)
    return f"{what} from {_sources(parts)}: {_sum(parts)}"


def address(written: JSON) -> str:
    """Return an address in words, for effects: `value_of` with the word for it."""
    return value_of(written, "an address")


def place(written: JSON) -> str:
    """Return an address in words, the address itself first: "services.reports + /report (an address from the input)"."""
    parts = _parts(strip(written)) if is_expression(written) else None
    if parts is None or not _sources(parts) or not parts[0].source:
        return _as_it_reads(written, parts, "an address")
    return f"{_sum(parts)} (an address from {_sources(parts)})"


def _as_it_reads(written: JSON, parts: list[_Part] | None, what: str) -> str:
    """Return text that is written out at least at its beginning, or an expression that has no words."""
    if not is_expression(written):
        return written if isinstance(written, str) else "" if written is None else str(written)
    if parts is None:
        return f"{what} computed by `{' '.join(strip(written).split())}`"
    sources = _sources(parts)
    return f"{_sum(parts)} (from {sources})" if sources else "".join(part.text for part in parts)


def _sources(parts: list[_Part]) -> str:
    return " and ".join(dict.fromkeys(part.source for part in parts if part.source))


def _sum(parts: list[_Part]) -> str:
    return " + ".join(part.text for part in parts)


def short_address(written: JSON) -> str:
    """Return an address without its scheme, with `…` for what is only known at run time, for places with little room."""
    if not is_expression(written):
        return re.sub(r"^https?://", "", str(written or ""))
    parts = _parts(strip(written))
    if parts is None:
        return ""
    shown = "".join("…" if part.source else re.sub(r"^https?://", "", part.text) for part in parts)
    return parts[0].text if shown == "…" else re.sub("…+", "…", shown)


def filled_text(code: str) -> str | None:
    r"""Return `"Table \(.table): gone"` and `"Table " + .table` as "Table {table}: gone", None when *code* is no such text."""
    parts = _interpolated(code) or _parts(code)
    if not parts or all(part.source for part in parts) or not _sources(parts):
        return None
    return "".join(f"{{{part.text}}}" if part.source else part.text for part in parts)


def _parts(code: str) -> list[_Part] | None:
    """Return the pieces of a sum of fields and texts, None for everything else."""
    whole = _interpolated(code)
    if whole is not None:
        return None if any(part.source == _CODE for part in whole) else whole
    return [_part(match.group()) for match in _WORDS.finditer(code)] if _SUM.fullmatch(code) else None


def _interpolated(code: str) -> list[_Part] | None:
    r"""Return the pieces of one text with something in it, as in `"\(.base)/orders"`; None when *code* is no such text."""
    if not (len(code) > 1 and code[0] == code[-1] == '"' and "\\(" in code):
        return None
    inner, parts, at = code[1:-1], [], 0
    while at < len(inner):
        start = inner.find("\\(", at)
        text = inner[at : start if start >= 0 else len(inner)]
        if '"' in text or "\\" in text:
            return None
        parts += [_Part(text)] if text else []
        if start < 0:
            break
        at = _closing(inner, start + 2) + 1
        hole = inner[start + 2 : at - 1].strip()
        if not at or '"' in hole:
            return None
        parts.append(_part(hole) if _FIELD.fullmatch(hole) else _Part(hole, _CODE))
    return parts


def _closing(text: str, start: int) -> int:
    """Return the place of the `)` that closes what was opened before *start*, -1 without one."""
    depth = 1
    for place_, character in enumerate(text[start:], start=start):
        depth += (character == "(") - (character == ")")
        if not depth:
            return place_
    return -1


def _part(word: str) -> _Part:
    if word.startswith('"'):
        return _Part(re.sub(r'\\(["\\/])', r"\1", word[1:-1]))
    path = word.strip("() ").partition("|")[0].strip()
    for root, source in _ROOTS:
        rest = path.removeprefix(root)
        if path.startswith(root) and rest[:1] in (".", "[", ""):
            return _Part(rest.lstrip(".") or "all of it", source)
    if path.startswith("$"):
        return _Part(path[1:], f"each {re.split(r'[.[]', path[1:])[0]}")
    return _Part(path[1:], "the data")
