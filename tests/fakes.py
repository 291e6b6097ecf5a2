"""Small stand-ins and short ways that several folders of tests share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from app.actions import Actor
from app.container import Container
from app.views import RunView, VersionView
from app.worker import Worker


def definition(*tasks: str, name: str = "sample", version: str = "1.0.0", use: str = "") -> str:
    """Return a definition's text from its tasks in flow style: `definition("a: {set: {x: 1}}")`."""
    lines = "\n".join(f"- {task}" for task in tasks)
    return f"document: {{dsl: '1.0.3', namespace: test, name: {name}, version: {version}}}\n{use}do:\n{lines}\n"


async def approved(container: Container, actor: Actor, text: str) -> VersionView:
    """Propose and approve *text*."""
    proposal = await container.actions.propose(actor, text)
    return await container.actions.approve(actor, proposal.id, digest=proposal.digest)


async def eventually(
    container: Container, actor: Actor, run_id: str, holds: Callable[[RunView], bool], *, within_s: float = 15.0
) -> RunView:
    """Return the run as soon as *holds* says yes; fails with what it is instead."""
    give_up = asyncio.get_running_loop().time() + within_s
    while True:
        view = await container.actions.run(actor, run_id)
        if holds(view):
            return view
        assert asyncio.get_running_loop().time() < give_up, (
            f"after {within_s} s the run is {view.status} ({view.reason}), {view.error}, {view.steps}"
        )
        await asyncio.sleep(0.03)


def ended(view: RunView) -> bool:
    return view.status in ("completed", "faulted", "cancelled")


def status(*wanted: str) -> Callable[[RunView], bool]:
    return lambda view: view.status in wanted


@asynccontextmanager
async def working(container: Container, *, concurrency: int = 10) -> AsyncIterator[Worker]:
    """A worker in this process, stopped at the end."""
    worker, stop = Worker(container, concurrency=concurrency), asyncio.Event()
    task: asyncio.Task[Any] = asyncio.create_task(worker.work(stop))
    try:
        yield worker
    finally:
        stop.set()
        await task
