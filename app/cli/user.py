"""`parley user list|password`: who may log in, and a new password for whoever lost theirs.

Whoever can read PARLEY_HOME may do this: the command line acts as the owner of the folder and all that is in it.
"""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import Json
from app.cli.output import Output
from app.cli.session import call

group = typer.Typer(no_args_is_help=True, help="People who may log in.")
Name = Annotated[str, typer.Argument(help="The name they log in with.", show_default=False)]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="user")


@group.command("list")
def list_(as_json: Json = False) -> int:
    """List who may log in, with their roles."""
    found = call(lambda actions, actor: actions.user_list(actor))
    lines = [f"{user['name']:24} {user['role']}{' (may not log in)' if user['disabled'] else ''}" for user in found]
    Output(as_json=as_json).result({"users": found}, "\n".join(lines) or "Nobody yet: parley up makes the first administrator.")
    return 0


@group.command()
def password(name: Name, as_json: Json = False) -> int:
    """Give somebody a new password and print it, this once: for whoever lost theirs."""
    made = call(lambda actions, actor: actions.password_new(actor, name))
    Output(as_json=as_json).result({"name": name, "password": made}, f"The new password of {name}: {made}\nIt is shown this once.")
    return 0
