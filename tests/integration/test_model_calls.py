"""A reply that was stored is not asked for again, whoever died; what conversations use is counted, kept apart, and removed in time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypedDict

import pytest
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from pydantic import Field
from sqlalchemy import text

from app.container import Container
from app.store.model_calls import ModelCalls
from app.store.retention import Removed, Retention
from graphs.design import converse, design_graph
from graphs.models import BadReply, Call, Caps, InMemoryReplies, InMemorySpending, ModelRouter, ReplyStore, Scope, Spending, Spent
from graphs.models.offline import OfflineAuthor
from graphs.models.providers import scripted
from tests.unit.design.scripted import deps
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


WISH = "Every day at 9 fetch https://api.example.com/orders and notify ops@example.com by email"
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


async def test_who_was_told_that_no_answer_was_usable_may_ask_again(container: Container) -> None:
    chat = Model(replies=["no", "nor this", GOOD])
    with pytest.raises(BadReply):
        await within(container, chat).ask(PROMPT, {}, Plan)

    assert (await within(container, chat).ask(PROMPT, {}, Plan)).title == "T"


class Counting(OfflineAuthor):
    """The built-in author, and which prompts it was asked."""

    asked: list[str] = Field(default_factory=list)

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.asked.append(str(messages[0].content).splitlines()[0])
        return super()._generate(messages, *args, **kwargs)


class Dying(ModelCalls):
    """Kills its process after it has stored so many replies."""

    left = 0

    async def put(self, digest: str, reply: Sequence[Mapping[str, Any]], meta: Mapping[str, Any]) -> None:
        await super().put(digest, reply, meta)
        self.left -= 1
        if not self.left:
            raise Killed


async def test_a_conversation_that_died_behind_any_of_its_calls_goes_on_without_repeating_one(container: Container) -> None:
    """The design graph, from the wish to the card: the same message again goes on where the killed process stopped."""

    async def turn(chat: Counting, thread: str, dies_after: int = 0) -> list[str]:
        store = Dying(container.store.database, "default", thread)
        store.left = dies_after
        given = deps(ModelRouter([scripted(chat, "author")]).within(Scope(tenant="default", thread=thread, replies=store)))
        graph = design_graph(container.store.saver("default"))
        return [event["type"] async for event in converse(graph, given, thread_id=thread, user={"text": WISH})]

    clean = Counting()
    assert (await turn(clean, "clean"))[-1] == "proposal"

    for stored in range(1, len(clean.asked) + 1):
        chat = Counting()
        with pytest.raises(Killed):
            await turn(chat, f"c{stored}", dies_after=stored)
        assert len(chat.asked) == stored

        assert (await turn(chat, f"c{stored}"))[-1] == "proposal"
        assert chat.asked == clean.asked


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
