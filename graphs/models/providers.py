"""The three kinds of models behind one small face. Their libraries are imported with the first call (`openai` takes a second)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import httpx
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage
from pydantic import SecretStr

from graphs.models.errors import Attempt

Kind = Literal["openai", "ollama", "offline", "scripted"]

OPENAI_URL = "https://api.openai.com/v1"
OLLAMA_URL = "http://127.0.0.1:11434"
REPLY_TOKENS = 4096  # room kept for the answer when the context size is fixed
CHARS_PER_TOKEN = 3  # on the safe side for YAML and prose
CHANGE = "PARLEY_MODEL"


class Failed(Exception):
    """One model did not answer. Caught by the router."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt.why)
        self.attempt = attempt


@dataclass(slots=True)
class Provider:
    """One entry of the model list."""

    kind: Kind
    model: str  # "gpt-x"; "" for offline
    where: str  # base URL in words
    build: Callable[[], tuple[BaseChatModel, tuple[type[BaseException], ...]]]
    timeout_s: float = 60.0
    max_tokens: int = 0  # context size; 0 is unknown
    fixed: Attempt | None = None  # known to be unusable before any call
    reachable: bool | None = None  # None: not tried yet
    why: str = ""
    _built: tuple[BaseChatModel, tuple[type[BaseException], ...]] | None = None

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.model}" if self.model else self.kind

    async def call(self, messages: Sequence[BaseMessage]) -> BaseMessage:
        """Return the model's answer. Raises Failed."""
        if self.fixed:
            raise Failed(self.fixed)
        self._fits(messages)
        self._built = self._built or self.build()
        chat, failures = self._built
        try:
            async with asyncio.timeout(self.timeout_s):
                answer = await chat.ainvoke(list(messages))
        except TimeoutError as exc:
            raise self._failed(exc) from exc
        except failures as exc:
            raise self._failed(exc) from exc
        self.reachable, self.why = True, f"answered at {self.where}" if self.where else "built in"
        return answer

    def _fits(self, messages: Sequence[BaseMessage]) -> None:
        need = sum(len(str(message.content)) for message in messages) // CHARS_PER_TOKEN + REPLY_TOKENS
        if self.max_tokens and need > self.max_tokens:
            why = f"the request needs about {need} tokens, the context is set to {self.max_tokens}"
            raise Failed(Attempt(self.name, why, "Start a new conversation, or choose another model with PARLEY_MODEL"))

    def _failed(self, error: BaseException) -> Failed:
        attempt = explain(self, error)
        self.reachable, self.why = False, attempt.why
        return Failed(attempt)


def explain(provider: Provider, error: BaseException) -> Attempt:
    """Say in words why *provider* failed and what to do."""
    status = getattr(error, "status_code", None)
    name, where, ollama = provider.name, provider.where, provider.kind == "ollama"
    host = "OLLAMA_HOST" if ollama else "OPENAI_BASE_URL"
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return Attempt(
            name, f"no answer from {where} within {provider.timeout_s:g} s", "Raise PARLEY_MODEL_TIMEOUT_S or choose a smaller model"
        )
    if status in (401, 403):
        return Attempt(name, f"{where} refused the key ({status})", "Set OPENAI_API_KEY to a valid key" if not ollama else f"Check {host}")
    if status == 404:
        fix = f"Run `ollama pull {provider.model}`" if ollama else f"Check the name in {CHANGE} and the address in {host}"
        return Attempt(name, f"{where} does not know the model {provider.model!r} (404)", fix)
    if status == 429:
        return Attempt(name, f"{where} has no capacity left for this key (429)", "Wait, or add another model to PARLEY_MODEL after a comma")
    if status:
        return Attempt(name, f"{where} answered with status {status}", "Try again; if it stays, look at that server's log")
    fix = "Start it with `ollama serve`, or set OLLAMA_HOST" if ollama else f"Check that the server runs and that {host} is right"
    return Attempt(name, f"nothing answers at {where}", fix)


def openai(model: str, *, base_url: str, api_key: str, timeout_s: float) -> Provider:
    """Any endpoint that speaks OpenAI's chat completions."""

    def build() -> tuple[BaseChatModel, tuple[type[BaseException], ...]]:
        from langchain_openai import ChatOpenAI
        from openai import OpenAIError

        chat = ChatOpenAI(
            model=model,
            base_url=base_url or None,
            api_key=SecretStr(api_key or "not-needed"),
            timeout=timeout_s,
            max_retries=1,
            use_responses_api=False,
        )
        return chat, (OpenAIError, ConnectionError)

    name, fixed = f"openai:{model}", None
    if not api_key and not base_url:
        fixed = Attempt(name, "no key is set", "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own")
    return Provider("openai", model, base_url or OPENAI_URL, build, timeout_s, fixed=fixed)


def ollama(model: str, *, host: str, timeout_s: float, num_ctx: int) -> Provider:
    """A model served by Ollama; the context size is always sent, since Ollama cuts long prompts silently."""

    def build() -> tuple[BaseChatModel, tuple[type[BaseException], ...]]:
        from langchain_ollama import ChatOllama
        from ollama import RequestError, ResponseError

        chat = ChatOllama(model=model, base_url=host, num_ctx=num_ctx, format="json", temperature=0, client_kwargs={"timeout": timeout_s})
        return chat, (ResponseError, RequestError, ConnectionError, httpx.HTTPError)

    return Provider("ollama", model, host, build, timeout_s, max_tokens=num_ctx)


def offline() -> Provider:
    """The author that is built in: a grammar, no network."""

    def build() -> tuple[BaseChatModel, tuple[type[BaseException], ...]]:
        from graphs.models.offline import OfflineAuthor

        return OfflineAuthor(), ()

    return Provider("offline", "", "", build, reachable=True, why="built in: a grammar of everyday wishes, no network, no key")


def scripted(chat: BaseChatModel, name: str = "script", failures: tuple[type[BaseException], ...] = ()) -> Provider:
    """Any chat model that is already there: tests and recordings."""
    return Provider("scripted", name, "", lambda: (chat, failures), reachable=True)
