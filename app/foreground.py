"""`parley run`: start a run and advance it in this process, through its timers, until it ends or waits for somebody."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import PoolTimeout

from app.running import Overrides, Runner, process_name
from app.store.ending import end
from app.store.queries import query
from app.store.runs import Lease
from graphs.run.redaction import Redactor

if TYPE_CHECKING:
    from app.actions import Actor
    from app.container import Container
    from app.views import RunView


async def run_in_foreground(
    container: Container,
    actor: Actor,
    version_id: str,
    *,
    input: Any = None,  # noqa: A002 - the word of the DSL
    events: Sequence[Mapping[str, Any]] = (),
    loopback: bool = False,
    overrides: Overrides | None = None,
) -> RunView:
    """
    Start a run of an approved version and advance it in this process until it ends, or waits for a person or an event.

    Timers are waited for. *events* are for this run alone, in their order. With *loopback* the run may call this machine,
    here and wherever it goes on later. Cancelling the caller cancels the run.

    Raises:
        ActionError: the run could not be started.
    """
    runner = Runner(container, process_name())
    started = await container.actions.start(actor, version_id, input=input, here=runner.owner, loopback=loopback, events=events)
    run_id = started.id
    lease: Lease | None = Lease(run_id, actor.tenant, 1)
    beats = asyncio.create_task(beating(runner), name="foreground-heartbeat")
    try:
        while lease is not None:
            await runner.advance(lease, overrides)
            lease = await _after_timers(runner, actor, run_id)
    except asyncio.CancelledError:
        await asyncio.shield(_cancel_here(runner, actor, run_id, lease))
        raise
    finally:
        await end(beats)
        await runner.close()
    view = await container.actions.run(actor, run_id)
    if view.output_bytes is not None:
        view = replace(view, output=await container.actions.run_value(actor, run_id, "output"), output_bytes=None)
    redactor = Redactor()
    for secret in overrides.secrets.values() if overrides else ():
        redactor.add(secret)
    return view.redacted(redactor)


async def _cancel_here(runner: Runner, actor: Actor, run_id: str, lease: Lease | None) -> None:
    """Cancel the run and see it end: what was in our hands when we were stopped is taken up once more, only to be ended."""
    view = await runner.container.actions.cancel(actor, run_id)
    if view.status != "running" or lease is None:
        return
    await runner.hand_back(lease)
    again = await runner.claim(run_id)
    if again is not None:
        await runner.advance(again)


async def beating(runner: Runner) -> None:
    while True:
        await asyncio.sleep(runner.container.settings.heartbeat_s)
        with contextlib.suppress(psycopg.Error, PoolTimeout, OSError):  # the run itself waits for the database and says so
            await runner.renew()


async def _after_timers(runner: Runner, actor: Actor, run_id: str) -> Lease | None:
    """Sleep until the run's next timer and take it again; None when it has ended or waits for somebody."""
    while True:
        view = await runner.container.actions.run(actor, run_id)
        if view.status == "ready" or (view.status == "waiting" and not view.awaiting_somebody):
            lease = await runner.claim(run_id)
            if lease is not None:
                return lease
        elif view.status != "running":
            return None
        async with runner.container.store.database.pool.connection() as connection:  # the sweep of whoever is there makes timers ring
            await connection.execute(query("runs", "sweep"), {"limit": 10, "ready_s": 5.0})
        await asyncio.sleep(0.1)
