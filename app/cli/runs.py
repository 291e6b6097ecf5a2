"""`parley runs|show|cancel|retry|answer|emit`: look at runs and decide what they wait for."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import runview, waits
from app.cli.failures import CHECK_FAILED, CommandFailed
from app.cli.files import events, json_option
from app.cli.options import Json
from app.cli.output import Output
from app.cli.session import NO_WORKER, call

STATUSES = ("ready", "running", "waiting", "suspended", "completed", "faulted", "cancelled", "stuck")
BATCH = 500  # events that are taken in one transaction
NEEDS = {"approve": "--approve or --reject", "outcome-unknown": "--happened or --did-not-happen", "ask": "a value"}
Run = Annotated[str, typer.Argument(help="The run's id.", show_default=False)]


def register(app: typer.Typer) -> None:
    for command in (runs, show, cancel, retry, answer, emit):
        app.command()(command)


def runs(
    status: Annotated[
        str | None, typer.Option(help="Only these: ready, running, waiting, suspended, completed, faulted, cancelled or stuck.")
    ] = None,
    dead: Annotated[bool, typer.Option("--dead", help="Only those that were put aside (stuck).")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most this many, newest first.")] = 20,
    as_json: Json = False,
) -> int:
    """List runs, newest first."""
    if status is not None and status not in STATUSES:
        raise CommandFailed(f"no run can be {status!r}", where="--status", why=f"a run is {', '.join(STATUSES)}")
    if dead:
        status = "stuck"
    found = [view.to_json() for view in call(lambda actions, actor: actions.runs(actor, status=status, limit=limit))]
    Output(as_json=as_json).result({"runs": found}, "\n".join(runview.row(view) for view in found) or _none(status))
    return 0


def show(
    run: Run,
    events: Annotated[bool, typer.Option("--events", help="Show its lifecycle events instead, as CloudEvents, by time.")] = False,
    value: Annotated[
        str | None,
        typer.Option(
            "--value",
            help="Print one value as a whole instead: input, output, or what an excerpt names (its address behind `values/`, its `blob`).",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Show one run: every step, what it waits for, its output or error."""
    if value is not None:
        whole = call(lambda actions, actor: actions.run_value(actor, run, value.removeprefix("/")))
        Output(as_json=as_json).result({"value": whole}, json.dumps(whole, indent=2, ensure_ascii=False))
        return 0
    if events:
        found = call(lambda actions, actor: actions.run_events(actor, run))
        lines = [f"{event['time']}  {event['type']}  {event['data'].get('task', '')}".rstrip() for event in found]
        Output(as_json=as_json).result({"events": found}, "\n".join(lines) or "Nothing has happened yet.")
        return 0
    show_view(call(lambda actions, actor: actions.run(actor, run)).to_json(), as_json=as_json)
    return 0


def cancel(run: Run, as_json: Json = False) -> int:
    """Cancel a run: steps not yet begun will not begin, and what can be undone is (metadata.parley.compensate)."""
    view = call(lambda actions, actor: actions.cancel(actor, run)).to_json()
    if view["status"] in ("completed", "faulted"):
        raise CommandFailed(
            f"the run has {view['status']} already; nothing was cancelled",
            where=f"run {run}",
            next_step=f"parley show {run}",
            code="already-ended",
            exit_code=CHECK_FAILED,
        )
    show_view(view, as_json=as_json)
    return 0


def retry(run: Run, as_json: Json = False) -> int:
    """Try the failed task of a run again; what finished stays finished. A run that was put aside (stuck) goes on."""
    view, notes = call(lambda actions, actor: with_notes(actions, actor, actions.retry(actor, run)))
    show_view(view, notes, as_json=as_json)
    return 0


def answer(
    run: Run,
    task: Annotated[
        str, typer.Argument(help="The task that waits: its name, reference or path, as `parley show` prints it.", show_default=False)
    ],
    value: Annotated[str | None, typer.Argument(help="The form's values: JSON or @FILE (task kind `ask`).", show_default=False)] = None,
    value_option: Annotated[str | None, typer.Option("--value", help="The same, as an option.", show_default=False)] = None,
    approved: Annotated[
        bool | None, typer.Option("--approve/--reject", help="The decision (task kind `approve`).", show_default=False)
    ] = None,
    comment: Annotated[str, typer.Option(help="Why, with --approve or --reject.")] = "",
    happened: Annotated[
        bool | None,
        typer.Option("--happened/--did-not-happen", help="Whether the effect took place (outcome-unknown).", show_default=False),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Let the task's proof look whether the effect took place (outcome-unknown).", show_default=False)
    ] = False,
    as_json: Json = False,
) -> int:
    """Answer a task that waits for a person."""
    if value is not None and value_option is not None:
        raise CommandFailed("the value was given twice", where="VALUE and --value", next_step="leave one of them out")
    values = json_option("--value" if value is None else "VALUE", value_option if value is None else value)
    given = Given(values=values, approved=approved, comment=comment, happened=happened, check=check)
    view, notes = call(lambda actions, actor: decide(actions, actor, run, task, given))
    show_view(view, notes, as_json=as_json)
    return 0


def emit(
    file: Annotated[Path, typer.Argument(help="One CloudEvent, or an array of them, as JSON; - for standard input.", show_default=False)],
    as_json: Json = False,
) -> int:
    """Deliver CloudEvents to the runs that listen for them; the same source and id counts once. They are stored when this ends."""
    found = events(file)

    async def deliver(actions: Any, actor: Any) -> list[Any]:
        return [await actions.take_events(actor, found[begin : begin + BATCH]) for begin in range(0, len(found), BATCH)]

    taken = call(deliver)
    new, receivers = sum(part.new for part in taken), [count for part in taken for count in part.receivers]
    counts = f"{new} accepted, {len(found) - new} seen before"
    told = {"accepted": new, "duplicates": len(found) - new, "receivers": receivers}
    Output(as_json=as_json).result(told, f"{counts}; {_waited(sum(receivers))}")
    return 0


def _waited(count: int) -> str:
    if count == 0:
        return "no run was waiting"
    return f"{count} run{'s' if count > 1 else ''} had been waiting"


def _none(status: str | None) -> str:
    return f"No run is {status}." if status else "No runs yet: parley run FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line answers."""

    values: Any = None
    approved: bool | None = None
    comment: str = ""
    happened: bool | None = None
    check: bool = False

    def reply(self, kind: str) -> Any:
        """Return the value to hand in for a wait of *kind*; None when its option is missing."""
        if kind == "approve" and self.approved is not None:
            return {"approved": self.approved, "comment": self.comment}
        if kind == "outcome-unknown" and self.check:
            return {"check": True}
        if kind == "outcome-unknown" and self.happened is not None:
            return {"happened": self.happened}
        return self.values if kind == "ask" else None


async def decide(actions: Any, actor: Any, run: str, task: str, given: Given) -> tuple[dict[str, Any], list[str]]:
    """
    Hand the answer in and return the run and what to note.

    Raises:
        CommandFailed: nothing of that name waits, or the option is missing.
        ActionError: the answer does not fit, or somebody answered otherwise before.
    """
    view = (await actions.run(actor, run)).to_json()
    try:
        waiting = awaited(view["awaiting"], task, run)
    except CommandFailed:
        earlier = await _answered_before(actions, actor, view, task, given)
        if earlier is None:
            raise
        return earlier, ["It had this answer already; nothing changed."]
    return await with_notes(actions, actor, actions.answer(actor, run, waiting["path"], answer_for(waiting, given, view["awaiting"], run)))


async def _answered_before(actions: Any, actor: Any, view: Mapping[str, Any], task: str, given: Given) -> dict[str, Any] | None:
    """Return the run when its task got the same answer earlier; None when it never asked. Raises ActionError: another answer was given."""
    from app.actions import NotFound

    named = [path for path in view["steps"] if task in (path, path.rpartition("/")[2])]
    replies = [reply for kind in ("approve", "outcome-unknown", "ask") if (reply := given.reply(kind)) is not None]
    if len(named) != 1 or not replies:
        return None
    try:
        return dict((await actions.answer(actor, view["id"], named[0], replies[0])).to_json())
    except NotFound:
        return None


async def with_notes(actions: Any, actor: Any, acting: Awaitable[Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the run after *acting*, and a note when nobody is there to go on with it."""
    view = dict((await acting).to_json())
    lonely = view["status"] == "ready" and await actions.nobody_works(actor)
    return view, [NO_WORKER] if lonely else []


def show_view(view: dict[str, Any], notes: Sequence[str] = (), *, as_json: bool) -> None:
    """Print a run, as JSON or in words."""
    told = {**view, "notes": list(notes)} if notes else view
    Output(as_json=as_json).result(told, "\n".join([runview.in_words(view), *notes]))


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


def answer_for(waiting: Mapping[str, Any], given: Given, all_waiting: Sequence[Mapping[str, Any]], run: str) -> Any:
    """
    Return the value to hand in for one wait, by its kind.

    Raises:
        CommandFailed: the option that this kind needs is missing.
    """
    kind = waiting["kind"]
    if kind not in NEEDS:
        raise CommandFailed(f"{waits.SAYS.get(kind, kind)} is nothing a person answers", where=waiting["path"], code="not-for-people")
    reply = given.reply(kind)
    if reply is None:
        raise CommandFailed(
            f"this task needs {NEEDS[kind]}",
            where=waiting["path"],
            why=f"it waits for {waits.SAYS[kind]}: {waiting['title']}",
            next_step="    or    ".join(waits.commands(waiting, run, all_waiting)),
            code="answer-missing",
        )
    return reply
