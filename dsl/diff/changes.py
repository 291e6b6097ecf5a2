"""What differs between two definitions, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

JSON = Any
Bump = Literal["major", "minor", "patch"]
TaskKind = Literal["added", "removed", "renamed", "moved", "changed", "follows"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that differs. Below a task the pointer starts at the task, else at the document."""

    pointer: str
    kind: Literal["added", "removed", "changed"]
    old: JSON = None  # None when added
    new: JSON = None  # None when removed

    def to_json(self) -> dict[str, JSON]:
        found: dict[str, JSON] = {"pointer": self.pointer, "kind": self.kind}
        found |= {"old": self.old} if self.kind != "added" else {}
        return found | ({"new": self.new} if self.kind != "removed" else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChange:
    """A task that differs; one that is renamed, moved and changed is one of these with three kinds."""

    kinds: tuple[TaskKind, ...]  # "follows": only its `then` leads to a task by that task's new name
    name: str  # the new one; the old one of a removed task
    reference: str | None  # in the new definition, None when removed
    was: str | None  # in the old definition, None when added
    fields: tuple[FieldChange, ...] = ()
    words: str = ""

    def to_json(self) -> dict[str, JSON]:
        return {
            "kinds": list(self.kinds),
            "name": self.name,
            "reference": self.reference,
            "was": self.was,
            "fields": [change.to_json() for change in self.fields],
            "words": self.words,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChange:
    """A value of the document, outside its tasks, that differs."""

    field: FieldChange
    words: str

    def to_json(self) -> dict[str, JSON]:
        return {**self.field.to_json(), "words": self.words}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """What differs. `apply(old_text, diff.operations)` gives a text with the new definition's data."""

    equal: bool  # the same data: styles, comments and the order of keys do not count
    words: str  # one sentence: "3 of 8 tasks changed: …; 5 untouched"
    tasks: tuple[TaskChange, ...]  # removed ones first where they stood, else in the order of the new definition
    document: tuple[DocumentChange, ...]
    untouched: tuple[str, ...]  # references, in the new definition, of all other tasks
    operations: tuple[Mapping[str, JSON], ...]

    def to_json(self) -> dict[str, JSON]:
        return {
            "equal": self.equal,
            "words": self.words,
            "tasks": [change.to_json() for change in self.tasks],
            "document": [change.to_json() for change in self.document],
            "untouched": list(self.untouched),
            "operations": [dict(operation) for operation in self.operations],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaking:
    """One thing that a new version asks of others, or gives them."""

    code: str  # stable, kebab-case: "input-required"
    reference: str  # in the new definition; of what is gone, in the old one
    words: str
    bump: Bump

    def to_json(self) -> dict[str, JSON]:
        return asdict(self)
