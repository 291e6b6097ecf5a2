"""Tokens of oauth2 and oidc: asked for once by a process, kept until shortly before they end, judged by who issued them.

oauth2 asks at `endpoints.token` (default /oauth2/token) below the authority; oidc where the authority's discovery document says, or at
the authority itself when it has none.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from graphs.run.authentication.exchange import exchange
from graphs.run.authentication.token_request import refresh_token, token_request
from graphs.run.authentication.values import conceal, optional, part, several
from graphs.run.credentials import Token, key_of
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON, HttpRequest, HttpResponse
from graphs.run.step import Place
from graphs.run.uri_template import expand

_DISCOVERY: Final = "/.well-known/openid-configuration"
_UNSAID = timedelta(minutes=5)  # a token whose end nobody told
_MARGIN = timedelta(seconds=30)  # before its end another one is asked for; at most a tenth of its life
_DISCOVERED = timedelta(hours=1)
_CREDENTIALS: Final = (
    ("client", "secret"),
    ("client", "assertion"),
    ("password",),
    ("subject", "token"),
    ("actor", "token"),
    ("refresh_token",),
)


async def authorization(place: Place, given: JSON, *, oidc: bool, refused: str | None = None) -> Mapping[str, JSON]:
    """
    Return `{scheme, parameter}` with a token for the policy *given*.

    Args:
        refused: A token that a server did not take; it is not given again.

    Raises:
        WorkflowError: authentication when no token is given, or one of the wrong issuer; communication when the authority does not answer
            or fails; authorization when policy forbids its address; configuration.
    """
    if not isinstance(given, Mapping):
        raise WorkflowError.of("configuration", "the authentication must be an object with authority, grant and client")
    values = _expanded(place, given)
    conceal(place, *(optional(values, *names) for names in _CREDENTIALS))
    known, key = place.engine.deps.credentials, key_of(oidc, values)
    async with known.lock(key):
        if refused is not None:
            known.forget_token(key, refused)
        token = known.token(key, place.engine.deps.clock.now())
        if token is None:
            if refused is None:  # else a call has been made, and everything before it is durable
                await place.engine.deps.journal.flush()
            token = await _ask(place, values, key, oidc=oidc)
            known.keep_token(key, token)
    conceal(place, token.value)
    known.give(place.engine.run_id, token.value)
    return {"scheme": token.scheme, "parameter": token.value}


def _expanded(place: Place, given: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return *given* with its URI templates filled from the task's input."""
    values = {**given, "authority": expand(part(given, "authority"), place.data)}
    if isinstance(given.get("endpoints"), Mapping):
        values["endpoints"] = {name: expand(str(uri), place.data) for name, uri in given["endpoints"].items()}
    if given.get("issuers"):
        values["issuers"] = [expand(issuer, place.data) for issuer in several(given, "issuers")]
    return values


async def _ask(place: Place, values: Mapping[str, JSON], key: str, *, oidc: bool) -> Token:
    deps = place.engine.deps
    url = await _discovered(place, values) if oidc else _endpoint(values)
    if values.get("grant") == "refresh_token":
        current = deps.credentials.refresh_token(key, refresh_token(values))
        values = {**values, "subject": {"token": current}}
    now = deps.clock.now()
    response = await exchange(place, _timed(place, token_request(url, values, now, oidc=oidc)))
    answer = _answer(place, url, response)
    conceal(place, *(answer.get(name) for name in ("access_token", "refresh_token", "id_token")))
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        raise WorkflowError.of("authentication", f"{url} gave no access_token")
    claims = _claims(token)
    _judge_issuer(url, values, claims)
    if isinstance(answer.get("refresh_token"), str):
        deps.credentials.keep_refresh_token(key, answer["refresh_token"])
    return Token(_scheme(answer), token, _until(answer, claims, now))


def _endpoint(values: Mapping[str, JSON]) -> str:
    authority = part(values, "authority").rstrip("/")
    path = optional(values, "endpoints", "token") or "/oauth2/token"
    return path if "://" in path else f"{authority}/{path.lstrip('/')}"


async def _discovered(place: Place, values: Mapping[str, JSON]) -> str:
    """Return where the authority gives tokens. Raises WorkflowError (communication) when it fails to say."""
    authority = part(values, "authority")
    where = authority if authority.endswith(_DISCOVERY) else authority.rstrip("/") + _DISCOVERY
    known, key, now = place.engine.deps.credentials, key_of("discovery", where), place.engine.deps.clock.now()
    found = known.find(key)
    if found is not None and found[1] > now:
        return str(found[0])
    request = HttpRequest(method="GET", url=where, headers={"Accept": "application/json"}, follow_redirects=True)
    response = await exchange(place, _timed(place, request))
    if response.status >= 500:
        raise WorkflowError.of("communication", f"GET {where} answered {response.status}", status=response.status)
    said = _json(response) if response.status < 300 else {}
    endpoint = said.get("token_endpoint")
    if not isinstance(endpoint, str):
        return authority
    if urlsplit(where).scheme == "https" and urlsplit(endpoint).scheme != "https":
        raise WorkflowError.of("authentication", f"{where} names a token endpoint without encryption, {endpoint}: nothing is sent there")
    known.keep(key, (endpoint, now + _DISCOVERED))
    return endpoint


def _timed(place: Place, request: HttpRequest) -> HttpRequest:
    return replace(request, timeout_s=place.engine.deps.limits.http_timeout_s)


def _answer(place: Place, url: str, response: HttpResponse) -> Mapping[str, JSON]:
    """Return what the authority says. Raises WorkflowError: authentication when it refuses, communication when it fails."""
    said = _json(response)
    if response.status < 300:
        return said
    words = ": ".join(str(said[name]) for name in ("error", "error_description") if isinstance(said.get(name), str))
    detail = place.engine.redactor.text(f"POST {url} answered {response.status}" + (f": {words[:300]}" if words else ""))
    if response.status >= 500 or response.status == 429:
        raise WorkflowError.of("communication", detail, status=response.status)
    raise WorkflowError.of("authentication", f"no token was given: {detail}")


def _json(response: HttpResponse) -> Mapping[str, JSON]:
    try:
        said = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _scheme(answer: Mapping[str, JSON]) -> str:
    """Return the scheme of the token; `N_A` is a token exchange's for one that is no access token (RFC 8693, 2.2.1)."""
    kind = answer.get("token_type")
    return kind if isinstance(kind, str) and kind.lower() not in ("", "bearer", "n_a") and kind.isalnum() else "Bearer"


def _claims(token: str) -> Mapping[str, JSON]:
    """Return what a JWT says, unverified: it came from the authority itself; nothing for a token that is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _judge_issuer(url: str, values: Mapping[str, JSON], claims: Mapping[str, JSON]) -> None:
    issuers = several(values, "issuers")
    if issuers and claims.get("iss") not in issuers:
        found = f"issued by '{claims['iss']}'" if "iss" in claims else "that does not say who issued it"
        raise WorkflowError.of("authentication", f"{url} gave a token {found}, and only these are taken: {', '.join(issuers)}")


def _until(answer: Mapping[str, JSON], claims: Mapping[str, JSON], now: datetime) -> datetime:
    """Return when to ask for another token."""
    life = _UNSAID
    seconds = answer.get("expires_in")
    try:
        if seconds is not None:
            life = timedelta(seconds=float(seconds))
        elif isinstance(claims.get("exp"), int | float):
            life = datetime.fromtimestamp(claims["exp"], UTC) - now
    except (ValueError, TypeError, OverflowError, OSError):
        life = _UNSAID
    life = min(life, timedelta(days=1))
    return now + life - min(_MARGIN, life / 10)
