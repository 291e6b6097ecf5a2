"""Ollama cuts what does not fit its window without a word: so the window is always sent, and nothing that would be cut."""

from __future__ import annotations

from typing import Any

import pytest

from graphs.models import ModelRouter, ModelUnavailable
from prompts import Prompt
from tests.unit.models.endpoint import Endpoint, Reply, serving
from tests.unit.models.test_weak import GOOD, PLAN, Plan

PROMPT = Prompt(
    name="test/plan",
    purpose="",
    inputs=("text",),
    reply="",
    evals=(),
    digest="sha256:0",
    sections=(("system", "Plan."), ("user", "{{ text }}")),
)


def ollama(*, context: int | None = 131_072, knows_schemas: bool = True) -> Any:
    """Return an Ollama with one model."""

    def answer(path: str, body: Any, before: int) -> Reply:
        if path == "/api/show":
            about = {"general.architecture": "llama", **({"llama.context_length": context} if context else {})}
            return Reply({"model_info": about, "details": {}})
        if not knows_schemas and isinstance(body.get("format"), dict):
            return Reply({"error": "json: cannot unmarshal object into Go struct field ChatRequest.format of type string"}, status=400)
        message = {"role": "assistant", "content": GOOD}
        end = {"done": True, "done_reason": "stop", "prompt_eval_count": 20, "eval_count": 5}
        return Reply({"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, **end})

    return serving(answer)


async def asked(endpoint: Endpoint, *texts: str, **more: Any) -> list[dict[str, Any]]:
    """Ask for a plan with each of *texts*; return the chat requests."""
    router = ModelRouter.from_setting("ollama:m", ollama_host=endpoint.url, retries=0, **more)
    try:
        for text in texts:
            assert await router.ask(PROMPT, {"text": text}, Plan) == PLAN
    finally:
        await router.aclose()
    return [body for path, body in endpoint.requests if path == "/api/chat"]


async def test_the_window_holds_prompt_and_answer_and_only_grows() -> None:
    with ollama() as endpoint:
        chats = await asked(endpoint, "short", "long " * 6_000, "short")

        assert [chat["options"]["num_ctx"] for chat in chats] == [8_192, 16_384, 16_384]
        assert {chat["options"]["num_predict"] for chat in chats} == {4_096}
        assert [path for path, _ in endpoint.requests].count("/api/show") == 1


async def test_the_decoder_is_held_to_the_schema() -> None:
    with ollama() as endpoint:
        [chat] = await asked(endpoint, "x")

        assert chat["format"]["required"] == ["title", "steps", "note", "names"]


async def test_an_old_ollama_is_asked_for_any_object_and_that_is_remembered() -> None:
    with ollama(knows_schemas=False) as endpoint:
        chats = await asked(endpoint, "x", "y")

        assert [chat["format"] if isinstance(chat["format"], str) else "schema" for chat in chats] == ["schema", "json", "json"]


async def test_what_is_longer_than_the_model_can_is_not_sent() -> None:
    with ollama(context=8_192) as endpoint:
        with pytest.raises(ModelUnavailable, match=r"the request needs about 1\d{4} tokens, the model has a context of 8192"):
            await asked(endpoint, "long " * 6_000)

        assert [path for path, _ in endpoint.requests] == ["/api/show"]


async def test_what_is_longer_than_the_operator_allows_is_not_sent() -> None:
    with ollama() as endpoint, pytest.raises(ModelUnavailable, match="PARLEY_OLLAMA_CONTEXT allows 9000"):
        await asked(endpoint, "long " * 6_000, most_context=9_000)


async def test_writing_with_a_token_a_character_counts_so() -> None:
    with ollama(context=8_192) as endpoint, pytest.raises(ModelUnavailable, match="has a context of 8192"):
        await asked(endpoint, "注文を毎朝取得する" * 500)


async def test_a_server_that_does_not_tell_the_limit_is_held_to_the_operators() -> None:
    with ollama(context=None) as endpoint:
        [chat] = await asked(endpoint, "long " * 6_000)

        assert chat["options"]["num_ctx"] == 16_384
