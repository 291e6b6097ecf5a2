"""Compile a definition for a simulation: parts of the language that cannot be run here are no obstacle, since they are stood in for."""

from __future__ import annotations

from collections.abc import Mapping

from dsl.catalogue import Catalogue
from dsl.check import load
from dsl.problems import InvalidDefinition
from graphs.run import templates
from graphs.run.ports import JSON
from graphs.run.program import Compiler
from graphs.run.tree import Program

_NO_OBSTACLE = ("not-yet-supported", "unknown-workflow")


def compile_loosely(data: Mapping[str, JSON], catalogue: Catalogue) -> Program:
    """Return the program of a definition. Raises InvalidDefinition, with every problem but those a simulation can do with."""
    load(data)
    compiler = Compiler(data, catalogue, None)
    with templates.loosely((data.get("evaluate") or {}).get("mode") == "loose"):
        program = compiler.program()
    problems = [problem for problem in compiler.problems if problem.code not in _NO_OBSTACLE]
    if problems:
        raise InvalidDefinition(problems)
    return program
