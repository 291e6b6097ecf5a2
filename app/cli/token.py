"""`parley token create|list|revoke`: who may send events to `POST /api/events`. A token is shown once."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.options import Json
from app.cli.output import Output
from app.cli.session import call

group = typer.Typer(no_args_is_help=True, help="Tokens for those who send events.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="token")


@group.command()
def create(
    name: Annotated[str, typer.Argument(help="Who will send with it.", show_default=False)],
    source: Annotated[str, typer.Option(help="How the source of every event has to begin: https://shop.example.", show_default=False)] = "",
    as_json: Json = False,
) -> int:
    """Make a token: programs send it as `Authorization: Bearer TOKEN`."""
    made = call(lambda actions, actor: actions.token_create(actor, name, source=source))
    Output(as_json=as_json).result(made, f"{made['token']}\n\nIt is shown this once. For {_for(made['source'])}; revoke it: {made['id']}")
    return 0


@group.command("list")
def list_(as_json: Json = False) -> int:
    """List the tokens that count; never a token itself."""
    found = call(lambda actions, actor: actions.token_list(actor))
    lines = [f"{row['id']}  {row['name']}  for {_for(row['source'])}, last used {row['used_at'] or 'never'}" for row in found]
    Output(as_json=as_json).result({"tokens": found}, "\n".join(lines) or "No tokens yet: parley token create NAME")
    return 0


@group.command()
def revoke(
    token: Annotated[str, typer.Argument(help="Its id: parley token list.", show_default=False)],
    as_json: Json = False,
) -> int:
    """Make a token void, at once and for ever."""
    gone = call(lambda actions, actor: actions.token_revoke(actor, token))
    Output(as_json=as_json).result({**gone, "revoked": True}, f"Revoked the token of {gone['name']}.")
    return 0


def _for(source: str) -> str:
    return f"sources below {source}" if source else "every source"
