"""`call: http`: build the request from data, send it, read the answer.

Errors: a status of 400 or more is a communication error with that status; no answer is communication/500; an address the operator
does not allow is authorization/403. With `redirect: false` a 3xx is an error, with `true` its `Location` is followed.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run import templates
from graphs.run.authentication import send
from graphs.run.effects import before_effect, declared_idempotent, idempotency_key
from graphs.run.endpoint import Endpoint, prepare_endpoint
from graphs.run.errors import WorkflowError
from graphs.run.http_values import encode_body, read_content, with_query
from graphs.run.ports import JSON, HttpRequest, HttpResponse
from graphs.run.redaction import Redactor
from graphs.run.step import Flow, Step
from graphs.run.templates import Template
from graphs.run.wording import kind

if TYPE_CHECKING:
    from graphs.run.program import Compiler

_REPEATABLE = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE")  # RFC 9110, 9.2.2
_PRIVATE_HEADERS = ("authorization", "cookie", "proxy-authorization")
_UNTIL_THE_TASKS_OWN_S = 86400.0
_QUOTED = 300  # characters of an error's body in its detail
_READ = 20_000  # bytes of it that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTask:
    method: Template
    endpoint: Endpoint
    headers: Template
    query: Template
    body: Template | None
    output: str
    redirect: bool
    idempotent: bool

    async def run(self, step: Step) -> Flow:
        request = await self._request(step)
        repeatable = self.idempotent or request.method in _REPEATABLE
        known = await before_effect(step, repeatable=repeatable, what=f"{request.method} {request.url}")
        if known is not None:
            return known
        response = await send(step, request, self.endpoint.authentication, resolved=step.authorization)
        self._refuse(request, response, step)
        return Flow(self._output(request, response))

    async def _request(self, step: Step) -> HttpRequest:
        method = str(await step.resolve(self.method)).upper()
        uri = await self.endpoint.url(step)
        headers = {str(key): _header(value) for key, value in (await _object(step, self.headers, "headers")).items() if value is not None}
        if self.endpoint.authentication is not None:
            step.authorization = await self.endpoint.authentication.resolve(step)
        if method in ("POST", "PATCH") and not any(name.lower() == "idempotency-key" for name in headers):
            headers["Idempotency-Key"] = idempotency_key(step)
        body = None if self.body is None else encode_body(await step.resolve(self.body), headers)
        return HttpRequest(
            method=method,
            url=with_query(uri, await _object(step, self.query, "query")),
            headers=headers,
            body=body,
            follow_redirects=self.redirect,
            timeout_s=step.engine.deps.limits.http_timeout_s if step.task.timeout is None else _UNTIL_THE_TASKS_OWN_S,
        )

    def _refuse(self, request: HttpRequest, response: HttpResponse, step: Step) -> None:
        """Raise WorkflowError when the status is an error for this task."""
        if response.status < (400 if self.redirect else 300):
            return
        detail = f"{request.method} {response.url} answered {response.status}{_said(response, step.engine.redactor)}"
        raise WorkflowError.of("communication", step.engine.redactor.text(detail), status=response.status, title=_phrase(response.status))

    def _output(self, request: HttpRequest, response: HttpResponse) -> JSON:
        if self.output == "raw":
            return base64.b64encode(response.body).decode()
        content = read_content(response)
        if self.output != "response":
            return content
        shown = {name: value for name, value in request.headers.items() if name.lower() not in _PRIVATE_HEADERS}
        return {
            "request": {"method": request.method.lower(), "uri": request.url, "headers": shown},
            "statusCode": response.status,
            "headers": dict(response.headers),
            "content": content,
        }


async def _object(step: Step, template: Template, name: str) -> Mapping[str, JSON]:
    """Return the value of `with.NAME`, nothing being the same as empty. Raises WorkflowError (expression) when it is no object."""
    value: JSON = await step.resolve(template)
    if value is not None and not isinstance(value, dict):
        raise WorkflowError.of("expression", f"'{name}' of a call must be an object, and is {kind(value)}")
    return value or {}


def _said(response: HttpResponse, redactor: Redactor) -> str:
    """Return what an error's answer adds: the beginning of its body, or where a redirect points and how to follow it."""
    location = next((value for name, value in response.headers.items() if name.lower() == "location"), "")
    if response.status < 400 and location:
        return f" and points to {location}; to follow it, write `redirect: true` under `with`"
    text = redactor.text(response.body[:_READ].decode("utf-8", "replace")).strip()  # before it is cut: half a secret is not known as one
    return f": {text[:_QUOTED]}" if text else ""


def _header(value: JSON) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler) -> HttpTask:
    options: Mapping[str, JSON] = data.get("with") or {}
    return HttpTask(
        method=templates.strict(options.get("method", "GET")),
        endpoint=prepare_endpoint(options.get("endpoint", ""), join(reference, "with", "endpoint"), compiler),
        headers=templates.strict(options.get("headers") or {}),
        query=templates.strict(options.get("query") or {}),
        body=templates.strict(options["body"]) if "body" in options else None,
        output=options.get("output") or "content",
        redirect=bool(options.get("redirect")),
        idempotent=declared_idempotent(data),
    )
