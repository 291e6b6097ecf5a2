"""A worker killed with SIGKILL while a program runs: the program is gone with it, and nobody calls known what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.actions import Actor
from app.container import Container, Prepared
from app.settings import Settings
from tests.chaos.processes import url_of, workers
from tests.fakes import approved, definition, ended, eventually, status
from tests.unit.run.processes.programs import alive, until_alive, until_gone

pytestmark = [pytest.mark.chaos, pytest.mark.postgres]
COMMAND = "trap '' TERM; (trap '' TERM; setsid sleep 81.3) & sleep 81.3; echo done"


async def test_it_leaves_no_orphan_and_the_run_asks(
    container: Container, actor: Actor, settings: Settings, database: Prepared, tmp_path: Path
) -> None:
    text = definition(f'a: {{run: {{shell: {{command: "{COMMAND}"}}}}}}', "b: {set: {said: '${ . }'}}")
    version = await approved(container, actor, text)
    allowing = settings.model_copy(update={"run_allow": ("shell",)})
    with workers(allowing, tmp_path, url=url_of(database)) as started:
        first = await started.start()
        run = await container.actions.start(actor, version.id)
        await until_alive("81.3")

        first.kill()

        await until_gone("81.3")
        await started.start()
        waiting = await eventually(container, actor, run.id, status("waiting"))
        assert waiting.reason == "outcome-unknown"
        await container.actions.answer(actor, run.id, "/do/0/a", {"happened": True})
        done = await eventually(container, actor, run.id, ended)

    assert (done.status, done.output) == ("completed", {"said": None})
    assert not alive("81.3")
