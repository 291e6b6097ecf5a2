"""`parley doctor` on the programs of workflows: which are turned on, which this machine can run, and how well they are shut in here."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import subprocess
from typing import TYPE_CHECKING

from app.cli.checks import Check
from app.programs import KINDS, process_settings

if TYPE_CHECKING:
    from app.settings import Settings

PATIENCE_S = 10.0


def examine(settings: Settings) -> list[Check]:
    """Return a line for scripts, shell commands and containers, and one for their isolation when scripts or commands are on."""
    found = [_script(settings), _shell(settings), _container(settings)]
    if {"script", "shell"} & set(settings.run_allow):
        found.append(_isolation(settings))
    return found


def _off(name: str, kind: str, settings: Settings) -> Check:
    allow = [one for one in KINDS if one in settings.run_allow or one == kind]
    return Check(name=name, status="ok", detail="turned off", fix=f"PARLEY_RUN_ALLOW={','.join(allow)} (read docs/programs.md first)")


def _script(settings: Settings) -> Check:
    from graphs.run.processes.sandbox import found

    if "script" not in settings.run_allow:
        return _off("Scripts", "script", settings)
    python, node = found("python"), found("javascript")
    if node:
        return Check(name="Scripts", status="ok", detail=f"Python at {python}, JavaScript at {node}")
    return Check(name="Scripts", status="optional", detail=f"Python at {python}; no node, so none in JavaScript", fix="install Node.js")


def _shell(settings: Settings) -> Check:
    if "shell" not in settings.run_allow:
        return _off("Shell commands", "shell", settings)
    return Check(name="Shell commands", status="ok", detail="/bin/sh")


def _container(settings: Settings) -> Check:
    from graphs.run.processes.engine import engine_path

    name = "Containers"
    if "container" not in settings.run_allow:
        return _off(name, "container", settings)
    path = engine_path(settings.container_engine)
    if not path:
        detail = f"there is no command '{settings.container_engine}'"
        return Check(name=name, status="missing", detail=detail, fix="install it, or PARLEY_CONTAINER_ENGINE=podman")
    try:
        answer = subprocess.run(  # noqa: S603 - the operator's own command
            [path, "info"], capture_output=True, timeout=PATIENCE_S, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name=name, status="missing", detail=f"{path} does not answer: {error}", fix=f"start its service; then `{path} info`")
    if answer.returncode:
        return Check(
            name=name, status="missing", detail=f"{path} is there, its service is not", fix=f"start its service; then `{path} info`"
        )
    return Check(name=name, status="ok", detail=f"{path} answers")


def _isolation(settings: Settings) -> Check:
    """Run a command that does nothing, as a workflow would, and say what this system did not allow."""
    from graphs.run.errors import ProcessFailed
    from graphs.run.ports import Command
    from graphs.run.processes.sandbox import run_shut_in

    name = "Isolation"
    own = dataclasses.replace(process_settings(settings), allowed=frozenset({"shell"}))
    try:
        _, said = asyncio.run(run_shut_in(Command(language="shell", code=":"), own, PATIENCE_S))
    except (ProcessFailed, OSError) as error:
        return Check(name=name, status="missing", detail=f"a command that does nothing failed: {error}", fix="docs/programs.md")
    missing = said.get("missing") or []
    if not missing:
        network = "with the network (PARLEY_RUN_NETWORK)" if settings.run_network else "without a network"
        return Check(name=name, status="ok", detail=f"own user, files, processes; {network}")
    why = f" ({said['why']})" if said.get("why") else ""
    fix = "allow user namespaces (docs/programs.md)" if os.uname().sysname == "Linux" else "docs/programs.md"
    return Check(name=name, status="optional", detail=f"missing: {', '.join(missing)}{why}", fix=fix)
