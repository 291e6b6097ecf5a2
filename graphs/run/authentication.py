"""Authentication policies of calls: basic and bearer, in place or named in `use.authentications`, with values or a secret's name."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from graphs.run import templates
from graphs.run.errors import HttpFailed, WorkflowError
from graphs.run.ports import JSON, HttpRequest, HttpResponse
from graphs.run.step import Place
from graphs.run.templates import Template
from graphs.run.variables import read_secret

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class Authentication:
    scheme: str  # Basic or Bearer
    values: Template | None  # {username, password} or {token}
    secret: str | None  # the secret that holds them

    async def resolve(self, place: Place) -> Mapping[str, JSON]:
        """Return `{scheme, parameter}`, as `$authorization` shows it. Raises WorkflowError (authorization, configuration)."""
        values = await self._values(place)
        if self.scheme == "Bearer":
            token = values if isinstance(values, str) else _part(values, "token")
            place.engine.redactor.add(token)
            return {"scheme": "Bearer", "parameter": token}
        user, password = _part(values, "username"), _part(values, "password")
        parameter = base64.b64encode(f"{user}:{password}".encode()).decode()
        place.engine.redactor.add(password)
        place.engine.redactor.add(parameter)
        return {"scheme": "Basic", "parameter": parameter}

    async def _values(self, place: Place) -> JSON:
        if self.secret is None:
            return None if self.values is None else await place.resolve(self.values)
        if self.secret not in place.frame.scope.program.secrets:
            raise WorkflowError.of("authorization", f"the secret '{self.secret}' is not declared: add it to use.secrets")
        return await read_secret(place.engine, self.secret)


async def send(
    place: Place, request: HttpRequest, authentication: Authentication | None, *, resolved: Mapping[str, JSON] | None = None
) -> HttpResponse:
    """
    Send *request* with the credentials of *authentication*, *resolved* if they are known already.

    Raises:
        WorkflowError: communication; authorization when policy forbids the address or the credentials cannot be had. Timeout never: that
            is the task's.
    """
    if authentication is not None:
        shown = resolved or await authentication.resolve(place)
        header = f"{shown['scheme']} {shown['parameter']}"
        request = replace(request, headers={**request.headers, "Authorization": header})
    try:
        return await place.engine.deps.http.send(request)
    except HttpFailed as error:
        raise WorkflowError.of("authorization" if error.kind == "blocked" else "communication", str(error), title=error.title) from error


def _part(values: JSON, key: str) -> str:
    value = values.get(key) if isinstance(values, dict) else None
    if value is None:
        raise WorkflowError.of("configuration", f"the authentication has no {key}")
    return str(value)


def prepare_authentication(value: JSON, reference: str, compiler: Compiler) -> Authentication | None:
    if value is None:
        return None
    if isinstance(value, dict) and isinstance(value.get("use"), str):
        value = value["use"]
    policy = compiler.named(value, "authentications", reference)
    if policy is None:
        return None
    for key, scheme in (("basic", "Basic"), ("bearer", "Bearer")):
        if key in policy:
            return _policy(scheme, policy[key])
    compiler.not_yet(reference, f"authentication by {', '.join(policy) or 'nothing'}", "basic and bearer work")
    return None


def _policy(scheme: str, data: JSON) -> Authentication:
    if isinstance(data, dict) and isinstance(data.get("use"), str):
        return Authentication(scheme, None, data["use"])
    return Authentication(scheme, templates.strict(data), None)
