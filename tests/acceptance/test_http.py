"""Calls over HTTP as `parley run --ephemeral` makes them: a loopback service with a login, a document, and a host that is out of order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.acceptance.conftest import Parley

API = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: /v1}]
paths:
  /orders/{id}:
    put:
      operationId: putOrder
      security: [{shop: []}]
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {amount: {type: number}}, required: [amount]}}}}
      responses: {'200': {description: fine}}
components: {securitySchemes: {shop: {type: oauth2, flows: {}}}}
"""
DEFINITION = """\
document: {dsl: 1.0.3, namespace: test, name: shop, version: 0.1.0}
use:
  secrets: [shop]
  authentications: {shop: {oauth2: {use: shop}}}
do:
  - order:
      call: openapi
      with:
        document: {endpoint: 'URL/api.yaml'}
        operationId: putOrder
        parameters: {id: '${ .id }', amount: '${ .amount }'}
        authentication: {use: shop}
"""


class Service(BaseHTTPRequestHandler):
    """Gives tokens, describes itself, takes orders; `/down` is out of order."""

    protocol_version = "HTTP/1.1"
    seen: list[str]

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        type(self).seen.append(f"{self.command} {self.path}")
        if self.path == "/oauth2/token":
            given = {"access_token": "the-t0ken", "expires_in": 60} if b"client_secret=k3y-of-the-shop" in body else {}
            return self.say(200, json.dumps(given))
        if self.path == "/api.yaml":
            return self.say(200, API, "application/yaml")
        if self.path.startswith("/v1/orders/"):
            taken = self.headers.get("Authorization") == "Bearer the-t0ken"
            return self.say(200 if taken else 403, body.decode() if taken else json.dumps(self.headers.get("Authorization")))
        return self.say(503, "")

    do_GET = do_POST = do_PUT = answer  # noqa: N815  the names the server looks for

    def say(self, status: int, text: str, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base's name
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[tuple[str, list[str]]]:
    Service.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", Service.seen
    server.shutdown()
    thread.join()
    server.server_close()


def run(parley: Parley, url: str, data: dict[str, Any], secret: str = "k3y-of-the-shop") -> Any:
    file, secrets = parley.folder / "shop.yaml", parley.folder / "secrets.json"
    file.write_text(DEFINITION.replace("URL", url))
    login = {"authority": url, "grant": "client_credentials", "client": {"id": "parley", "secret": secret}}
    secrets.write_text(json.dumps({"shop": login}))
    done = parley("run", file, "--input", json.dumps(data), "--secrets", secrets, "--ephemeral", "--json")
    assert secret not in done.err
    return done.json


def test_an_operation_is_called_with_a_token(parley: Parley, service: tuple[str, list[str]]) -> None:
    url, seen = service

    found = run(parley, url, {"id": "7", "amount": 2.5})

    assert (found["status"], found["output"]) == ("completed", {"amount": 2.5})
    assert seen == ["GET /api.yaml", "POST /oauth2/token", "PUT /v1/orders/7"]


def test_what_is_wrong_is_said_in_the_error(parley: Parley, service: tuple[str, list[str]]) -> None:
    found = run(parley, service[0], {"id": 1, "amount": 1}, "wr0ng-key")

    assert (found["status"], found["error"]["type"].rpartition("/")[2], found["error"]["status"]) == ("faulted", "authentication", 401)
    assert "gave no access_token" in found["error"]["detail"]
    assert not any(line.startswith("PUT") for line in service[1])


def test_the_settings_of_the_breaker_hold(parley: Parley, service: tuple[str, list[str]]) -> None:
    """The host is out of order twice, then it is left alone."""
    url, seen = service
    call = {"call": "http", "with": {"method": "get", "endpoint": f"{url}/down"}}
    trying = {"try": [{"down": call}], "catch": {"as": "e", "do": [{"note": {"set": "${ $e.title }"}}]}}
    document = {"dsl": "1.0.3", "namespace": "test", "name": "down", "version": "0.1.0"}
    file: Path = parley.folder / "down.json"
    file.write_text(json.dumps({"document": document, "do": [{f"t{n}": trying} for n in range(3)]}))

    done = parley("run", file, "--ephemeral", "--json", PARLEY_HTTP_BREAKER_FAILURES="2")

    assert (done.json["output"], seen) == ("Not sent: the host keeps failing", ["GET /down", "GET /down"])
