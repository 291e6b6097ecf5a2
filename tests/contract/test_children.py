"""The port `Children`, in memory and on PostgreSQL: one run a path, whatever is repeated."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.actions import Actor
from app.child_runs import ChildRuns
from app.container import Container
from app.store import tables as t
from dsl import read
from dsl.expressions import Expressions
from graphs.run.errors import TooManyGenerations, UnknownWorkflow
from graphs.run.memory_children import MemoryChildren
from graphs.run.memory_ports import NoHttp, ephemeral_deps
from graphs.run.ports import Children
from tests.fakes import approved, definition, ended, eventually, working

CHILD = definition("x: {set: {doubled: '${ .n * 2 }'}}", name="child")
PARENT = definition(
    "s: {run: {await: false, workflow: {namespace: test, name: child, version: '1.0.0', input: {n: '${ .n }'}}}}", name="parent"
)


class Bench:
    """The children of one run, and what became of them."""

    def __init__(self, children: Children, again: Children, deep: Children, count: Callable[[], Awaitable[int]]) -> None:
        self.children = children
        self.again = again  # the same as another process would open it
        self.deep = deep  # of a run at the end of a long line
        self.count = count


@pytest.fixture
async def expressions() -> AsyncIterator[Expressions]:
    pool = Expressions(children=1)
    yield pool
    await pool.aclose()


@pytest.fixture
async def memory(expressions: Expressions) -> AsyncIterator[Bench]:
    deps = ephemeral_deps(expressions=expressions, catalogue={}, http=NoHttp(), workflows=[read(CHILD).data])
    children, deep = MemoryChildren(), MemoryChildren(generation=16)
    children.bind(deps)
    deep.bind(deps)

    async def count() -> int:
        return len(children.started)

    yield Bench(children, children, deep, count)
    await children.aclose()


@pytest.fixture
async def postgres_children(container: Container, actor: Actor) -> AsyncIterator[Bench]:
    await approved(container, actor, CHILD)
    version = await approved(container, actor, PARENT)
    run = await container.actions.start(actor, version.id, input={"n": 1})

    def children(run_id: str) -> ChildRuns:
        return ChildRuns(container.store, actor.tenant, run_id, {}, container.catalogue, depth=16)

    deep = await container.actions.start(actor, version.id, input={"n": 1})
    async with container.store.database.session(actor.tenant) as session:
        await session.execute(update(t.runs).where(t.runs.c.id == deep.id).values(options={"generation": 16}))

    async def count() -> int:
        async with container.store.database.session(actor.tenant) as session:
            return int((await session.execute(select(func.count()).where(t.runs.c.start_key.is_not(None)))).scalar_one())

    yield Bench(children(run.id), children(run.id), children(deep.id), count)


@pytest.fixture(params=["memory", pytest.param("postgres_children", marks=pytest.mark.postgres)])
def children(request: pytest.FixtureRequest) -> Bench:
    found: Bench = request.getfixturevalue(request.param)
    return found


async def test_the_same_path_is_the_same_run(children: Bench) -> None:
    first = await children.children.start("/do/0/s", "test", "child", "1.0.0", {"n": 1})

    assert await children.again.start("/do/0/s", "test", "child", "1.0.0", {"n": 2}) == first
    assert await children.count() == 1


async def test_another_path_is_another_run(children: Bench) -> None:
    first = await children.children.start("/do/0/s", "test", "child", "1.0.0", {"n": 1})

    assert await children.children.start("/do/0/s@2", "test", "child", "1.0.0", {"n": 1}) != first
    assert await children.count() == 2


async def test_what_nobody_approved_is_not_started(children: Bench) -> None:
    with pytest.raises(UnknownWorkflow, match="test/nobody in version"):
        await children.children.start("/do/0/s", "test", "nobody", "1.0.0", {})

    assert await children.count() == 0


async def test_a_long_line_of_runs_ends(children: Bench) -> None:
    with pytest.raises(TooManyGenerations, match="16 times"):
        await children.deep.start("/do/0/s", "test", "child", "1.0.0", {"n": 1})


@pytest.mark.postgres
async def test_a_worker_starts_the_child_and_does_it(container: Container, actor: Actor) -> None:
    """The child is the same person's, in the audit, and ends by itself with the input it was given."""
    await approved(container, actor, CHILD)
    version = await approved(container, actor, PARENT)
    async with working(container):
        run = await container.actions.start(actor, version.id, input={"n": 21})
        parent = await eventually(container, actor, run.id, ended)
        other = next(view for view in await container.actions.runs(actor) if view.id != run.id)
        child = await eventually(container, actor, other.id, ended)

    assert (parent.status, parent.output) == ("completed", {"n": 21})
    assert (child.status, child.output, child.started_by) == ("completed", {"doubled": 42}, parent.started_by)
    async with container.store.database.session(actor.tenant) as session:
        statement = select(t.audit.c.details).where(t.audit.c.subject == f"run:{child.id}", t.audit.c.act == "start")
        details: Any = (await session.execute(statement)).scalar_one()
    assert details["parent"] == run.id


@pytest.mark.postgres
async def test_a_child_that_was_changed_meanwhile_is_the_one_that_was_approved(container: Container, actor: Actor) -> None:
    """`latest` in an approved workflow stays what it was when somebody decided on it."""
    await approved(container, actor, CHILD)
    version = await approved(container, actor, PARENT.replace("'1.0.0', input", "latest, input"))
    run = await container.actions.start(actor, version.id, input={"n": 4})
    await approved(container, actor, definition("x: {set: {newer: true}}", name="child", version="1.1.0"))
    async with working(container):
        await eventually(container, actor, run.id, ended)
        other = next(view for view in await container.actions.runs(actor) if view.id != run.id)
        child = await eventually(container, actor, other.id, ended)

    assert child.output == {"doubled": 8}
