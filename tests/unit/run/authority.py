"""A loopback authority that gives tokens, and tasks that need one."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from graphs.run import Outcome
from tests.unit.run.harness import World

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"
CLIENT = {"id": "parley", "secret": "s3cr3t-key"}
SIGNED = "0123456789abcdef0123456789abcdef"


class Authority:
    """A loopback authority that numbers its tokens, and a resource that takes all but the revoked ones."""

    def __init__(self, world: World, path: str = "/realm/oauth2/token") -> None:
        self.world = world
        self.asked: list[dict[str, Any]] = []
        self.revoked: set[str] = set()
        self.extra: dict[str, Any] = {"expires_in": 3600}
        world.on(path, self.token)
        world.on("/x", self.resource)

    def token(self, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        form = request["headers"]["content-type"] == "application/x-www-form-urlencoded"
        asked = (
            {k: v[0] if len(v) == 1 else v for k, v in parse_qs(request["body"].decode()).items()} if form else json.loads(request["body"])
        )
        self.asked.append(asked)
        answer = {"access_token": f"token-{len(self.asked)}", "token_type": "bearer", **self.extra}
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    def resource(self, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        given = request["headers"].get("authorization", "")
        if not given.startswith("Bearer ") or given.removeprefix("Bearer ") in self.revoked:
            return 401, {}, given.encode()
        return 200, {"Content-Type": "application/json"}, json.dumps(given).encode()


def task(world: World, policy: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"call": "http", "with": {"method": "get", "endpoint": {"uri": f"{world.url}/x", "authentication": policy}}, **options}


def oauth2(world: World, **values: Any) -> dict[str, Any]:
    return {"oauth2": {"authority": f"{world.url}/realm", "grant": "client_credentials", "client": CLIENT, **values}}


def failed(outcome: Outcome) -> tuple[str, int, str]:
    assert outcome.error is not None, outcome.output
    return outcome.error["type"].rpartition("/")[2], outcome.error["status"], outcome.error.get("detail", "")
