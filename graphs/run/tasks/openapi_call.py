"""`call: openapi`: an operation of an OpenAPI document (2.0, 3.0, 3.1), found by its operationId, called with data.

Errors: a document or an operation that is none is configuration/400; a parameter that is wrong, missing or unknown is validation/400
and named; what the answer makes is as for `call: http`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run import templates
from graphs.run.authentication import Authentication, prepare_authentication
from graphs.run.authentication.values import conceal
from graphs.run.errors import WorkflowError
from graphs.run.http_exchange import HttpExchange, prepare_exchange
from graphs.run.openapi import security
from graphs.run.ports import JSON
from graphs.run.resources import Resource, prepare_resource
from graphs.run.step import Flow, Step
from graphs.run.templates import Template
from graphs.run.wording import kind

if TYPE_CHECKING:
    from graphs.run.openapi.operations import Operation
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenApiTask:
    document: Resource
    operation: Template
    parameters: Template
    authentication: Authentication | None
    exchange: HttpExchange

    async def run(self, step: Step) -> Flow:
        from graphs.run.openapi.parameters import assign  # reading documents is for those who call them
        from graphs.run.openapi.requests import prepare_request

        operation = await self._operation(step)
        given = await asyncio.to_thread(assign, operation, await step.resolve(self.parameters))  # large schemas take their time
        authentication = self.authentication
        keys = list(given.keys)
        for _, key in keys:
            conceal(step, key)
        if authentication is not None:
            step.authorization = await authentication.known(step)
            place = security.key_place(operation.binding)
            if place is not None and step.authorization and step.authorization["scheme"] == "Bearer":
                keys.append((place, str(step.authorization["parameter"])))
                authentication = None
        prepared = prepare_request(operation, given, keys)
        hint = security.hint(operation.binding, given=bool(self.authentication or keys))
        return await self.exchange.run(step, prepared.request, authentication, hint=hint, private=prepared.private, shown=prepared.shown)

    async def _operation(self, step: Step) -> Operation:
        from graphs.run.openapi.operations import MAX_BYTES, find_operation

        name = await step.resolve(self.operation)
        if not isinstance(name, str):
            raise WorkflowError.of("expression", f"the operationId must be a text, and is {kind(name)}")
        document = await self.document.read(step, limit_bytes=MAX_BYTES)
        return await asyncio.to_thread(find_operation, document.body, document.url, name)


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler) -> OpenApiTask:
    options: Mapping[str, JSON] = data.get("with") or {}
    return OpenApiTask(
        document=prepare_resource(options["document"], join(reference, "with", "document"), compiler),
        operation=templates.strict(options["operationId"]),
        parameters=templates.strict(options.get("parameters") or {}),
        authentication=prepare_authentication(options.get("authentication"), join(reference, "with", "authentication"), compiler),
        exchange=prepare_exchange(data),
    )
