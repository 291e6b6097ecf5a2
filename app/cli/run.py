"""`parley run FILE`: run a definition in the foreground, recorded as an approved version, or `--ephemeral` with nothing kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import files, waits
from app.cli.failures import CHECK_FAILED, WAITING, CommandFailed, invalid_definition
from app.cli.inputs import check_input
from app.cli.options import Json
from app.cli.output import Output

if TYPE_CHECKING:
    from dsl import Source

EXIT_CODES = {"completed": 0, "faulted": CHECK_FAILED, "cancelled": CHECK_FAILED, "waiting": WAITING}


# to the specification they are errors of the run, which a `try` may catch: an ephemeral run is the specification's own
_AT_RUN = frozenset({"unknown-variable", "undeclared-secret", "invalid-argument", "missing-argument", "unknown-argument"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One checked definition and everything the command line gave for it."""

    path: Path
    text: str
    data: Mapping[str, Any]
    input: Any
    secrets: Mapping[str, Any]
    workflows: Mapping[str, Source]  # "namespace/name/version" -> what `run: workflow` may name
    events: tuple[Mapping[str, Any], ...]


def register(app: typer.Typer) -> None:
    app.command()(run)


def run(
    file: Annotated[Path, typer.Argument(help="A definition.", show_default=False)],
    input_: Annotated[str | None, typer.Option("--input", help="The workflow's input: JSON or @FILE.", show_default=False)] = None,
    secrets: Annotated[Path | None, typer.Option(help="JSON object of secret name → value, for this run only.", show_default=False)] = None,
    workflows: Annotated[Path | None, typer.Option(help="Folder of definitions that `run: workflow` may name.", show_default=False)] = None,
    events: Annotated[Path | None, typer.Option(help="JSON array of CloudEvents, delivered in order.", show_default=False)] = None,
    ephemeral: Annotated[bool, typer.Option("--ephemeral", help="Keep nothing: no database, no version, no stored secrets.")] = False,
    simulate: Annotated[bool, typer.Option("--simulate", help="Touch nothing outside: say what would happen.")] = False,
    explore: Annotated[bool, typer.Option("--explore", help="With --simulate: see every way that it can go.")] = False,
    force: Annotated[list[str] | None, typer.Option(help="With --simulate: TASK=CASE, take this way.", show_default=False)] = None,
    fail: Annotated[list[str] | None, typer.Option(help="With --simulate: TASK or TASK=STATUS fails.", show_default=False)] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Say on stderr how every step goes.")] = False,
    as_json: Json = False,
) -> int:
    """Run a definition; it may call this machine's own addresses (127.0.0.1). Exit 0 completed, 1 faulted or cancelled, 3 waiting."""
    if not simulate and (explore or force or fail):
        raise CommandFailed("--explore, --force and --fail belong to --simulate", where="parley run", next_step="add --simulate")
    request = read(file, input_=input_, secrets=secrets, workflows=workflows, events=events, closed=ephemeral, simulate=simulate)
    if simulate:
        return _simulate(request, given=input_ is not None, explore=explore, force=force or (), fail=fail or (), as_json=as_json)
    output = Output(as_json=as_json)
    if ephemeral:
        from app.cli.ephemeral import ephemeral as start
    else:
        from app.cli.recorded import recorded as start
    outcome = asyncio.run(start(request, say=output.note, follow=follow))
    output.result(outcome, in_words(outcome, request, kept=not ephemeral))
    if outcome["status"] == "completed":
        for note in outcome.get("notes", ()):
            output.note(note)
    return EXIT_CODES[outcome["status"]]


def _simulate(request: Request, *, given: bool, explore: bool, force: Sequence[str], fail: Sequence[str], as_json: bool) -> int:
    """Simulate once, or see every way; exit 1 when it faults, or when a fault was found."""
    from app.cli import simulated

    if not explore:
        found = asyncio.run(simulated.simulated(request, force=force, fail=fail, given=given))
        simulated.show(found, as_json=as_json)
        return EXIT_CODES[found["status"]]
    if force or fail:
        raise CommandFailed("--explore decides itself what to force and what fails", where="--explore", next_step="leave one of them out")
    told, table, fine = asyncio.run(simulated.explored(request, given=given))
    Output(as_json=as_json).result(told, table)
    return 0 if fine else CHECK_FAILED


def read(
    file: Path,
    *,
    input_: str | None,
    secrets: Path | None,
    workflows: Path | None,
    events: Path | None,
    closed: bool,
    simulate: bool = False,
) -> Request:
    """
    Read and check everything before anything starts.

    Args:
        closed: Only the workflows of the folder can be named; else approved ones as well, which the store judges.
        simulate: Parts that cannot be run here are no mistake, and an input is made where none is given.

    Raises:
        CommandFailed: a file or option cannot be used, the definition has errors, or the input does not fit it.
    """
    from graphs import catalogue
    from graphs.run import later

    text = files.read_text(file)
    given = files.json_option("--input", input_)
    known = _folder(workflows)
    import dsl

    judge = dsl.examine if simulate else later.examine
    examined = judge(text, catalogue.load(), workflows=tuple(known) if closed else None)
    errors = [problem for problem in examined.problems if problem.severity == "error"]
    if any(not closed or problem.code not in _AT_RUN for problem in errors):
        raise invalid_definition(examined.problems, where=str(file))
    if not closed and not (
        simulate and input_ is None
    ):  # an ephemeral run is the specification's own: an input that does not fit is its validation error
        check_input(examined.data, input_, given, file=str(file))
    return Request(
        path=file,
        text=text,
        data=examined.data,
        input=given,
        secrets=files.json_file("--secrets", secrets, dict),
        workflows=known,
        events=tuple(files.events(events)),
    )


def _folder(folder: Path | None) -> dict[str, Source]:
    """Return the definitions of `--workflows` by `namespace/name/version`; files without these three are passed over."""
    if folder is None:
        return {}
    if not folder.is_dir():
        raise CommandFailed(
            f"there is no folder {folder}", where="--workflows", next_step="name a folder of definitions", code="no-such-file"
        )
    import dsl

    found: dict[str, Source] = {}
    for path in files.definitions(folder)[0]:
        source = dsl.read(files.read_text(path))
        document = source.data.get("document") if isinstance(source.data, Mapping) else None
        if isinstance(document, Mapping) and {"namespace", "name", "version"} <= document.keys():
            found[f"{document['namespace']}/{document['name']}/{document['version']}"] = source
    return found


def in_words(outcome: Mapping[str, Any], request: Request, *, kept: bool) -> str:
    """Return the outcome as a person reads it: the output alone when it completed, so that it can be piped on."""
    if outcome["status"] == "completed":
        return json.dumps(outcome["output"], indent=2, ensure_ascii=False)
    lines = [f"{outcome['status']}: run {outcome['run_id']}" if kept else f"{outcome['status']}, and nothing was kept (--ephemeral)"]
    if error := outcome.get("error"):
        lines += _fault(error, request, outcome["run_id"] if kept else "")
    waiting = outcome.get("awaiting", [])
    for item in waiting:
        lines += waits.lines(item, outcome["run_id"], waiting, answerable=kept)
    lines += [f"  {note}" for note in outcome.get("notes", ())]
    if waiting and not kept:
        lines.append("  Nobody can go on with an ephemeral run. " + _instead({item["kind"] for item in waiting}))
    return "\n".join(lines)


def _instead(kinds: set[str]) -> str:
    """Return what to do about an ephemeral run that waits for *kinds* of things."""
    if kinds == {"event"}:
        return "Give the event with --events, or leave out --ephemeral."
    return "Leave out --ephemeral to be asked." if kinds & set(waits.PEOPLE) else "Leave out --ephemeral: the run then waits for its time."


def _fault(error: Mapping[str, Any], request: Request, run_id: str) -> list[str]:
    """Return what, where (with the line in the file), why and what next."""
    import dsl
    from app.explain import RETRY, explain

    told = explain(error, request.data, again=RETRY if run_id else "run it again")
    span = dsl.read(request.text).spans.get(str(error.get("instance") or ""))
    where = f"{request.path}:{span.line}, {told.where}" if span else f"{request.path}, {told.where}"
    lines = [f"  {told.what}", f"  where: {where}", f"  why:   {told.why}", f"  next:  {told.next}"]
    return [*lines, f"         parley retry {run_id}"] if run_id and RETRY in told.next else lines
