"""The chat's rows on a real database: owners, tenants, pages, and what Chainlit's data layer makes of them."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from app.container import Container
from app.web.chat_store import ChatStore
from app.web.errors import NotThere, NotYours
from app.web.identity import Identity

pytestmark = pytest.mark.postgres
ADA, BOB, EVE = Identity("default", "ada"), Identity("default", "bob"), Identity("other", "ada")


@pytest.fixture
async def store(container: Container) -> ChatStore:
    await container.actions.ensure_tenant("other")
    return ChatStore(container.store.database)


def new_id() -> str:
    return str(uuid.uuid4())


def message(thread: str, text: str = "hello", **more: Any) -> dict[str, Any]:
    at = more.pop("at", "2026-11-20T08:00:00.000000Z")
    return {"id": new_id(), "threadId": thread, "name": "x", "type": "assistant_message", "output": text, "createdAt": at, **more}


def card(thread: str, **props: Any) -> dict[str, Any]:
    return {"id": new_id(), "threadId": thread, "type": "custom", "name": "RunCard", "display": "inline", "props": props}


class TestFirstMessage:
    async def test_the_thread_is_made_by_whatever_row_comes_first(self, store: ChatStore) -> None:
        thread = new_id()

        await asyncio.gather(*(store.put_step(ADA, message(thread)) for _ in range(5)), store.put_element(ADA, card(thread, a=1)))

        found = await store.thread("default", thread)
        assert found is not None
        assert (found["userIdentifier"], len(found["steps"]), found["elements"][0]["props"]) == ("default/ada", 5, {"a": 1})

    async def test_writing_a_row_again_replaces_it(self, store: ChatStore) -> None:
        thread, row = new_id(), message(new_id())
        row["threadId"] = thread

        await store.put_step(ADA, row)
        await store.put_step(ADA, {**row, "output": "changed"})

        found = await store.thread("default", thread)
        assert found is not None
        assert [step["output"] for step in found["steps"]] == ["changed"]

    async def test_text_the_database_cannot_hold_is_kept_as_near_as_it_gets(self, store: ChatStore) -> None:
        thread = new_id()

        await store.put_step(ADA, message(thread, "a\x00b\ud800"))
        await store.put_element(ADA, card(thread, output="x\x00"))

        found = await store.thread("default", thread)
        assert found is not None
        assert (found["steps"][0]["output"], found["elements"][0]["props"]) == ("a\ufffdb?", {"output": "x\ufffd"})

    async def test_the_order_of_a_cards_values_is_kept(self, store: ChatStore) -> None:
        """They become the columns of a table."""
        thread, row = new_id(), {"total": 5, "id": "A", "customer": "Meyer"}

        await store.put_element(ADA, card(thread, output=[row]))

        found = await store.thread("default", thread)
        assert found is not None
        assert list(found["elements"][0]["props"]["output"][0]) == ["total", "id", "customer"]


class TestOwners:
    async def test_nobody_writes_into_somebody_elses_thread(self, store: ChatStore) -> None:
        thread = new_id()
        await store.put_step(ADA, message(thread))

        for work in (
            store.put_step(BOB, message(thread)),
            store.put_element(BOB, card(thread)),
            store.put_thread(BOB, thread, name="mine"),
        ):
            with pytest.raises(NotYours):
                await work

    async def test_a_row_does_not_move_to_another_thread(self, store: ChatStore) -> None:
        theirs, mine, row = new_id(), new_id(), card(new_id(), amount=1)
        await store.put_element(ADA, {**row, "threadId": theirs})

        with pytest.raises(NotYours):
            await store.put_element(BOB, {**row, "threadId": mine, "props": {"amount": 2}})

        kept = await store.element("default", row["id"])
        assert kept is not None
        assert kept["props"] == {"amount": 1}

    async def test_nobody_deletes_what_is_not_theirs(self, store: ChatStore) -> None:
        thread, row, element = new_id(), message(new_id()), card(new_id())
        await store.put_step(ADA, {**row, "threadId": thread})
        await store.put_element(ADA, {**element, "threadId": thread})

        for work in (store.delete_thread(BOB, thread), store.delete_step(BOB, row["id"]), store.delete_element(BOB, element["id"])):
            with pytest.raises(NotThere):
                await work

        found = await store.thread("default", thread)
        assert found is not None
        assert (len(found["steps"]), len(found["elements"])) == (1, 1)

    async def test_nobody_judges_somebody_elses_message(self, store: ChatStore) -> None:
        row = message(new_id())
        await store.put_step(ADA, row)

        with pytest.raises(NotThere):
            await store.put_feedback(BOB, feedback_id=new_id(), step_id=row["id"], value=0, comment=None)

    async def test_the_owner_may_do_all_of_it(self, store: ChatStore) -> None:
        thread = new_id()
        row, element = message(thread), card(thread)
        await store.put_step(ADA, row)
        await store.put_element(ADA, element)
        await store.put_feedback(ADA, feedback_id=new_id(), step_id=row["id"], value=1, comment="good")
        found = await store.thread("default", thread)
        assert found is not None
        assert found["steps"][0]["feedback"]["comment"] == "good"

        await store.delete_element(ADA, element["id"])
        await store.delete_step(ADA, row["id"])
        await store.delete_thread(ADA, thread)

        assert await store.thread("default", thread) is None


class TestTenants:
    async def test_a_person_of_the_same_name_elsewhere_is_somebody_else(self, store: ChatStore) -> None:
        thread = new_id()
        await store.put_step(ADA, message(thread))

        assert await store.thread("other", thread) is None
        assert await store.owner("other", thread) is None
        with pytest.raises(NotYours):
            await store.put_step(EVE, message(thread))
        with pytest.raises(NotThere):
            await store.delete_thread(EVE, thread)

    async def test_both_can_sign_in(self, store: ChatStore) -> None:
        await store.put_user(ADA, {"a": 1})
        await store.put_user(EVE, {"b": 2})

        assert [(await store.user(who) or {})["metadata"] for who in (ADA, EVE)] == [{"a": 1}, {"b": 2}]


class TestPages:
    async def test_threads_come_page_by_page_newest_first(self, store: ChatStore) -> None:
        made = [new_id() for _ in range(5)]
        for thread in made:
            await store.put_thread(ADA, thread, name=f"thread {thread}")
        await store.put_thread(BOB, new_id(), name="not ada's")

        first, more = await store.threads(ADA, first=3)
        second, no_more = await store.threads(ADA, first=3, after=first[-1]["id"])

        assert [row["id"] for row in (*first, *second)] == made[::-1]
        assert (more, no_more) == (True, False)

    async def test_search_finds_names_and_text_and_takes_signs_literally(self, store: ChatStore) -> None:
        hit, miss = new_id(), new_id()
        await store.put_step(ADA, message(hit, "raise by 100% now"))
        await store.put_step(ADA, message(miss, "raise by 100 now"))

        found, _ = await store.threads(ADA, first=10, search="100%")

        assert [row["id"] for row in found] == [hit]

    async def test_metadata_is_merged_and_none_removes(self, store: ChatStore) -> None:
        thread = new_id()
        await store.put_thread(ADA, thread, name="first", metadata={"a": 1, "b": 2})
        await store.put_thread(ADA, thread, metadata={"b": None, "c": 3})

        found = await store.thread("default", thread)
        assert found is not None
        assert (found["name"], found["metadata"]) == ("first", {"a": 1, "c": 3})

    async def test_steps_come_in_the_order_they_were_said(self, store: ChatStore) -> None:
        thread = new_id()
        for text, at in (("second", "2026-11-20T08:00:00.5Z"), ("third", "2026-11-20T08:00:01Z"), ("first", "2026-11-20T08:00:00Z")):
            await store.put_step(ADA, message(thread, text, at=at))

        found = await store.thread("default", thread)
        assert found is not None
        assert [step["output"] for step in found["steps"]] == ["first", "second", "third"]


KEY = "sk-proj-abcdEFGH1234567890abcdEFGH1234567890abcd"


class TestSecrets:
    async def test_a_pasted_key_is_in_no_table_of_the_chat(self, store: ChatStore) -> None:
        thread, said = new_id(), f"use the key {KEY} to fetch https://example.com/orders?key={KEY}"

        await store.put_thread(ADA, thread, name=said)
        for kind in ("user_message", "run"):
            row = message(thread, said, type=kind, input=said)
            await store.put_step(ADA, row)
            await store.put_step(ADA, row)

        async with store.transaction("default") as cursor:
            found = {}
            for table in ("threads", "steps", "elements", "users", "feedbacks"):
                await cursor.execute(f"SELECT row::text AS said FROM chat.{table} AS row".encode())
                found[table] = [row["said"] for row in await cursor.fetchall()]
        assert [table for table, rows in found.items() if any(KEY[:20] in row for row in rows)] == []
        assert [len([row for row in found[table] if "secret removed" in row]) for table in ("threads", "steps")] == [1, 2]

    async def test_what_parley_says_is_left_as_it_is(self, store: ChatStore) -> None:
        thread, said = new_id(), "password: letmein is only an example"
        await store.put_step(ADA, message(thread, said))

        found = await store.thread("default", thread)
        assert found is not None
        assert found["steps"][0]["output"] == said
