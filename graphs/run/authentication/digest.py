"""Digest access authentication (RFC 7616): the server asks, the answer is a hash; its nonce is used again with a higher count.

The arithmetic is httpx's; which question is answered is chosen here, the strongest algorithm first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.request import parse_http_list

from graphs.run.authentication.exchange import exchange
from graphs.run.authentication.values import conceal
from graphs.run.credentials import key_of
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON, HttpRequest, HttpResponse
from graphs.run.step import Place

if TYPE_CHECKING:
    import httpx

_ALGORITHMS: Final = ("SHA-512", "SHA-256", "SHA", "MD5")  # strongest first; each also with -sess
_SCHEME = re.compile(r"([A-Za-z][\w-]*) +(?=[\w-]+ *=)")


async def answering(place: Place, request: HttpRequest, user: str, password: str) -> tuple[HttpResponse, Mapping[str, JSON] | None]:
    """
    Return the answer to *request*, sent again with the answer to the server's question if it has one, and what `$authorization` shows.

    Raises WorkflowError: as `exchange`; authentication when the question cannot be answered.
    """
    import httpx

    conceal(place, password)
    auth = _remembered(place, request.url, user, password)
    try:
        out = httpx.Request(request.method, request.url)
        flow = auth.auth_flow(out)
        out = next(flow)
        response = await exchange(place, _with(place, request, out))
        asked = _question(response)
        if response.status != 401 or asked is None:
            return response, _shown(out)
        out = flow.send(httpx.Response(401, headers={"WWW-Authenticate": asked}, request=out))
    except httpx.InvalidURL:
        return await exchange(place, request), None  # which says what is wrong with it
    except (httpx.ProtocolError, KeyError, NotImplementedError, ValueError) as error:
        words = f"{request.url} asks for a digest in a way that is not known here (known: {', '.join(_ALGORITHMS)}, qop auth)"
        raise WorkflowError.of("authentication", place.engine.redactor.text(words)) from error
    return await exchange(place, _with(place, request, out)), _shown(out)


def _remembered(place: Place, url: str, user: str, password: str) -> httpx.DigestAuth:
    import httpx

    key = key_of("digest", url.partition("?")[0].split("/")[:3], user, password)
    known = place.engine.deps.credentials
    auth = known.find(key)
    if auth is None:
        auth = httpx.DigestAuth(user, password)
        known.keep(key, auth)
    return auth  # type: ignore[no-any-return]


def _with(place: Place, request: HttpRequest, out: httpx.Request) -> HttpRequest:
    """Return *request* with the answer that *out* holds, if there is one."""
    given = out.headers.get("authorization")
    if given is None:
        return request
    conceal(place, given.partition(" ")[2])
    return replace(request, headers={**request.headers, "Authorization": given})


def _shown(out: httpx.Request) -> Mapping[str, JSON] | None:
    scheme, _, parameter = out.headers.get("authorization", "").partition(" ")
    return {"scheme": scheme, "parameter": parameter} if scheme else None


def _question(response: HttpResponse) -> str | None:
    """Return the digest challenge of *response* with the strongest algorithm known, None when it has none at all."""
    stated = next((value for name, value in response.headers.items() if name.lower() == "www-authenticate"), "")
    found = [one for one in challenges(stated) if one.lower().startswith("digest ")]
    return min(found, key=_rank, default=None)


def challenges(header: str) -> list[str]:
    """Return the challenges of a `WWW-Authenticate`, several of which share a line (RFC 9110, 11.6.1)."""
    found: list[str] = []
    for item in parse_http_list(header):
        if _SCHEME.match(item) or (" " not in item.strip() and "=" not in item):
            found.append(item)
        elif found:
            found[-1] += f", {item}"
    return found


def _rank(challenge: str) -> int:
    match = re.search(r'algorithm *= *"?([\w-]+)', challenge, re.IGNORECASE)
    name = (match[1] if match else "MD5").upper().removesuffix("-SESS")
    return _ALGORITHMS.index(name) if name in _ALGORITHMS else len(_ALGORITHMS)
