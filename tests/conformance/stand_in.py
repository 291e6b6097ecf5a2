"""A loopback server in place of the public services that the conformance kit calls."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from graphs.run.http import GuardedHttp
from graphs.run.ports import HttpRequest, HttpResponse
from tests.unit.run.harness import World

JSON_TYPE = {"Content-Type": "application/json"}
PETSTORE = {
    "swagger": "2.0",
    "info": {"title": "Swagger Petstore", "version": "1.0.7"},
    "host": "petstore.swagger.io",
    "basePath": "/v2",
    "schemes": ["https", "http"],
    "paths": {
        "/pet/findByStatus": {
            "get": {
                "operationId": "findPetsByStatus",
                "produces": ["application/json", "application/xml"],
                "parameters": [
                    {
                        "name": "status",
                        "in": "query",
                        "required": True,
                        "type": "array",
                        "items": {"type": "string", "enum": ["available", "pending", "sold"], "default": "available"},
                        "collectionFormat": "multi",
                    }
                ],
                "responses": {"200": {"description": "successful operation"}},
                "security": [{"petstore_auth": ["write:pets", "read:pets"]}],
            }
        },
        "/pet/{petId}": {
            "get": {
                "operationId": "getPetById",
                "produces": ["application/json", "application/xml"],
                "parameters": [{"name": "petId", "in": "path", "required": True, "type": "integer", "format": "int64"}],
                "responses": {"200": {"description": "successful operation"}},
                "security": [{"api_key": []}],
            }
        },
    },
    "securityDefinitions": {
        "api_key": {"type": "apiKey", "name": "api_key", "in": "header"},
        "petstore_auth": {"type": "oauth2", "authorizationUrl": "https://petstore.swagger.io/oauth/authorize", "flow": "implicit"},
    },
}
USER, PASSWORD = "serverless-workflow", "conformance-test"


class StandIn:
    """`ports.Http`: sends what goes to `HOST/path` to `/HOST/path` of a loopback server, with the client that runs use."""

    def __init__(self, http: GuardedHttp, world: World) -> None:
        self._http = http
        self._world = world
        for number in (1, 2):
            world.json(f"/petstore.swagger.io/v2/pet/{number}", json.dumps(_pet(number)))
        world.on("/petstore.swagger.io/v2/pet/findByStatus", _find_by_status)
        world.json("/petstore.swagger.io/v2/swagger.json", json.dumps(PETSTORE))
        world.on(f"/httpbin.org/basic-auth/{USER}/{PASSWORD}", _basic_auth)

    async def send(self, request: HttpRequest) -> HttpResponse:
        url = urlsplit(request.url)
        assert url.scheme in ("https", "http")
        here = url._replace(scheme="http", netloc=urlsplit(self._world.url).netloc, path=f"/{url.hostname}{url.path}")
        return replace(await self._http.send(replace(request, url=here.geturl())), url=request.url)


def _pet(number: int, status: str = "available") -> dict[str, Any]:
    return {"id": number, "name": f"pet {number}", "status": status}


def _find_by_status(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    status = parse_qs(request["query"])["status"][0]
    return 200, JSON_TYPE, json.dumps([_pet(7, status), _pet(8, status)]).encode()


def _basic_auth(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    if request["headers"].get("authorization") != f"Basic {expected}":
        return 401, {"WWW-Authenticate": "Basic"}, b""
    return 200, JSON_TYPE, json.dumps({"authenticated": True, "user": USER}).encode()
