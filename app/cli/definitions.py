"""`parley validate`: find every mistake of definitions; no database, no network, no model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.failures import CHECK_FAILED
from app.cli.files import definitions, read_text
from app.cli.options import Json
from app.cli.output import Output

if TYPE_CHECKING:
    from dsl import Examined, Function


def register(app: typer.Typer) -> None:
    app.command()(validate)


def validate(
    target: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="A definition, or a folder of them.", show_default=False)],
    as_json: Json = False,
) -> int:
    """Find every mistake at once, each with its line; exit 1 when there is an error."""
    found, skipped = definitions(target)
    catalogue = _catalogue()
    reports = [report(path, catalogue) for path in found]
    output = Output(as_json=as_json)
    if skipped:
        output.note(f"{len(skipped)} YAML or JSON file(s) that are no workflow passed over")
    summary = reports[0] if not target.is_dir() else together(reports)
    output.result(summary, "\n".join(compiler_lines(report) for report in reports))
    return 0 if summary["valid"] else CHECK_FAILED


def report(path: Path, catalogue: Mapping[str, Function]) -> dict[str, Any]:
    """Return what `--json` prints for one file: file, valid, digest, problems, effects."""
    examined = _examine(read_text(path), catalogue)
    return {
        "file": str(path),
        "valid": examined.valid,
        "digest": examined.digest,
        "problems": [problem.to_json() for problem in examined.problems],
        "effects": [effect.to_json() for effect in examined.effects],
    }


def together(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the summary of a folder: valid when all are; problems and effects name their file."""
    return {
        "valid": all(report["valid"] for report in reports),
        "digest": None,
        "problems": [{"file": report["file"], **problem} for report in reports for problem in report["problems"]],
        "effects": [{"file": report["file"], **effect} for report in reports for effect in report["effects"]],
        "files": reports,
    }


def compiler_lines(report: Mapping[str, Any]) -> str:
    """Return a file's report as a compiler would print it: `path:line:column: error: message (hint) [code]`."""
    lines = [_problem_line(report["file"], problem) for problem in report["problems"]]
    count = len(report["effects"])
    if report["valid"]:
        lines.append(f"{report['file']}: valid, {count} effect{'s' if count != 1 else ''} outside, {report['digest']}")
    return "\n".join(lines)


def _problem_line(file: str, problem: Mapping[str, Any]) -> str:
    place = f"{file}:{problem['line']}:{problem['column']}" if problem["line"] else f"{file}: at {problem['reference'] or '/'}"
    hint = f" ({problem['hint']})" if problem["hint"] else ""
    return f"{place}: {problem['severity']}: {problem['message']}{hint} [{problem['code']}]"


def _catalogue() -> Mapping[str, Function]:
    from graphs import catalogue

    return catalogue.load()


def _examine(text: str, catalogue: Mapping[str, Function]) -> Examined:
    """A definition is judged by the standard; what this version cannot run yet is a warning."""
    import dsl
    from graphs.run.later import with_unsupported

    return with_unsupported(dsl.examine(text, catalogue), "warning")
