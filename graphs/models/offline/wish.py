"""A change wish in work: what is known while it is read, and the operations it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphs.models.offline.targets import Target


@dataclass(slots=True)
class Edit:
    """Some operations and their sentence."""

    operations: list[dict[str, Any]]
    said: str


@dataclass(slots=True)
class Wish:
    """What the author knows while it reads a change wish."""

    request: str
    definition: dict[str, Any]
    tasks: list[Target]
    answers: Mapping[str, str]
    person: str
    timezone: str
    questions: list[dict[str, Any]] = field(default_factory=list)

    def copy(self) -> Wish:
        return replace(self, questions=[])

    def one(self, found: list[Target], what: str) -> Target | None:
        """Return the only task meant; with several, the one the person chose, else ask."""
        if len(found) <= 1:
            return found[0] if found else None
        chosen = self.answers.get("which-step", "")
        picked = next((target for target in found if chosen and chosen.lower() in (target.title.lower(), target.name.lower())), None)
        if picked is None and not any(question["id"] == "which-step" for question in self.questions):
            options = [target.title for target in found[:6]]
            self.questions.append(
                {
                    "id": "which-step",
                    "text": f"Which step do you mean by “{what}”?",
                    "why": "Several steps fit.",
                    "kind": "choice",
                    "options": options,
                    "default": None,
                }
            )
        return picked or (found[0] if self.questions else None)

    def who(self, said: str) -> str:
        return self.person if said.lower() in ("me", "myself", "i") else said


def set_field(reference: str, pointer: str, value: Any) -> dict[str, Any]:
    return {"op": "set-field", "reference": reference, "field": pointer, "value": value}
