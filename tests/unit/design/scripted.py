"""A chat model that answers from a list, and design conversations around it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import Field

from graphs import catalogue
from graphs.design import DesignDeps, Draft, converse, design_graph
from graphs.models import ModelRouter
from graphs.models.providers import scripted

CASSETTES = Path(__file__).parents[3] / "evals" / "cassettes"
CATALOGUE = catalogue.load()


class ScriptedChatModel(BaseChatModel):
    """Gives the next reply of a list; each is for one prompt, by name."""

    replies: list[tuple[str, str]]
    asked: list[list[BaseMessage]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any
    ) -> ChatResult:
        prompt, text = self.replies[len(self.asked)]
        self.asked.append(list(messages))
        assert str(messages[0].content).startswith(f"# {prompt}\n"), f"expected {prompt}, got {str(messages[0].content)[:40]!r}"
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])


def offline() -> ModelRouter:
    return ModelRouter.from_setting("offline")


def model(*replies: tuple[str, Any]) -> tuple[ModelRouter, ScriptedChatModel]:
    """Return a router over a scripted model; replies that are no text become JSON."""
    chat = ScriptedChatModel(replies=[(prompt, reply if isinstance(reply, str) else json.dumps(reply)) for prompt, reply in replies])
    return ModelRouter([scripted(chat)]), chat


@dataclass
class Talk:
    """One conversation, with everything it proposed."""

    models: ModelRouter = field(default_factory=offline)
    runs: Sequence[Mapping[str, Any]] = ()
    drafts: list[Draft] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.graph = design_graph(InMemorySaver())
        self.deps = deps(self.models, propose=self._propose, status=self._status)

    async def _propose(self, draft: Draft) -> dict[str, Any]:
        self.drafts.append(draft)
        return {"proposal_id": f"p{len(self.drafts)}", "digest": "sha256:00", "version": "0.1.0"}

    async def _status(self, text: str) -> list[dict[str, Any]]:
        return [dict(run) for run in self.runs]

    async def say(self, user: str | dict[str, Any]) -> list[dict[str, Any]]:
        """Take one turn; return its events without the steps."""
        message = {"text": user} if isinstance(user, str) else user
        turn = [event async for event in converse(self.graph, self.deps, thread_id="conversation", user=message)]
        self.events += turn
        return [event for event in turn if event["type"] != "step"]

    async def state(self) -> dict[str, Any]:
        return dict((await self.graph.aget_state({"configurable": {"thread_id": "conversation"}})).values)

    @property
    def text(self) -> str:
        """The definition proposed last."""
        return self.drafts[-1].text


def deps(models: ModelRouter, **given: Any) -> DesignDeps:
    async def propose(_: Draft) -> dict[str, Any]:
        return {"proposal_id": "p", "digest": "sha256:00", "version": "0.1.0"}

    return DesignDeps(
        **{"models": models, "catalogue": CATALOGUE, "propose": propose, "person": "ada", "timezone": "Europe/Berlin", **given}
    )


def kinds(events: Sequence[Mapping[str, Any]]) -> list[str]:
    return [event["type"] for event in events]
