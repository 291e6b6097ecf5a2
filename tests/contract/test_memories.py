"""What a store of memories does, in memory and on PostgreSQL: there once by looking at every row, once through the indexes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from app.container import Prepared
from app.store.database import Database
from memory.embedding import HashedEmbedder, hashed
from memory.in_memory import InMemory
from memory.postgres import PostgresMemories
from memory.store import KINDS, Embedded, Group, Kind, MemoryStore, Note, Provenance, Query, Remembered, Scope, new_id
from memory.words import telling, words

MODEL = HashedEmbedder.model_id
ADA, BOB, EVE = Scope("acme", "ada"), Scope("acme", "bob"), Scope("other", "ada")
ALL = Group("all", KINDS, 10)


@pytest.fixture(
    params=[
        "memory",
        pytest.param("postgres, every row", marks=pytest.mark.postgres),
        pytest.param("postgres, indexes", marks=pytest.mark.postgres),
    ]
)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[MemoryStore]:
    if request.param == "memory":
        yield InMemory()
        return
    prepared: Prepared = request.getfixturevalue("database")
    database = Database(prepared.app)
    await database.open()
    for tenant in ("acme", "other"):
        async with database.transaction(tenant) as connection:
            await connection.execute("INSERT INTO parley.tenants (tenant_id) VALUES (%s)", [tenant])
    yield PostgresMemories(database.transaction, exact=0 if "indexes" in request.param else 1000)
    await database.close()


def note(text: str, kind: Kind = "fact", **fields: object) -> Note:
    return Note(text=text, kind=kind, provenance=Provenance(source="said", by="ada"), **fields)  # type: ignore[arg-type]


def embedded(one: Note, *, waits: bool = False) -> Embedded:
    vector, model = ([], "") if waits else (hashed(one.text), MODEL)
    return Embedded(note=one, id=one.id or new_id(), words=words(one.text), vector=vector, model=model)


async def write(store: MemoryStore, scope: Scope, *notes: Note) -> list[Remembered]:
    return await store.write(scope, [embedded(one) for one in notes])


async def found(store: MemoryStore, scope: Scope, text: str, *, vector: bool = True, group: Group = ALL) -> list[str]:
    query = Query(words=telling(text), vector=hashed(text) if vector else [], model=MODEL, floor=0.3)
    return [one.memory.text for one in (await store.search(scope, [group], query))[group.name]]


async def texts(store: MemoryStore, scope: Scope) -> list[str]:
    return sorted([memory.text async for memory in store.export(scope)])


async def test_what_fits_by_words_and_by_vector_comes_first(store: MemoryStore) -> None:
    await write(store, ADA, note("invoices go to the ledger"), note("the EU shop is meant"), note("the shop closes at nine"))

    assert await found(store, ADA, "which shop is meant") == ["the EU shop is meant", "the shop closes at nine"]


async def test_without_a_vector_the_words_decide(store: MemoryStore) -> None:
    await write(store, ADA, note("invoices go to the ledger"), note("the EU shop is meant"))

    assert await found(store, ADA, "invoices", vector=False) == ["invoices go to the ledger"]
    assert await found(store, ADA, "ledgers", vector=False) == []


async def test_a_longer_word_finds_what_begins_with_it(store: MemoryStore) -> None:
    await write(store, ADA, note("Lieferungen kommen dienstags"), note("it's a 'quoted\\ word"))

    assert await found(store, ADA, "Lieferung", vector=False) == ["Lieferungen kommen dienstags"]
    assert [memory.text for memory in await store.living(ADA, words=["lieferung"])] == ["Lieferungen kommen dienstags"]
    assert await found(store, ADA, "quoted", vector=False) == ["it's a 'quoted\\ word"]


async def test_a_memory_that_waits_for_its_vector_is_found_by_its_words(store: MemoryStore) -> None:
    (waiting,) = await store.write(ADA, [embedded(note("the EU shop is meant"), waits=True)])

    assert await found(store, ADA, "EU shop") == ["the EU shop is meant"]
    assert [(one.scope, one.id, one.expired) for one in await store.due(MODEL, 10)] == [(ADA, waiting.id, False)]
    assert await store.models() == {"": 1}

    await store.embed(ADA, {waiting.id: hashed(waiting.text)}, MODEL)

    assert (await store.due(MODEL, 10), await store.models()) == ([], {MODEL: 1})
    (one,) = (await store.search(ADA, [ALL], Query(words=[], vector=hashed(waiting.text), model=MODEL)))["all"]
    assert one.similarity == pytest.approx(1, abs=0.001)


async def test_a_text_without_words_does_not_wait_for_ever(store: MemoryStore) -> None:
    (kept,) = await store.write(ADA, [embedded(note("!!"), waits=True)])

    await store.embed(ADA, {kept.id: []}, MODEL)

    assert await store.due(MODEL, 10) == []
    assert await found(store, ADA, "anything") == []


async def test_vectors_of_another_model_are_not_compared(store: MemoryStore) -> None:
    one = embedded(note("the EU shop is meant"))
    await store.write(ADA, [Embedded(note=one.note, id=one.id, words=one.words, vector=[0.6, 0.8], model="other:2")])

    assert await found(store, ADA, "unrelated thing") == []
    assert await found(store, ADA, "shop") == ["the EU shop is meant"]
    assert [due.id for due in await store.due(MODEL, 10)] == [one.id]


async def test_a_users_own_is_seen_by_nobody_else_and_a_tenants_by_all_of_it(store: MemoryStore) -> None:
    await write(store, ADA, note("shop of ada"), note("shop of all", mine=False))
    await write(store, EVE, note("shop of the other tenant", mine=False))

    assert sorted(await found(store, ADA, "shop")) == ["shop of ada", "shop of all"]
    for scope, seen in ((BOB, ["shop of all"]), (Scope("acme"), ["shop of all"]), (EVE, ["shop of the other tenant"])):
        assert await found(store, scope, "shop") == seen
        assert await found(store, scope, "shop", vector=False) == seen
        assert [memory.text for memory in await store.living(scope)] == seen
        assert await texts(store, scope) == seen


@pytest.mark.parametrize("stranger", [BOB, EVE])
async def test_anothers_memory_is_neither_read_nor_changed_nor_removed(store: MemoryStore, stranger: Scope) -> None:
    (kept,) = await write(store, ADA, note("for ada only", subject="x"))

    await write(store, stranger, note("of a stranger", subject="x", replaces=kept.id))
    await store.used(stranger, [kept.id])
    await store.embed(stranger, {kept.id: hashed("stolen")}, "stolen")

    assert await store.get(stranger, kept.id) is None
    assert await store.history(stranger, kept.id) == []
    assert await store.forget(stranger, [kept.id]) == 0
    assert await store.forget_all(stranger) == 1
    assert await store.get(ADA, kept.id) == kept
    assert await store.models() == {MODEL: 1}


async def test_a_newer_memory_about_the_same_replaces_the_older_and_keeps_it_as_history(store: MemoryStore) -> None:
    (first,) = await write(store, ADA, note("I mean the EU shop", subject="shop"))
    (second,) = await write(store, ADA, note("I mean the US shop", subject="shop"))
    (third,) = await write(store, ADA, note("the Asian one", replaces=second.id))

    assert await found(store, ADA, "I mean the shop") == []
    assert await found(store, ADA, "asian") == ["the Asian one"]
    assert [(one.id, one.superseded_by) for one in await store.history(ADA, third.id)] == [
        (third.id, None), (second.id, third.id), (first.id, second.id),
    ]  # fmt: skip
    assert [memory.id for memory in await store.living(ADA)] == [third.id]
    assert await store.due("another model", 10) != []
    assert [one.id for one in await store.due("another model", 10)] == [third.id]


async def test_of_many_said_at_once_about_the_same_one_lives(store: MemoryStore) -> None:
    written = await asyncio.gather(*(write(store, ADA, note(f"I mean shop {n}", subject="shop")) for n in range(6)))

    (living,) = await store.living(ADA)
    assert {one.id for one in await store.history(ADA, living.id)} == {one.id for (one,) in written}


async def test_what_was_replaced_can_be_said_again(store: MemoryStore) -> None:
    for text in ("the EU shop", "the US shop", "the EU shop"):
        await write(store, ADA, note(text, subject="shop"))

    (living,) = await store.living(ADA)
    assert [one.text for one in await store.history(ADA, living.id)] == ["the EU shop", "the US shop", "the EU shop"]


async def test_forgetting_a_memory_forgets_what_it_replaced(store: MemoryStore) -> None:
    """Else the older one would be true again."""
    (first,) = await write(store, ADA, note("I mean the EU shop", subject="shop"))
    (second,) = await write(store, ADA, note("I mean the US shop", subject="shop"))

    assert await store.forget(ADA, [second.id]) == 2
    assert (await texts(store, ADA), await store.get(ADA, first.id), await store.models()) == ([], None, {})


async def test_forgetting_all_of_a_user_leaves_the_tenants(store: MemoryStore) -> None:
    await write(store, ADA, note("of ada"), note("of all", mine=False))
    await write(store, BOB, note("of bob"))

    assert await store.forget_all(ADA) == 1
    assert (await texts(store, ADA), await texts(store, BOB)) == (["of all"], ["of all", "of bob"])
    assert await store.forget_all(BOB, mine=False) == 1
    assert (await texts(store, ADA), await texts(store, BOB)) == ([], ["of bob"])


async def test_the_same_text_is_one_memory_and_the_same_id_changes_nothing(store: MemoryStore) -> None:
    (first,) = await write(store, ADA, note("I mean the EU shop", confidence=0.5))
    (again,) = await write(store, ADA, note("I mean the EU shop", confidence=0.9))
    (own,) = await write(store, ADA, note("kept by a run", id="run-1"))
    (repeated,) = await write(store, ADA, note("worded otherwise", id="run-1"))

    assert (again.id, round(again.confidence, 5)) == (first.id, 0.9)
    assert repeated == own
    assert await texts(store, ADA) == ["I mean the EU shop", "kept by a run"]


async def test_expired_memories_are_not_found_and_are_due_to_go(store: MemoryStore) -> None:
    now = datetime.now(UTC)
    (gone, kept) = await write(
        store,
        ADA,
        note("shop until yesterday", expires_at=now - timedelta(days=1)),
        note("shop until tomorrow", expires_at=now + timedelta(days=1)),
    )

    assert await found(store, ADA, "shop") == [kept.text]
    assert await found(store, ADA, "shop", vector=False) == [kept.text]
    assert await store.living(ADA) == [kept]
    assert [(one.id, one.expired) for one in await store.due(MODEL, 10)] == [(gone.id, True)]


async def test_each_group_has_its_own_kinds_and_limit(store: MemoryStore) -> None:
    await write(
        store, ADA, *(note(f"shop number {n}") for n in range(3)), note("shop report", "example"), note("never on Sundays", "preference")
    )
    groups = [Group("facts", ("fact",), 2), Group("rules", ("preference",), 5, fill=True), Group("examples", ("example",), 5)]

    result = await store.search(ADA, groups, Query(words=["shop"], vector=hashed("shop"), model=MODEL, floor=0.3))

    assert {name: len(list_) for name, list_ in result.items()} == {"facts": 2, "rules": 1, "examples": 1}
    assert result["rules"][0].score < 0.001 < result["examples"][0].score


async def test_what_is_less_sure_comes_later(store: MemoryStore) -> None:
    await write(store, ADA, note("the EU shop is meant perhaps", confidence=0.3), note("the US shop was meant once"))

    assert await found(store, ADA, "the EU shop is meant perhaps", vector=False) == [
        "the US shop was meant once",
        "the EU shop is meant perhaps",
    ]


async def test_uses_are_counted(store: MemoryStore) -> None:
    (kept,) = await write(store, ADA, note("I mean the EU shop"))

    await store.used(ADA, [kept.id])
    await store.used(ADA, [kept.id])

    after = await store.get(ADA, kept.id)
    assert after is not None and (after.uses, after.used_at is not None) == (2, True)


async def test_the_passages_of_a_document_go_together(store: MemoryStore) -> None:
    handbook = Provenance(source="document", by="ada", document="handbook.pdf")
    await write(store, ADA, Note(text="page one", kind="document", provenance=handbook), note("page of nothing", "document"))

    assert await store.forget_document(BOB, "handbook.pdf", mine=True) == 0
    assert await store.forget_document(ADA, "handbook.pdf", mine=True) == 1
    assert await texts(store, ADA) == ["page of nothing"]


async def test_lists_come_in_pages_newest_first(store: MemoryStore) -> None:
    kept = await write(store, ADA, *(note(f"number {n}", id=f"{9 - n}") for n in range(5)))

    first = await store.living(ADA, limit=3)
    rest = await store.living(ADA, limit=3, before=first[-1].id)

    assert [memory.id for memory in (*first, *rest)] == [memory.id for memory in reversed(kept)]
    assert [memory.id async for memory in store.export(ADA)] == [memory.id for memory in kept]
    assert await store.living(ADA, kinds=["document"]) == []


async def test_provenance_and_data_come_back_as_they_were(store: MemoryStore) -> None:
    where = Provenance(source="approved", by="ada", conversation="c1", message="m1", run="r1", document="d1")
    data = {"version": "v1", "nested": [1, None, "ä"]}

    (kept,) = await write(store, ADA, Note(text="orders", kind="example", provenance=where, subject="workflow:orders", data=data))

    assert (kept.provenance, kept.data, kept.owner, kept.subject) == (where, data, "ada", "workflow:orders")
    assert await store.get(ADA, kept.id) == kept
