"""Icons and hues of nodes and badges: own paths on a grid of 16 px, drawn as lines, so that no font and no network is needed."""

from __future__ import annotations

from typing import Any, Final

from dsl.catalogue import parse_name
from dsl.kinds import PROCESSES, PROTOCOLS
from dsl.walk import Step

JSON = Any

_CLOCK: Final = "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 5v3l2 1.5"
_FLAG: Final = "M4 14V2.5M4 3h7.5l-2 2.8 2 2.7H4"
_AGAIN: Final = "M13 3.5V7H9.5M3 12.5V9h3.5M12.4 7A4.8 4.8 0 0 0 4 5.2M3.6 9A4.8 4.8 0 0 0 12 10.8"
_PERSON: Final = "M6.5 3a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM2 13.5c0-2.6 2-4 4.5-4"
_SHIELD: Final = "M8 2l5 1.8v4c0 3-2 5-5 6.2-3-1.2-5-3.2-5-6.2v-4z"
_PUZZLE: Final = "M3 5.5h3a1.7 1.7 0 1 1 3.2 0H12v2.8a1.7 1.7 0 1 1 0 3.2V14H3z"

# name -> path data
ICONS: Final[dict[str, str]] = {
    "play": "M5 3.5v9l7.5-4.5z",
    "flag": _FLAG,
    "clock": _CLOCK,
    "event": "M9 2L3.5 9H8l-1 5 5.5-7H8z",
    "http": "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM2 8h12M8 2c2 2 2.6 4 2.6 6S10 12 8 14M8 2C6 4 5.4 6 5.4 8S6 12 8 14",
    "grpc": "M2.5 5.5h10M10 3l2.5 2.5L10 8M13.5 10.5h-10M6 8l-2.5 2.5L6 13",
    "openapi": "M6 2.5c-2 0-2 1-2 2.5S3.8 7.5 2.5 8C3.8 8.5 4 9.5 4 11s0 2.5 2 2.5M10 2.5c2 0 2 1 2 2.5s.2 2.5 1.5 3c-1.3.5-1.5 1.5-1.5 3"
    "s0 2.5-2 2.5",
    "asyncapi": "M8 7a1.2 1.2 0 1 0 0 2.4A1.2 1.2 0 0 0 8 7zM5 11.2a4.2 4.2 0 0 1 0-6.2M11 5a4.2 4.2 0 0 1 0 6.2"
    "M2.8 13.2a7 7 0 0 1 0-10.2M13.2 3a7 7 0 0 1 0 10.2",
    "a2a": "M3 6h10v7H3zM8 6V3M6 9v1M10 9v1M8 2.6v.4M1.5 9v2M14.5 9v2",
    "mcp": "M6 2v3.5M10 2v3.5M4 5.5h8v2.5a4 4 0 0 1-8 0zM8 12v2.5",
    "function": "M11.5 3.2C9.5 2 8.6 3.2 8.3 5L7 11.5C6.7 13.3 5.7 14 4 13.2M5.5 6.5h5M10 9.5l3 3M13 9.5l-3 3",
    "approve": f"{_PERSON}M9 11.5l1.8 1.8 3.2-3.6",
    "ask": "M2.5 3h11v8H8l-3 2.5V11H2.5zM6.6 5.8c.2-1.5 2.8-1.5 2.8.1C9.4 7 8 6.9 8 8M8 9.2v.1",
    "notify": "M8 2.2c-2.5 0-4 1.8-4 4.2 0 3-1.5 4.1-1.5 4.6h11c0-.5-1.5-1.6-1.5-4.6 0-2.4-1.5-4.2-4-4.2zM6.7 13.2c.5.9 2.1.9 2.6 0",
    "summarize": "M3 3.5h10M3 6.5h10M3 9.5h6.5M3 12.5h4",
    "classify": "M2.5 3v4.5l6 6 5-5-6-6H3zM5.4 5.8v.1",
    "set": "M10.5 3l2.5 2.5L6 12.5 3 13l.5-3zM9 4.5L11.5 7",
    "switch": "M8 2v3.5M8 5.5L3.5 9.5V14M8 5.5l4.5 4V14M1.8 12.3L3.5 14l1.7-1.7M10.8 12.3l1.7 1.7 1.7-1.7",
    "for": "M4.5 4h6A3 3 0 0 1 13.5 7v.5M11.5 12h-6a3 3 0 0 1-3-3v-.5M6.5 2l-2 2 2 2M9.5 10l2 2-2 2",
    "fork": "M3 3.5v9M8 3.5v9M13 3.5v9M1.6 11L3 12.5 4.4 11M6.6 11L8 12.5 9.4 11M11.6 11l1.4 1.5 1.4-1.5",
    "try": f"{_SHIELD}M5.8 7.8l1.6 1.6 2.8-3.2",
    "catch": "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 5.7a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6zM3.8 3.8l2.5 2.5M9.7 9.7l2.5 2.5M12.2 3.8"
    "L9.7 6.3M6.3 9.7l-2.5 2.5",
    "raise": "M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5zM8 5v3.5M8 10.9v.1",
    "wait": "M4 2.5h8M4 13.5h8M5 2.5c0 3 3 3.5 3 5.5s-3 2.5-3 5.5M11 2.5c0 3-3 3.5-3 5.5s3 2.5 3 5.5",
    "emit": "M14 2L7 9M14 2L9.5 14 7 9 2 6.5z",
    "listen": "M2.5 9.5L4.5 3h7l2 6.5V13h-11zM2.5 9.5h3.2c.3 1.3 1 2 2.3 2s2-.7 2.3-2h3.2M8 4v3.5M6.5 6.3L8 7.8l1.5-1.5",
    "container": "M8 2l5.5 3v6L8 14l-5.5-3V5zM2.5 5L8 8l5.5-3M8 8v6",
    "script": "M5.5 4.5L2 8l3.5 3.5M10.5 4.5L14 8l-3.5 3.5M9 3.5l-2 9",
    "shell": "M2 3h12v10H2zM4.5 6l2 2-2 2M8 10.5h3.5",
    "workflow": "M2.5 2.5h4v4h-4zM9.5 9.5h4v4h-4zM4.5 6.5v3a2 2 0 0 0 2 2h3",
    "do": "M6 4h7.5M6 8h7.5M6 12h7.5M2.6 4h.2M2.6 8h.2M2.6 12h.2",
    "extension": _PUZZLE,
    "more": "M3.5 8h.1M8 8h.1M12.5 8h.1",
    "unknown": "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM6.3 6.3c.2-2 3.4-2 3.4.1 0 1.4-1.7 1.3-1.7 2.6M8 11.2v.1",
    "if": "M8 2l6 6-6 6-6-6z",
    "until": _FLAG,
    "timeout": _CLOCK,
    "retry": _AGAIN,
    "compete": _FLAG,
    "background": "M2.5 5h6M2.5 11h11M11 8.5l2.5 2.5L11 13.5M11.5 5h.1",
    "before": _PUZZLE,
    "after": _PUZZLE,
    "around": _PUZZLE,
    "compensate": "M6 3L2.5 6.5 6 10M2.5 6.5H10a3.3 3.3 0 0 1 0 6.7H6.5",
}
ICONS["attempt"] = ICONS["retry"]

# of the tile behind an icon, in degrees; what is not here has the hue of a call
HUES: Final[dict[str, int]] = {
    "approve": 330, "ask": 330, "notify": 285, "summarize": 178, "classify": 178, "function": 235, "a2a": 235, "mcp": 235,
    "set": 140, "switch": 42, "for": 165, "fork": 192, "try": 28, "attempt": 28, "catch": 10, "raise": 0, "wait": 225, "emit": 265,
    "listen": 265, "event": 265, "asyncapi": 250, "container": 305, "script": 305, "shell": 305, "workflow": 305, "do": 215,
    "extension": 95, "more": 215, "unknown": 215,
}  # fmt: skip
HUE: Final = 212


def function_of(step: Step) -> str:
    """Return what a `call` calls, without version and catalogue; "" for other kinds."""
    call = step.task.get("call") if step.kind == "call" else None
    if not isinstance(call, str):
        return ""
    parsed = None if call in PROTOCOLS else parse_name(call)
    return parsed.name if parsed else call


def icon_of(step: Step) -> str:
    """Return the name of a task's icon: that of its kind, of a call's protocol or common function, of a `run`'s process."""
    if step.kind == "call":
        called = function_of(step)
        return called if called in ICONS and called in _CALLED else "function"
    run = step.task.get("run") if step.kind == "run" else None
    if isinstance(run, dict):
        return next((process for process in PROCESSES if process in run), "workflow")
    return step.kind if step.kind in ICONS else "unknown"


_CALLED: Final = frozenset((*PROTOCOLS, "approve", "ask", "notify", "summarize", "classify"))
