"""One plain function per key of `expect`: each returns what is wrong, "" when nothing is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from dsl.walk import steps
from evals.offline import data as items
from evals.offline import facts, refusing, timing

Check = Callable[[Any, Any], str]


def problems(data: Any, expect: Mapping[str, Any]) -> list[str]:
    """Return everything in which a definition differs from what is expected; questions are the player's."""
    found = [check(data, expect[key]) for key, check in CHECKS.items() if key in expect]
    if "any_of" in expect:
        ways = [problems(data, way) for way in expect["any_of"]]
        found += [] if any(not way for way in ways) else [f"none of {len(ways)} ways holds: {ways[0][0]}"]
    return [text for text in found if text]


def zone(data: Any, wanted: str) -> str:
    known = ((data.get("document") or {}).get("metadata") or {}).get("parley", {}).get("timezone")
    return "" if known == wanted else f"the time zone is {known}, not {wanted}"


def kinds(data: Any, wanted: list[str]) -> str:
    have = Counter(facts.all_kinds(data))
    missing = Counter(wanted) - have
    return f"no {', '.join(missing)}" if missing else ""


def calls(data: Any, wanted: list[str]) -> str:
    have = facts.calls(data)
    missing = [call for call in wanted if call.rstrip("/") not in have]
    return f"no call {', '.join(missing)} (but {', '.join(have) or 'none'})" if missing else ""


def values(data: Any, wanted: list[Any]) -> str:
    missing = [value for value in wanted if not facts.holds(data, value)]
    return f"{missing} occur nowhere" if missing else ""


def durations(data: Any, wanted: list[Any]) -> str:
    have = facts.durations(data)
    missing = [length for length in wanted if facts.seconds(length) not in have]
    return f"no {missing}" if missing else ""


def order(data: Any, wanted: list[list[str]]) -> str:
    kinds_in_order = [facts.kinds_of(step) for step in steps(data)]
    for first, last in wanted:
        starts = [at for at, found in enumerate(kinds_in_order) if first in found]
        ends = [at for at, found in enumerate(kinds_in_order) if last in found]
        same = first == "switch" or {first, last} == {"for", "filter"}  # an `if` on the task; the filter in a loop's list
        if not starts or not ends or starts[0] > ends[-1] or (starts[0] == ends[-1] and not same):
            return f"{first} does not come before {last}"
        if first == "approve" and last.startswith("http-") and refusing.reached(data, last):
            return f"{last} happens after a no"
    return ""


def forbidden(data: Any, kinds_: list[str]) -> str:
    have = [kind for kind in kinds_ if kind in facts.all_kinds(data)]
    return f"there is {', '.join(have)}" if have else ""


def gone(data: Any, literals: list[Any]) -> str:
    left = [value for value in literals if facts.holds(data, value)]
    return f"{left} are still there" if left else ""


CHECKS: dict[str, Check] = {
    "trigger": timing.wrong_trigger,
    "zone": zone,
    "kinds": kinds,
    "calls": calls,
    "values": values,
    "where": items.wrong_where,
    "shape": items.wrong_shape,
    "durations": durations,
    "order": order,
    "forbidden": forbidden,
    "gone": gone,
}
