"""What a definition does, as the wishes speak of it: kinds of tasks, calls, literals, durations. Read from the parsed definition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dsl.walk import Step, steps

HOOKS = ("webhook", "slack")
CALLED = re.compile(r"https?://")
PLACE = re.compile(r"\\\((?P<inside>[^()]*(?:\([^()]*\)[^()]*)*)\)")
SELECTS = re.compile(r"\bselect\(")
UNITS = {"milliseconds": 0.001, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


def kinds_of(step: Step) -> list[str]:
    """Return the kinds that one task counts as."""
    task: dict[str, Any] = step.task
    found = ["switch"] if "if" in task else []
    found += ["set"] if step.kind != "set" and "as" in (task.get("output") or {}) else []
    texts = [text for key in ("set", "output", "for", "with") for text in leaves(task.get(key)) if isinstance(text, str)]
    found += ["filter"] if any(SELECTS.search(text) for text in texts) else []
    return [*found, *_own(step.kind, task)]


def _own(kind: str | None, task: dict[str, Any]) -> list[str]:
    with_ = task.get("with") if isinstance(task.get("with"), dict) else {}
    if kind == "call":
        call = str(task["call"]).split(":")[0]
        if call == "http":
            return [f"http-{str((with_ or {}).get('method', 'get')).lower()}"]
        channel = str((with_ or {}).get("channel", "chat"))
        return [f"notify-{'webhook' if channel in HOOKS else channel}"] if call == "notify" else [call]
    if kind == "try":
        return ["try", "retry"] if "retry" in (task.get("catch") or {}) else ["try"]
    if kind == "run":
        return ["run-workflow"] if "workflow" in task["run"] else ["run"]
    return [kind or "unknown"]


def all_kinds(data: Any) -> list[str]:
    return [kind for step in steps(data) for kind in kinds_of(step)]


def calls(data: Any) -> list[str]:
    """Return "METHOD host/path" of every HTTP call; `{x}` stands for an expression that reads the field x."""
    found = []
    for step in steps(data):
        if step.task.get("call") == "http":
            with_: Any = step.task["with"]
            endpoint = with_["endpoint"]
            uri = endpoint.get("uri", "") if isinstance(endpoint, dict) else endpoint
            found.append(f"{str(with_['method']).upper()} {address(str(uri))}")
    return found


def address(uri: str) -> str:
    """Return an address without scheme and last slash, its expressions as `{field}`."""
    text = re.sub(r'^\$\{ "(.*)" \}$', r"\1", uri)
    return CALLED.sub("", PLACE.sub(lambda found: f"{{{_field(found['inside'])}}}", text), count=1).rstrip("/")


def _field(expression: str) -> str:
    names = re.findall(r"[.$]([A-Za-z_]\w*)", expression)
    return names[-1] if names else "?"


def leaves(value: Any) -> Iterator[Any]:
    """Yield every text and number in a value; keys of objects too, titles for people not."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("metadata", "document"):
                yield key
                yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif value is not None:
        yield value


def holds(data: Any, literal: Any) -> bool:
    """Say whether a literal occurs: text in either case, a number as a number."""
    if isinstance(literal, str):
        return any(isinstance(leaf, str) and literal.lower() in leaf.lower() for leaf in leaves(data))
    return any(float(literal) in _numbers(leaf) for leaf in leaves(data) if not isinstance(leaf, bool))


def _numbers(leaf: Any) -> set[float]:
    if isinstance(leaf, int | float):
        return {float(leaf)}
    return {float(number) for number in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])", leaf)}


def durations(data: Any) -> set[float]:
    """Return the lengths, in seconds, of all waits, delays and deadlines."""
    return {seconds for step in steps(data) for seconds in _lengths(step.task)}


def _lengths(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        if value and set(value) <= set(UNITS):
            yield seconds(value)
        for inner in value.values():
            yield from _lengths(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _lengths(inner)
    elif isinstance(value, str) and (found := re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", value)):
        yield sum(int(amount or 0) * unit for amount, unit in zip(found.groups(), (86400, 3600, 60, 1), strict=True))


def seconds(duration: dict[str, float]) -> float:
    return sum(amount * UNITS[unit] for unit, amount in duration.items())
