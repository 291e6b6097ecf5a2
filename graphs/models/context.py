"""How much context a request to Ollama needs. Ollama cuts what is longer than its window, and says nothing: so the window is always sent.

A window of another size makes Ollama load the model anew, so sizes are few and only grow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
from langchain_core.messages import BaseMessage

REPLY_TOKENS = 4096  # room kept for the answer
CHARS_PER_TOKEN = 3  # on the safe side for YAML and prose; what is not ASCII counts as a token each
SMALLEST = 8_192
ASK_S = 5.0


class TooLong(Exception):
    """A request does not fit into the model's context."""

    def __init__(self, need: int, limit: int, why: str) -> None:
        super().__init__(f"the request needs about {need} tokens, {why} {limit}")


def tokens_of(messages: Sequence[BaseMessage]) -> int:
    """Return about how many tokens *messages* are, rather too many."""
    return sum(_tokens(str(message.content)) for message in messages)


def fits(messages: Sequence[BaseMessage], limit: int) -> None:
    """Raise TooLong when *messages* and the answer need more than *limit*; 0 is not known."""
    need = tokens_of(messages) + REPLY_TOKENS
    if limit and need > limit:
        raise TooLong(need, limit, "the context is set to")


def _tokens(text: str) -> int:
    ascii_chars = len(text.encode("ascii", "ignore"))
    return -(-ascii_chars // CHARS_PER_TOKEN) + len(text) - ascii_chars


class OllamaWindow:
    """The context window of one model of an Ollama server."""

    def __init__(self, model: str, host: str, *, most: int) -> None:
        self._model, self._host, self._most = model, host, most
        self._limit: int | None = None  # None: not asked yet; 0: the server does not say
        self._size = SMALLEST

    async def size_for(self, messages: Sequence[BaseMessage]) -> int:
        """
        Return the window that holds *messages* and the answer.

        Raises:
            TooLong: more than the model can, or than the operator allows.
        """
        need = tokens_of(messages) + REPLY_TOKENS
        limit = await self._asked()
        if limit and need > limit:
            raise TooLong(need, limit, "the model has a context of")
        if need > self._most:
            raise TooLong(need, self._most, "PARLEY_OLLAMA_CONTEXT allows")
        while self._size < need:
            self._size *= 2
        return min(self._size, self._most, limit or self._most)

    async def _asked(self) -> int:
        """Return the model's limit as Ollama tells it, asked for once; 0 when it does not."""
        if self._limit is None:
            try:
                async with httpx.AsyncClient(timeout=ASK_S, trust_env=False) as client:
                    answer = await client.post(f"{self._host}/api/show", json={"model": self._model})
                self._limit = _limit(answer.json()) if answer.status_code == httpx.codes.OK else 0
            except httpx.HTTPError:
                return 0  # nobody is there: the call itself will tell
            except ValueError:
                self._limit = 0
        return self._limit


def _limit(told: Any) -> int:
    """Return `<architecture>.context_length` of what `/api/show` tells. Source: Ollama API, "Show Model Information"."""
    about = told.get("model_info") if isinstance(told, dict) else None
    found = [value for key, value in about.items() if key.endswith(".context_length")] if isinstance(about, dict) else []
    return next((value for value in found if isinstance(value, int) and value > 0), 0)
