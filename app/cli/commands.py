"""All commands, under the names of the contract. Each module registers its own; none imports anything heavy to do so."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import (
    author,
    catalog,
    control,
    database,
    definitions,
    diff,
    doctor,
    graph,
    later,
    memory,
    proposals,
    run,
    runs,
    schema,
    secret,
    servers,
    start,
    token,
    triggers,
    user,
)
from app.cli.helping import Command, Group

app = typer.Typer(
    name="parley",
    cls=Group,
    help="Talk a workflow into existence, approve it by what it will do, run it and watch it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def everywhere(
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace of an error as well.")] = False,
) -> None:
    """Exit codes: 0 success; 1 the workflow or check failed or was cancelled; 2 wrong usage; 3 waiting for somebody."""


for module in (
    servers,
    author,
    definitions,
    graph,
    diff,
    catalog,
    schema,
    proposals,
    run,
    start,
    runs,
    control,
    triggers,
    secret,
    memory,
    token,
    user,
    doctor,
    database,
    later,
):
    module.register(app)
for group in (app, *(info.typer_instance for info in app.registered_groups)):
    for command in group.registered_commands if group is not None else ():
        command.cls = Command
