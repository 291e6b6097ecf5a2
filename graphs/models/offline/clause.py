"""What the grammar makes of a person's words: clauses, conditions, and the table they are found in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphs.models.offline.text import VERBS, Protected


@dataclass(slots=True)
class Clause:
    """One understood wish."""

    kind: str  # fetch keep send approve ask notify summarize wait retry catch emit listen each if parallel stop fail trigger nothing
    said: str  # the person's own words
    values: dict[str, Any] = field(default_factory=dict)
    body: list[Clause] = field(default_factory=list)
    otherwise: list[Clause] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Condition:
    """A test on one item, or on the data as a whole."""

    kind: str  # compare equals text present count approved all any
    said: str
    field: str | None = None  # None: not named, ask
    op: str = ""
    value: Any = None
    unit: str = ""
    about: str = ""  # what the words call the things or the person: "orders", "Bob"; whether that is so is for the builder to say
    parts: tuple[Condition, ...] = ()


@dataclass(slots=True)
class Understood:
    """What the grammar made of a text."""

    clauses: list[Clause] = field(default_factory=list)
    trigger: Clause | None = None
    unknown: list[str] = field(default_factory=list)


Make = Callable[[re.Match[str], Protected], Clause | None]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One row of a table: a whole-clause pattern and what it means."""

    regex: re.Pattern[str]
    make: Make


URL, TEXT, MAIL = "\ue000u\\d+\ue001", "\ue000s\\d+\ue001", "\ue000m\\d+\ue001"
NOT_IN_A_NOUN = "and|or|then|but|to|into|onto|if|when|unless|from|by|via|with|without|for|at|in|on|as|that|which|who|whose|where|only|except|not|than|above|below|over|under|every|each|otherwise|else|until|after|before|so|because|using"  # noqa: E501
NOUN_WORD = rf"(?!(?:{NOT_IN_A_NOUN})\b)[a-z][\w'’-]*"
PROSE = rf"(?:(?! (?:and|then|but|or|before|after) (?:{'|'.join(VERBS)})\b)[^\ue000,;])"  # free words, up to where another wish begins
SLOTS = {
    "url": URL,
    "text": TEXT,
    "mail": rf"{MAIL}(?: & {MAIL})*",
    "n": r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty)",
    "noun": rf"{NOUN_WORD}(?: {NOUN_WORD}){{0,4}}?",
    "prose": rf"{PROSE}{{2,90}}?",
    "word": r"[a-z][\w-]*",
    "who": rf"(?:me|us|{MAIL}|#[\w-]+|@?[a-z][\w.-]*|(?:my|our|the) [a-z][\w-]*(?: (?!by\b|via\b|to\b|for\b|that\b|about\b|with\b|know\b|saying\b)[a-z][\w-]*)?)",  # noqa: E501
    "duration": r"(?:(?:an?|\d+(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|half an)\s*(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|weeks?))",  # noqa: E501
    "type": r"(?:[a-z][\w-]*(?:\.[\w-]+)+|[a-z][\w-]*)",
}
THE = r"(?:(?:the|all|all the|all of the|my|our|a|an|its|these|those|this|that|today's) )?"


def row(pattern: str, make: Make) -> Pattern:
    """
    Compile one row. `{url:name}` is a slot of SLOTS captured under a name, `{url}` the same without a name, `~` an optional article.

    The pattern has to match the whole clause.
    """

    def slot(found: re.Match[str]) -> str:
        kind, _, name = found[1].partition(":")
        return f"(?P<{name}>{SLOTS[kind]})" if name else f"(?:{SLOTS[kind]})"

    return Pattern(re.compile(re.sub(r"\{([a-z]+(?::[a-z]+)?)\}", slot, pattern.replace("~", THE)), re.IGNORECASE), make)


def first(table: Sequence[Pattern], text: str, source: Protected) -> Clause | None:
    """Return what the first fitting row makes of *text*."""
    for pattern in table:
        found = pattern.regex.fullmatch(text)
        clause = pattern.make(found, source) if found else None
        if clause is not None:
            return clause
    return None


NUMBERS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
        ]
    )
} | {"twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45, "fifty": 50, "once": 1, "twice": 2, "a": 1, "an": 1}


def number(text: str) -> float | int:
    """Read "100", "1,000", "99.50", "ten", "1.5k"."""
    word = text.strip().lower()
    if word in NUMBERS:
        return NUMBERS[word]
    factor = 1000 if word.endswith("k") else 1
    word = word.rstrip("k")
    word = re.sub(r"[,'](?=\d{3}\b)", "", word).replace(",", ".")
    value = float(word) * factor
    return int(value) if value == int(value) else value


UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> dict[str, int]:
    """Read "5 minutes", "an hour", "90s" as the DSL's inline duration."""
    found = re.fullmatch(r"(half an|[\d.]+|[a-z-]+)\s*([a-z]+)", text.strip().lower())
    if not found:
        raise ValueError(f"{text!r} is no duration")
    if found[1] == "half an":
        return {"minutes": 30}
    amount, word = number(found[1]), found[2]
    if word.startswith("week"):
        return {"days": int(amount * 7)}
    key = "milliseconds" if word in ("ms",) or word.startswith("milli") else UNITS[word[0]]
    if amount != int(amount):
        smaller = {"hours": ("minutes", 60), "minutes": ("seconds", 60), "days": ("hours", 24), "seconds": ("milliseconds", 1000)}[key]
        return {smaller[0]: round(amount * smaller[1])}
    return {key: int(amount)}
