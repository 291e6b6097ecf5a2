"""What `parley doctor` says about memories: what compares them, and whether all have been compared by it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from app.cli.checks import Check

if TYPE_CHECKING:
    import psycopg

    from app.settings import Settings

FIX = "PARLEY_EMBEDDING_MODEL=ollama:NAME or openai:NAME"


def embedder(settings: Settings) -> Check:
    """Ask the model, when one is set, for the vector of one word."""
    if settings.embedding_model:
        return asyncio.run(_asked(settings))
    return Check(name="Memory", status="ok", detail="compared by spelling, built in; a model compares meanings", fix=FIX)


async def _asked(settings: Settings) -> Check:
    from app.remembering import embedder_of
    from memory import EmbeddingFailed

    embedder = embedder_of(settings)
    try:
        await embedder.embed(["parley"])
    except EmbeddingFailed as error:
        detail = f"found by words alone: {error}"
        return Check(name="Memory", status="optional", detail=detail, fix=f"start the model's server, or {FIX}, or unset it")
    finally:
        await embedder.aclose()
    return Check(name="Memory", status="ok", detail=f"compared by {embedder.model_id}, vectors of {embedder.dim} numbers", fix=FIX)


def vectors(connection: psycopg.Connection[Any], settings: Settings) -> list[Check]:
    """Count the memories that have no vector of the model yet; nothing is said when all have."""
    from app.remembering import embedder_of

    model = embedder_of(settings).model_id
    rows = connection.execute("SELECT model, counted FROM parley.memory_models()").fetchall()
    waiting, total = sum(counted for name, counted in rows if name != model), sum(counted for _, counted in rows)
    if not waiting:
        return []
    detail = f"{waiting:,} of {total:,} memories wait for their vector of {model}; until then their words find them"
    return [Check(name="Memory vectors", status="optional", detail=detail, fix="a running worker makes them: parley up or parley worker")]
