"""Remembering and finding, above a store: what is guarded, what a failing model changes, what helps for a wish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from memory import EmbeddingFailed, HashedEmbedder, InMemory, Kind, LooksSecret, Memories, Note, Provenance, Recall, Scope, Screened
from memory.memories import Screen, to_json

ADA = Scope("acme", "ada")


class Flaky(HashedEmbedder):
    """The built-in embedder as if it lay elsewhere, and failed as long as *fails*."""

    local = False
    fails = True

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.fails:
            raise EmbeddingFailed("nobody answers")
        return await super().embed(texts)


async def guard(_tenant: str) -> Screen:
    return lambda text: Screened(text.replace("hunter2", "***"), ("TOKEN",) if "***" in text or "hunter2" in text else ())


def note(text: str, kind: Kind = "fact", **fields: Any) -> Note:
    return Note(text=text, kind=kind, provenance=Provenance(source="said", by="ada"), **fields)


async def kept(memories: Memories) -> list[dict[str, Any]]:
    return [one async for one in memories.export(ADA)]


async def test_a_fact_with_a_secret_is_refused_and_nothing_of_the_call_is_kept() -> None:
    memories = Memories(InMemory(), HashedEmbedder(), guard=guard)

    with pytest.raises(LooksSecret, match="TOKEN"):
        await memories.remember(ADA, [note("harmless"), note("the password is hunter2")])

    assert await kept(memories) == []


async def test_in_what_is_longer_a_secret_is_masked_wherever_it_stands() -> None:
    memories = Memories(InMemory(), HashedEmbedder(), guard=guard)
    data = {"definition": "password: hunter2", "conversation": ["it is hunter2", 7, None]}

    await memories.remember(ADA, [note("log in with hunter2", "example", data=data, subject="hunter2")])

    assert "hunter2" not in str(await kept(memories))
    (one,) = await kept(memories)
    assert one["data"] == {"definition": "password: ***", "conversation": ["it is ***", 7, None]}


async def test_what_a_database_cannot_keep_is_left_out() -> None:
    memories = Memories(InMemory(), HashedEmbedder())

    (one,) = await memories.remember(ADA, [note("a\0b \ud800c", data={"k\0": "\0"})])

    assert (one.text, one.data) == ("ab ?c", {"k": ""})


async def test_while_the_model_is_away_words_find_and_it_is_said() -> None:
    embedder = Flaky()
    memories = Memories(InMemory(), embedder)
    await memories.remember(ADA, [note("the EU shop is meant")])
    recall = Recall(memories, ADA)

    away = await recall.help("shop")
    waiting = await memories.tend()
    embedder.fails = False
    done = await memories.tend()
    back = await recall.help("shop")

    assert ([one.memory.text for one in away.facts], away.note) == (["the EU shop is meant"], "found by words alone: nobody answers")
    assert (waiting.embedded, waiting.note) == (0, "found by words alone: nobody answers")
    assert (done.embedded, done.note, back.note) == (1, "", "")
    assert back.facts[0].similarity is not None


async def test_what_need_not_be_embedded_at_once_waits_for_no_model() -> None:
    memories = Memories(InMemory(), Flaky())

    await memories.remember(ADA, [note("the EU shop is meant")], wait=False)

    assert await memories.store.models() == {"": 1}


async def test_a_document_uploaded_again_takes_the_place_of_the_older_one() -> None:
    memories = Memories(InMemory(), HashedEmbedder())
    await memories.remember_document(ADA, "handbook.pdf", "Old text.\n\n" + "x" * 1000, by="ada")

    count = await memories.remember_document(ADA, "handbook.pdf", "New text about refunds.", by="ada", conversation="c1")

    assert count == 1
    found = await Recall(memories, ADA).help("refunds")
    assert [(one.memory.text, one.memory.data) for one in found.documents] == [("New text about refunds.", {"passage": 1, "of": 1})]
    assert [one["text"] for one in await kept(memories)] == ["New text about refunds."]


async def test_rules_help_for_wishes_that_are_worded_otherwise_too() -> None:
    memories = Memories(InMemory(), HashedEmbedder())
    await memories.remember(ADA, [note("always ask before e-mailing customers", "preference"), note("the EU shop is meant")])

    found = await Recall(memories, ADA).help("schreib allen Kunden", facts=0)

    assert ([one.memory.text for one in found.preferences], found.facts) == (["always ask before e-mailing customers"], ())


async def test_what_is_exported_says_where_it_comes_from() -> None:
    memories = Memories(InMemory(), HashedEmbedder())
    (one,) = await memories.remember(ADA, [note("the EU shop is meant", subject="shop")])

    assert to_json(one) == {
        "id": one.id, "kind": "fact", "text": "the EU shop is meant", "owner": "ada", "subject": "shop", "confidence": 1.0, "uses": 0,
        "provenance": {"source": "said", "by": "ada"}, "created_at": one.created_at.isoformat(), "updated_at": one.updated_at.isoformat(),
    }  # fmt: skip


async def test_of_a_long_question_the_longest_words_are_looked_for() -> None:
    memories = Memories(InMemory(), Flaky())
    await memories.remember(ADA, [note("about the wholesale-marketplace"), note("a b7")])
    question = " ".join(f"b{n}" for n in range(100)) + " marketplace"

    found = await Recall(memories, ADA).help(question)

    assert [one.memory.text for one in found.facts] == ["about the wholesale-marketplace"]
