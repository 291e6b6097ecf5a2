"""`parley validate`: find every mistake of definitions; no database, no network, no model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.failures import CHECK_FAILED, CommandFailed
from app.cli.files import STDIN, definitions, read_text
from app.cli.options import Json
from app.cli.output import Output

if TYPE_CHECKING:
    from dsl import Examined, Function

_STYLES = {"error": "bold red", "warning": "yellow", "advice": "cyan"}


def register(app: typer.Typer) -> None:
    app.command()(validate)


def validate(
    target: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A definition, a folder of them, or - for standard input.", show_default=False)
    ],
    as_json: Json = False,
) -> int:
    """Find every mistake at once, each with its line; exit 1 when there is an error."""
    found, skipped = definitions(target)
    catalogue = _catalogue()
    is_folder = target.is_dir()
    reports = [_report_of_many(path, catalogue) if is_folder else report(path, catalogue) for path in found]
    output = Output(as_json=as_json)
    if skipped:
        output.note(f"{len(skipped)} YAML or JSON file(s) that are no workflow passed over")
    summary = together(reports) if is_folder else reports[0]
    output.result(summary, "\n".join(_lines(reports, is_folder=is_folder)), _STYLES)
    return 0 if summary["valid"] else CHECK_FAILED


def report(path: Path, catalogue: Mapping[str, Function]) -> dict[str, Any]:
    """Return what `--json` prints for one file: file, valid, digest, problems, effects."""
    examined = _examine(read_text(path), catalogue)
    return {
        "file": shown(path),
        "valid": examined.valid,
        "digest": examined.digest,
        "problems": [problem.to_json() for problem in examined.problems],
        "effects": [effect.to_json() for effect in examined.effects],
    }


def _report_of_many(path: Path, catalogue: Mapping[str, Function]) -> dict[str, Any]:
    """Return the same for a file of a folder, where one that cannot be read is a problem of its own and not the end."""
    try:
        return report(path, catalogue)
    except CommandFailed as failed:
        message = f"it cannot be read: {failed.why}" if failed.why else failed.what
        words = {"code": failed.code, "reference": "", "message": message, "hint": failed.next_step, "severity": "error"}
        return {"file": shown(path), "valid": False, "digest": None, "problems": [{**words, "line": 1, "column": 1}], "effects": []}


def together(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the summary of a folder: valid when all are; problems and effects name their file."""
    return {
        "valid": all(report["valid"] for report in reports),
        "digest": None,
        "problems": [{"file": report["file"], **problem} for report in reports for problem in report["problems"]],
        "effects": [{"file": report["file"], **effect} for report in reports for effect in report["effects"]],
        "files": reports,
    }


def shown(path: Path) -> str:
    """Return *path* as a compiler names it: relative where it stands below the folder somebody is in."""
    if str(path) == STDIN or not path.is_absolute():
        return str(path)
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.pardir) else relative


def compiler_lines(report: Mapping[str, Any]) -> str:
    """Return a file's report as a compiler would print it: `path:line:column: error: message (hint) [code]`."""
    lines = [_problem_line(report["file"], problem) for problem in report["problems"]]
    count = len(report["effects"])
    if report["valid"]:
        lines.append(f"{report['file']}: valid, {count} effect{'s' if count != 1 else ''} outside, {report['digest']}")
    return "\n".join(lines)


def _lines(reports: list[dict[str, Any]], *, is_folder: bool) -> Iterator[str]:
    yield from (compiler_lines(report) for report in reports)
    if is_folder:
        wrong = sum(not report["valid"] for report in reports)
        yield f"{len(reports)} file{'s' if len(reports) != 1 else ''}, {f'{wrong} with errors' if wrong else 'none with errors'}"


def _problem_line(file: str, problem: Mapping[str, Any]) -> str:
    place = f"{file}:{problem['line']}:{problem['column']}" if problem["line"] else f"{file}: at {problem['reference'] or '/'}"
    hint = f" ({problem['hint']})" if problem["hint"] else ""
    return f"{place}: {problem['severity']}: {problem['message']}{hint} [{problem['code']}]"


def _catalogue() -> Mapping[str, Function]:
    from graphs import catalogue

    return catalogue.load()


def _examine(text: str, catalogue: Mapping[str, Function]) -> Examined:
    """Return *text* examined; what this version cannot run yet is a warning, for the definition is right."""
    import dsl
    from graphs.run import later

    return later.with_unsupported(dsl.examine(text, catalogue), "warning")
