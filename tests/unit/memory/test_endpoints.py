"""Models behind an address, each a small server that answers for real."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from memory import EmbeddingFailed
from memory.endpoints import EndpointEmbedder, embedder_named
from tests.unit.run.harness import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.open()
    yield world
    await world.close()


def named(world: World, kind: str, **given: Any) -> EndpointEmbedder:
    return embedder_named(
        f"{kind}:small",
        ollama_host=world.url,
        openai_base_url=f"{world.url}/v1",
        openai_api_key="k-1",
        timeout_s=given.get("timeout_s", 5.0),
    )


async def test_ollama_is_asked_for_all_texts_at_once_and_its_vectors_are_brought_to_unit_length(world: World) -> None:
    world.json("/api/embed", json.dumps({"embeddings": [[3, 4], [0, 2]]}))
    embedder = named(world, "ollama")

    vectors = await embedder.embed(["a", " ", "b"])
    await embedder.aclose()

    assert vectors == [[0.6, 0.8], [], [0.0, 1.0]]
    assert (embedder.model_id, embedder.dim) == ("ollama:small", 2)
    assert [json.loads(request["body"]) for request in world.requests] == [{"model": "small", "input": ["a", "b"]}]


async def test_an_openai_endpoint_is_sent_its_key_and_may_answer_in_any_order(world: World) -> None:
    data = [{"index": 1, "embedding": [0, 1]}, {"index": 0, "embedding": [1, 0]}]
    world.json("/v1/embeddings", json.dumps({"data": data}))
    embedder = named(world, "openai")

    vectors = await embedder.embed(["a", "b"])
    await embedder.aclose()

    assert vectors == [[1.0, 0.0], [0.0, 1.0]]
    assert world.requests[0]["headers"]["authorization"] == "Bearer k-1"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, "{}", "answered 500"),
        (200, "no json", "answered no JSON"),
        (200, "[]", "holds no vectors"),
        (200, '{"embeddings": [[1, 2], [1]]}', "some of a size that cannot be kept"),
        (200, '{"embeddings": [[0, 0]]}', "holds no vectors"),
        (200, '{"embeddings": [[1, null]]}', "holds no vectors"),
        (200, '{"embeddings": [[1], [1]]}', "2 vectors for 1 texts"),
    ],
)
async def test_an_answer_that_is_none_is_told_and_the_endpoint_left_alone_for_a_while(
    world: World, status: int, body: str, words: str
) -> None:
    world.json("/api/embed", body, status)
    embedder = named(world, "ollama")

    for _ in range(2):
        with pytest.raises(EmbeddingFailed, match=words):
            await embedder.embed(["a"])
    await embedder.aclose()

    assert world.seen("/api/embed") == 1


async def test_one_that_does_not_answer_in_time_is_told(world: World) -> None:
    async def never(_request: dict[str, Any]) -> Any:
        await asyncio.sleep(30)

    world.on("/api/embed", never)
    embedder = named(world, "ollama", timeout_s=0.05)

    with pytest.raises(EmbeddingFailed, match=r"did not answer within 0\.05 s"):
        await embedder.embed(["a"])
    await embedder.aclose()


async def test_nobody_there_is_told(world: World) -> None:
    embedder = EndpointEmbedder("ollama", "small", "http://127.0.0.1:1")

    with pytest.raises(EmbeddingFailed, match="cannot be reached"):
        await embedder.embed(["a"])
    await embedder.aclose()


def test_a_name_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="ollama:NAME or openai:NAME"):
        embedder_named("small", ollama_host="", openai_base_url="", openai_api_key="", timeout_s=1)
