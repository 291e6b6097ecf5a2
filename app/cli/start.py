"""`parley start WORKFLOW`: start runs of an approved workflow in the background; with `--bulk` one for each line of a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import files
from app.cli.failures import CHECK_FAILED, CommandFailed
from app.cli.options import Json
from app.cli.output import Output
from app.cli.session import NO_WORKER, call


def register(app: typer.Typer) -> None:
    app.command()(start)


def start(
    workflow: Annotated[
        str,
        typer.Argument(help="NAME, NAMESPACE/NAME, NAMESPACE/NAME/VERSION or a version's id; the newest by default.", show_default=False),
    ],
    input_: Annotated[str | None, typer.Option("--input", help="JSON or @FILE.", show_default=False)] = None,
    bulk: Annotated[
        Path | None, typer.Option("--bulk", help="One run a line: JSON Lines, a JSON array, or CSV with a header.", show_default=False)
    ] = None,
    key: Annotated[
        str, typer.Option("--key", help="With --bulk: the field whose value is the run's key; the same key starts one run, once.")
    ] = "",
    as_json: Json = False,
) -> int:
    """Start runs of an approved workflow; workers do them. Give --bulk FILE to start many, all or none of which fit."""
    if bulk is not None and input_ is not None:
        raise CommandFailed("the input was given twice", where="--input and --bulk", next_step="leave one of them out")
    if key and bulk is None:
        raise CommandFailed("--key belongs to --bulk", where="--key", next_step="leave it out, or give --bulk FILE")
    given = files.json_option("--input", input_)
    items = [{"input": given}] if bulk is None else list(_items(bulk, key))

    async def begin(actions: Any, actor: Any) -> tuple[list[dict[str, Any]], bool]:
        version = choose(await actions.workflows(actor), workflow)
        return await actions.start_many(actor, version.id, items), await actions.nobody_works(actor)

    started, lonely = call(begin)
    notes = [NO_WORKER] if lonely else []
    new = sum(one["new"] for one in started)
    told = {"runs": started, "started": new, "known": len(started) - new, **({"notes": notes} if notes else {})}
    Output(as_json=as_json).result(told, "\n".join([*_lines(started, new), *notes]))
    return 0


def _lines(started: Sequence[Mapping[str, Any]], new: int) -> Iterator[str]:
    for one in started:
        yield one["run"] + (f"  {one['key']}" if one["key"] else "") + ("" if one["new"] else "  (was started before)")
    if len(started) != 1:
        yield f"{new} started, {len(started) - new} were there already"


def choose(versions: Sequence[Any], named: str) -> Any:
    """Return the newest of *versions* (newest first) that *named* means. Raises CommandFailed."""
    parts = named.split("/")
    found = [one for one in versions if one.id == named]
    if not found and len(parts) <= 3:
        wanted = parts if len(parts) > 1 else [None, parts[0]]
        found = [one for one in versions if all(want in (None, have) for want, have in zip(wanted, _names(one), strict=False))]
    places = {f"{one.namespace}/{one.name}" for one in found}
    if len(places) == 1:
        return found[0]
    why = f"there are {', '.join(sorted(places))}" if places else "parley propose FILE and parley approve make one"
    what = f"{named} is the name of {len(places)} workflows" if places else f"no approved workflow is named {named}"
    raise CommandFailed(what, where="WORKFLOW", why=why, next_step="write NAMESPACE/NAME", code="no-such-workflow", exit_code=CHECK_FAILED)


def _names(version: Any) -> tuple[str, str, str]:
    return version.namespace, version.name, version.version


def _items(path: Path, key: str) -> Iterator[dict[str, Any]]:
    """Yield `{input, key?}` for each line. Raises CommandFailed."""
    for number, value in enumerate(_values(path), 1):
        if not key:
            yield {"input": value}
            continue
        found = value.get(key) if isinstance(value, Mapping) else None
        if found in (None, ""):
            raise CommandFailed(f"item {number} has no field {key}", where=f"{path}, --key", next_step="name a field that every item has")
        yield {"input": value, "key": found if isinstance(found, str) else json.dumps(found)}


def _values(path: Path) -> Iterator[Any]:
    text = files.read_text(path)
    if path.suffix.lower() == ".csv":
        yield from _rows(path, text)
    elif text.lstrip().startswith("["):
        yield from files.json_option("--bulk", f"@{path}")
    else:
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield _json(path, number, line)


def _rows(path: Path, text: str) -> Iterator[dict[str, str]]:
    rows = csv.DictReader(io.StringIO(text), strict=True)
    try:
        for row in rows:
            if None in row or None in row.values():
                raise CommandFailed("this line has other columns than the header", where=f"{path}:{rows.line_num}", code="not-csv")
            yield {str(name): str(value) for name, value in row.items()}
    except csv.Error as error:
        raise CommandFailed("this is not CSV", where=f"{path}:{rows.line_num}", why=str(error), code="not-csv") from None


def _json(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        why = f"{error}; JSON Lines have one value a line"
        raise CommandFailed("this line is not JSON", where=f"{path}:{number}", why=why, code="not-json") from None
