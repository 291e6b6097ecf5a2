"""`parley run FILE`: record version and decision, then run in this process, with a worker's store, lease and journal.

The decision is the operating system user's, by command line. The run may call this machine's own addresses, also when a worker goes on with
it: that stands in its record. What is in `--secrets` ends with this process, and is said when the run waits. Ctrl-C cancels the run.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.cli.ephemeral import Say, nobody_took, result
from app.cli.follow import Follow
from app.cli.session import NO_WORKER, opened

if TYPE_CHECKING:
    from app.actions import Actor
    from app.cli.run import Request
    from app.container import Container

TRY_OUT = "To only try it out, with nothing recorded, add --ephemeral."


async def recorded(request: Request, *, say: Say, follow: bool) -> dict[str, Any]:
    """Run *request* as an approved version and return what `--json` prints."""
    from app.foreground import run_in_foreground
    from app.running import Overrides

    async with opened() as (container, actor):
        version_id = await approved(container, actor, request)
        overrides = Overrides(secrets=request.secrets, on_step=Follow(say, request.data).step if follow else None)
        events = [{"id": secrets.token_hex(8), "specversion": "1.0", **event} for event in request.events]
        try:
            view = await run_in_foreground(
                container, actor, version_id, input=request.input, events=events, loopback=True, overrides=overrides
            )
        except asyncio.CancelledError:
            view = await _latest(container, actor, version_id)
        notes = await _notes(container, actor, request, view, events)
        return of(view.to_json(), notes)


async def _notes(container: Container, actor: Actor, request: Request, view: Any, events: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what a person should know before this command ends and somebody else goes on."""
    taken = await container.actions.given_taken(actor, view.id) if events else set()
    notes = [nobody_took(number, event) for number, event in enumerate(events, 1) if number not in taken]
    if view.status != "waiting":
        return notes
    given = sorted(set(request.secrets) & set(view.secrets))
    stored = {row["name"] for row in await container.actions.secret_list(actor)} if given else set()
    notes += [_ends_here(name, stored=name in stored) for name in given]
    if await container.actions.nobody_works(actor):
        notes.append(NO_WORKER)
    return notes


def _ends_here(name: str, *, stored: bool) -> str:
    ends = f"The value of {name} from --secrets ends with this command;"
    if stored:
        return f"{ends} the run goes on with the stored one."
    return f"{ends} before the run goes on, store it: parley secret set {name}"


async def _latest(container: Container, actor: Actor, version_id: str) -> Any:
    """Return the run that was just cancelled: the newest of its version."""
    runs = await container.actions.runs(actor, limit=50)
    found = next(run for run in runs if run.version_id == version_id)
    return await container.actions.run(actor, found.id)


async def approved(container: Container, actor: Actor, request: Request) -> str:
    """
    Return the id of the version that is *request*'s definition, after recording it and whatever it runs.

    Raises:
        ActionError: the name and version are taken by another content, or a child workflow is neither approved nor in `--workflows`.
    """
    from app.actions.locks import workflows_run

    done: dict[str, str] = {}

    async def record(text: str, data: Mapping[str, Any], name: str) -> str:
        if name not in done:
            done[name] = ""  # a workflow that runs itself is recorded once
            for child in workflows_run(data):
                if child in request.workflows:
                    await record(request.workflows[child].text, request.workflows[child].data, child)
            done[name] = await _version(container, actor, text)
        return done[name]

    return await record(request.text, request.data, "")


async def _version(container: Container, actor: Actor, text: str) -> str:
    """Record and approve one definition. Raises Conflict for a taken version; here its next step offers `--ephemeral`, too."""
    from app.actions import Conflict

    try:
        proposal = await container.actions.propose(actor, text, summary="By command line: parley run.")
        version = await container.actions.approve(actor, proposal.id, digest=proposal.digest)
    except Conflict as error:
        if error.code == "version-taken":
            error.next = f"{error.next} {TRY_OUT}"
        raise
    return version.id


def of(view: Mapping[str, Any], notes: Sequence[str] = ()) -> dict[str, Any]:
    """Return the object of the command contract for a run as the store shows it; the error as the language defines it."""
    status = {"stuck": "faulted"}.get(view["status"], view["status"])
    status = status if status in ("completed", "faulted", "cancelled") else "waiting"
    error = (view["error"] or {}).get("raw")
    undone = [one["title"] for one in view.get("compensated") or () if one["status"] == "compensated"]
    stands = [one["title"] for one in view.get("compensated") or () if one["status"] != "compensated"]
    notes = [
        *notes,
        *([f"Undone: {', '.join(undone)}."] if undone else []),
        *([f"Could not be undone: {', '.join(stands)}."] if stands else []),
    ]
    return result(view["id"], status, output=view["output"], error=error, awaiting=view["awaiting"], notes=notes)
