"""The one way to make an authenticated request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from graphs.run.authentication.digest import answering
from graphs.run.authentication.exchange import exchange
from graphs.run.authentication.policies import Authentication
from graphs.run.authentication.values import part
from graphs.run.ports import JSON, HttpRequest, HttpResponse
from graphs.run.step import Place, Step


async def send(
    place: Place, request: HttpRequest, authentication: Authentication | None, *, resolved: Mapping[str, JSON] | None = None
) -> HttpResponse:
    """
    Send *request* with the credentials of *authentication*, *resolved* if they are known already.

    A token that the server refuses (401) is asked for anew, once. Results so far must be durable (`effects.before_effect`).

    Raises:
        WorkflowError: communication; authorization when policy forbids the address or the secret is not granted; authentication when no
            token can be had. Timeout never: that is the task's.
    """
    if authentication is None:
        return await exchange(place, request)
    if authentication.scheme == "Digest":
        values = await authentication.read(place)
        response, shown = await answering(place, request, part(values, "username"), part(values, "password"))
        _show(place, shown)
        return response
    known = resolved or await authentication.resolve(place)
    response = await exchange(place, _with(request, known))
    if response.status != 401 or not authentication.asked_for:
        return response
    known = await authentication.renewed(place, known)
    _show(place, known)
    return await exchange(place, _with(request, known))


def _with(request: HttpRequest, shown: Mapping[str, JSON]) -> HttpRequest:
    others = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
    return replace(request, headers={**others, "Authorization": f"{shown['scheme']} {shown['parameter']}"})


def _show(place: Place, shown: Mapping[str, JSON] | None) -> None:
    if isinstance(place, Step) and shown:
        place.authorization = shown
