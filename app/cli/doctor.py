"""`parley doctor`: what is configured and what is missing, and the command that fixes it. It changes nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from app.cli.failures import CHECK_FAILED, CommandFailed, explain
from app.cli.options import Json
from app.cli.output import Output, visible

if TYPE_CHECKING:
    from app.cli.checks import Check
    from app.settings import Settings

MARKS = {"ok": ("ok", "green"), "missing": ("MISSING", "red"), "optional": ("optional", "yellow")}


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(as_json: Json = False) -> int:
    """Tell what is configured and what is missing, with the command that fixes it; exit 1 when something needed is missing."""
    found = examine()
    healthy = all(check.status != "missing" for check in found)
    output = Output(as_json=as_json)
    if as_json:
        output.result({"ok": healthy, "checks": [check.to_json() for check in found]}, "")
    else:
        _print(output, found)
    return 0 if healthy else CHECK_FAILED


def examine() -> list[Check]:
    """Return every check; without readable settings only the first ones."""
    from app.cli import checks, equipment, programs, remembered
    from app.cli.uplock import holder
    from app.settings import Settings

    try:
        settings = Settings()
    except ValueError as error:
        failure = explain(error)
        what, fix = (failure.what, failure.next_step) if failure else (str(error), "docs/settings.md")
        return [checks.python(), checks.Check(name="Settings", status="missing", detail=what, fix=fix)]
    running = holder(settings.home_path)
    return [
        checks.python(),
        checks.home(settings),
        *checks.database(settings),
        checks.of_this_shell(_model(settings), running=running),
        checks.of_this_shell(remembered.embedder(settings), running=running),
        checks.keys(settings),
        checks.port(settings, running=running),
        checks.of_this_shell(checks.http(settings), running=running),
        checks.of_this_shell(checks.smtp(settings), running=running),
        *(checks.of_this_shell(check, running=running) for check in equipment.examine(settings)),
        *(checks.of_this_shell(check, running=running) for check in programs.examine(settings)),
        checks.browser(),
    ]


def _model(settings: Settings) -> Check:
    """Ask the chosen models' servers whether they are there; no prompt is sent."""
    from app.cli import checks
    from app.cli.models import model_router

    try:
        router = model_router(settings)
    except CommandFailed as failure:
        return checks.Check(name="Model", status="missing", detail=failure.what, fix=failure.next_step)
    return checks.model(asyncio.run(router.refresh()))


def _print(output: Output, found: list[Check]) -> None:
    from rich.text import Text

    for check in found:
        word, colour = MARKS[check.status]
        output.out.print(Text.assemble((f"{word:9}", colour), f"{check.name:16} {visible(check.detail)}"))
        if check.fix and check.status != "ok":
            output.out.print(f"{'':26}fix: {check.fix}")
        elif check.fix:
            output.out.print(f"{'':26}change: {check.fix}", style="dim")
