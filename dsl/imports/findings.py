"""What is found wrong in a foreign document, and its `$ref`s: only inside the document, never fetched."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

from dsl import pointer
from dsl.problems import Problem, Severity

JSON = Any

MAX_PROBLEMS: Final = 200
MAX_CHAIN: Final = 50  # a $ref that leads to a $ref that leads to …


class Findings:
    """Problems in the order they are found, each place and kind once."""

    def __init__(self, base: str = "", within: Findings | None = None) -> None:
        """*base* stands before every reference; what is found counts for *within* as well."""
        self._base = base
        self._found: dict[tuple[str, str], Problem] = within._found if within else {}

    def add(self, code: str, at: str, message: str, hint: str = "", severity: Severity = "error") -> None:
        at = self._base + at
        message = " ".join(message.split())  # names in it may hold line breaks
        problem = Problem(code=code, reference=at, message=message, hint=hint, severity=severity)
        self._found.setdefault((code, at), problem)

    def all(self) -> tuple[Problem, ...]:
        """Return at most 200 problems, the errors among them first; the last one says how many are left out."""
        found = sorted(self._found.values(), key=lambda problem: ("error", "warning", "advice").index(problem.severity))
        if len(found) <= MAX_PROBLEMS:
            return tuple(found)
        more = Problem(
            code="more-problems",
            reference="",
            message=f"there are {len(found) - MAX_PROBLEMS:,} more problems",
            hint="correct these first",
            severity="advice",
        )
        return (*found[:MAX_PROBLEMS], more)


class References:
    """Follows `$ref`s of one document."""

    def __init__(self, data: JSON, findings: Findings) -> None:
        self._data, self._findings = data, findings

    def follow(self, node: JSON, at: str, severity: Severity = "error") -> tuple[JSON, str] | None:
        """Return what *node* (at the pointer *at*) is and where that stands; None when its `$ref` leads nowhere, which is reported."""
        start = at
        for _ in range(MAX_CHAIN):
            if not isinstance(node, dict) or "$ref" not in node:
                return node, at
            found = self.step(node["$ref"], at, severity)
            if found is None:
                return None
            node, at = found
        self._findings.add("endless-reference", start, "this $ref leads back to itself", "let it name what is meant", severity)
        return None

    def step(self, reference: JSON, at: str, severity: Severity = "error") -> tuple[JSON, str] | None:
        """Return what the `$ref` *reference* of the value at *at* names, and where that stands; it may be another `$ref`."""
        at = pointer.join(at, "$ref")
        if not isinstance(reference, str):
            self._findings.add("broken-reference", at, "a $ref must be a text", "write '#/components/…'", severity)
        elif not reference.startswith("#"):
            hint = "put what it names into this document (a bundler does that), then name it with '#/…'"
            message = f"'{reference[:120]}' is outside this document, and nothing is fetched"
            self._findings.add("remote-reference", at, message, hint, severity)
        else:
            where = unquote(reference[1:], errors="replace")
            target = pointer.get(self._data, where) if where.startswith("/") else self._data if not where else pointer.MISSING
            if target is not pointer.MISSING:
                return target, where
            message = f"'{reference[:120]}' names nothing in this document"
            self._findings.add("broken-reference", at, message, "correct the name, or add what it names", severity)
        return None
