"""Which runtime arguments exist where: the table of DSL 1.0.3, "Runtime expression arguments".

Not in the table, and read so: `timeout` of the document is evaluated before any task, `schedule` before any run, what stands in `use`
like the task that uses it, and `foreach` of a listen like a task of its own.
"""

from __future__ import annotations

from typing import Final

_STARTING: Final = frozenset({"secrets", "workflow", "runtime"})
_ENDING: Final = _STARTING | {"context"}
_ENTERING: Final = _ENDING | {"task"}  # `if` and `input.from` look at the raw input: there is no `$input` yet
_DOING: Final = _ENTERING | {"input", "authorization"}
_LEAVING: Final = _DOING | {"output"}
_OF_DOCUMENT: Final = {"input": _STARTING, "schedule": _STARTING, "output": _ENDING, "timeout": _ENDING, "use": _DOING}
_WORDS: Final = {
    "input": "before the first task",
    "schedule": "before a run begins",
    "timeout": "outside of tasks",
    "output": "after the last task",
}
_PARTS: Final = {"if": "in `if`", "input": "in `input.from`", "output": "in `output.as`"}


def arguments_at(pointer: str, task: str | None) -> frozenset[str]:
    """Return the standard's variables, without `$`, that an expression at *pointer* may use; *task* is the reference of its task."""
    if task is None:
        return _OF_DOCUMENT.get(pointer[1:].partition("/")[0], _DOING)
    place = pointer[len(task) + 1 :]
    if place == "if" or place.startswith("input/"):
        return _ENTERING
    if place.startswith("export/") or "foreach/export/" in place:
        return _LEAVING
    return _DOING


def place_words(pointer: str, task: str | None) -> str:
    """Return "in `if`", "after the last task": where that is."""
    if task is None:
        return _WORDS.get(pointer[1:].partition("/")[0], "here")
    place = pointer[len(task) + 1 :]
    for part, words in _PARTS.items():
        if place == part or place.startswith(f"{part}/"):
            return words
    return "before the task is done"
