"""Better hints where the value shows what was meant: durations in other notations, addresses without a scheme, numbers in quotes."""

from __future__ import annotations

import re
from typing import Any, Final

from dsl.kinds import KINDS
from dsl.nearest import did_you_mean
from dsl.pointer import last
from dsl.problems import Problem

JSON = Any

_LONGEST = 200  # characters that are looked at: longer ones are no slip of the pen
_UNITS: Final = {
    "ms": "", "millisecond": "", "w": "W", "week": "W", "d": "D", "day": "D", "h": "H", "hr": "H", "hour": "H", "m": "M", "min": "M",
    "minute": "M", "s": "S", "sec": "S", "second": "S",
}  # fmt: skip
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+?)s?(?:\s*(?:,|and)?\s*)(?=\d|$)", re.IGNORECASE)
_HOST = re.compile(r"(?:[\w-]+\.)+[A-Za-z]{2,}(?::\d+)?(?:/\S*)?|localhost(?::\d+)?(?:/\S*)?")
# what is written in place of a kind of task -> what to write
OTHER_KINDS: Final = {
    **dict.fromkeys(("http", "openapi", "grpc", "asyncapi", "a2a", "mcp"), "write `call: KEY` and beside it `with: {…}`"),
    **dict.fromkeys(("request", "fetch", "get", "post"), "write `call: http` and beside it `with: {method: …, endpoint: …}`"),
    **dict.fromkeys(("throw", "error", "fail"), "write `raise: {error: …}`"),
    **dict.fromkeys(("delay", "pause"), "write `wait: …`"),
    **dict.fromkeys(("assign", "let", "vars", "variables", "output_data"), "write `set: {…}`"),
    **dict.fromkeys(("log", "print", "echo"), "keep a value with `set: {…}`, tell people with `call: notify:1.0.0@default`"),
    **dict.fromkeys(("loop", "each", "forEach", "repeat", "iterate"), "write `for: {each: …, in: …}` and beside it `do: […]`"),
    **dict.fromkeys(("choice", "choose", "case", "branch", "decision"), "write `switch: [{NAME: {when: …, then: …}}]`"),
    **dict.fromkeys(("sequence", "group", "block"), "write `do: […]`"),
    **dict.fromkeys(("concurrent", "all", "race"), "write `fork: {branches: […]}`"),
    **dict.fromkeys(("publish", "send"), "write `emit: {event: {with: {…}}}` for an event, `call: http` for a request"),
    **dict.fromkeys(("receive", "waitFor", "event", "subscribe"), "write `listen: {to: {one: {with: {type: …}}}}`"),
    **dict.fromkeys(("script", "shell", "container", "workflow"), "write `run: {KEY: {…}}`"),
    "subflow": "write `run: {workflow: {namespace: …, name: …, version: …}}`",
    "if": "write `switch: [{NAME: {when: …, then: …}}]`",
}  # fmt: skip


def better_hint(problem: Problem, value: JSON) -> str:
    """Return a hint for *problem* that fits *value*, which stands at its place; its own when there is no better."""
    if isinstance(value, str) and len(value) > _LONGEST:
        return problem.hint
    if problem.code == "invalid-duration" and isinstance(value, str):
        spelt = iso_duration(value)
        return f"write '{spelt}'" if spelt else problem.hint
    if problem.code == "invalid-uri" and isinstance(value, str) and _HOST.fullmatch(value.strip()):
        return f"write 'https://{value.strip()}', or 'http://' where that is meant"
    if problem.code == "wrong-type" and "number is wanted" in problem.message and isinstance(value, str) and value.strip().isdigit():
        return f"write {value.strip()} without quotes"
    if problem.code == "unknown-task" and "is no kind of task" in problem.message:
        return _kind_hint(last(problem.reference), value, problem.hint)
    return problem.hint


def iso_duration(text: str) -> str:
    """Return "PT5M" for "5 minutes", "5m", "P5M30S" and the like, "" for what is no duration in any notation."""
    bare = text.strip()
    if bare.isdigit():
        return f"PT{bare}S"
    if re.fullmatch(r"P\d+[HS]|P(?:\d+H)?(?:\d+M)?\d+S|P\d+H\d+M", bare):
        return "PT" + bare[1:]
    parts = _PART.findall(bare)
    if not parts or _PART.sub("", bare).strip():
        return ""
    found: dict[str, float] = {}
    for amount, unit in parts:
        singular = unit.lower()
        if singular not in _UNITS:
            return ""
        letter = _UNITS[singular] or "S"
        found[letter] = found.get(letter, 0) + float(amount) / (1 if _UNITS[singular] else 1_000)
    days = "".join(f"{found[letter]:g}{letter}" for letter in "WD" if letter in found)
    time = "".join(f"{found[letter]:g}{letter}" for letter in "HMS" if letter in found)
    return f"P{days}" + (f"T{time}" if time else "")


def _kind_hint(key: str, value: JSON, otherwise: str) -> str:
    if key in OTHER_KINDS:
        return OTHER_KINDS[key].replace("KEY", key)
    near = did_you_mean(key, KINDS)
    if near or not isinstance(value, dict) or not re.fullmatch(r"[A-Za-z][\w-]*", key):
        return near or otherwise
    return f"a function is called as `call: {key}:1.0.0@default` with `with: {{…}}`; otherwise {otherwise}"
