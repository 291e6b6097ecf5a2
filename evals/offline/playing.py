"""Plays a wish through the real conversation, with the author that needs no model."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

import dsl
from graphs import catalogue
from graphs.design import DesignDeps, Draft, converse, design_graph
from graphs.models import ModelRouter

ROUNDS = 4  # of questions and answers
TOPICS = (  # what a question's id begins or ends with, and what it is about
    ("event-type", "event-type"), ("event-source", "event-type"), ("time", "time"), ("how-often", "time"), ("threshold", "threshold"),
    ("target-address", "to-address"), ("slack-address", "to-address"), ("webhook-address", "to-address"),
    ("email-address", "recipient"), ("channel", "recipient"), ("person", "recipient"),
    ("field", "field"), ("address", "from-address"),
)  # fmt: skip
CATALOGUE = catalogue.load()


@lru_cache
def shared_graph() -> Any:
    """Return the graph of all conversations: compiling it costs as much as a wish."""
    return design_graph(InMemorySaver())


@dataclass
class Talk:
    """One conversation and what came of it."""

    given: Mapping[str, Any] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    acted: list[str] = field(default_factory=list)  # events that start or approve something

    def __post_init__(self) -> None:
        self.thread = uuid.uuid4().hex
        self.deps = DesignDeps(
            models=ModelRouter.from_setting("offline"), catalogue=CATALOGUE, propose=self._propose, workflows=self._workflows,
            person="ada", timezone="Europe/Berlin",
        )  # fmt: skip

    async def _propose(self, draft: Draft) -> dict[str, Any]:
        self.drafts.append(draft)
        return {"proposal_id": f"p{len(self.drafts)}", "digest": "sha256:00", "version": "0.1.0"}

    async def _workflows(self) -> list[dict[str, Any]]:
        return [{"name": title.lower().replace(" ", "-"), "title": title} for title in self.given.get("workflows", [])]

    async def say(self, user: dict[str, Any]) -> list[dict[str, Any]]:
        """Take one turn; return the questions it ends in."""
        questions: list[dict[str, Any]] = []
        async for event in converse(shared_graph(), self.deps, thread_id=self.thread, user=user):
            if event["type"] in ("say", "error"):
                self.said.append(str(event.get("text") or event))
            elif event["type"] == "questions":
                questions = event["questions"]
                self.said += [f"{question['text']} {question.get('why', '')}" for question in questions]
            elif event["type"] == "run-wanted":
                self.acted.append("run-wanted")
        return questions

    def data(self) -> Any:
        """Return the definition proposed last."""
        return dsl.read(self.drafts[-1].text).data if self.drafts else None


@dataclass
class Turn:
    """What one message led to."""

    data: Any  # the definition, None when none was proposed
    asked: list[str]  # topics of the questions on the way
    said: str


def topic(question: Mapping[str, Any]) -> str:
    """Return what a question is about, by its id."""
    stem = str(question["id"]).rstrip("0123456789").rstrip("-")
    return next((name for mark, name in TOPICS if stem == mark or stem.endswith(f"-{mark}") or stem.startswith(f"{mark}-")), stem)


async def turn(talk: Talk, text: str, answers: Mapping[str, str], *, wish: bool) -> Turn:
    """Say *text* and answer what is asked, as far as there are answers."""
    known, heard = len(talk.drafts), len(talk.said)
    questions = await talk.say({"text": text, "as": "wish"} if wish else {"text": text})
    asked: list[str] = []
    for _ in range(ROUNDS):
        topics = [topic(question) for question in questions]
        asked += topics
        if not questions or any(name not in answers for name in topics):
            break
        alone = len(questions) == 1
        answer = {question["id"]: str(answers[topic(question)]) for question in questions}
        questions = await talk.say({"text": next(iter(answer.values()))} if alone else {"answers": answer})
    return Turn(talk.data() if len(talk.drafts) > known else None, asked, "\n".join(talk.said[heard:]))
