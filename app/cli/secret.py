"""`parley secret set|list|rm`: write-only, as everywhere. A value is typed hidden or piped in, never an argument of the command."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from app.cli.failures import CommandFailed
from app.cli.options import Json
from app.cli.output import Output
from app.cli.session import call

group = typer.Typer(no_args_is_help=True, help="Secrets that approved workflows may use.")
Name = Annotated[str, typer.Argument(help="The name a definition uses: $secrets.NAME.", show_default=False)]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="secret")


@group.command("set")
def set_(name: Name, as_json: Json = False) -> int:
    """Store a value: typed hidden, or piped in (`printf %s "$TOKEN" | parley secret set NAME`)."""
    value = _value(name)
    call(lambda actions, actor: actions.secret_set(actor, name, value))
    Output(as_json=as_json).result({"name": name, "set": True}, f"Stored {name}. Its value is shown nowhere again.")
    return 0


@group.command("list")
def list_(as_json: Json = False) -> int:
    """List the names; never a value."""
    found = call(lambda actions, actor: actions.secret_list(actor))
    rows = [row if isinstance(row, dict) else {"name": str(row)} for row in found]
    text = "\n".join(str(row["name"]) for row in rows) or "No secrets yet: parley secret set NAME"
    Output(as_json=as_json).result({"secrets": rows}, text)
    return 0


@group.command("rm")
def remove(name: Name, as_json: Json = False) -> int:
    """Remove a secret; runs that need it will fail until it is set again."""
    call(lambda actions, actor: actions.secret_remove(actor, name))
    Output(as_json=as_json).result({"name": name, "set": False}, f"Removed {name}.")
    return 0


def _value(name: str) -> str:
    """Return what was typed or piped, without the line end that `echo` adds. Raises CommandFailed when it is empty."""
    value = typer.prompt(f"Value of {name}", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read()
    value = value.rstrip("\r\n")
    if not value:
        raise CommandFailed(
            "the value is empty", where=f"secret {name}", next_step=f'printf %s "$TOKEN" | parley secret set {name}', code="empty-secret"
        )
    return value
