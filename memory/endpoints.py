"""Vectors from a model behind an address: Ollama's `/api/embed`, or `/embeddings` of anything that speaks as OpenAI does.

Their addresses are the operator's, like those of the models that answer in the chat.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, sqrt
from typing import TYPE_CHECKING, Any

from memory.embedding import EmbeddingFailed, Vector

if TYPE_CHECKING:
    import httpx

LARGEST = 4_000  # numbers that pgvector's index of halfvec takes
_PAUSE_S = 30.0  # that an endpoint which failed is left alone: a person who waits for an answer pays its timeout once


class EndpointEmbedder:
    """
    The port `Embedder`.

    Args:
        kind: "ollama" or "openai".
        model: Its name there.
        url: http://host:11434, or https://api.example.com/v1.
        timeout_s: For one call.
    """

    def __init__(self, kind: str, model: str, url: str, *, key: str = "", timeout_s: float = 10.0) -> None:
        self.model_id = f"{kind}:{model}"
        self.dim = 0
        self.floor = 0.25
        self.local = False
        self._kind, self._model = kind, model
        self._url = f"{url.rstrip('/')}/{'api/embed' if kind == 'ollama' else 'embeddings'}"
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None
        self._rests_until = 0.0
        self._why = ""

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        asked = [text for text in texts if text.strip()]
        made = iter(await self._asked(asked) if asked else [])
        return [next(made) if text.strip() else [] for text in texts]

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _asked(self, texts: Sequence[str]) -> list[Vector]:
        import asyncio

        now = asyncio.get_running_loop().time()
        if now < self._rests_until:
            raise EmbeddingFailed(self._why)
        try:
            found = _vectors(await self._answer(texts), len(texts))
        except EmbeddingFailed as error:
            self._rests_until, self._why = now + _PAUSE_S, str(error)
            raise
        self.dim = len(found[0])
        return found

    async def _answer(self, texts: Sequence[str]) -> Any:
        import httpx

        self._client = self._client or httpx.AsyncClient(timeout=self._timeout_s, trust_env=False)
        body = {"model": self._model, "input": list(texts)}
        try:
            response = await self._client.post(self._url, json=body, headers=self._headers)
        except httpx.TimeoutException as error:
            raise EmbeddingFailed(f"{self.model_id} did not answer within {self._timeout_s:g} s") from error
        except httpx.HTTPError as error:
            raise EmbeddingFailed(f"{self.model_id} cannot be reached at {self._url}") from error
        if response.status_code != 200:
            raise EmbeddingFailed(f"{self.model_id} answered {response.status_code} at {self._url}")
        try:
            return response.json()
        except ValueError as error:
            raise EmbeddingFailed(f"{self.model_id} answered no JSON at {self._url}") from error


def _vectors(answer: Any, count: int) -> list[Vector]:
    """Return the vectors of an answer, of either kind, at unit length. Raises EmbeddingFailed when there are not *count* good ones."""
    try:
        if "embeddings" in answer:
            found = answer["embeddings"]
        else:
            found = [one["embedding"] for one in sorted(answer["data"], key=lambda one: int(one.get("index", 0)))]
        units = [_unit([float(value) for value in vector]) for vector in found]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EmbeddingFailed("the answer holds no vectors") from error
    if len(units) != count or len({len(vector) for vector in units}) != 1 or not 0 < len(units[0]) <= LARGEST:
        raise EmbeddingFailed(f"the answer holds {len(units)} vectors for {count} texts, or some of a size that cannot be kept")
    return units


def _unit(vector: Vector) -> Vector:
    length = sqrt(fsum(value * value for value in vector))
    if not 0 < length < float("inf"):
        raise ValueError("no direction")
    return [value / length for value in vector]


def embedder_named(name: str, *, ollama_host: str, openai_base_url: str, openai_api_key: str, timeout_s: float) -> EndpointEmbedder:
    """Return the embedder of `ollama:NAME` or `openai:NAME`. Raises ValueError when *name* is neither."""
    kind, _, model = name.partition(":")
    if kind == "ollama" and model:
        return EndpointEmbedder(kind, model, ollama_host, timeout_s=timeout_s)
    if kind == "openai" and model:
        return EndpointEmbedder(kind, model, openai_base_url or "https://api.openai.com/v1", key=openai_api_key, timeout_s=timeout_s)
    raise ValueError(f"{name!r} names no model for embeddings: write ollama:NAME or openai:NAME")
