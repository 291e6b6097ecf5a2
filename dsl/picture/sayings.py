"""What the nodes of a picture say: titles, what a task does on one line, how often something is tried."""

from __future__ import annotations

from typing import Any, Final

from dsl.catalogue import Catalogue
from dsl.phrases import aim, brief, retry_policy
from dsl.picture.text import fitted, fitted_end, width
from dsl.pointer import get
from dsl.walk import Step, title_of
from dsl.words import duration_words, spoken

JSON = Any

TITLE_PX: Final = 13
SUBTITLE_PX: Final = 11


def title_words(step: Step) -> str:
    """Return the title of a task, else its name as words."""
    title = title_of(step.name, step.task)
    if title != step.name:
        return title
    title = spoken(step.name) or step.name
    return title[:1].upper() + title[1:]


def subtitle_words(step: Step, data: JSON, catalogue: Catalogue, room: float) -> str:
    """Return what a task does on one line of *room* px; of an address the end is kept."""
    said = brief(step, data, catalogue)
    aimed = aim(step) if width(said, SUBTITLE_PX) > room else None
    if aimed is None:
        return fitted(said, room, SUBTITLE_PX)
    verb, target = aimed
    return f"{verb} {fitted_end(target, room - width(f'{verb} ', SUBTITLE_PX), SUBTITLE_PX)}"


def retry_words(task: dict[str, JSON], data: JSON) -> tuple[str, str]:
    """Return how often a `try` is tried again, short and whole; empty when it is not."""
    if not isinstance(get(task, "/catch/retry"), str | dict):
        return "", ""
    policy = retry_policy(task, data) or {}
    count, lasting, delay = get(policy, "/limit/attempt/count"), get(policy, "/limit/duration"), policy.get("delay")
    limits = [f"up to {count + 1} tries"] if isinstance(count, int) else []
    limits += [f"within {duration_words(lasting)}"] if isinstance(lasting, str | dict) else []
    apart = f"{duration_words(delay)} apart" if isinstance(delay, str | dict) else ""
    longer = ", longer each time" if apart and isinstance(policy.get("backoff"), dict) and "constant" not in policy["backoff"] else ""
    short = ", ".join([*(limits or ["again and again"]), *([apart] if apart else [])])
    return short, f"if it fails it is tried again: {short}{longer}"


def item_words(step: Step) -> str:
    """Return what a `for` calls one of its items."""
    each = get(step.task, "/for/each")
    return spoken(each) if isinstance(each, str) and each else "item"


def unless_same(words: str, title: str) -> str:
    """Return *words*, nothing where the title says them."""
    return "" if words.casefold() == title.casefold() else words
