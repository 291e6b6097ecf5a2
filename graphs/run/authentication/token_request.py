"""The request for a token: grant, client and encoding to headers and a body. Nothing is sent here.

Sources: RFC 6749 (grants, client passwords), RFC 7523 (JWTs as client credentials), RFC 8693 (token exchange), OpenID Connect Core 9.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote_plus, urlencode

from graphs.run.authentication.values import optional, part, several
from graphs.run.errors import WorkflowError
from graphs.run.http_values import to_bytes
from graphs.run.ports import JSON, HttpRequest

_FORM: Final = "application/x-www-form-urlencoded"
_ENCODINGS: Final = (_FORM, "application/json")
_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFE_S: Final = 300  # of an assertion signed here


def token_request(url: str, values: Mapping[str, JSON], now: datetime, *, oidc: bool) -> HttpRequest:
    """Return the request for a token of *values* to *url*. Raises WorkflowError (configuration) naming what is missing."""
    headers = {"Accept": "application/json"}
    fields = {**_grant(values), **_audience(values), **_scope(values, oidc=oidc), **_client(url, values, now, headers)}
    encoding = optional(values, "request", "encoding") or _FORM
    if encoding not in _ENCODINGS:
        raise WorkflowError.of("configuration", f"a token cannot be asked for in '{encoding}': {' or '.join(_ENCODINGS)}")
    headers["Content-Type"] = encoding
    if encoding == _FORM:
        body = urlencode({name: to_bytes(value) for name, value in fields.items()}).encode()
    else:
        body = to_bytes(json.dumps(fields, ensure_ascii=False))
    return HttpRequest(method="POST", url=url, headers=headers, body=body)


def _grant(values: Mapping[str, JSON]) -> dict[str, str]:
    grant = part(values, "grant")
    match grant:
        case "client_credentials":
            return {"grant_type": grant}
        case "password":
            return {"grant_type": grant, "username": part(values, "username"), "password": part(values, "password")}
        case "refresh_token":
            return {"grant_type": grant, "refresh_token": refresh_token(values)}
        case _ if grant == _EXCHANGE:
            return {"grant_type": grant, **_party(values, "subject"), **(_party(values, "actor") if values.get("actor") else {})}
        case "authorization_code":
            raise WorkflowError.of("configuration", "the grant authorization_code needs a person at a browser: use client_credentials")
        case _:
            raise WorkflowError.of("configuration", f"the grant '{grant}' is not known")


def refresh_token(values: Mapping[str, JSON]) -> str:
    """Return the refresh token: the language has no word of its own for it, so it is the subject's token."""
    found = optional(values, "subject", "token") or optional(values, "refresh_token")
    if found is None:
        raise WorkflowError.of("configuration", "the grant refresh_token needs the token: give it as subject.token")
    return found


def _party(values: Mapping[str, JSON], who: str) -> dict[str, str]:
    token, kind = optional(values, who, "token"), optional(values, who, "type")
    if token is None or kind is None:
        raise WorkflowError.of("configuration", f"a token exchange needs {who}.token and {who}.type")
    return {f"{who}_token": token, f"{who}_token_type": kind}


def _audience(values: Mapping[str, JSON]) -> dict[str, str]:
    """Several in one field, as the other implementations send them; RFC 8693 would repeat the field, and most servers take one only."""
    audiences = several(values, "audiences")
    return {"audience": " ".join(audiences)} if audiences else {}


def _scope(values: Mapping[str, JSON], *, oidc: bool) -> dict[str, str]:
    """`openid` is always asked for with oidc (OpenID Connect Core 3.1.2.1)."""
    scopes = dict.fromkeys([word for scope in several(values, "scopes") for word in scope.split()] + (["openid"] if oidc else []))
    return {"scope": " ".join(scopes)} if scopes else {}


def _client(url: str, values: Mapping[str, JSON], now: datetime, headers: dict[str, str]) -> dict[str, str]:
    """Return the fields that say who asks; `client_secret_basic` goes into *headers* instead."""
    client = values.get("client")
    identity, secret = optional(client, "id"), optional(client, "secret")
    way = optional(client, "authentication") or "client_secret_post"
    named = {"client_id": identity} if identity is not None else {}
    if way == "none" or (client is None and way == "client_secret_post"):
        return named
    if identity is None:
        raise WorkflowError.of("configuration", "the authentication has no client.id")
    match way:
        case "client_secret_post":
            return {**named, "client_secret": secret} if secret is not None else named
        case "client_secret_basic":
            pair = f"{quote_plus(identity)}:{quote_plus(_needed(secret, 'secret', way))}"  # RFC 6749, 2.3.1
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
            return {}
        case "client_secret_jwt":
            given = optional(client, "assertion")
            assertion = given if given is not None else _signed(url, identity, _needed(secret, "secret", way), now)
            return {**named, "client_assertion_type": _ASSERTION, "client_assertion": assertion}
        case "private_key_jwt":
            assertion = _needed(optional(client, "assertion"), "assertion", way)
            return {**named, "client_assertion_type": _ASSERTION, "client_assertion": assertion}
        case _:
            raise WorkflowError.of("configuration", f"the client authentication '{way}' is not known")


def _needed(value: str | None, name: str, way: str) -> str:
    if value is None:
        raise WorkflowError.of("configuration", f"the authentication has no client.{name}, which {way} needs")
    return value


def _signed(url: str, identity: str, secret: str, now: datetime) -> str:
    """Return who asks, signed with the client's secret (OpenID Connect Core 9, HS256)."""
    import warnings

    import jwt

    issued = int(now.timestamp())
    claims = {"iss": identity, "sub": identity, "aud": url, "jti": str(uuid.uuid4()), "iat": issued, "exp": issued + _LIFE_S}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of short secrets, which are the operator's choice
        return jwt.encode(claims, secret, algorithm="HS256")
