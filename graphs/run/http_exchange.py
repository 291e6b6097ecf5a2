"""What calls over HTTP share: an intent before what must not be repeated, the request, the status judged, the answer as output."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from graphs.run.authentication import Authentication, send
from graphs.run.effects import before_effect, declared_idempotent, idempotency_key
from graphs.run.errors import WorkflowError
from graphs.run.http_values import header, read_content
from graphs.run.ports import JSON, HttpRequest, HttpResponse
from graphs.run.redaction import Redactor
from graphs.run.step import Flow, Step

_REPEATABLE: Final = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "QUERY")  # RFC 9110, 9.2.2; QUERY by its draft
_PRIVATE_HEADERS: Final = ("authorization", "cookie", "proxy-authorization")
_UNTIL_THE_TASKS_OWN_S: Final = 86400.0
_QUOTED: Final = 300  # characters of an error's body in its detail
_READ: Final = 20_000  # bytes of it that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpExchange:
    output: str  # content, response, raw
    redirect: bool
    idempotent: bool  # declared so by the author, whatever the method

    async def run(
        self,
        step: Step,
        request: HttpRequest,
        authentication: Authentication | None,
        *,
        hint: str = "",
        private: tuple[str, ...] = (),
        shown: str = "",
    ) -> Flow:
        """
        Send *request* and return its answer as the task asks for it.

        Args:
            hint: Added to the words of an answer that refuses who calls (401, 403).
            private: Further headers that are credentials, and no part of an output.
            shown: The URL without credentials, where it holds some.

        Raises:
            WorkflowError: communication with the answer's status; as `authentication.send`.
        """
        repeatable = self.idempotent or request.method in _REPEATABLE
        if request.method in ("POST", "PATCH") and header(request.headers, "idempotency-key") is None:
            request = replace(request, headers={**request.headers, "Idempotency-Key": idempotency_key(step)})
        limit_s = step.engine.deps.limits.http_timeout_s if step.task.timeout is None else _UNTIL_THE_TASKS_OWN_S
        request = replace(request, follow_redirects=self.redirect, timeout_s=limit_s)
        known = await before_effect(step, repeatable=repeatable, what=f"{request.method} {request.url}")
        if known is not None:
            return known
        response = await send(step, request, authentication, resolved=step.authorization)
        self._refuse(request, response, step, hint)
        return Flow(self._output(replace(request, url=shown or request.url), response, (*_PRIVATE_HEADERS, *private)))

    def _refuse(self, request: HttpRequest, response: HttpResponse, step: Step, hint: str) -> None:
        """Raise WorkflowError when the status is an error for this task."""
        if response.status < (400 if self.redirect else 300):
            return
        detail = f"{request.method} {response.url} answered {response.status}{_said(response, step.engine.redactor)}"
        if hint and response.status in (401, 403):
            detail = f"{detail} ({hint})"
        raise WorkflowError.of("communication", step.engine.redactor.text(detail), status=response.status, title=_phrase(response.status))

    def _output(self, request: HttpRequest, response: HttpResponse, private: tuple[str, ...]) -> JSON:
        if self.output == "raw":
            return base64.b64encode(response.body).decode()
        content = read_content(response)
        if self.output != "response":
            return content
        shown = {name: value for name, value in request.headers.items() if name.lower() not in private}
        return {
            "request": {"method": request.method.lower(), "uri": request.url, "headers": shown},
            "statusCode": response.status,
            "headers": dict(response.headers),
            "content": content,
        }


def _said(response: HttpResponse, redactor: Redactor) -> str:
    """Return what an error's answer adds: the beginning of its body, or where a redirect points and how to follow it."""
    location = header(response.headers, "location")
    if response.status < 400 and location:
        return f" and points to {location}; to follow it, write `redirect: true` under `with`"
    text = redactor.text(response.body[:_READ].decode("utf-8", "replace")).strip()  # before it is cut: half a secret is not known as one
    return f": {text[:_QUOTED]}" if text else ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def prepare_exchange(data: Mapping[str, JSON]) -> HttpExchange:
    """Prepare what `with` of a call over HTTP says of its answer."""
    options: Mapping[str, JSON] = data.get("with") or {}
    return HttpExchange(
        output=options.get("output") or "content",
        redirect=bool(options.get("redirect")),
        idempotent=declared_idempotent(data),
    )
