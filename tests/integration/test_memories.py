"""What is remembered, through the actions, the runs and the worker of one installation."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from app.actions import Actor, Forbidden, Invalid, NotFound
from app.container import Container, Prepared
from app.remembering import Tending, make_index
from memory import EmbeddingFailed, Note, Provenance, Scope
from memory.embedding import hashed
from memory.postgres import PostgresMemories
from tests.fakes import approved, definition, ended, eventually, working

pytestmark = pytest.mark.postgres
KEEP = "keep: {call: 'remember:1.0.0@default', with: {text: 'the EU shop is meant', about: shop}}"
FIND = "find: {call: 'recall:1.0.0@default', with: {text: 'which shop is meant'}}"


@pytest.fixture
async def bob(container: Container, actor: Actor) -> Actor:
    return replace(actor, user_id="u-bob", name="bob", role="viewer")


def said(what: str, **fields: Any) -> Note:
    return Note(text=what, kind="fact", provenance=Provenance(source="said", by="ada"), **fields)


async def texts(container: Container, actor: Actor) -> list[str]:
    return [one["text"] async for one in container.actions.memory_export(actor)]


async def test_what_a_run_keeps_is_its_starters_and_a_later_run_of_theirs_finds_it(container: Container, actor: Actor, bob: Actor) -> None:
    await container.actions.ensure_tenant("other")
    keeps = await approved(container, actor, definition(KEEP, name="keeps"))
    finds = await approved(container, actor, definition(FIND, name="finds"))
    operator = replace(bob, role="operator")
    async with working(container):
        kept = await eventually(container, actor, (await container.actions.start(actor, keeps.id)).id, ended)
        mine = await eventually(container, actor, (await container.actions.start(actor, finds.id)).id, ended)
        bobs = await eventually(container, actor, (await container.actions.start(operator, finds.id)).id, ended)

    assert kept.status == "completed", kept.error
    assert [found["text"] for found in mine.output["memories"]] == ["the EU shop is meant"]
    assert bobs.output["memories"] == []
    (one,) = await container.actions.memory_list(actor, kinds=["fact"])
    assert (one["owner"], one["uses"], one["provenance"]) == (
        "ada", 1, {"source": "run", "by": "ada", "run": kept.id, "workflow": "test/keeps/1.0.0"},
    )  # fmt: skip


async def test_an_approved_workflow_is_an_example_with_what_was_said(container: Container, actor: Actor, bob: Actor) -> None:
    thread = await conversation(container, actor, "Every morning fetch the orders", "and tell me by mail")
    proposal = await container.actions.propose(actor, definition("a: {set: {x: 1}}"), conversation=thread, summary="Sets x.")

    version = await container.actions.approve(actor, proposal.id, digest=proposal.digest)
    await container.actions.approve(actor, proposal.id, digest=proposal.digest)

    found = await container.actions.recall(bob).help("fetch orders every morning")
    (example,) = found.examples
    assert example.memory.text == "sample\nEvery morning fetch the orders\nand tell me by mail\nSets x."
    assert example.memory.data["conversation"] == ["Every morning fetch the orders", "and tell me by mail"]
    assert (example.memory.data["version_id"], example.memory.provenance.source) == (version.id, "approved")
    assert (example.memory.provenance.conversation, example.memory.provenance.by) == (thread, "ada")


async def test_the_example_of_a_newer_version_replaces_the_older(container: Container, actor: Actor) -> None:
    await approved(container, actor, definition("a: {set: {x: 1}}"))
    await approved(container, actor, definition("a: {set: {x: 2}}", version="1.1.0"))

    (one,) = await container.actions.memory_list(actor, kinds=["example"])

    assert one["provenance"]["workflow"] == "test/sample/1.1.0"


async def test_known_secrets_are_taken_out_and_what_looks_like_one_is_refused(container: Container, actor: Actor) -> None:
    await container.actions.secret_set(actor, "code", "open-sesame-99")
    await container.actions.remember(actor, [said("the door opens with open-sesame-99")])

    with pytest.raises(Invalid, match="not remembered"):
        await container.actions.remember(actor, [said("the key is sk-" + "a1B2" * 8)])

    assert await texts(container, actor) == ["the door opens with ***"]


async def test_anothers_memories_are_not_found_and_everybodys_are_kept_and_removed_by_authors(
    container: Container, actor: Actor, bob: Actor
) -> None:
    mine, all_ = await container.actions.remember(actor, [said("mine"), said("of all", mine=False)])

    with pytest.raises(NotFound):
        await container.actions.memory_forget(bob, [mine.id])
    with pytest.raises(Forbidden):
        await container.actions.memory_forget(bob, [all_.id])
    with pytest.raises(Forbidden):
        await container.actions.remember(bob, [said("bob says", mine=False)])
    with pytest.raises(Forbidden):
        await container.actions.memory_forget_all(bob, everybody=True)
    assert await texts(container, bob) == ["of all"]
    assert sorted(await texts(container, actor)) == ["mine", "of all"]


async def test_forgetting_by_words_by_id_and_all_leaves_nothing_to_be_found_by(
    container: Container, actor: Actor, database: Prepared
) -> None:
    (one, *_) = await container.actions.remember(actor, [said("first thing"), said("second thing"), said("third"), said("fourth")])

    assert len(await container.actions.memory_forget(actor, matching="SECOND thing")) == 1
    assert await container.actions.memory_forget(actor, [one.id]) == [one.id]
    assert sorted(await texts(container, actor)) == ["fourth", "third"]
    assert await container.actions.memory_forget_all(actor) == 2

    with psycopg.connect(**database.owner) as connection:
        left = connection.execute("SELECT (SELECT count(*) FROM parley.memories), (SELECT count(*) FROM parley.memory_search)").fetchone()
    assert left == (0, 0)
    assert {row["act"] for row in await container.actions.audit(actor)} >= {"memory-forget", "memory-forget-all"}


class OtherModel:
    """An embedder with vectors of another size, that may fail."""

    model_id, dim, floor, local = "other:1", 300, 0.1, True
    fails = False

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.fails:
            raise EmbeddingFailed("other:1 cannot be reached")
        return [[*hashed(text), *[0.0] * 44] for text in texts]

    async def aclose(self) -> None: ...


async def test_another_model_embeds_anew_in_the_background_while_words_still_find(container: Container, actor: Actor) -> None:
    await container.actions.remember(actor, [said("the EU shop is meant"), said("invoices go to the ledger")])
    container.memories.embedder = OtherModel()
    recall = container.actions.recall(actor)

    before = await recall.help("which shop")
    tending = Tending(container)
    more, done = await tending.tend(), await tending.tend()
    after = await recall.help("which shop")

    assert [(one.memory.text, one.similarity) for one in before.facts] == [("the EU shop is meant", None)]
    assert (more, done, await container.memories.store.models()) == (True, False, {"other:1": 2})
    assert after.facts[0].similarity is not None and after.facts[0].similarity > 0.3
    with psycopg.connect(**container.prepared.owner) as connection:
        (index,) = connection.execute("SELECT pg_get_indexdef('parley.memory_search_near_300'::regclass)").fetchone() or ("",)
    assert "halfvec(300)" in index
    make_index(container.prepared.owner, 300)  # there already


async def test_a_model_that_is_away_is_told_and_words_find(container: Container, actor: Actor) -> None:
    away = OtherModel()
    away.fails = True
    container.memories.embedder = away

    await container.actions.remember(actor, [said("the EU shop is meant")])
    found = await container.actions.recall(actor).help("EU shop")

    assert ([one.memory.text for one in found.facts], found.note) == (
        ["the EU shop is meant"],
        "found by words alone: other:1 cannot be reached",
    )
    assert await Tending(container).tend() is False
    assert await container.memories.store.models() == {"": 1}


async def test_functions_of_the_catalogue_are_found_by_what_they_do(container: Container, actor: Actor) -> None:
    tending = Tending(container)
    await tending.tell_catalogue()
    await Tending(container).tell_catalogue()

    found = await container.actions.recall(actor).help("send an email to the customer")

    assert found.functions[0].memory.subject == "notify:1.0.0"
    assert len(await container.memories.find(Scope(actor.tenant), kinds=["function"])) == len(container.catalogue)


@pytest.fixture
async def large(container: Container, actor: Actor) -> AsyncIterator[PostgresMemories]:
    """Every row through the indexes."""
    yield PostgresMemories(container.store.database.transaction, exact=0)


async def test_common_words_of_a_large_tenant_are_learned_and_the_rare_ones_still_find(
    container: Container, actor: Actor, large: PostgresMemories
) -> None:
    container.memories.store = large
    await container.actions.remember(actor, [said(f"orders of customer{n} come by mail") for n in range(40)])

    assert (await large.learn(), await large.learn()) == (1, 0)
    found = await container.actions.recall(actor).help("orders of customer17 by mail", facts=1)
    common = await container.actions.recall(actor).help("orders by mail", facts=40)

    assert [one.memory.text for one in found.facts] == ["orders of customer17 come by mail"]
    assert len(common.facts) == 40


async def conversation(container: Container, actor: Actor, *messages: str) -> str:
    thread = str(uuid.uuid4())
    async with container.store.database.session(actor.tenant) as session:
        await session.execute(
            text('INSERT INTO chat.threads (tenant_id, "id") VALUES (:tenant, :id)'), {"tenant": actor.tenant, "id": thread}
        )
        for place, message in enumerate(messages):
            await session.execute(
                text(
                    'INSERT INTO chat.steps (tenant_id, "id", "name", "type", "threadId", "streaming", "output", "createdAt")'
                    " VALUES (:tenant, :id, 'ada', 'user_message', :thread, false, :output, :at)"
                ),
                {"tenant": actor.tenant, "id": str(uuid.uuid4()), "thread": thread, "output": message, "at": f"2026-01-01T00:00:0{place}Z"},
            )
    return thread
