"""The short way to say a problem."""

from __future__ import annotations

from dsl.problems import Problem, Severity


def error(code: str, reference: str, message: str, hint: str) -> Problem:
    return problem(code, reference, message, hint, "error")


def warning(code: str, reference: str, message: str, hint: str) -> Problem:
    return problem(code, reference, message, hint, "warning")


def advice(code: str, reference: str, message: str, hint: str) -> Problem:
    return problem(code, reference, message, hint, "advice")


def problem(code: str, reference: str, message: str, hint: str, severity: Severity) -> Problem:
    return Problem(code=code, reference=reference, message=message, hint=hint, severity=severity)
