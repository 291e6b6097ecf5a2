"""`parley db`: the database's schema; its copies come later."""

from __future__ import annotations

import asyncio

import typer

from app.cli.later import not_yet
from app.cli.options import Json
from app.cli.output import Output

group = typer.Typer(no_args_is_help=True, help="The database.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="db")


@group.command()
def upgrade(as_json: Json = False) -> int:
    """Bring the database to this version's schema; doing it twice changes nothing."""
    revision = asyncio.run(_upgrade())
    Output(as_json=as_json).result({"revision": revision}, f"The database is at revision {revision}.")
    return 0


@group.command()
def backup(as_json: Json = False) -> int:
    """(Not there yet.) Will write a copy of everything."""
    raise not_yet("db backup", "write a copy of everything", "copy PARLEY_HOME while Parley is stopped, or use pg_dump")


@group.command()
def restore(as_json: Json = False) -> int:
    """(Not there yet.) Will bring a copy back."""
    raise not_yet("db restore", "bring a copy back", "put the copied PARLEY_HOME back while Parley is stopped, or use pg_restore")


async def _upgrade() -> str:
    """Return the revision after bringing the schema up to date; an embedded server runs only as long as it takes."""
    from app.container import Container
    from app.settings import Settings
    from app.store.upgrade import HEAD

    async with Container.open(Settings(), role="cli"):
        return HEAD
