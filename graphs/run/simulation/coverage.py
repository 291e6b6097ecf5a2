"""What an exploration found: for every way of a definition whether it was reached, and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dsl.problems import Problem
from graphs.run.ports import JSON
from graphs.run.simulation.model import Plan
from graphs.run.simulation.shapes import ITEM
from graphs.run.simulation.solve import SIZE

Reached = Literal["input", "error", "forced", "never"]
_SAYS: Mapping[Reached, str] = {
    "input": "reached",
    "error": "reached, with an error",
    "forced": "only when forced",
    "never": "never reached",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One way. `reached`: by data alone, with an injected error (or silence), only when a decision was forced, or never."""

    reference: str
    way: str
    words: str
    reached: Reached
    input: JSON = None  # of the workflow, with which it is reached
    needs: Mapping[str, JSON] | None = None  # what else it takes: {answers, errors, people, silent, forced}, each only where there are any

    def to_json(self) -> dict[str, JSON]:
        own = {"reference": self.reference, "way": self.way, "words": self.words, "reached": self.reached}
        return own if self.reached == "never" else {**own, "input": self.input, "needs": dict(self.needs or {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The result of `explore`."""

    seen: Sequence[Seen]
    problems: Sequence[Problem]  # faults found on the way
    simulations: int
    complete: bool  # False: a bound was met before every way had been tried

    def to_json(self) -> dict[str, JSON]:
        return {
            "simulated": True,
            "coverage": [one.to_json() for one in self.seen],
            "problems": [problem.to_json() for problem in self.problems],
            "simulations": self.simulations,
            "complete": self.complete,
        }

    def table(self) -> str:
        """Return the coverage in words, a line a way, and the faults below."""
        width = min(60, max((len(one.words) for one in self.seen), default=0))
        lines = [f"{_short(one.words, width):<{width}}  {_SAYS[one.reached]}{_by(one)}" for one in self.seen]
        missed = sum(one.reached == "never" for one in self.seen)
        forced = sum(one.reached == "forced" for one in self.seen)
        total = f"{len(self.seen) - missed} of {len(self.seen)} ways seen in {self.simulations} simulated runs"
        lines.append(total + (f", {forced} only when forced" if forced else "") + ("" if self.complete else "; stopped at a limit"))
        return "\n".join([*lines, *map(_fault, self.problems)])


def _fault(problem: Problem) -> str:
    hint = f"\n  {problem.hint}" if problem.hint else ""
    return f"{problem.severity}: {problem.message}  ({problem.reference}){hint}"


def needs_of(plan: Plan) -> dict[str, JSON]:
    """Return what *plan* asks of the outside, as plain JSON; the input is told apart."""
    found: dict[str, JSON] = {
        "answers": {
            f"{root.removeprefix('answer:')}{_path(path)}": value for (root, path), value in plan.values.items() if root != "input"
        },
        "errors": {where: {"status": one.error.get("status"), "times": one.times} for where, one in plan.errors.items()},
        "people": dict(plan.people),
        "silent": sorted(plan.silent),
        "forced": dict(plan.forced),
    }
    return {name: value for name, value in found.items() if value}


def _path(path: Sequence[str]) -> str:
    """Return a path in an answer as an expression writes it: `.orders[].total`, `.orders|length`."""
    text = " "
    for part in path:
        text += part if part == ITEM else " | length" if part == SIZE else f".{part}"
    return text if len(text) > 1 else ""


def _by(one: Seen) -> str:
    needs = one.needs or {}
    said = [f"{where} = {value!r}" for where, value in needs.get("answers", {}).items()]
    said += [f"{where} fails with {error['status']}" for where, error in needs.get("errors", {}).items()]
    said += [f"{where} is not answered" for where in needs.get("silent", ())]
    return f" ({_short('; '.join(said), 100)})" if said and one.way != "task" else ""


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
