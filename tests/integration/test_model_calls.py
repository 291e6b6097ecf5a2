"""A reply that was stored is not asked for again, whoever died; what conversations use is counted, kept apart, and removed in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypedDict

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from sqlalchemy import text

from app.container import Container
from app.store.model_calls import ModelCalls
from app.store.retention import Removed, Retention
from graphs.models import BadReply, Call, Caps, InMemoryReplies, InMemorySpending, ModelRouter, ReplyStore, Scope, Spending, Spent
from graphs.models.providers import scripted
from tests.unit.models.test_weak import GOOD, PROMPT, Plan
from tests.unit.run.functions.model import Model

pytestmark = pytest.mark.postgres


class Killed(BaseException):
    """What ends a process in the middle of a node."""


class State(TypedDict, total=False):
    turn: int
    title: str


def graph_of(saver: Any, models: ModelRouter, *, dies: list[bool]) -> Any:
    """Return a graph whose only node asks, and dies after the reply as often as *dies* says."""

    async def plan(state: State) -> State:
        reply = await models.ask(PROMPT, {}, Plan)
        if dies and dies.pop(0):
            raise Killed
        return {"title": reply.title}

    graph = StateGraph(State)
    graph.add_node("plan", plan)
    graph.add_edge(START, "plan")
    graph.add_edge("plan", END)
    return graph.compile(checkpointer=saver)


def within(container: Container, chat: Model, thread: str = "c1", tenant: str = "default") -> ModelRouter:
    calls = ModelCalls(container.store.database, tenant, thread)
    return ModelRouter([scripted(chat, "gpt")]).within(Scope(tenant=tenant, thread=thread, replies=calls, spending=calls))


THREAD: RunnableConfig = {"configurable": {"thread_id": "c1"}}


async def test_a_node_that_died_after_its_reply_was_stored_does_not_ask_again(container: Container) -> None:
    chat = Model(replies=["no plan", GOOD, GOOD])
    saver = container.store.saver("default")
    with pytest.raises(Killed):
        await graph_of(saver, within(container, chat), dies=[True]).ainvoke({"turn": 1}, THREAD)
    assert len(chat.asked) == 2  # the second mended the first

    state = await graph_of(saver, within(container, chat), dies=[]).ainvoke(None, THREAD)  # another process

    assert (state["title"], len(chat.asked)) == ("T", 2)


async def test_another_turn_with_the_same_words_asks_again(container: Container) -> None:
    chat = Model(replies=[GOOD, GOOD])
    graph = graph_of(container.store.saver("default"), within(container, chat), dies=[])

    await graph.ainvoke({"turn": 1}, THREAD)
    await graph.ainvoke({"turn": 1}, THREAD)

    assert len(chat.asked) == 2


async def test_another_conversation_and_another_attempt_ask_again(container: Container) -> None:
    chat = Model(replies=[GOOD] * 4)
    models, other = within(container, chat), within(container, chat, "c2")

    for router, attempt in ((models, 0), (models, 0), (models, 1), (other, 0), (other, 0)):
        assert (await router.ask(PROMPT, {}, Plan, attempt=attempt)).title == "T"

    assert len(chat.asked) == 3


async def test_an_answer_is_stored_before_it_is_used(container: Container) -> None:
    """Also one that cannot be used: it was paid for."""
    chat = Model(replies=["no", "nor this", GOOD])

    for _ in range(2):
        with pytest.raises(BadReply):
            await within(container, chat).ask(PROMPT, {}, Plan)

    assert len(chat.asked) == 2


@pytest.fixture(params=["memory", "postgres"])
async def stores(request: pytest.FixtureRequest, container: Container) -> AsyncIterator[tuple[ReplyStore, Spending]]:
    if request.param == "memory":
        yield InMemoryReplies(), InMemorySpending()
    else:
        calls = ModelCalls(container.store.database, "default", "c1")
        yield calls, calls


class TestBothStores:
    async def test_give_back_what_was_put_last(self, stores: tuple[ReplyStore, Spending]) -> None:
        replies, _ = stores

        await replies.put("sha256:1", [{"text": "ä\ufffd"}], {"model": "m"})
        await replies.put("sha256:1", [{"text": "ä\ufffd"}, {"text": "b"}], {"model": "m"})

        assert await replies.get("sha256:1") == [{"text": "ä\ufffd"}, {"text": "b"}]
        assert await replies.get("sha256:2") is None

    async def test_add_up_what_was_used(self, stores: tuple[ReplyStore, Spending]) -> None:
        _, spending = stores
        assert await spending.spent() == Spent()

        await spending.add(Call("m", "p", "d", 10, 5, 0.1, 0.25))
        await spending.add(Call("m", "p", "d", 1, 1, 0.1, None))

        assert await spending.spent() == Spent(17, 0.25, 17, 0.25)


async def test_tenants_see_nothing_of_each_other_and_conversations_add_up_to_their_tenant(container: Container) -> None:
    await container.actions.ensure_tenant("other")
    database = container.store.database
    mine, also_mine, theirs = (ModelCalls(database, *where) for where in (("default", "a"), ("default", "b"), ("other", "a")))

    await mine.put("d", [{"text": "x"}], {})
    for calls in (mine, also_mine, theirs):
        await calls.add(Call("m", "p", "d", 10, 0, 0.1, 1.0))

    assert (await theirs.get("d"), await also_mine.get("d")) == (None, None)
    assert (await mine.spent(), await theirs.spent()) == (Spent(10, 1.0, 20, 2.0), Spent(10, 1.0, 10, 1.0))


async def test_replies_go_after_a_week_and_what_was_used_stays(container: Container) -> None:
    calls = ModelCalls(container.store.database, "default", "c1")
    for digest in ("old", "new"):
        await calls.put(digest, [{"text": "x"}], {})
    await calls.add(Call("m", "p", "d", 10, 0, 0.1, 1.0))
    async with container.store.database.session("default") as session:
        await session.execute(text("UPDATE parley.model_replies SET kept_at = kept_at - interval '8 days' WHERE digest = 'old'"))

    assert await Retention(container.store.database, days=0).sweep() == Removed(replies=1)

    assert (await calls.get("old"), await calls.get("new")) == (None, [{"text": "x"}])
    assert (await calls.spent()).conversation_tokens == 10


async def test_the_chats_models_are_bound_to_its_conversation_and_its_caps(container: Container) -> None:
    scope = container.models_for("default", "c1")._scope

    assert scope is not None
    assert (scope.tenant, scope.thread, scope.caps) == ("default", "c1", Caps())
    assert isinstance(scope.replies, ModelCalls)
