"""The HTTP API, before the chat on the same port. Every answer is JSON; `/api/docs` lists what there is.

Signed-in people come with the chat's cookie. Programs that send events come with a bearer token: `event_routes.py`.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse

from app.web.docs_page import docs_page
from app.web.identity import speaking
from app.web.state import web
from app.web.tokens import events_token
from app.web.words import refused

if TYPE_CHECKING:
    from app.actions import Actor

router = APIRouter(prefix="/api")


async def signed_in() -> Actor:
    """Return the person of the session's cookie. Raises 401."""
    who = speaking()
    if who is None:
        raise HTTPException(401, "sign in first: POST /login with name and password, and send the cookie it sets")
    return await web().people.actor(who, via="api")


@router.get("/health", summary="Whether this web process is up")
async def health() -> dict[str, str]:
    return {"status": "ok", "version": version("parley-workflows")}


@router.get("/workflows", summary="Approved versions, newest first")
async def workflows(actor: Annotated[Any, Depends(signed_in)]) -> list[dict[str, Any]]:
    with refused():
        return [view.to_json() for view in await web().actions.workflows(actor)]


@router.get("/runs", summary="Runs, newest first")
async def runs(
    actor: Annotated[Any, Depends(signed_in)], status: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[dict[str, Any]]:
    with refused():
        return [view.to_json() for view in await web().actions.runs(actor, status=status, limit=limit)]


@router.get("/runs/{run_id}", summary="One run with its steps, what it waits for, its result or error")
async def run(run_id: str, actor: Annotated[Any, Depends(signed_in)]) -> dict[str, Any]:
    with refused():
        view: dict[str, Any] = (await web().actions.run(actor, run_id)).to_json()
    return view


@router.get("/runs/{run_id}/events", summary="The lifecycle events of a run so far, as CloudEvents, by time")
async def run_events(run_id: str, actor: Annotated[Any, Depends(signed_in)]) -> list[dict[str, Any]]:
    with refused():
        found: list[dict[str, Any]] = await web().actions.run_events(actor, run_id)
    return found


@router.get("/runs/{run_id}/values/{name:path}", summary="One value of a run as a whole, where others show only how it begins")
async def run_value(run_id: str, name: str, actor: Annotated[Any, Depends(signed_in)]) -> JSONResponse:
    with refused():
        return JSONResponse(await web().actions.run_value(actor, run_id, name))


@router.get("/token", summary="The tenant's bearer token for POST /api/events; administrators only")
async def token(actor: Annotated[Any, Depends(signed_in)]) -> dict[str, str]:
    if actor.role != "admin":
        raise HTTPException(403, "only an administrator may read the token")
    return {"token": events_token(web().auth_secret, actor.tenant)}


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    return HTMLResponse(docs_page(request.app.openapi()))


def add_api(app: FastAPI) -> None:
    """Add the API to *app*; every other path under /api is a JSON 404, else the chat's page would answer it."""
    from app.web.event_routes import router as events
    from app.web.run_routes import router as runs
    from app.web.trigger_routes import router as triggers

    app.include_router(router)
    app.include_router(events)
    app.include_router(triggers)
    app.include_router(runs)

    @app.api_route("/api/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    @app.api_route("/api", methods=["GET"], include_in_schema=False)
    async def no_such_route(rest: str = "") -> JSONResponse:
        return JSONResponse({"detail": f"there is no /api/{rest}; see /api/docs"}, 404)
