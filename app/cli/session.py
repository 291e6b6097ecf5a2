"""Open Parley's store for one command, acting as the operating system's user."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from app.container import Container

Answer = TypeVar("Answer")
NO_WORKER = "No worker is running: parley up or parley worker goes on with it."


def call(action: Callable[[Any, Any], Awaitable[Answer]]) -> Answer:
    """Run *action* with the actions and the actor, and return what it returns; the store is opened and closed around it."""

    async def work() -> Answer:
        async with opened() as (container, actor):
            return await action(container.actions, actor)

    return asyncio.run(work())


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Container, Any]]:
    """Yield the container and the actor of this command line."""
    from app.container import Container
    from app.settings import Settings

    async with Container.open(Settings(), role="cli") as container:
        yield container, await container.command_line_actor()
