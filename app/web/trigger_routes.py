"""The HTTP API of schedules: list, next times, activate, pause, remove. Signed-in people only; the actions check their rights."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from app.web.api import signed_in
from app.web.state import web
from app.web.words import refused

router = APIRouter(prefix="/api")
Person = Annotated[Any, Depends(signed_in)]


@router.get("/triggers", summary="Schedules: active, paused, and approved ones that nobody has activated")
async def triggers(actor: Person) -> list[dict[str, Any]]:
    with refused():
        return [view.to_json() for view in await web().actions.triggers(actor)]


@router.get("/triggers/{namespace}/{name}", summary="One schedule: what starts the workflow, what it did last")
async def trigger(namespace: str, name: str, actor: Person) -> dict[str, Any]:
    with refused():
        found: dict[str, Any] = (await web().actions.trigger(actor, f"{namespace}/{name}")).to_json()
    return found


@router.get("/triggers/{namespace}/{name}/next", summary="The next times it starts, or would if it were active")
async def next_times(namespace: str, name: str, actor: Person, count: Annotated[int, Query(ge=1, le=100)] = 5) -> list[dict[str, Any]]:
    with refused():
        times: list[dict[str, Any]] = await web().actions.next_times(actor, f"{namespace}/{name}", count=count)
    return times


@router.post("/versions/{version_id}/activate", summary="Let this version's schedule start runs; it takes over from an older version")
async def activate(version_id: str, actor: Person) -> dict[str, Any]:
    with refused():
        view: dict[str, Any] = (await web().actions.activate(actor, version_id)).to_json()
    return view


@router.post("/triggers/{namespace}/{name}/pause", summary="Start nothing until it is activated again")
async def pause(namespace: str, name: str, actor: Person) -> dict[str, Any]:
    with refused():
        view: dict[str, Any] = (await web().actions.pause(actor, f"{namespace}/{name}")).to_json()
    return view


@router.delete("/triggers/{namespace}/{name}", status_code=204, summary="Forget that it was activated; runs and versions stay")
async def remove(namespace: str, name: str, actor: Person) -> None:
    with refused():
        await web().actions.deactivate(actor, f"{namespace}/{name}")
