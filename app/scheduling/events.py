"""The events of one trigger, as they lie in the store: read, shown to its sets, and kept or forgotten."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.scheduling.gathering import Event, Gatherer, Gathering, Looked
from app.scheduling.turn import Turn
from app.store import tables as t
from dsl.expressions import ExpressionError
from graphs.run import strategies
from graphs.run.errors import WorkflowError
from graphs.run.matching import Evaluate, Fixed, Listening, Taken

JSON = Any
Look = tuple[int, Event | None, Looked]
MOST, LONGEST_S = 100, 10.0  # events looked at in one transaction


async def take_events(session: AsyncSession, turn: Turn, evaluate: Evaluate) -> None:
    """Show *turn* the events that came for it. What cannot be evaluated starts nothing and is told as the trigger's error."""
    found = await _new(session, turn.id)
    if not found:
        return
    try:
        gatherer = await _gatherer(session, turn, evaluate)
        looks = await _look(gatherer, found)
    except (ExpressionError, WorkflowError) as error:
        turn.error = f"The filter of the events could not be evaluated: {error}"
        await _forget(session, turn.id, [number for number, _ in found])
        return
    await _store(session, turn, [number for number, _ in found[: len(looks)]], looks, gatherer.too_many())


async def _look(gatherer: Gatherer, found: Sequence[tuple[int, Event | None]]) -> list[Look]:
    """Look at events for a while; the others have their turn next time, since the trigger is locked meanwhile."""
    began, looks = time.monotonic(), []
    for number, event in found:
        looks.append((number, event, Looked() if event is None else await gatherer.look(number, event)))
        if time.monotonic() - began > LONGEST_S:
            break
    return looks


async def _new(session: AsyncSession, trigger_id: str) -> list[tuple[int, Event | None]]:
    """Return (number, event) of what nobody has looked at, in the order of arrival; None for an event that is no longer kept."""
    n, e = t.trigger_events.c, t.events.c
    same = (e.tenant_id == n.tenant_id) & (e.source == n.source) & (e.id == n.event_id)
    statement = (
        select(n.number, func.coalesce(n.event, e.event))
        .outerjoin_from(t.trigger_events, t.events, same)
        .where(n.trigger_id == trigger_id, n.gathering.is_(None))
        .order_by(n.number)
        .limit(MOST)
    )
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def _gatherer(session: AsyncSession, turn: Turn, evaluate: Evaluate) -> Gatherer:
    strategy = strategies.prepare(turn.spec.value, "/schedule/on", _ignored)
    fixed = await strategies.fix(strategy, evaluate, None)
    return Gatherer(strategy, fixed, evaluate, await _open(session, turn.id, fixed))


def _ignored(*_: str) -> None:
    """It was told when the schedule was activated."""


async def _open(session: AsyncSession, trigger_id: str, fixed: Fixed) -> list[Gathering]:
    """Return the incomplete sets, oldest first."""
    n = t.trigger_events.c
    statement = select(t.trigger_events).where(n.trigger_id == trigger_id, n.gathering.is_not(None)).order_by(n.number)
    sets: dict[str, Gathering] = {}
    for row in await session.execute(statement):
        gathering = sets.setdefault(row.gathering, Gathering(row.gathering, Listening(fixed)))
        gathering.keep(row.number, row.event, Taken.from_json(row.taken))
    return list(sets.values())


async def _store(
    session: AsyncSession,
    turn: Turn,
    numbers: Sequence[int],
    looks: Sequence[tuple[int, Event | None, Looked]],
    dropped: Sequence[Gathering],
) -> None:
    complete = [look.complete for _, _, look in looks if look.complete]
    for gathering in complete:
        turn.events(gathering.events)
    gone = {number for gathering in (*complete, *dropped) for number in gathering.numbers}
    kept = [_kept(number, event, look) for number, event, look in looks if event is not None and look.kept and number not in gone]
    if dropped:
        turn.error = f"{len(dropped)} incomplete sets of events were given up: too many were open"
    if kept:
        n = t.trigger_events.c
        statement = update(t.trigger_events).where(n.trigger_id == turn.id, n.number == bindparam("of"))
        connection = await session.connection()
        await connection.execute(
            statement.values(gathering=bindparam("set"), taken=bindparam("as"), event=bindparam("what")), kept
        )  # fmt: skip
    stay = {one["of"] for one in kept}
    await _forget(session, turn.id, sorted((set(numbers) | gone) - stay))


def _kept(number: int, event: Event, look: Looked) -> Mapping[str, JSON]:
    assert look.kept is not None and look.taken is not None
    return {"of": number, "set": look.kept.id, "as": look.taken.to_json(), "what": dict(event)}


async def _forget(session: AsyncSession, trigger_id: str, numbers: Sequence[int]) -> None:
    n = t.trigger_events.c
    if numbers:
        await session.execute(delete(t.trigger_events).where(n.trigger_id == trigger_id, n.number.in_(numbers)))
