"""`parley doctor` on what functions of the catalogue need: named connections, drivers, packages."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.checks import Check

if TYPE_CHECKING:
    from app.settings import Settings
    from graphs.run.connections import Described

PAGE = "docs/functions.md, Connections"


def examine(settings: Settings) -> list[Check]:
    """Return a line for the file of connections, one for each connection, and one for each function of a package that cannot be used."""
    return [*_connections(settings), *_packages()]


def _connections(settings: Settings) -> Iterator[Check]:
    from app.connections import ConnectionFile
    from graphs.run.errors import ConnectionUnusable

    if settings.connections is None:
        detail = "none named; functions reach what their definitions write out"
        yield Check(name="Connections", status="ok", detail=detail, fix=f"PARLEY_CONNECTIONS=/a/file.yaml ({PAGE})")
        return
    try:
        known = ConnectionFile(settings.connections, _nowhere, _no_http).all()
    except ConnectionUnusable as error:
        yield Check(name="Connections", status="missing", detail=str(error), fix=f"correct {settings.connections} ({PAGE})")
        return
    yield Check(name="Connections", status="ok", detail=f"{len(known)} in {settings.connections}")
    for name, one in known.items():
        lacking = [*_not_there(one), *_driver(one)]
        detail = f"{one.kind}; {'; '.join(lacking)}" if lacking else f"{one.kind}{f': {one.description}' if one.description else ''}"
        fix = f"set it, or correct {settings.connections}" if lacking else ""
        yield Check(name=f"  {name}", status="missing" if lacking else "ok", detail=detail, fix=fix)


def _not_there(one: Described) -> list[str]:
    """Return what variables and files a connection names that are not there; stored secrets are only looked up in a run."""
    found = []
    for setting, kept in _kept(one.model_dump(exclude_none=True)):
        if "env" in kept and not os.environ.get(str(kept["env"])):
            found.append(f"'{setting}' is the variable {kept['env']}, which is not set")
        if "file" in kept and not os.access(Path(str(kept["file"])).expanduser(), os.R_OK):
            found.append(f"'{setting}' is the file {kept['file']}, which cannot be read")
    return found


def _kept(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            if len(value) == 1 and next(iter(value)) in ("env", "file", "secret"):
                yield f"{above}{name}", value
            else:
                yield from _kept(value, f"{above}{name}.")


def _driver(one: Described) -> list[str]:
    """Return why a database cannot be reached at all from here."""
    url = getattr(one, "url", None)
    if one.kind != "sql" or not isinstance(url, str):
        return []
    from graphs.functions.sql import driver_missing

    missing = driver_missing(url)
    return [missing] if missing else []


def _packages() -> Iterator[Check]:
    from graphs import catalogue

    found = catalogue.installed()
    if found.functions:
        yield Check(name="Functions", status="ok", detail=f"from packages: {', '.join(sorted(found.functions))}")
    for words in found.unusable:
        yield Check(name="Functions", status="missing", detail=words, fix="correct or remove that package")


async def _nowhere(_tenant: str, _name: str) -> None:
    return None


def _no_http(*, also: tuple[str, ...] = ()) -> Any:
    raise AssertionError(f"nothing is called here, {also} neither")
