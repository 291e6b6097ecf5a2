"""`parley schema`: the JSON Schema of definitions, for editors, or of the shape that models are held to; no database, no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.failures import CommandFailed
from app.cli.options import Json
from app.cli.output import Output

if TYPE_CHECKING:
    from dsl import Function


def register(app: typer.Typer) -> None:
    app.command()(schema)


def schema(
    wire: Annotated[
        str | None,
        typer.Option(
            metavar="KINDS",
            help="The closed shape for models, restricted to these kinds and functions: `http,switch,notify`; `all`: everything.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Print the JSON Schema of definitions: parley schema > workflow.schema.json."""
    made = _definitions() if wire is None else _wire(wire)
    Output(as_json=as_json).result(made, json.dumps(made, ensure_ascii=False, indent=1))
    return 0


def _definitions() -> dict[str, Any]:
    from dsl.schema import schema as schema_of
    from graphs import catalogue

    return schema_of(catalogue.load())


def _wire(wanted: str) -> dict[str, Any]:
    from dsl.wire import WireError, wire_schema
    from graphs import catalogue

    functions = catalogue.load()
    if wanted == "all":
        return wire_schema(None, functions)
    kinds, chosen = _split([name.strip() for name in wanted.split(",") if name.strip()], functions)
    try:
        return wire_schema(kinds, chosen)
    except WireError as error:
        [problem] = error.problems
        why = problem.hint or "it is neither a kind nor a function of the catalogue"
        next_step = "parley catalog lists the functions"
        raise CommandFailed(problem.message, where=f"--wire {wanted}", why=why, next_step=next_step, code=problem.code) from error


def _split(names: list[str], functions: Mapping[str, Function]) -> tuple[list[str], list[Function]]:
    """Return the kinds and the functions among *names*; a function may be named without version and catalogue."""
    known = {spelling: each for key, each in functions.items() for spelling in (each.name, key, f"{key}@default")}
    return [name for name in names if name not in known], [known[name] for name in names if name in known]
