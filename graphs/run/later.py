"""What the language has and this version does not run yet, in one table; a later version deletes lines here."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import dsl
from dsl.catalogue import Catalogue
from dsl.check import Examined, placed
from dsl.pointer import join
from dsl.problems import Problem, Severity


def examine(text_or_data: str | Any, catalogue: Catalogue | None = None, *, workflows: Collection[str] | None = None) -> Examined:
    """Do what `dsl.examine` does, and take what cannot be run yet for an error as well: for definitions that somebody wants to run."""
    return with_unsupported(dsl.examine(text_or_data, catalogue, workflows=workflows), "error")


def with_unsupported(examined: Examined, severity: Severity) -> Examined:
    """Return *examined* with a problem of *severity* for every part that cannot be run yet."""
    if not examined.valid:
        return examined
    found = unsupported(examined.data, severity)
    if not found:
        return examined
    source = examined.source
    problems = (*examined.problems, *(placed(problem, source) if source else problem for problem in found))
    gone: dict[str, Any] = {"effects": (), "digest": None} if severity == "error" else {}
    return replace(examined, problems=tuple(sorted(problems, key=lambda problem: (problem.line, problem.column))), **gone)


def unsupported(data: dict[str, Any], severity: Severity = "error") -> list[Problem]:
    """Return a problem `not-yet-supported` for every part of *data*, whose structure is right, that cannot be run yet."""
    places = [(join("", *path), what, hint) for path, what, hint in _in_document(data)]
    return [
        Problem(
            code="not-yet-supported",
            severity=severity,
            reference=reference,
            message=f"{what} is part of the standard but cannot be run yet",
            hint=hint,
        )
        for reference, what, hint in places
    ]


def _in_document(data: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Yield (path, what it is, hint) for parts of the document outside of tasks."""
    evaluate = data.get("evaluate")
    if isinstance(evaluate, dict) and evaluate.get("language", "jq") != "jq":
        yield ("evaluate", "language"), "another expression language than jq", "write `language: jq`, or leave `evaluate` out"
