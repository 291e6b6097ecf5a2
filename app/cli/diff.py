"""`parley diff`: what differs between two definitions, in terms of their tasks, and what that asks of others; no database, no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.failures import invalid_definition
from app.cli.files import read_text
from app.cli.options import Json
from app.cli.output import Output, visible

if TYPE_CHECKING:
    from dsl import Breaking, Diff, Examined

_MARKS = {"added": "+", "removed": "-", "renamed": "≡", "moved": "↕", "changed": "~", "follows": "~"}
_COLOURS = {"+": "green", "-": "red", "~": "yellow", "≡": "cyan", "↕": "cyan", "!": "bold red", "@": "cyan"}


def register(app: typer.Typer) -> None:
    app.command()(diff)


def diff(
    old: Annotated[Path, typer.Argument(metavar="A", help="A definition.", show_default=False)],
    new: Annotated[Path, typer.Argument(metavar="B", help="Another, or a later one.", show_default=False)],
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Show the lines that differ as well.")] = False,
    as_json: Json = False,
) -> int:
    """Compare two definitions task by task, and say what the change asks of others; exit 0 whether they differ or not."""
    import dsl

    texts = read_text(old), read_text(new)
    before, after = (_valid(text, path) for text, path in zip(texts, (old, new), strict=True))
    found = dsl.diff(texts[0], texts[1], _catalogue())
    changes = dsl.breaking(before.data, after.data)
    versions = _versions(before, after, changes)
    lines = list(_unified(texts, (old, new))) if as_yaml else []
    output = Output(as_json=as_json)
    if as_json:
        told = {**found.to_json(), "breaking": [change.to_json() for change in changes], **versions}
        output.result(told | ({"yaml": "\n".join(lines)} if as_yaml else {}), "")
        return 0
    for line in [*_told(found, changes, versions), *([""] if lines else []), *lines]:
        output.out.print(visible(line), style=_colour(line))
    return 0


def _valid(text: str, path: Path) -> Examined:
    import dsl

    examined = dsl.examine(text, _catalogue())
    if not examined.valid:
        raise invalid_definition(examined.problems, where=str(path))
    return examined


def _versions(before: Examined, after: Examined, changes: tuple[Breaking, ...]) -> dict[str, Any]:
    """Return the version numbers, the bump that *changes* ask for, and the least version that it gives."""
    import dsl

    was, now = (str(examined.data["document"]["version"]) for examined in (before, after))
    bump = dsl.bump_of(changes)
    return {"versions": [was, now], "bump": bump, "least": dsl.bumped(was, bump) if bump else was}


def _told(found: Diff, changes: tuple[Breaking, ...], versions: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines for a person: a head, a line a change, then what it asks of others."""
    if found.equal:
        yield "Both say the same"
        return
    total, touched = len(found.tasks) + len(found.untouched), len(found.tasks)
    yield f"{touched} of {total} task{'s' if total != 1 else ''} changed, {len(found.untouched)} untouched"
    for task in found.tasks:
        yield f"  {_MARKS[task.kinds[0]]} {task.words}"
    for part in found.document:
        mark = _MARKS[part.field.kind]
        yield f"  {mark} {part.words}"
    yield f"For others: a {versions['bump']} change, from {versions['versions'][0]} to {versions['least']} or later"
    for change in changes:
        yield f"  {'!' if change.bump == 'major' else ' '} {change.words} [{change.code}]"


def _unified(texts: tuple[str, str], paths: tuple[Path, Path]) -> Iterator[str]:
    import difflib

    old, new = (text.splitlines() for text in texts)
    yield from difflib.unified_diff(old, new, str(paths[0]), str(paths[1]), lineterm="")


def _colour(line: str) -> str:
    bare = line.lstrip(" ")
    return _COLOURS.get(bare[:1], "") if line[:2] == "  " or line[:1] in "+-@" else ""


def _catalogue() -> Mapping[str, Any]:
    from graphs import catalogue

    return catalogue.load()
