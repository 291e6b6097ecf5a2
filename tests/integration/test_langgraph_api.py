"""A run is driven from a second process with nothing but LangGraph's own methods: the program of docs/langgraph.md, as it stands there."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.actions import Actor
from app.container import Container, Prepared
from tests.chaos.processes import url_of
from tests.fakes import approved, definition

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[2]
TEXT = definition(
    "add: {set: {n: '${ .n + 1 }'}}",
    "each: {for: {in: '${ [1, 2] }', each: item}, do: [{sum: {set: {n: '${ .n + $item }'}}}]}",
    "ok: {call: 'approve:1.0.0@default', with: {title: 'Pay?'}, output: {as: '${ $input + {approved: .approved} }'}}",
    "done: {set: {paid: '${ .approved }', n: '${ .n }'}}",
)


def program() -> str:
    """Return the program that the page shows."""
    (found,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "langgraph.md").read_text("utf-8"), re.DOTALL)
    return str(found)


def driven(container: Container, database: Prepared, run_id: str) -> subprocess.CompletedProcess[str]:
    """Have a process of its own drive the run."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")} | {
        "PARLEY_HOME": str(container.settings.home_path), "PARLEY_DATABASE_URL": url_of(database), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-P", "-c", program(), run_id], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


async def test_another_process_watches_answers_and_completes_a_run(container: Container, database: Prepared, actor: Actor) -> None:
    run = await container.actions.start(actor, (await approved(container, actor, TEXT)).id, input={"n": 1})

    said = await asyncio.to_thread(driven, container, database, run.id)
    done = await container.actions.run(actor, run.id)

    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines() == [
        "step /do/0/add started",
        "step /do/0/add finished",
        "step /do/1/each started",
        "step /do/1/each/for[0]/0/sum started",
        "step /do/1/each/for[0]/0/sum finished",
        "step /do/1/each/for[1]/0/sum started",
        "step /do/1/each/for[1]/0/sum finished",
        "step /do/1/each finished",
        "step /do/2/ok started",
        "update advance",
        "update __interrupt__",
        "asks /do/2/ok Pay?",
        "update park",
        "step /do/2/ok finished",
        "step /do/3/done started",
        "step /do/3/done finished",
        "update advance",
        "is completed {'paid': True, 'n': 5}",
        "was 3",
        "was 2 advance",
        "was 1 park",
        "was 0 advance",
        "was -1 __start__",
    ]
    assert (done.status, done.output) == ("completed", {"paid": True, "n": 5})
    assert {reference: step["status"] for reference, step in done.steps.items()} == dict.fromkeys(
        ("/do/0/add", "/do/1/each", "/do/1/each/do/0/sum", "/do/2/ok", "/do/3/done"), "done"
    )


async def test_a_run_that_somebody_has_in_hand_is_not_taken(container: Container, database: Prepared, actor: Actor) -> None:
    run = await container.actions.start(actor, (await approved(container, actor, TEXT)).id, input={"n": 1}, here="somebody")
    async with container.store.database.transaction(actor.tenant) as connection:
        await connection.execute("UPDATE parley.runs SET lease_until = now() + interval '1 hour'")

    said = await asyncio.to_thread(driven, container, database, run.id)

    assert said.returncode == 1
    assert "The run cannot be taken now." in said.stderr
    assert (await container.actions.run(actor, run.id)).status == "running"
