"""`parley catalog [NAME]`: the functions that a definition can call."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.failures import CommandFailed
from app.cli.options import Json
from app.cli.output import Output


def register(app: typer.Typer) -> None:
    app.command()(catalog)


def catalog(
    name: Annotated[str | None, typer.Argument(help="One function; without it, all.", show_default=False)] = None,
    as_json: Json = False,
) -> int:
    """List the functions that `call: NAME:VERSION@default` can name, or show one with its input and output."""
    from app.cli.reading import page
    from graphs import catalogue

    entries = catalogue.load()
    output = Output(as_json=as_json)
    if name is None:
        width = max(map(len, entries))
        lines = [f"{key:{width}} {entry.title}\n{'':{width}} {entry.summary}" for key, entry in sorted(entries.items())]
        lines.append("\nparley catalog NAME shows what one takes and gives, with an example.")
        output.result({"functions": [entry.model_dump(mode="json") for entry in entries.values()]}, "\n".join(lines))
        return 0
    found = [entry for key, entry in entries.items() if name in (key, entry.name, f"{key}@default")]
    if not found:
        known = ", ".join(sorted(entries))
        raise CommandFailed(
            f"no function is named {name}", where="the default catalogue", why=f"it has {known}", code="no-such-function", exit_code=1
        )
    shown = found[-1].model_dump(mode="json")
    output.result(shown, page(shown))
    return 0
