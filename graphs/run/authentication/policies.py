"""One policy: which scheme, and where its values come from."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from graphs.run import templates
from graphs.run.authentication import tokens
from graphs.run.authentication.values import conceal, part
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON
from graphs.run.step import Place
from graphs.run.templates import Template
from graphs.run.variables import read_secret

if TYPE_CHECKING:
    from graphs.run.program import Compiler

_SCHEMES: Final = {"basic": "Basic", "bearer": "Bearer", "digest": "Digest", "oauth2": "oauth2", "oidc": "oidc"}
_FOR_A_PERSON: Final = (
    "the grant authorization_code needs a person at a browser, and a run has none: use client_credentials, or refresh_token with a token "
    "that a person got before"
)


@dataclass(frozen=True, slots=True)
class Authentication:
    scheme: str  # Basic, Bearer, Digest, oauth2, oidc
    values: Template | None  # of the scheme: {username, password}, {token}, {authority, grant, client …}
    secret: str | None  # the secret that holds them

    @property
    def asked_for(self) -> bool:
        """Whether the credentials come from a server, which may give others."""
        return self.scheme in ("oauth2", "oidc")

    async def resolve(self, place: Place) -> Mapping[str, JSON]:
        """
        Return `{scheme, parameter}`, as `$authorization` shows it and the header `Authorization` holds it.

        Raises:
            WorkflowError: authorization for a secret that is not granted; authentication when no token is given; communication;
                configuration, also for digest, which only answers a server's question.
        """
        shown = await self.known(place)
        if shown is None:
            words = (
                "authentication by digest answers a server's question, so it works with requests over HTTP only: use basic or bearer here"
            )
            raise WorkflowError.of("configuration", words)
        return shown

    async def known(self, place: Place) -> Mapping[str, JSON] | None:
        """Return the same, or None when it is known only after the first answer, as with digest."""
        if self.scheme == "Digest":
            return None
        values = await self.read(place)
        if self.asked_for:
            return await tokens.authorization(place, values, oidc=self.scheme == "oidc")
        if self.scheme == "Bearer":
            token = values if isinstance(values, str) else part(values, "token")
            conceal(place, token)
            return {"scheme": "Bearer", "parameter": token}
        user, password = part(values, "username"), part(values, "password")
        parameter = base64.b64encode(f"{user}:{password}".encode()).decode()
        conceal(place, password, parameter)
        return {"scheme": "Basic", "parameter": parameter}

    async def renewed(self, place: Place, refused: Mapping[str, JSON]) -> Mapping[str, JSON]:
        """Return other credentials than *refused*, which a server did not take; only for schemes that are `asked_for`."""
        return await tokens.authorization(place, await self.read(place), oidc=self.scheme == "oidc", refused=str(refused["parameter"]))

    async def read(self, place: Place) -> JSON:
        """Return the scheme's values. Raises WorkflowError (authorization)."""
        if self.secret is None:
            return None if self.values is None else await place.resolve(self.values)
        if self.secret not in place.frame.scope.program.secrets:
            raise WorkflowError.of("authorization", f"the secret '{self.secret}' is not declared: add it to use.secrets")
        return await read_secret(place.engine, self.secret)


def prepare_authentication(value: JSON, reference: str, compiler: Compiler) -> Authentication | None:
    """Prepare a policy, or the name of one, that stands at *reference*."""
    if value is None:
        return None
    if isinstance(value, dict) and isinstance(value.get("use"), str):
        value = value["use"]
    policy = compiler.named(value, "authentications", reference)
    if policy is None:
        return None
    for key, scheme in _SCHEMES.items():
        if key in policy:
            return _policy(scheme, policy[key], f"{reference}/{key}", compiler)
    compiler.not_yet(reference, f"authentication by {', '.join(policy) or 'nothing'}", f"{', '.join(_SCHEMES)} work")
    return None


def _policy(scheme: str, data: Any, reference: str, compiler: Compiler) -> Authentication:
    if isinstance(data, dict) and isinstance(data.get("use"), str):
        return Authentication(scheme, None, data["use"])
    if isinstance(data, dict) and data.get("grant") == "authorization_code":
        compiler.problem("unusable-grant", f"{reference}/grant", _FOR_A_PERSON)
    return Authentication(scheme, templates.strict(data), None)
