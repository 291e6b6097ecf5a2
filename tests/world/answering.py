"""From a request to an answer: which route, which answer of its sequence, what changes in the state, what is sent."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.world.description import Answer, Condition, Description, Route
from tests.world.matching import MISSING, Pattern, differences, segments
from tests.world.templates import TemplateFailed, fill
from tests.world.wire import Request

JSON = Any


@dataclass(slots=True)
class Served:
    """A route as it is served: its pattern with the service's prefix, and how often it was asked."""

    pattern: Pattern
    route: Route
    asked: int = 0

    def next_answer(self) -> Answer:
        """Give each answer once, then the last for ever."""
        sequence = self.route.sequence
        self.asked += 1
        return sequence[min(self.asked, len(sequence)) - 1]


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out, before faults."""

    status: int
    headers: dict[str, str]
    body: bytes


class StateBroken(ValueError):
    """An answer changes the state in a way its value does not allow."""


@dataclass(slots=True)
class Behaviour:
    """Routes and state of a world; used from the server's loop only."""

    description: Description
    routes: list[Served] = field(default_factory=list)
    state: dict[str, JSON] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything that happened."""
        self.state = copy.deepcopy(self.description.state)
        self.routes = [
            Served(Pattern.parse(route.request, prefix=service.at), route)
            for service in self.description.services.values()
            for route in service.routes
        ]

    def choose(self, request: Request) -> tuple[Served, dict[str, str]] | str:
        """Return the first route that fits and its path parameters, or the reason why none does."""
        near: list[str] = []
        for served in self.routes:
            params = served.pattern.match(request.method, segments(request.target))
            if params is None:
                continue
            wrong = unmet(served.route.when, request)
            if not wrong:
                return served, params
            near.append(f"{served.pattern.text}: {'; '.join(wrong)}")
        return " | ".join(near) or f"no route is called {request.method} {request.path}"

    def scope(self, served: Served, params: Mapping[str, str], request: Request, base_url: str) -> dict[str, JSON]:
        """The names a template may use."""
        return {
            "path": dict(params),
            "query": request.query,
            "headers": dict(request.headers),
            "body": request.body,
            "state": self.state,
            "asked": served.asked,
            "base_url": base_url,
        }

    def change(self, answer: Answer, scope: Mapping[str, JSON]) -> None:
        """Apply `append`, `put` and `count`, in this order. Raises TemplateFailed, StateBroken."""
        for name, value in answer.append.items():
            items = self.state.setdefault(name, [])
            if not isinstance(items, list):
                raise StateBroken(f"state.{name} is {items!r}, nothing can be appended")
            items.append(copy.deepcopy(fill(value, scope)))
        for name, value in answer.put.items():
            self.state[name] = copy.deepcopy(fill(value, scope))
        for name in answer.count:
            number = self.state.setdefault(name, 0)
            if not isinstance(number, int):
                raise StateBroken(f"state.{name} is {number!r}, not a number to count")
            self.state[name] = number + 1


def unmet(when: Condition | None, request: Request) -> list[str]:
    """Say in words what keeps *request* from meeting *when*."""
    if when is None:
        return []
    found = differences(when.query, request.query, where="query")
    found += differences(when.headers, dict(request.headers), where="headers")
    if when.has_body:
        body = MISSING if request.body is None and when.body is not None else request.body
        found += differences(when.body, body, where="body")
    return found


def reply(answer: Answer, scope: Mapping[str, JSON]) -> Reply:
    """Fill the templates of *answer*. Raises TemplateFailed."""
    headers = {name: str(fill(value, scope)) for name, value in answer.headers.items()}
    given = {name.lower() for name in headers}
    kind, body = _body(answer, scope)
    if kind and body and "content-type" not in given:
        headers["Content-Type"] = kind
    return Reply(answer.status, headers, body)


def _body(answer: Answer, scope: Mapping[str, JSON]) -> tuple[str, bytes]:
    if answer.text is not None:
        return "text/plain; charset=utf-8", str(fill(answer.text, scope)).encode()
    if answer.bytes_body is not None:
        return "application/octet-stream", base64.b64decode(answer.bytes_body)
    if not answer.has_json:
        return "", b""
    try:
        return "application/json", json.dumps(fill(answer.json_body, scope), ensure_ascii=False).encode()
    except TypeError as exc:
        raise TemplateFailed(f"the answer is not JSON: {exc}") from exc
