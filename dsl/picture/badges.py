"""The small signs of a task: under which condition it is done, for how long at most, what stands around it, how it is undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dsl.jq_words import condition_words
from dsl.phrases import brief_condition
from dsl.picture.graph import Badge
from dsl.picture.text import fitted, fitted_end, width
from dsl.pointer import get
from dsl.settings import parley_of
from dsl.walk import Step, subscription_of, title_of
from dsl.words import duration_words, joined, spoken

JSON = Any

BADGE_PX: Final = 11
BADGE_HEIGHT: Final = 18.0
ROW: Final = 22.0  # from one row of badges to the next
_ICON: Final = 22.0  # with the air around it
_RIGHT: Final = 8.0
_GAP: Final = 6.0
_ROOM: Final = 150.0  # for the type of an event


@dataclass(frozen=True, slots=True)
class Around:
    """What an extension puts around tasks of a kind."""

    extended: str  # a kind, "all"
    when: str  # "before", "after", "around" for both
    name: str
    condition: str  # in words, "" when there is none


def extensions(data: JSON) -> list[Around]:
    """Return what the extensions of a definition put around tasks."""
    declared = get(data, "/use/extensions")
    found = []
    for item in declared if isinstance(declared, list) else ():
        for name, extension in item.items() if isinstance(item, dict) else ():
            if not isinstance(extension, dict) or not isinstance(extension.get("extend"), str):
                continue
            parts = [part for part in ("before", "after") if extension.get(part)]
            if parts:
                found.append(Around(extension["extend"], parts[0] if len(parts) == 1 else "around", name, condition_of(extension)))
    return found


def condition_of(extension: JSON) -> str:
    """Return " if …" for an extension with a condition, else nothing."""
    when = extension.get("when") if isinstance(extension, dict) else None
    return f" if {brief_condition(when)}" if isinstance(when, str) else ""


def badges_of(step: Step, data: JSON, around: Sequence[Around]) -> list[tuple[str, str, str]]:
    """Return (kind, text, uncut text) of every badge of a task."""
    return list(_found(step, data, around))


def _found(step: Step, data: JSON, around: Sequence[Around]) -> Iterator[tuple[str, str, str]]:
    condition = step.task.get("if")
    if isinstance(condition, str):
        yield "if", f"if {brief_condition(condition)}", f"only if {condition_words(condition).replace('`', '')}"
    if step.kind == "run" and get(step.task, "/run/await") is False:
        yield "background", "goes on at once", "the next step does not wait for it"
    yield from _until(step)
    limit = time_limit(step.task, data)
    if limit:
        yield "timeout", f"at most {limit}", f"at most {limit}"
    for extension in around:
        if extension.extended in ("all", step.kind):
            words = f"{extension.when}: {spoken(extension.name)}"
            yield extension.when, words, words + extension.condition
    undo = parley_of(step.task).get("compensate")
    if isinstance(undo, list) and undo:
        names = [_said(name, task) for item in undo if isinstance(item, dict) for name, task in item.items()]
        yield "compensate", f"undo: {joined(names)}", f"if a later step fails it is undone: {joined(names)}"


def _until(step: Step) -> Iterator[tuple[str, str, str]]:
    """Yield how long a task goes on taking events or messages."""
    until = get(step.task, "/listen/to/until") if step.kind == "listen" else None
    kind = get(until, "/one/with/type") if isinstance(until, dict) else None
    if isinstance(until, str):
        yield "until", f"until {brief_condition(until)}", f"until {condition_words(until).replace('`', '')}"
    elif isinstance(until, dict):
        ended = f"{kind} arrives" if isinstance(kind, str) else "another event arrives"
        yield "until", f"until {fitted_end(kind, _ROOM, BADGE_PX)}" if isinstance(kind, str) else f"until {ended}", f"until {ended}"
    consume = subscription_of(step.task).get("consume")
    for name, value in consume.items() if isinstance(consume, dict) else ():
        if name in ("while", "until") and isinstance(value, str):
            yield "until", f"{name} {brief_condition(value)}", f"{name} {condition_words(value).replace('`', '')}"
        elif name == "for" and isinstance(value, str | dict):
            yield "until", f"for {duration_words(value)}", f"for {duration_words(value)}"
        elif name == "amount" and isinstance(value, int):
            words = f"{value} message{'' if value == 1 else 's'}"
            yield "until", words, f"until there are {words}"


def time_limit(owner: JSON, data: JSON) -> str:
    """Return the time limit of a task or a document in words, the declared one where it is named; "" when there is none."""
    limit = owner.get("timeout") if isinstance(owner, dict) else None
    if isinstance(limit, str):
        declared = get(data, "/use/timeouts")
        limit = declared.get(limit) if isinstance(declared, dict) else None
    after = limit.get("after") if isinstance(limit, dict) else None
    return duration_words(after) if isinstance(after, str | dict) else ""


def laid_out(found: Sequence[tuple[str, str, str]], left: float, top: float, right: float) -> tuple[tuple[Badge, ...], int]:
    """Return the badges in rows between *left* and *right*, the first row at *top*, and how many rows there are."""
    badges: list[Badge] = []
    x, row = left, 0
    for kind, text, tooltip in found:
        shown = fitted(text, right - left - _ICON - _RIGHT, BADGE_PX)
        wide = _ICON + width(shown, BADGE_PX) + _RIGHT
        if x > left and x + wide > right:
            x, row = left, row + 1
        badges.append(Badge(kind, shown, tooltip, round(x), round(top + row * ROW), round(wide)))
        x += wide + _GAP
    return tuple(badges), row + 1 if badges else 0


def _said(name: str, task: JSON) -> str:
    title = title_of(name, task) if isinstance(task, dict) else name
    return title if title != name else spoken(name)
