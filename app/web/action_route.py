"""The presses of cards, before Chainlit's own route: it answers a page whose session it does not know with "Internal Server Error".

That happens to a press just after a reload, while the page's socket takes another session, and after a restart of the server. Nothing
was done then, and the answer says so by its code: the card waits for its session and presses again (`useCall` in `public/parley.js`).
"""

from __future__ import annotations

from chainlit import server
from chainlit.session import WebsocketSession
from chainlit.types import CallActionRequest
from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse

router = APIRouter()
UNKNOWN = {
    "code": "page-not-connected",
    "message": "This page is not connected to Parley yet. Nothing was done: wait a moment, then try again.",
}


@router.post("/project/action", include_in_schema=False)
async def action(payload: CallActionRequest, current_user: server.UserParam) -> JSONResponse:
    if WebsocketSession.get_by_id(payload.sessionId) is None:
        raise HTTPException(409, UNKNOWN)
    answer: JSONResponse = await server.call_action(payload, current_user)
    return answer
