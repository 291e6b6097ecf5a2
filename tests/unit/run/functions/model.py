"""A chat model that gives scripted answers, says what they cost, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

from graphs.models import ModelRouter
from graphs.models.providers import scripted


class Model(BaseChatModel):
    replies: list[Any]
    asked: list[str] = Field(default_factory=list)  # the last message of each request
    hangs_at: int = -1  # the request that is never answered, counted from 0

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any
    ) -> ChatResult:
        raise NotImplementedError

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        number = len(self.asked)
        self.asked.append(str(messages[-1].content))
        if number == self.hangs_at:
            await asyncio.sleep(30)
        reply = self.replies[number]
        text = reply if isinstance(reply, str) else json.dumps(reply)
        usage = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text, usage_metadata=usage))])


def router(*replies: Any, **options: Any) -> tuple[ModelRouter, Model]:
    chat = Model(replies=list(replies), **options)
    return ModelRouter([scripted(chat, "gpt")]), chat


def offline() -> ModelRouter:
    return ModelRouter.from_setting("offline")
