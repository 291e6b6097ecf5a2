"""The kinds of models behind one small face. Their libraries are imported with the first call (`openai` takes a second).

How strongly a model can be held to a schema is found out with its first calls, and remembered: an endpoint that answers 400 to one way is
asked in the next one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import httpx
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage
from pydantic import SecretStr

from graphs.models import patience, ways
from graphs.models.context import REPLY_TOKENS, OllamaWindow, TooLong, fits
from graphs.models.errors import Attempt
from graphs.models.explaining import CHANGE, explain
from graphs.models.patience import Breaker
from graphs.models.ways import Answer, Wanted, Way

Kind = Literal["openai", "ollama", "offline", "scripted"]
OnText = Callable[[str], None]

OPENAI_URL = "https://api.openai.com/v1"
OLLAMA_URL = "http://127.0.0.1:11434"
OLLAMA_CONTEXT = 32_768
CONNECTIONS = 200  # of one process to one endpoint
MISREAD = (TypeError, ValueError, KeyError, AttributeError, IndexError)  # what the libraries raise over an answer that is none


class Built(NamedTuple):
    """A chat model, what its library raises when a call fails, and what closes its connections."""

    chat: BaseChatModel
    failures: tuple[type[BaseException], ...] = ()
    close: Callable[[], Awaitable[None]] | None = None


class Failed(Exception):
    """One model did not answer. Caught by the router."""

    def __init__(self, attempt: Attempt, error: BaseException | None = None) -> None:
        super().__init__(attempt.why)
        self.attempt, self.error = attempt, error


@dataclass(slots=True)
class Provider:
    """One entry of the model list."""

    kind: Kind
    model: str  # "gpt-x"; "" for offline
    where: str  # base URL in words
    build: Callable[[], Built]
    timeout_s: float = 60.0
    max_tokens: int = 0  # context size; 0 is unknown
    window: OllamaWindow | None = None
    fixed: Attempt | None = None  # known to be unusable before any call
    reachable: bool | None = None  # None: not tried yet
    why: str = ""
    retries: int = patience.RETRIES
    retry_base_s: float = patience.BASE_S
    breaker: Breaker = field(default_factory=Breaker)
    _not: set[Way] = field(default_factory=set)
    _not_schemas: set[tuple[Way, str]] = field(default_factory=set)
    _built: Built | None = None

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.model}" if self.model else self.kind

    async def call(self, messages: Sequence[BaseMessage], wanted: Wanted | None = None, on_text: OnText | None = None) -> Answer:
        """
        Return the model's answer, asked for in the strongest way it knows.

        Args:
            on_text: Given the text so far, each time more of it has come.

        Raises:
            Failed: it did not answer.
        """
        if self.fixed:
            raise Failed(self.fixed)
        options = await self._room(messages)
        if wait := self.breaker.open_for():
            why = f"it failed {self.breaker.failures} times in a row; it is asked again in {wait:.0f} s"
            raise Failed(Attempt(self.name, why, f"Wait, or add another model to {CHANGE} after a comma"))
        with self.breaker.trying():
            return await self._by_ways(messages, wanted or Wanted("answer"), options, on_text)

    def distrust(self, way: Way) -> None:
        """Ask in the next weaker way from now on: the endpoint took *way* and answered nothing."""
        if way != "plain":
            self._not.add(way)

    async def aclose(self) -> None:
        """Close the connections; the next call opens them anew."""
        built, self._built = self._built, None
        if built is not None and built.close is not None:
            await built.close()

    async def _by_ways(self, messages: Sequence[BaseMessage], wanted: Wanted, options: dict[str, Any], on_text: OnText | None) -> Answer:
        refused: list[Way] = []
        shape = json.dumps(wanted.schema, sort_keys=True) if wanted.schema else ""
        for way in (known := self._ways(wanted, shape)):
            try:
                answer = await self._patiently(messages, {**ways.request(self.kind, way, wanted), **options}, on_text)
            except Failed as failed:
                if failed.error is None or way == known[-1] or not ways.not_known(failed.error):
                    self._count(failed)
                    raise
                if ways.of_this_schema(failed.error):
                    self._not_schemas.add((way, shape))
                else:
                    refused.append(way)
            else:
                self._not.update(refused)  # only now: a request that is wrong in itself is refused in each way
                self.breaker.succeeded()
                self.reachable, self.why = True, f"answered at {self.where}" if self.where else "built in"
                return replace(answer, way=way)
        raise AssertionError("there is always a way")

    def _ways(self, wanted: Wanted, shape: str) -> list[Way]:
        possible = [way for way in ways.WAYS[self.kind] if way not in self._not or way == "plain"]
        return [way for way in possible if way not in ways.NEEDS_SCHEMA or (shape and (way, shape) not in self._not_schemas)]

    def _count(self, failed: Failed) -> None:
        status = getattr(failed.error, "status_code", None)
        if not isinstance(status, int) or status <= 0 or status in patience.PASSING or status >= 500:
            self.breaker.failed()
        else:
            self.breaker.succeeded()  # it is there, and says no
        self.reachable, self.why = False, failed.attempt.why

    async def _patiently(self, messages: Sequence[BaseMessage], request: dict[str, Any], on_text: OnText | None) -> Answer:
        """Ask, and again when that may help. Raises Failed."""
        if self._built is None:
            built = await asyncio.to_thread(self.build)  # its library may take a second to load
            self._built = self._built or built
        chat, failures, _ = self._built
        misread = MISREAD if self.kind in ("openai", "ollama") else ()
        for tries in range(1, self.retries + 2):
            try:
                async with asyncio.timeout(self.timeout_s):
                    return ways.said_by(self.name, await _answer(chat, messages, request, on_text))
            except TimeoutError as exc:
                raise Failed(explain(self, exc), exc) from exc
            except (*failures, *misread) as exc:
                wait = patience.pause(exc, tries, base_s=self.retry_base_s)
                if tries > self.retries or wait is None or not patience.worth_a_retry(exc):
                    raise Failed(explain(self, exc), exc) from exc
                await asyncio.sleep(wait)
        raise AssertionError("the last try raises")

    async def _room(self, messages: Sequence[BaseMessage]) -> dict[str, Any]:
        """Return what a request says about its length. Raises Failed when it does not fit."""
        try:
            if self.window is not None:
                size = await self.window.size_for(messages)
                return {"options": {"num_ctx": size, "num_predict": REPLY_TOKENS, "temperature": 0}}
            fits(messages, self.max_tokens)
        except TooLong as exc:
            raise Failed(Attempt(self.name, str(exc), "Start a new conversation, or choose another model with PARLEY_MODEL")) from exc
        return {}


async def _answer(chat: BaseChatModel, messages: Sequence[BaseMessage], request: dict[str, Any], on_text: OnText | None) -> BaseMessage:
    """Return the whole message; with *on_text* it is streamed."""
    if on_text is None:
        return await chat.ainvoke(list(messages), **request)
    whole: Any = None
    async for part in chat.astream(list(messages), **request):
        whole = part if whole is None else whole + part
        on_text(ways.text_of(whole))
    if whole is None:
        raise ValueError("an empty stream")
    answer: BaseMessage = whole
    return answer


def openai(model: str, *, base_url: str, api_key: str, timeout_s: float) -> Provider:
    """Any endpoint that speaks OpenAI's chat completions."""

    def build() -> Built:
        from langchain_openai import ChatOpenAI
        from openai import OpenAIError

        http = httpx.AsyncClient(timeout=timeout_s, limits=httpx.Limits(max_connections=CONNECTIONS), follow_redirects=True)
        chat = ChatOpenAI(
            http_async_client=http,
            model=model,
            base_url=base_url or None,
            api_key=SecretStr(api_key or "not-needed"),
            timeout=timeout_s,
            max_retries=0,
            use_responses_api=False,
        )
        return Built(chat, (OpenAIError, ConnectionError, httpx.HTTPError), http.aclose)

    name, fixed = f"openai:{model}", None
    if not api_key and not base_url:
        fixed = Attempt(name, "no key is set", "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own")
    return Provider("openai", model, base_url or OPENAI_URL, build, timeout_s, fixed=fixed)


def ollama(model: str, *, host: str, timeout_s: float, most_context: int = OLLAMA_CONTEXT) -> Provider:
    """A model served by Ollama."""

    def build() -> Built:
        from langchain_ollama import ChatOllama
        from ollama import RequestError, ResponseError

        chat = ChatOllama(model=model, base_url=host, client_kwargs={"timeout": timeout_s})
        close = chat._async_client._client.aclose  # that library has no other way
        return Built(chat, (ResponseError, RequestError, ConnectionError, httpx.HTTPError), close)

    return Provider("ollama", model, host, build, timeout_s, window=OllamaWindow(model, host, most=most_context))


def offline() -> Provider:
    """The author that is built in: a grammar, no network."""

    def build() -> Built:
        from graphs.models.offline import OfflineAuthor

        return Built(OfflineAuthor())

    return Provider("offline", "", "", build, reachable=True, why="built in: a grammar of everyday wishes, no network, no key")


def scripted(chat: BaseChatModel, name: str = "script", failures: tuple[type[BaseException], ...] = ()) -> Provider:
    """Any chat model that is already there: tests and recordings."""
    return Provider("scripted", name, "", lambda: Built(chat, failures), reachable=True)
