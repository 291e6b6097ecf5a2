"""Which model answers is said when it is not the first one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from langgraph.checkpoint.memory import InMemorySaver

from app.actions.base import Actor
from app.web.designing import Designing
from graphs.catalogue import load
from graphs.design import design_graph
from graphs.models import ModelRouter
from tests.unit.web.fakes import FakeActions

ACTOR = Actor("default", "u1", "ada", "admin", "chat")
NOBODY = "http://127.0.0.1:9/v1"  # connections are refused


@dataclass
class Parts:
    """What a turn needs of a container."""

    models: ModelRouter
    actions: Any = field(default_factory=FakeActions)
    catalogue: Any = field(default_factory=load)
    saver: InMemorySaver = field(default_factory=InMemorySaver)

    def models_for(self, tenant: str, conversation: str) -> ModelRouter:
        return self.models

    def design_for(self, tenant: str) -> Any:
        return design_graph(self.saver)


async def said(designing: Designing, text: str) -> list[str]:
    return [event["text"] async for event in designing(ACTOR, "c1", {"text": text}) if event["type"] == "say"]


async def test_a_model_that_steps_in_is_named_once() -> None:
    router = ModelRouter.from_setting("openai:x,offline", openai_base_url=NOBODY, openai_api_key="unused", timeout_s=5)
    designing = Designing(cast(Any, Parts(router)))

    first, second = await said(designing, "help"), await said(designing, "help")

    notice = f"**openai:x** does not answer (nothing answers at {NOBODY}), so this comes from **the built-in offline author**."
    assert notice in first
    assert notice not in second
    assert len(first) == len(second) + 1


async def test_the_first_model_needs_no_words() -> None:
    designing = Designing(cast(Any, Parts(ModelRouter.from_setting("offline"))))

    assert not any("answer" in text and "author" in text for text in await said(designing, "help"))
