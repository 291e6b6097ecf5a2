"""Cases of a `switch` that are never taken.

A case without `when` is the default wherever it stands: it is taken when no other holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dsl.checks.constants import truth
from dsl.checks.found import error, warning
from dsl.expressions.errors import shown
from dsl.expressions.program import strip
from dsl.pointer import join
from dsl.problems import Problem
from dsl.walk import Step

JSON = Any


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    pointer: str
    then: JSON
    when: str | None
    dead: str = ""  # why it is never taken


def cases_of(step: Step) -> list[Case]:
    """Return the cases of a switch in their order, none for other kinds; what is no case is passed over."""
    items = step.task.get("switch") if step.kind == "switch" else None
    found: list[Case] = []
    earlier: dict[str, str] = {}  # condition → name of the case
    always = ""
    for index, item in enumerate(items if isinstance(items, list) else ()):
        for name, case in item.items() if isinstance(item, dict) else ():
            if isinstance(case, dict):
                when = case.get("when")
                code = " ".join(strip(when).split()) if isinstance(when, str) else None
                dead = _dead(code, earlier, always)
                found.append(Case(name, join(step.reference, "switch", index, name), case.get("then"), code, dead))
                if code is not None:
                    earlier.setdefault(code, name)
                    always = always or (name if truth(code) is True else "")
    return [_default(case, always) for case in found]


def _dead(code: str | None, earlier: dict[str, str], always: str) -> str:
    if always:
        return f"'{always}' before it always holds"
    if code is None:
        return ""
    if truth(code) is False:
        return f"its condition '{shown(code)}' never holds"
    return f"'{earlier[code]}' before it has the same condition" if code in earlier else ""


def _default(case: Case, always: str) -> Case:
    if case.when is not None or case.dead or not always:
        return case
    return Case(case.name, case.pointer, case.then, None, f"'{always}' always holds")


def dead_cases(step: Step) -> Iterator[Problem]:
    for case in cases_of(step):
        if case.dead:
            hint = "give it a condition of its own, or remove it"
            yield warning("dead-case", case.pointer, f"the case '{case.name}' is never taken: {case.dead}", hint)


def two_defaults(step: Step) -> Iterator[Problem]:
    without = [case.pointer for case in cases_of(step) if case.when is None]
    for reference in without[1:]:
        message = "a switch may have one case without `when`, and this is another"
        yield error("two-defaults", reference, message, "give it a `when`, or remove it")
