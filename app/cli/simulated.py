"""`parley run --simulate`: what would happen, without touching anything outside; `--explore`: every way that the definition can go.

Needs no database and no secrets (placeholders stand in for them). Nothing is kept, and nothing is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.cli.failures import CommandFailed
from app.cli.output import Output

if TYPE_CHECKING:
    from app.cli.run import Request
    from dsl.walk import Step

FIRST_LINE = "Simulated: nothing outside was touched."
LONGEST = 120  # characters of a payload in a line
_WAYS = {"true": "if:true", "false": "if:false", "0": "for:0", "1": "for:1", "many": "for:many", "stop": "while:false"}


async def simulated(request: Request, *, force: Sequence[str], fail: Sequence[str], given: bool) -> dict[str, Any]:
    """
    Simulate once and return what `--json` prints.

    Args:
        force: REF=CASE.
        fail: REF or REF=STATUS.
        given: Whether `--input` was; else one is made.
    """
    from graphs import catalogue
    from graphs.run.simulation import GENERATED, simulate

    steps = _steps(request.data)
    found = await simulate(
        request.data,
        catalogue.load(),
        input=request.input if given else GENERATED,
        forced=dict(_forced(one, steps) for one in force),
        errors=dict(_failing(one, steps) for one in fail),
        events=request.events,
        workflows=[source.data for source in request.workflows.values()],
    )
    return {"run_id": "simulated", **found.to_json()}


async def explored(request: Request, *, given: bool) -> tuple[dict[str, Any], str, bool]:
    """Return what `--json` prints of the coverage, the table for a person, and whether no fault was found."""
    from graphs import catalogue
    from graphs.run.simulation import GENERATED, explore

    found = await explore(
        request.data,
        catalogue.load(),
        input=request.input if given else GENERATED,
        workflows=[source.data for source in request.workflows.values()],
    )
    fine = not any(problem.severity == "error" for problem in found.problems)
    return found.to_json(), f"{FIRST_LINE}\n{found.table()}", fine


def in_words(found: Mapping[str, Any]) -> str:
    """Return a simulation for a person: what would have happened, who would have been asked, how it ends."""
    lines = [FIRST_LINE, f"input: {_short(found['input'])}"]
    if found["effects"]:
        lines.append("It would have:")
        lines += [f"  {effect['target']}{_payload(effect)}" for effect in found["effects"]]
    lines += [f"asked: {_asked(one)}" for one in found["requests"]]
    forced = [mark for mark in found["marks"] if mark["mark"] == "forced"]
    lines += [f"forced: {mark['reference']}: {mark['what']}" for mark in forced]
    if found["lasted_s"]:
        lines.append(f"waits that passed at once: {found['lasted_s']:g} s")
    if found["error"]:
        error = found["error"]
        lines.append(
            f"faulted at {error.get('instance')}: {error.get('title')} ({error.get('status')}) {error.get('detail') or ''}".rstrip()
        )
    elif found["status"] == "waiting":
        lines.append("waiting: nobody answers, and no time limit is set")
    else:
        lines += ["output:", json.dumps(found["output"], indent=2, ensure_ascii=False)]
    return "\n".join(lines)


def show(found: Mapping[str, Any], *, as_json: bool) -> None:
    Output(as_json=as_json).result(found, in_words(found))


def _asked(one: Mapping[str, Any]) -> str:
    title = (one.get("form") or {}).get("title") or one["reference"]
    return f"{title} -> {_short(one['answer'])}"


def _payload(effect: Mapping[str, Any]) -> str:
    payload = effect["payload"]
    if not isinstance(payload, Mapping):
        return ""
    rest = {key: value for key, value in payload.items() if key not in ("method", "endpoint") and value not in (None, {}, "")}
    body = rest.get("body") if set(rest) == {"body"} else rest
    return f"  {_short(body)}" if body else ""


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _steps(data: Mapping[str, Any]) -> dict[str, Step]:
    from graphs.run.simulation.branches import tasks

    return tasks(data)


def _named(text: str, option: str, steps: Mapping[str, Step]) -> str:
    """Return the reference of the task that *text* names. Raises CommandFailed: none is, or several are."""
    if text in steps:
        return text
    found = [reference for reference, step in steps.items() if step.name == text]
    if len(found) == 1:
        return found[0]
    why = f"{len(found)} tasks are named {text}" if found else f"no task is named {text}"
    known = ", ".join(found or [step.name for step in steps.values()][:12])
    raise CommandFailed(f"{option} does not name a task", where=f"{option} {text}", why=why, next_step=f"there is {known}")


def _forced(text: str, steps: Mapping[str, Step]) -> tuple[str, str]:
    """Return (reference, way) of `REF=CASE`."""
    named, equals, case = text.rpartition("=")
    if not equals or not named or not case:
        raise CommandFailed("--force needs REF=CASE", where=f"--force {text}", next_step="--force decide=approved, --force loop=0")
    reference = _named(named, "--force", steps)
    step = steps[reference]
    ways = list(_ways(step))
    way = next((one for one in ways if case in (one, one.partition("/")[2], one.partition(":")[2])), _WAYS.get(case, ""))
    if way not in ways:
        choices = ", ".join(one.partition("/")[2] or one.partition(":")[2] for one in ways) or "nothing"
        raise CommandFailed(f"{named} cannot go '{case}'", where=f"--force {text}", why=f"of this task can be forced: {choices}")
    return reference, way


def _ways(step: Step) -> list[str]:
    from graphs.run.simulation.branches import ways_of

    return [way for way in ways_of(step) if way.startswith(("if:", "case:", "for:", "while:", "wins:")) and way != "case:none"]


def _failing(text: str, steps: Mapping[str, Step]) -> tuple[str, Any]:
    """Return (reference, error) of `REF` or `REF=STATUS`."""
    from graphs.run.simulation import injected

    named, _, status = text.rpartition("=") if "=" in text else (text, "", "500")
    reference = _named(named, "--fail", steps)
    try:
        return reference, injected(status)
    except ValueError as error:
        raise CommandFailed("--fail needs REF or REF=STATUS", where=f"--fail {text}", why=str(error)) from error
