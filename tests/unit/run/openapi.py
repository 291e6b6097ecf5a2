"""A loopback server with the OpenAPI document that describes it, and runs that call it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from graphs.run import Outcome
from tests.unit.run.harness import Runs, World

JSON = {"Content-Type": "application/json"}
Document = dict[str, Any]


def document(paths: Document, **top: Any) -> Document:
    return {"openapi": "3.1.0", "info": {"title": "Pets", "version": "1.0.0"}, "servers": [{"url": "/v1"}], "paths": paths, **top}


def operation(*parameters: Document, **more: Any) -> Document:
    return {"operationId": "op", "parameters": list(parameters), "responses": {"200": {"description": "fine"}}, **more}


def parameter(name: str, place: str, schema: Document | None = None, **more: Any) -> Document:
    return {"name": name, "in": place, "schema": schema or {}, **({"required": True} if place == "path" else {}), **more}


def body(schema: Document, kind: str = "application/json", **more: Any) -> Document:
    return {"requestBody": {"content": {kind: {"schema": schema}}, **more}}


class Api:
    """A document and the server it describes, both on loopback."""

    def __init__(self, runs: Runs, world: World) -> None:
        self.runs, self.world = runs, world
        self.top: Document = {}

    def serve(self, paths: Document, **top: Any) -> None:
        self.world.json("/api.json", json.dumps(document(paths, **top)))
        self.answer(lambda _request: (200, JSON, b'{"ok": true}'))

    def answer(self, answer: Callable[[Any], Any]) -> None:
        class Everything(dict[str, Any]):
            def get(self, key: str, default: Any = None) -> Any:
                return super().get(key, answer)

        self.world.answers = Everything(self.world.answers)

    async def call(
        self, parameters: Any = None, *, top: Document | None = None, secrets: Any = None, task: Any = None, **options: Any
    ) -> Outcome:
        arguments = {"document": {"endpoint": f"{self.world.url}/api.json"}, "operationId": "op", **options}
        if parameters is not None:
            arguments["parameters"] = parameters
        one = {"call": "openapi", "with": arguments, **(task or {})}
        return await self.runs.start([{"a": one}], {"n": 7}, top=top, **({"secrets": secrets} if secrets else {}))

    @property
    def sent(self) -> dict[str, Any]:
        (request,) = [request for request in self.world.requests if request["path"] != "/api.json"]
        return request

    @property
    def target(self) -> str:
        path: str = self.sent["path"]
        return path + (f"?{self.sent['query']}" if self.sent["query"] else "")


def failure(outcome: Outcome) -> tuple[str, str]:
    assert outcome.error is not None, outcome.output
    return outcome.error["type"].rpartition("/")[2], outcome.error["detail"]
