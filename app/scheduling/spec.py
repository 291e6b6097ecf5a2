"""A definition's `schedule` as triggers: one for each of `every`, `cron`, `after` and `on`, with their policies and time zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.scheduling.lengths import length_of
from app.scheduling.policy import Missed, Overlap
from app.scheduling.times import Cron, Every, Timing
from dsl.checks.schedule import cron_error
from dsl.expressions import is_expression
from dsl.problems import Problem
from dsl.settings import parley_of_document

JSON = Any
Kind = Literal["every", "cron", "after", "on"]
KINDS: tuple[Kind, ...] = ("every", "cron", "after", "on")
SHORTEST = timedelta(seconds=1)
EVERY_TYPE = ""  # of events


@dataclass(frozen=True, slots=True)
class Spec:
    """One trigger, as far as the definition decides it."""

    kind: Kind
    value: JSON = field(hash=False)  # as it is written
    zone: str
    missed: Missed
    overlap: Overlap

    @property
    def watches(self) -> bool:
        """Whether the end of a run matters to it."""
        return self.kind == "after" or self.overlap == "queue"

    def timing(self, anchor: datetime) -> Timing | None:
        """Return when it falls due; None when the clock does not decide that. Raises ValueError in words."""
        if self.kind == "cron":
            return Cron(self.value, zone_of(self.zone))
        return Every(length_of(self.value), anchor, zone_of(self.zone)) if self.kind == "every" else None

    def to_json(self) -> dict[str, JSON]:
        return {"value": self.value, "zone": self.zone, "missed": self.missed, "overlap": self.overlap}

    @classmethod
    def from_json(cls, kind: Kind, data: Mapping[str, JSON]) -> Spec:
        return cls(kind, data["value"], data["zone"], data["missed"], data["overlap"])


def specs_of(data: Mapping[str, JSON], default_zone: str) -> list[Spec]:
    """Return the triggers of a checked definition; nothing when only people and programs start it."""
    schedule = data.get("schedule") or {}
    settings = parley_of_document(data)
    zone = str(settings.get("timezone") or default_zone)
    missed: Missed = settings.get("missed") or "once"
    return [
        Spec(kind, schedule[kind], zone, missed, settings.get("overlap") or _overlap(kind, missed)) for kind in KINDS if kind in schedule
    ]


def _overlap(kind: Kind, missed: Missed) -> Overlap:
    """Return what holds where the definition says nothing: nothing that was asked for is left out because something else was, too."""
    if kind in ("every", "on"):  # the standard: regardless of the previous run · an event is not to be lost
        return "parallel"
    return "queue" if missed == "all" else "skip"


def problems_of(specs: list[Spec]) -> list[Problem]:
    """Return why these triggers cannot work, in words; nothing when they can."""
    return [problem for spec in specs for problem in _problems(spec)]


def _problems(spec: Spec) -> Iterator[Problem]:
    reference = f"/schedule/{spec.kind}"
    wrong = _unreadable(spec)
    if wrong:
        yield Problem(code="invalid-schedule", reference=reference, message=wrong, hint="write for example PT15M")
    if spec.kind == "on":
        yield from _event_problems(spec.value, reference)


def _unreadable(spec: Spec) -> str:
    """Return why the times of *spec* cannot be told, in words."""
    try:
        zone_of(spec.zone)
        length = length_of(spec.value) if spec.kind in ("every", "after") else None
    except ValueError as error:
        return str(error)
    if spec.kind == "cron" and (wrong := cron_error(spec.value)):
        return f"'{spec.value}' is no cron expression: {wrong}"
    if spec.kind == "every" and length is not None and length.shortest < SHORTEST:
        return "a schedule starts a run once a second at most"
    return ""


def _event_problems(strategy: JSON, reference: str) -> Iterator[Problem]:
    from graphs.run import strategies

    found: list[Problem] = []

    def told(code: str, where: str, message: str, hint: str) -> None:
        found.append(Problem(code=code, reference=where, message=message, hint=hint))

    strategies.prepare(strategy, reference, told)
    yield from found


def types_of(strategy: Mapping[str, JSON]) -> list[str]:
    """Return the types of events that *strategy* may take, sorted; `EVERY_TYPE` where a filter does not name one type."""
    from graphs.run.matching import text_test

    found: set[str] = set()
    for one in _filters(strategy):
        kind = (one.get("with") or {}).get("type")
        plain = isinstance(kind, str) and not is_expression(kind) and text_test(kind).pattern is None
        found.add(str(kind) if plain else EVERY_TYPE)
    if "any" in strategy and not strategy["any"]:
        found.add(EVERY_TYPE)
    return [EVERY_TYPE] if EVERY_TYPE in found else sorted(found)


def _filters(strategy: Mapping[str, JSON]) -> Iterator[Mapping[str, JSON]]:
    if "one" in strategy:
        yield strategy["one"]
    yield from strategy.get("any") or strategy.get("all") or ()
    if isinstance(strategy.get("until"), Mapping):
        yield from _filters(strategy["until"])


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Return a time zone. Raises ValueError in words."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ValueError(f"there is no time zone '{name}'") from exc
