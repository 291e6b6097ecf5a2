"""There and back: `to_wire` writes a definition, `from_wire` reads what a model wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dsl.problems import Problem
from dsl.wire.problems import Reader, WireError, named
from dsl.wire.tables import DEFINITION, TASK
from dsl.wire.tasklist import Tasks
from dsl.wire.values import UNFIT

if TYPE_CHECKING:
    from dsl.catalogue import Catalogue

JSON = Any
_MAX_DEPTH: Final = 200  # as `dsl.read`


def to_wire(definition: JSON, catalogue: Catalogue | None = None) -> dict[str, JSON]:
    """
    Return the wire form of a definition's data.

    Args:
        definition: Plain data with `document` and `do`; it need not be valid, as long as each task has a kind.
        catalogue: The functions that are kinds of their own, with typed arguments; others are called by name.

    Raises:
        WireError: it is no object, nested too deeply, or a list of tasks is no list of tasks.
    """
    _refuse(definition, dict, "a definition is an object")
    wire: dict[str, JSON] = DEFINITION.to_wire(definition, catalogue or {})
    if wire["do"] is None:
        raise _error("`do` is no list of tasks that each have a name and a kind")
    return wire


def from_wire(wire: JSON) -> dict[str, JSON]:
    """
    Return the definition that *wire* says; nulls, empty texts and empty lists are left out. `dsl.check` judges the result.

    Raises:
        WireError: with every mistake; references point into *wire*.
    """
    reader = Reader()
    data = DEFINITION.from_wire(wire, "", reader)
    _raise(reader)
    return dict(data)


def tasks_to_wire(tasks: JSON, catalogue: Catalogue | None = None) -> dict[str, JSON]:
    """Return `{"tasks": […]}`, for the part `tasks` of the schema. Raises WireError."""
    _refuse(tasks, list, "tasks are a list")
    written = Tasks().to_wire(tasks, catalogue or {})
    if written is UNFIT:
        raise _error("each task has one name and a kind")
    return {"tasks": written}


def tasks_from_wire(wire: JSON) -> list[dict[str, JSON]]:
    """Return the tasks of `{"tasks": […]}` as under `do`. Raises WireError."""
    reader = Reader()
    if not isinstance(wire, dict) or "tasks" not in wire:
        reader.wrong("", f"{named(wire)} has no tasks", 'write {"tasks": […]}')
        _raise(reader)
    tasks = Tasks().from_wire(wire["tasks"], "/tasks", reader)
    _raise(reader)
    return list(tasks)


def kinds_in(wire: JSON) -> list[str]:
    """Return the wire's kinds of the tasks in wire data, sorted; functions by what stands behind `call:`."""
    found: set[str] = set()
    waiting = [wire]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            kind = part.get("kind")
            found |= {kind} if isinstance(kind, str) and (kind in TASK or ":" in kind) else set()
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return sorted(found)


def _refuse(data: Any, wanted: type[object], message: str) -> None:
    """Refuse what is of another type, or too deep to be walked."""
    if not isinstance(data, wanted):
        raise _error(f"{message}, not {named(data)}")
    level = 0
    parts: list[Any] = [data]
    while parts:
        level += 1
        if level > _MAX_DEPTH:
            raise _error(f"it is nested more than {_MAX_DEPTH} levels deep")
        parts = [inner for part in parts for inner in (part.values() if isinstance(part, dict) else part) if isinstance(inner, dict | list)]


def _error(message: str) -> WireError:
    return WireError([Problem(code="invalid-wire", reference="", message=message)])


def _raise(reader: Reader) -> None:
    if reader.problems:
        raise WireError(sorted(reader.problems, key=lambda problem: problem.reference))
