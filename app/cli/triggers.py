"""`parley triggers [list|activate|pause|remove|next]`: what starts by itself, and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from app.cli.options import Json
from app.cli.output import Output
from app.cli.session import NO_WORKER, call

group = typer.Typer(help="Schedules: what starts by itself, and when.")
Name = Annotated[str, typer.Argument(help="The workflow: NAME, or NAMESPACE/NAME.", show_default=False)]
NONE_YET = "No schedules yet: a workflow with `schedule` starts by itself once it is approved and activated."


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="triggers")


@group.callback(invoke_without_command=True)
def triggers(ctx: typer.Context, as_json: Json = False) -> None:
    """List schedules; `activate`, `pause` and `remove` change them, `next` tells when they start."""
    if ctx.invoked_subcommand is None:
        _list(as_json=as_json)


@group.command("list")
def list_(as_json: Json = False) -> int:
    """List the schedules there are: active, paused, and approved ones that nobody has activated."""
    return _list(as_json=as_json)


@group.command()
def activate(
    name: Annotated[
        str, typer.Argument(help="NAME or NAMESPACE/NAME: the newest version; NAMESPACE/NAME/VERSION: that one.", show_default=False)
    ],
    as_json: Json = False,
) -> int:
    """Let a workflow start by itself, as its schedule says; it takes over from an older version, and a paused one goes on."""

    async def act(actions: Any, actor: Any) -> tuple[Any, bool]:
        view = await actions.activate(actor, (await actions.version_named(actor, name)).id)
        return view, await actions.nobody_works(actor)

    view, lonely = call(act)
    _show(view.to_json(), [NO_WORKER] if lonely else [], as_json=as_json)
    return 0


@group.command()
def pause(name: Name, as_json: Json = False) -> int:
    """Let a schedule start nothing until it is activated again; what falls due or arrives meanwhile is left out."""
    _show(call(lambda actions, actor: actions.pause(actor, name)).to_json(), as_json=as_json)
    return 0


@group.command()
def remove(name: Name, as_json: Json = False) -> int:
    """Forget that a schedule was activated; its runs and versions stay."""
    call(lambda actions, actor: actions.deactivate(actor, name))
    Output(as_json=as_json).result({"name": name, "status": "inactive"}, f"{name} no longer starts by itself.")
    return 0


@group.command("next")
def next_(
    name: Name,
    count: Annotated[int, typer.Option(min=1, max=100, help="How many times.")] = 5,
    as_json: Json = False,
) -> int:
    """Show the next times a schedule starts its workflow, or would if it were active."""

    async def act(actions: Any, actor: Any) -> tuple[Any, list[dict[str, Any]]]:
        return await actions.trigger(actor, name), await actions.next_times(actor, name, count=count)

    view, times = call(act)
    told = {"name": view.name, "namespace": view.namespace, "status": view.status, "times": times}
    lines = [_time(time["at"], time["zone"]) for time in times] or [*(start["words"] for start in view.starts)]
    note = [] if view.status == "active" else [f"({view.status}: parley triggers activate {view.name})"]
    Output(as_json=as_json).result(told, "\n".join([*lines, *note]))
    return 0


def _list(*, as_json: bool) -> int:
    found = [view.to_json() for view in call(lambda actions, actor: actions.triggers(actor))]
    Output(as_json=as_json).result({"triggers": found}, "\n".join(in_words(view) for view in found) or NONE_YET)
    return 0


def _show(view: dict[str, Any], notes: list[str] | None = None, *, as_json: bool) -> None:
    told = {**view, "notes": notes} if notes else view
    Output(as_json=as_json).result(told, "\n".join([in_words(view), *(notes or ())]))


def in_words(view: Mapping[str, Any]) -> str:
    """Return a schedule in a few lines: what, how it stands, what starts it, what it did last, what to do."""
    lines = [f"{view['namespace']}/{view['name']} {view['version']}  {view['status']}"]
    for start in view["starts"]:
        due = f"; next {_time(start['next_due'], start['zone'])}" if start["next_due"] and view["status"] == "active" else ""
        lines.append(f"  {start['words']}{due}")
    if view["waiting"]:
        lines.append(f"  {view['waiting']} starts wait for a run to end")
    if last := view["last"]:
        what = f"{last['outcome']}{': ' + last['reason'] if last['reason'] else ''}"
        lines.append(f"  last: {_time(last['at'], view['starts'][0]['zone'])} {what}{' run ' + last['run_id'] if last['run_id'] else ''}")
    if view["error"]:
        lines.append(f"  problem: {view['error']}")
    if view["status"] == "paused":
        lines.append(f"  paused by {view['paused_by']}; to go on: parley triggers activate {view['name']}")
    if view["status"] == "inactive":
        lines.append(f"  starts nothing by itself yet: parley triggers activate {view['name']}")
    return "\n".join(lines)


def _time(at: str, zone: str) -> str:
    """Return a moment in the schedule's own time zone."""
    local = datetime.fromisoformat(at).astimezone(ZoneInfo(zone))
    return local.strftime("%a %Y-%m-%d %H:%M:%S ") + (zone if zone == "UTC" else f"{local:%Z} ({zone})")
