"""Definitions that never end by themselves meet their budget when they are stored, too, over all processes of a run."""

from __future__ import annotations

import pytest

from app.actions import Actor
from app.container import Container, Prepared
from app.settings import Settings
from tests.fakes import approved, definition, ended, eventually, working

pytestmark = pytest.mark.postgres

READ = "SELECT error ->> 'type', (SELECT count(*) FROM parley.journal WHERE status = 'finished') FROM parley.runs"
MOST = 250  # more than one segment
ENDLESS = {
    "for in fork in for": (
        "a: {for: {in: '${ [range(1000)] }'}, do: [{b: {fork: {branches: ["
        "{x: {for: {in: '${ [range(1000)] }'}, do: [{leaf: {set: {x: 1}}}]}}, {y: {set: {y: 1}}}]}}}]}",
    ),
    "then": ("a: {try: [{b: {set: {x: 1}}}], catch: {do: [{d: {set: {y: 1}}}]}}", "c: {switch: [{more: {when: .x, then: a}}]}"),
}


@pytest.mark.parametrize("tasks", ENDLESS.values(), ids=ENDLESS.keys())
async def test_what_never_ends_meets_the_operators_budget(
    settings: Settings, database: Prepared, actor: Actor, tasks: tuple[str, ...]
) -> None:
    limited = settings.model_copy(update={"budget_tasks": MOST})
    async with Container.open(limited, role="worker", prepared=database) as container, working(container):
        version = await approved(container, actor, definition(*tasks))
        run = await eventually(container, actor, (await container.actions.start(actor, version.id)).id, ended)

        async with container.store.database.transaction(actor.tenant) as connection:
            row = await (await connection.execute(READ)).fetchone()

    assert run.status == "faulted"
    assert row is not None
    assert row[0] == "urn:parley:errors:budget"
    assert 0 < row[1] <= MOST
