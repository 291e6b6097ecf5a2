"""`parley graph`: one definition in plain words, as a picture, as a page, or as Mermaid text; no database, no network, no model."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.failures import invalid_definition
from app.cli.files import read_text, write_text
from app.cli.options import Json
from app.cli.output import Output
from app.cli.reading import outline_lines

if TYPE_CHECKING:
    from dsl import Function


class Format(StrEnum):
    outline = "outline"
    mermaid = "mermaid"
    svg = "svg"
    html = "html"


def register(app: typer.Typer) -> None:
    app.command()(graph)


def graph(
    file: Annotated[Path, typer.Argument(help="A definition.", show_default=False)],
    format_: Annotated[Format, typer.Option("--format", help="What to write; html has picture, words and effects.")] = Format.outline,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.", show_default=False)] = None,
    as_json: Json = False,
) -> int:
    """Show a definition in plain words, as a picture (SVG), as a page (HTML), or as Mermaid text."""
    import dsl

    catalogue = _catalogue()
    examined = dsl.examine(read_text(file), catalogue)
    if not examined.valid:
        raise invalid_definition(examined.problems, where=str(file))
    text = drawn(examined.data, format_, catalogue)
    if output is None:
        Output(as_json=as_json).result({"format": format_.value, "text": text}, text)
        return 0
    write_text(output, text)
    Output(as_json=as_json).result({"format": format_.value, "output": str(output)}, f"Wrote {output}")
    return 0


def drawn(data: Mapping[str, Any], format_: Format, catalogue: Mapping[str, Function]) -> str:
    """Return a valid definition as text of the chosen format."""
    import dsl

    match format_:
        case Format.mermaid:
            return dsl.mermaid(data, catalogue)
        case Format.svg:
            return dsl.svg(dsl.picture(data, catalogue))
        case Format.html:
            from dsl.picture.page import page

            return page(data, catalogue)
    return "\n".join(outline_lines(line.to_json() for line in dsl.outline(data, catalogue)))


def _catalogue() -> Mapping[str, Function]:
    from graphs import catalogue

    return catalogue.load()
