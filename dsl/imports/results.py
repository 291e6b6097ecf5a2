"""What importing gives: functions as values, what is wrong, what was left out."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.catalogue import Function
from dsl.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The functions of one document, in its order; with an error that concerns the whole document there are none."""

    functions: tuple[Function, ...] = ()
    problems: tuple[Problem, ...] = ()  # references are JSON Pointers into the document; errors first
    left_out: tuple[str, ...] = ()  # "GET /pets", "the tool 'x'": what could not be taken, each with its reason in `problems`
    title: str = ""  # of the API, the server or the agent
    version: str = ""

    @property
    def catalogue(self) -> dict[str, Function]:
        """The functions by their keys, as `check` takes them."""
        return {function.key: function for function in self.functions}
