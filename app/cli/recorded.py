"""`parley run FILE`: record version and decision, then run in this process, with a worker's store, lease and journal.

The decision is the operating system user's, by command line. Only this process may call this machine's own addresses and knows what is in
`--secrets`: what it leaves waiting for somebody is continued by a worker, which may not and does not. Ctrl-C cancels the run.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.cli.ephemeral import Follow, Say, result
from app.cli.session import opened

if TYPE_CHECKING:
    from app.actions import Actor
    from app.cli.run import Request
    from app.container import Container


async def recorded(request: Request, *, say: Say, follow: bool) -> dict[str, Any]:
    """Run *request* as an approved version and return what `--json` prints."""
    from app.running import Overrides, run_in_foreground

    async with opened() as (container, actor):
        version_id = await approved(container, actor, request)
        overrides = Overrides(loopback=True, secrets=request.secrets, on_step=Follow(say).step if follow else None)
        events = [{"id": secrets.token_hex(8), "specversion": "1.0", **event} for event in request.events]
        try:
            view = await run_in_foreground(container, actor, version_id, input=request.input, events=events, overrides=overrides)
        except asyncio.CancelledError:
            view = await _latest(container, actor, version_id)
        return of(view.to_json())


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
            proposal = await container.actions.propose(actor, text, summary="By command line: parley run.")
            version = await container.actions.approve(actor, proposal.id, digest=proposal.digest)
            done[name] = version.id
        return done[name]

    return await record(request.text, request.data, "")


def of(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object of the command contract for a run as the store shows it; the error as the language defines it."""
    status = view["status"] if view["status"] in ("completed", "faulted", "cancelled") else "waiting"
    keys = ("path", "reference", "kind", "title", "wake_at")
    awaiting = [{key: item[key] for key in keys} for item in view["awaiting"]]
    return result(view["id"], status, output=view["output"], error=(view["error"] or {}).get("raw"), awaiting=awaiting)
