"""`parley suspend|resume|rerun`: hold a run, let it go on, run it again from a chosen task."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli import runs
from app.cli.files import json_option
from app.cli.options import Json
from app.cli.runs import Run
from app.cli.session import call


def register(app: typer.Typer) -> None:
    for command in (suspend, resume, rerun):
        app.command()(command)


def suspend(run: Run, as_json: Json = False) -> int:
    """Hold a run: it stops at its next step, and keeps what comes meanwhile."""
    runs.show_view(call(lambda actions, actor: actions.suspend(actor, run)).to_json(), as_json=as_json)
    return 0


def resume(run: Run, as_json: Json = False) -> int:
    """Let a suspended run go on; timers that fell due meanwhile fire now."""
    view, notes = call(lambda actions, actor: runs.with_notes(actions, actor, actions.resume(actor, run)))
    runs.show_view(view, notes, as_json=as_json)
    return 0


def rerun(
    run: Run,
    task: Annotated[
        str | None,
        typer.Option(
            "--from", help="Begin with this task (name, reference or path): what came before is not done again.", show_default=False
        ),
    ] = None,
    input_: Annotated[
        str | None,
        typer.Option("--input", help="JSON or @FILE: another input of the workflow or, with --from, of that task.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> int:
    """Start a new run of the same version, from the start or from a task of an earlier run."""
    given: dict[str, Any] = {} if input_ is None else {"input": json_option("--input", input_)}
    view, notes = call(lambda actions, actor: runs.with_notes(actions, actor, actions.rerun(actor, run, task=task, **given)))
    runs.show_view(view, notes, as_json=as_json)
    return 0
