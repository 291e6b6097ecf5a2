"""The world's own addresses, for processes that cannot import it: `/__saw`, `/__release/NAME` and friends."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.world.answering import Reply
from tests.world.verdict import verdict
from tests.world.wire import Request

if TYPE_CHECKING:
    from tests.world.server import Server

JSON = Any


def answer(server: Server, request: Request) -> Reply:
    """Answer a request whose path starts with `/__`; an unknown one lists what there is."""
    name, _, argument = request.path.removeprefix("/__").partition("/")
    wanted = _ANSWERS.get((request.method, name))
    if wanted is None:
        known = ", ".join(f"{method} /__{known}" for method, known in _ANSWERS)
        return _json({"error": f"{request.method} {request.path} is unknown; there are {known}"}, status=404)
    try:
        return _json(wanted(server, request, argument))
    except ValueError as exc:
        return _json({"error": str(exc)}, status=400)


def _saw(server: Server, request: Request, _: str) -> JSON:
    return [seen.to_json() for seen in server.log.find(request.query.get("request"))]


def _release(server: Server, _: Request, name: str) -> JSON:
    server.gates.release(name)
    return {"released": name}


def _close(server: Server, _: Request, name: str) -> JSON:
    server.gates.close(name)
    return {"closed": name}


def _reset(server: Server, _: Request, __: str) -> JSON:
    server.reset()
    return {"reset": True}


def _json(value: JSON, *, status: int = 200) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(value, ensure_ascii=False).encode() + b"\n")


_ANSWERS: dict[tuple[str, str], Callable[[Server, Request, str], JSON]] = {
    ("GET", "saw"): _saw,
    ("GET", "verdict"): lambda server, _, __: verdict(server.description, server.log.find(), server.behaviour.state, server.base_url),
    ("GET", "state"): lambda server, _, __: server.behaviour.state,
    ("GET", "held"): lambda server, _, __: server.gates.waiting,
    ("POST", "release"): _release,
    ("POST", "close"): _close,
    ("POST", "reset"): _reset,
}
