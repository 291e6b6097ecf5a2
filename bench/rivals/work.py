"""What every engine does: 20 steps, each of which looks whether it is to be done, counts on, and keeps the result.

For Parley they are tasks of the DSL with an `if`, an `input.from` (real jq) and an `output.as`; for the others plain functions that do the
same. A step is either pure, or it has an effect that must not be repeated.
"""

from __future__ import annotations

from typing import Any

STEPS = 20
AT_ONCE = 50
START = {"n": 0}
END = {"n": STEPS}
WORKS = ("pure", "effects")
FUNCTION = "bench-record:1.0.0"  # bench/rivals/record.py


def plain(state: dict[str, int]) -> dict[str, int]:
    """One step as a plain function."""
    return {"n": state["n"] + 1} if state["n"] < 1000 else state


def definition(work: str, steps: int = STEPS) -> dict[str, Any]:
    """Return the workflow whose steps are of kind *work*."""
    document = {"dsl": "1.0.3", "namespace": "bench", "name": f"{work}-{steps}", "version": "1.0.0"}
    return {"document": document, "do": [{f"step{number}": _task(work)} for number in range(steps)]}


def _task(work: str) -> dict[str, Any]:
    arguments = {"n": "${ .n }"}
    body = {"set": {"order": arguments}} if work == "pure" else {"call": f"{FUNCTION}@default", "with": arguments}
    return {"if": ".n < 1000", "input": {"from": "{n: (.n + 1)}"}, **body, "output": {"as": ".order"}}
