"""What would be a second problem for one mistake: findings that only follow from a wrong structure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from dsl.problems import Problem

_OF_WAYS: Final = frozenset({"unreachable-task", "endless-cycle", "two-defaults", "empty-list"})
_LEADING: Final = frozenset({"then", "switch", "if"})  # keys that say where a run goes on
_UNREAD: Final = frozenset({"unknown-property", "old-vocabulary", "two-kinds"})  # a key nobody understood may have said it
# names that a broken `use` would declare
_DECLARED: Final = {
    "undeclared-secret": "secrets",
    "unknown-retry": "retries",
    "unknown-error": "errors",
    "unknown-timeout": "timeouts",
    "unknown-authentication": "authentications",
    "unknown-catalog": "catalogs",
}


class Consequences:
    """Tells whether a later problem follows from those of the structure layer."""

    def __init__(self, structural: Collection[Problem]) -> None:
        errors = [problem for problem in structural if problem.severity == "error"]
        self._any = bool(errors)
        self._references = frozenset(problem.reference for problem in errors)
        self._misplaced = frozenset(_task_of(problem.reference) for problem in errors if problem.code == "misplaced-property")
        self._tasks = frozenset(_task_of(problem.reference) for problem in errors)
        self._unnamed = _lists(errors, lambda problem, inside: len(inside) <= 1)
        self._unclear = _lists(errors, _touches_ways)

    def __contains__(self, problem: Problem) -> bool:
        if problem.code in ("unused", "unknown-field"):  # what uses or makes it may stand in the part that could not be understood
            return self._any
        if problem.code == "missing-argument" and _task_of(problem.reference) in self._misplaced:
            return True
        if problem.code in _DECLARED:
            part = _DECLARED[problem.code]
            return not self._references.isdisjoint(("/use", f"/use/{part}", f"/{part}"))
        if problem.severity != "error" and _task_of(problem.reference) in self._tasks - {""}:
            return True  # what seems unwise may only be what is wrong
        unsure = self._unnamed if problem.code == "unknown-target" else self._unclear if problem.code in _OF_WAYS else frozenset()
        return bool(unsure) and not unsure.isdisjoint(_lists_around(problem.reference))


def _touches_ways(problem: Problem, inside: list[str]) -> bool:
    """Tell whether *problem*, at the path *inside* its item, leaves open where a run goes on: about a whole task, or one of its keys."""
    return len(inside) <= 1 or inside[1] in _LEADING or (len(inside) == 2 and problem.code in _UNREAD)


def _lists(problems: Collection[Problem], touches: Callable[[Problem, list[str]], bool]) -> frozenset[str]:
    """Return the lists of tasks with an item that a problem *touches*."""
    found = set()
    for problem in problems:
        parts = problem.reference.split("/")
        for end in range(len(parts) - 1, 0, -1):
            if parts[end].isdigit() and touches(problem, parts[end + 1 :]):
                found.add("/".join(parts[:end]))
    return frozenset(found)


def _task_of(reference: str) -> str:
    """Return the innermost item of a list that *reference* is in, its name included; "" outside of lists."""
    parts = reference.split("/")
    return next(("/".join(parts[: end + 2]) for end in range(len(parts) - 1, 0, -1) if parts[end].isdigit()), "")


def _lists_around(reference: str) -> list[str]:
    parts = reference.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
