"""`parley runs|show|cancel|retry|answer|emit`: look at runs and decide what they wait for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.failures import CommandFailed
from app.cli.files import events, json_option
from app.cli.options import Json
from app.cli.output import Output
from app.cli.session import call

OPTIONS = {"approve": "--approve|--reject [--comment TEXT]", "ask": "--value JSON|@FILE", "outcome-unknown": "--happened|--did-not-happen"}
Run = Annotated[str, typer.Argument(help="The run's id.", show_default=False)]


def register(app: typer.Typer) -> None:
    for command in (runs, show, cancel, retry, answer, emit):
        app.command()(command)


def runs(
    status: Annotated[str | None, typer.Option(help="Only these: ready, running, waiting, completed, faulted or cancelled.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most this many, newest first.")] = 20,
    as_json: Json = False,
) -> int:
    """List runs, newest first."""
    found = [view.to_json() for view in call(lambda actions, actor: actions.runs(actor, status=status, limit=limit))]
    lines = [f"{view['id']}  {view['status']:9} {view['started_at'] or '':20.19} {view['title'] or view['name']}" for view in found]
    Output(as_json=as_json).result({"runs": found}, "\n".join(lines) or "No runs yet: parley run FILE")
    return 0


def show(run: Run, as_json: Json = False) -> int:
    """Show one run: every step, what it waits for, its output or error."""
    view = call(lambda actions, actor: actions.run(actor, run)).to_json()
    Output(as_json=as_json).result(view, in_words(view))
    return 0


def cancel(run: Run, as_json: Json = False) -> int:
    """Cancel a run: steps not yet begun will not begin."""
    view = call(lambda actions, actor: actions.cancel(actor, run)).to_json()
    Output(as_json=as_json).result(view, in_words(view))
    return 0


def retry(run: Run, as_json: Json = False) -> int:
    """Try the failed task of a run again; what finished stays finished."""
    view = call(lambda actions, actor: actions.retry(actor, run)).to_json()
    Output(as_json=as_json).result(view, in_words(view))
    return 0


def answer(
    run: Run,
    task: Annotated[
        str, typer.Argument(help="The task that waits: its name, reference or path, as `parley show` prints it.", show_default=False)
    ],
    value: Annotated[str | None, typer.Option(help="The form's values: JSON or @FILE (task kind `ask`).", show_default=False)] = None,
    approved: Annotated[
        bool | None, typer.Option("--approve/--reject", help="The decision (task kind `approve`).", show_default=False)
    ] = None,
    comment: Annotated[str, typer.Option(help="Why, with --approve or --reject.")] = "",
    happened: Annotated[
        bool | None,
        typer.Option("--happened/--did-not-happen", help="Whether the effect took place (outcome-unknown).", show_default=False),
    ] = None,
    as_json: Json = False,
) -> int:
    """Answer a task that waits for a person."""
    values = json_option("--value", value)

    async def decide(actions: Any, actor: Any) -> dict[str, Any]:
        waiting = awaited((await actions.run(actor, run)).to_json()["awaiting"], task, run)
        reply = answer_for(waiting, values=values, approved=approved, comment=comment, happened=happened)
        return dict((await actions.answer(actor, run, waiting["path"], reply)).to_json())

    view = call(decide)
    Output(as_json=as_json).result(view, in_words(view))
    return 0


def emit(
    file: Annotated[Path, typer.Argument(help="One CloudEvent, or an array of them, as JSON.", show_default=False)],
    as_json: Json = False,
) -> int:
    """Deliver CloudEvents to the runs that wait for them; the same source and id counts once."""
    found = events(file)
    taken = call(lambda actions, actor: actions.accept_events(actor, found))
    Output(as_json=as_json).result(taken, f"{taken['accepted']} accepted, {taken['duplicates']} seen before")
    return 0


def awaited(waiting: Sequence[Mapping[str, Any]], task: str, run: str) -> Mapping[str, Any]:
    """
    Return the wait of *waiting* that *task* names by path, reference or name.

    Raises:
        CommandFailed: none, or more than one; the message lists what waits.
    """
    named = [item for item in waiting if item["path"] == task]
    named = named or [item for item in waiting if task in (item["reference"], item["reference"].rsplit("/", 1)[-1])]
    if len(named) == 1:
        return named[0]
    listed = ", ".join(f"{item['path']} ({item['kind']})" for item in (named or waiting)) or "nothing"
    problem = f"{len(named)} waiting tasks are named {task}" if named else f"no task {task} waits for an answer"
    next_step = "use the path" if named else f"parley show {run}"
    raise CommandFailed(problem, where=f"run {run}", why=f"waiting now: {listed}", next_step=next_step, code="no-such-task", exit_code=1)


def answer_for(waiting: Mapping[str, Any], *, values: Any, approved: bool | None, comment: str, happened: bool | None) -> Any:
    """
    Return the value to hand in for one wait, by its kind.

    Raises:
        CommandFailed: the option that this kind needs is missing.
    """
    kind = waiting["kind"]
    if kind == "approve" and approved is not None:
        return {"approved": approved, "comment": comment}
    if kind == "outcome-unknown" and happened is not None:
        return {"happened": happened}
    if kind == "ask" and values is not None:
        return values
    option = {"approve": "--approve or --reject", "outcome-unknown": "--happened or --did-not-happen", "ask": "--value JSON"}.get(kind)
    if option is None:
        raise CommandFailed(f"a {kind} is not answered by a person", where=waiting["path"], code="not-for-people")
    raise CommandFailed(
        f"this task needs {option}", where=waiting["path"], why=f"it is of kind {kind}: {waiting['title']}", code="answer-missing"
    )


def in_words(view: Mapping[str, Any]) -> str:
    """Return a run as a person reads it."""
    reason = f" ({view['reason']})" if view.get("reason") else ""
    lines = [f"Run {view['id']}: {view['title'] or view['name']} {view['version']}, {view['status']}{reason}"]
    lines += [_step(reference, step) for reference, step in view["steps"].items()]
    for item in view["awaiting"]:
        lines += [f"waits at {item['path']} for {item['kind']}: {item['title']}"]
        if item["kind"] in OPTIONS:
            lines += [f"  parley answer {view['id']} {item['path']} {OPTIONS[item['kind']]}"]
    if view["status"] == "completed":
        lines += [f"output: {json.dumps(view['output'], ensure_ascii=False)}"]
    if view["error"]:
        lines += [f"{label}: {view['error'][label]}" for label in ("what", "where", "why", "next") if view["error"].get(label)]
    return "\n".join(lines)


def _step(reference: str, step: Mapping[str, Any]) -> str:
    count = f" {step['done']}/{step['total']}" if step.get("total") else ""
    detail = f"  {step['detail']}" if step.get("detail") else ""
    return f"  {step['status']:9}{count} {reference}{detail}"
