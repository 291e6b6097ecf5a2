"""The API's doors for events: sending them in, and who may.

A sender comes with a token of its own (`POST /api/events/tokens`), with the tenant's (`GET /api/token`), or signed in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, Field

from app.web.api import signed_in
from app.web.cloud_events import read_events
from app.web.state import web
from app.web.tokens import tenant_of_token
from app.web.words import refused

if TYPE_CHECKING:
    from app.actions.event_tokens import Sender

router = APIRouter(prefix="/api/events")
EVENTS_ROLE = "operator"


class NewToken(BaseModel):
    name: str = Field(description="Who will send with it.")
    source: str = Field(default="", description="How the source of every event has to begin; empty for any.")


async def sender(request: Request) -> Sender:
    """Return who sends events: a bearer token's holder, or a signed-in person. Raises 401."""
    from app.actions import Actor
    from app.actions.event_tokens import PREFIX, Sender

    kind, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token.startswith((f"{PREFIX}.", "parley.")):
        return Sender(await signed_in())
    if token.startswith("parley."):
        tenant = tenant_of_token(web().auth_secret, token)
        found = Sender(Actor(tenant, "", "events token", EVENTS_ROLE, "api")) if tenant else None
    else:
        with refused():
            found = await web().actions.token_sender(token)
    if found is None:
        raise HTTPException(401, "this token is not valid; an administrator makes one: parley token create NAME")
    return found


@router.post("", status_code=202, summary="Send CloudEvents: structured, batched (at most 500) or binary mode, at most 1 MB")
async def events(request: Request, who: Annotated[Any, Depends(sender)]) -> dict[str, int]:
    """They are stored when this answers. The same source and id counts once: `accepted` says how many were new."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    found = read_events(headers, await request.body())
    with refused():
        who.check(found)
        taken: dict[str, int] = await web().actions.accept_events(who.actor, found)
    return taken


@router.post("/tokens", status_code=201, summary="Make a token for somebody who sends events; it is shown once; administrators only")
async def create(new: NewToken, actor: Annotated[Any, Depends(signed_in)]) -> dict[str, Any]:
    with refused():
        made: dict[str, Any] = await web().actions.token_create(actor, new.name, source=new.source)
    return made


@router.get("/tokens", summary="The tokens that count, without the tokens themselves; administrators only")
async def tokens(actor: Annotated[Any, Depends(signed_in)]) -> list[dict[str, Any]]:
    with refused():
        found: list[dict[str, Any]] = await web().actions.token_list(actor)
    return found


@router.delete("/tokens/{token_id}", summary="Make a token void; administrators only")
async def revoke(token_id: str, actor: Annotated[Any, Depends(signed_in)]) -> dict[str, Any]:
    with refused():
        revoked: dict[str, Any] = await web().actions.token_revoke(actor, token_id)
    return revoked
