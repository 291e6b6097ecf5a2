"""`call: http`: build the request from data, send it, read the answer.

Errors: a status of 400 or more is a communication error with that status; no answer is communication/500; an address the operator
does not allow is authorization/403. With `redirect: false` a 3xx is an error, with `true` its `Location` is followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run import templates
from graphs.run.endpoint import Endpoint, prepare_endpoint
from graphs.run.errors import WorkflowError
from graphs.run.http_bodies import encode_body
from graphs.run.http_exchange import HttpExchange, prepare_exchange
from graphs.run.http_values import header_text, with_query
from graphs.run.ports import JSON, HttpRequest
from graphs.run.step import Flow, Step
from graphs.run.templates import Template
from graphs.run.wording import kind

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTask:
    method: Template
    endpoint: Endpoint
    headers: Template
    query: Template
    body: Template | None
    exchange: HttpExchange

    async def run(self, step: Step) -> Flow:
        return await self.exchange.run(step, await self._request(step), self.endpoint.authentication)

    async def _request(self, step: Step) -> HttpRequest:
        method = str(await step.resolve(self.method)).upper()
        uri = await self.endpoint.url(step)
        headers = {
            str(key): header_text(value) for key, value in (await _object(step, self.headers, "headers")).items() if value is not None
        }
        if self.endpoint.authentication is not None:
            step.authorization = await self.endpoint.authentication.known(step)
        body = None if self.body is None else encode_body(await step.resolve(self.body), headers)
        return HttpRequest(method=method, url=with_query(uri, await _object(step, self.query, "query")), headers=headers, body=body)


async def _object(step: Step, template: Template, name: str) -> Mapping[str, JSON]:
    """Return the value of `with.NAME`, nothing being the same as empty. Raises WorkflowError (expression) when it is no object."""
    value: JSON = await step.resolve(template)
    if value is not None and not isinstance(value, dict):
        raise WorkflowError.of("expression", f"'{name}' of a call must be an object, and is {kind(value)}")
    return value or {}


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler) -> HttpTask:
    options: Mapping[str, JSON] = data.get("with") or {}
    return HttpTask(
        method=templates.strict(options.get("method", "GET")),
        endpoint=prepare_endpoint(options.get("endpoint", ""), join(reference, "with", "endpoint"), compiler),
        headers=templates.strict(options.get("headers") or {}),
        query=templates.strict(options.get("query") or {}),
        body=templates.strict(options["body"]) if "body" in options else None,
        exchange=prepare_exchange(data),
    )
