"""`parley memory list|forget|export`: what agents remember for you."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer

from app.cli.failures import CommandFailed
from app.cli.options import Json
from app.cli.output import Output
from app.cli.session import call, opened

group = typer.Typer(no_args_is_help=True, help="What agents remember for you, and for everybody.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="memory")


@group.command("list")
def list_(
    query: Annotated[str, typer.Argument(help="What it is about; best first. Without it everything, newest first.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    as_json: Json = False,
) -> int:
    """List what is remembered: whose it is, where it comes from, how often it was used."""
    found = call(lambda actions, actor: actions.memory_list(actor, query, limit=limit))
    nothing = "Nothing that fits is remembered." if query else "Nothing is remembered yet."
    Output(as_json=as_json).result({"memories": found}, "\n".join(_line(one) for one in found) or nothing)
    return 0


@group.command("forget")
def forget(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of `parley memory list`.", metavar="ID…", show_default=False)] = None,
    matching: Annotated[str, typer.Option("--matching", help="Forget what holds all these words.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Forget all that is yours.")] = False,
    everybodys: Annotated[bool, typer.Option("--everybodys", help="With --all: all that is everybody's instead.")] = False,
    as_json: Json = False,
) -> int:
    """Forget memories, with what they replaced and what they were found by. There is no way back."""
    if (bool(ids) + bool(matching.strip()) + everything) != 1 or (everybodys and not everything):
        raise CommandFailed(
            "it is not clear what to forget", where="memory forget", next_step="parley memory forget ID, or --matching WORDS, or --all",
            code="usage",
        )  # fmt: skip
    if everything:
        count = call(lambda actions, actor: actions.memory_forget_all(actor, everybody=everybodys))
        result: dict[str, Any] = {"forgotten": count}
    else:
        gone = call(lambda actions, actor: actions.memory_forget(actor, ids or (), matching=matching))
        count, result = len(gone), {"forgotten": len(gone), "ids": gone}
    Output(as_json=as_json).result(result, f"Forgot {count}.")
    return 0


@group.command("export")
def export() -> int:
    """Print everything as JSON lines, history too, oldest first."""

    async def work() -> None:
        async with opened() as (container, actor):
            async for one in container.actions.memory_export(actor):
                typer.echo(json.dumps(one, ensure_ascii=False))

    asyncio.run(work())
    return 0


def _line(one: dict[str, Any]) -> str:
    where = one["provenance"]
    whose = f"{one['owner']}'s" if one.get("owner") else "everybody's"
    about = f", about {one['subject']}" if one.get("subject") else ""
    text = " ".join(str(one["text"]).split())
    shown = text if len(text) <= 160 else f"{text[:157]}…"
    origin = where.get("document") or where.get("workflow") or where["by"]
    told = f"{where['source']} ({origin}), {one['updated_at'][:10]}, used {one['uses']} times"
    return f"{one['id']}  {shown}\n    {one['kind']}{about}, {whose}; {told}"
