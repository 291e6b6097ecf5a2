"""Programs in runs of a worker and of the command line: what the operator has not turned on is said before anybody approves it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.actions import Actor
from app.cli import programs
from app.container import Container, Prepared
from app.settings import Settings
from tests.fakes import approved, definition, ended, eventually, working

SHELL = definition("a: {run: {shell: {command: 'echo hi'}}}")
NESTED = definition("t: {try: [{s: {run: {script: {language: python, code: 'print(1)'}}}}], catch: {}}")


@pytest.mark.postgres
class TestBeforeApproval:
    @pytest.mark.parametrize(
        ("text", "reference", "setting"),
        [(SHELL, "/do/0/a/run/shell", "PARLEY_RUN_ALLOW=shell"), (NESTED, "/do/0/t/try/0/s/run/script", "PARLEY_RUN_ALLOW=script")],
    )
    async def test_a_proposal_says_what_is_turned_off(
        self, container: Container, actor: Actor, text: str, reference: str, setting: str
    ) -> None:
        proposal = await container.actions.propose(actor, text)

        (warning,) = [one for one in proposal.warnings if one["code"] == "run-not-allowed"]
        assert (warning["reference"], warning["severity"]) == (reference, "warning")
        assert setting in warning["hint"]

    async def test_nothing_is_said_of_what_is_turned_on(self, settings: Settings, database: Prepared, actor: Actor) -> None:
        allowing = settings.model_copy(update={"run_allow": ("shell",)})
        async with Container.open(allowing, role="web", prepared=database) as container:
            proposal = await container.actions.propose(actor, SHELL)

        assert [one for one in proposal.warnings if one["code"] == "run-not-allowed"] == []


@pytest.mark.postgres
async def test_a_worker_runs_what_is_turned_on(settings: Settings, database: Prepared, actor: Actor) -> None:
    allowing = settings.model_copy(update={"run_allow": ("shell",)})
    async with Container.open(allowing, role="worker", prepared=database) as container, working(container):
        run = await container.actions.start(actor, (await approved(container, actor, SHELL)).id)
        view = await eventually(container, actor, run.id, ended)

    assert (view.status, view.output) == ("completed", "hi")


@pytest.mark.postgres
async def test_and_refuses_what_is_not(container: Container, actor: Actor) -> None:
    async with working(container):
        run = await container.actions.start(actor, (await approved(container, actor, SHELL)).id)
        view = await eventually(container, actor, run.id, ended)

    assert view.status == "faulted"
    assert view.error is not None
    assert "PARLEY_RUN_ALLOW=shell" in str(view.error)


def parley(tmp_path: Path, file: Path, **environment: str) -> tuple[int, Any]:
    own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PARLEY_HOME": str(tmp_path / "home"), **environment}
    command = [sys.executable, "-m", "app", "run", str(file), "--ephemeral", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=own, cwd=Path(__file__).parents[2], check=False)
    return done.returncode, json.loads(done.stdout)


def test_the_command_line_runs_them_when_the_setting_says_so(tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(SHELL)

    code, refused = parley(tmp_path, file)
    assert (code, refused["status"], refused["error"]["status"]) == (1, "faulted", 403)

    code, done = parley(tmp_path, file, PARLEY_RUN_ALLOW="script,shell")
    assert (code, done["output"]) == (0, "hi")


def test_the_command_lets_what_nobody_waits_for_come_to_its_end(tmp_path: Path) -> None:
    file, mark = tmp_path / "w.yaml", tmp_path / "mark"
    engine = tmp_path / "engine"
    engine.write_text(f"#!/bin/sh\n[ $1 = run ] && sleep 0.3 && echo done > {mark}\nexit 0\n")
    engine.chmod(0o755)
    file.write_text(definition("a: {run: {await: false, container: {image: x}}}"))

    code, done = parley(tmp_path, file, PARLEY_RUN_ALLOW="container", PARLEY_CONTAINER_ENGINE=str(engine))

    assert (code, done["status"]) == (0, "completed")
    assert mark.read_text() == "done\n"


class TestDoctor:
    def test_says_how_to_turn_them_on(self) -> None:
        found = programs.examine(Settings())

        assert [(check.name, check.detail) for check in found] == [
            ("Scripts", "turned off"),
            ("Shell commands", "turned off"),
            ("Containers", "turned off"),
        ]
        assert "PARLEY_RUN_ALLOW=shell" in found[1].fix

    def test_says_what_this_machine_has(self, tmp_path: Path) -> None:
        engine = tmp_path / "engine"
        engine.write_text("#!/bin/sh\nexit 1\n")
        engine.chmod(0o755)
        settings = Settings(run_allow=("script", "shell", "container"), container_engine=str(engine))

        found = {check.name: check for check in programs.examine(settings)}

        assert found["Scripts"].status in ("ok", "optional")
        assert "Python at" in found["Scripts"].detail
        assert (found["Containers"].status, found["Containers"].detail) == ("missing", f"{engine} is there, its service is not")
        assert found["Isolation"].status in ("ok", "optional")
        assert found["Isolation"].detail.startswith(("own user", "missing: "))

    def test_says_when_there_is_no_engine(self) -> None:
        found = {check.name: check for check in programs.examine(Settings(run_allow=("container",), container_engine="no-such-engine"))}

        assert found["Containers"].status == "missing"
        assert "PARLEY_CONTAINER_ENGINE" in found["Containers"].fix
