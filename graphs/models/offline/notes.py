"""What the author had to assume or has to ask while it builds; answers come back through the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Notes:
    """The open points of one plan."""

    answers: Mapping[str, str]  # question id -> answer
    person: str
    timezone: str
    questions: list[dict[str, Any]] = field(default_factory=list)
    assumptions: list[dict[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # words inside an understood clause that nothing accounts for
    input: bool = False  # the workflow is started with data of a person
    remarks: list[str] = field(default_factory=list)  # sentences that say why something cannot be
    used: set[str] = field(default_factory=set)

    def ask(self, key: str, text: str, *, why: str, kind: str = "text", options: tuple[str, ...] = (), default: str | None = None) -> str:
        """Return the answer to question *key*, or note the question and return a stand-in."""
        key = self._unique(key, text)
        answer = self.answers.get(key, "").strip()
        if answer:
            return answer
        if not any(question["id"] == key for question in self.questions):
            self.questions.append({"id": key, "text": text, "why": why, "kind": kind, "options": list(options), "default": default})
        return default or (options[0] if options else "?")

    def unclear(self, words: str) -> None:
        """Note words that nothing accounts for: the wish is not understood then."""
        if words and words not in self.unknown:
            self.unknown.append(words)

    def remark(self, sentence: str) -> None:
        """Note why something cannot be, once."""
        if sentence not in self.remarks:
            self.remarks.append(sentence)

    def _unique(self, key: str, text: str) -> str:
        """Give a second question of the same kind its own id; the same question keeps its id."""
        if f"{key}\n{text}" in self.used or not any(known.startswith(f"{key}\n") for known in self.used):
            self.used.add(f"{key}\n{text}")
            return key
        others = sorted(known for known in self.used if known.split("\n")[0].rstrip("0123456789").rstrip("-") == key)
        mine = next((known.split("\n")[0] for known in others if known.endswith(f"\n{text}")), "")
        if mine:
            return mine
        fresh = f"{key}-{len(others) + 1}"
        self.used.add(f"{fresh}\n{text}")
        return fresh

    def assume(self, key: str, text: str, value: str = "") -> None:
        """Note a value nobody stated."""
        if not any(known["id"] == key for known in self.assumptions):
            self.assumptions.append({"id": key, "text": text, "value": value})

    def belong(self, known: int, steps: list[str]) -> None:
        """Say of the assumptions after the first *known* ones that they go when the first of *steps* goes."""
        for assumption in self.assumptions[known:]:
            if steps:
                assumption.setdefault("step", steps[0])

    def who(self, said: str) -> str:
        """Return the assignee's name: "me" is the person asking, a role is asked about, "" is anybody."""
        low = said.lower()
        if low in ("me", "myself", "i"):
            return self.person
        if low.split(" ")[0] in ("my", "our", "the"):
            return self.ask("person", f"Who is “{said}”?", why="A task needs the name of a user of this installation.")
        return said
