"""Where the structure layer and the official JSON Schema differ on purpose: `dsl/README.md` lists the same, with the reasons.

A difference is a name and a way to take it out of a definition. What differs after that is a mistake of ours.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from dsl import Problem
from dsl.checks.structure import structure
from dsl.expressions.program import is_expression
from dsl.pointer import get, last, parent
from tests.unit.dsl import official
from tests.unit.dsl.mutations import places

JSON = Any

OPEN = (  # objects the schema leaves open; what else stands in them would be ignored: a typing mistake, or a word of 0.8
    r"",
    r"/use/authentications/[^/]*",
    r".*/oauth2/(endpoints|request)",
    r".*/catch/errors(/with)?",
    r".*/emit/event",
    r".*/correlate/[^/]*",
)
_OPEN = re.compile("|".join(f"(?:{place})" for place in OPEN))
_IN_MCP = re.compile(r"/with(/transport(/http|/stdio)?|/client)?\Z")  # of a call of mcp


def unknown_property(data: JSON, problem: Problem) -> bool:
    """An unknown key of an object that the schema leaves open is refused."""
    if problem.code not in ("unknown-property", "old-vocabulary", "misplaced-property", "misplaced-schema"):
        return False
    owner = parent(problem.reference)
    is_open = _OPEN.fullmatch(owner) or (_IN_MCP.search(owner) and get(data, _IN_MCP.sub("/call", owner)) == "mcp")
    return bool(is_open) and _removed(data, problem.reference)


def event_without_attributes(data: JSON, problem: Problem) -> bool:
    """An `emit.event` without `with` is refused: there would be nothing to send."""
    if problem.code != "missing-property" or not problem.reference.endswith("/emit/event"):
        return False
    get(data, problem.reference)["with"] = {"source": "https://a.example", "type": "x"}
    return True


def empty_schedule(data: JSON, problem: Problem) -> bool:
    """A schedule that says nothing is refused."""
    return problem.code == "empty-schedule" and _removed(data, "/schedule")


def whole_number_with_a_point(data: JSON, problem: Problem) -> bool:
    """`3.0` is no integer."""
    value = get(data, problem.reference)
    if problem.code != "wrong-type" or not isinstance(value, float) or not value.is_integer():
        return False
    return _put(data, problem.reference, int(value))


def evaluate(data: JSON, problem: Problem) -> bool:
    """`evaluate` is checked, as the reference describes it; the schema forgot it."""
    return problem.reference.startswith("/evaluate") and _removed(data, "/evaluate")


def address_of_lines(data: JSON, problem: Problem) -> bool:
    """A URI has no line break in it; the schema's pattern looks at the start only."""
    value = get(data, problem.reference)
    return problem.code == "invalid-uri" and "\n" in value and _put(data, problem.reference, "https://a.example")


STRICTER: tuple[Callable[[JSON, Problem], bool], ...] = (
    unknown_property,
    event_without_attributes,
    empty_schedule,
    whole_number_with_a_point,
    evaluate,
    address_of_lines,
)


def expression_of_lines(data: JSON) -> bool:
    """An expression may have several lines, as block text has; the schema's pattern knows one."""
    return _replaced(data, lambda _, value: is_expression(value) and not _is_one_line(value), "${ .a }")


def expression_as_pointer_or_time(data: JSON) -> bool:
    """An error's `instance` and an event's `time` may be expressions; the schema wants one of two forms, and without formats sees both."""
    return _replaced(data, lambda key, value: key in ("instance", "time") and is_expression(value), "x")


LOOSER: tuple[Callable[[JSON], bool], ...] = (expression_of_lines, expression_as_pointer_or_time)


def unlisted(data: JSON) -> list[str]:
    """Return how *data* differs in a way that is not listed, empty when it does not."""
    for _ in range(20):  # taking one out may show another
        problems = structure(data)
        if official.accepts(data) == (not problems):
            return []
        data = copy.deepcopy(data)
        if problems:
            if not _without(data, problems, STRICTER):
                return [str(problem) for problem in problems]
        elif not sum(take_out(data) for take_out in LOOSER):  # all of them, not only the first
            return [error.json_path + ": " + error.message[:200] for error in official.validator().iter_errors(data)]
    return ["there is no end of differences"]


def _without(data: JSON, problems: list[Problem], ways: tuple[Callable[[JSON, Problem], bool], ...]) -> bool:
    return all(any(take_out(data, problem) for take_out in ways) for problem in reversed(problems))


def _is_one_line(text: str) -> bool:
    return bool(official.ecma(official.schema()["$defs"]["runtimeExpression"]["pattern"]).search(text))


def _replaced(data: JSON, wrong: Callable[[str | int, JSON], bool], right: JSON) -> bool:
    found = [(owner, key) for owner, key, _ in places(data) if wrong(key, owner[key])]
    for owner, key in found:
        owner[key] = right
    return bool(found)


def _put(data: JSON, reference: str, value: JSON) -> bool:
    owner, key = _place(data, reference)
    owner[key] = value
    return True


def _removed(data: JSON, reference: str) -> bool:
    owner, key = _place(data, reference)
    del owner[key]
    return True


def _place(data: JSON, reference: str) -> tuple[Any, Any]:
    owner, key = get(data, parent(reference)), last(reference)
    return owner, int(key) if isinstance(owner, list) else key
