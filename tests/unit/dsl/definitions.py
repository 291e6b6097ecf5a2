"""Definitions and a small catalogue for the tests of `dsl`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dsl import Effect, Function, effects

DATA = Path(__file__).parents[2] / "data" / "workflows"
WORKFLOWS = frozenset({"test/child/1.0.0"})

_TEXT = {"type": "string"}
_FUNCTIONS = [
    Function(
        name="approve",
        version="1.0.0",
        title="Ask for approval",
        effect="none",
        idempotent=True,
        person=True,
        input={
            "type": "object",
            "required": ["title"],
            "properties": {"title": _TEXT, "message": _TEXT, "data": {}, "assignee": _TEXT, "deadline": _TEXT},
            "additionalProperties": False,
        },
    ),
    Function(
        name="notify",
        version="1.0.0",
        title="Tell somebody",
        effect="write",
        target="{channel} {to}",
        idempotent=False,
        input={
            "type": "object",
            "required": ["text"],
            "properties": {
                "text": {"type": "string", "description": "what to say"},
                "channel": {"enum": ["chat", "email", "webhook", "slack"]},
                "to": {},
                "title": _TEXT,
                "url": _TEXT,
            },
            "additionalProperties": False,
        },
    ),
    Function(name="purge", version="2.1.0", title="Purge", effect="irreversible", target="table {table}", idempotent=True),
]
CATALOGUE = {function.key: function for function in _FUNCTIONS}


def a_workflow(*tasks: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Return a definition with *tasks* under `do` and *parts* beside it."""
    document = {"dsl": "1.0.3", "namespace": "test", "name": "a-workflow", "version": "1.0.0"}
    return {"document": document | parts.pop("document", {}), **parts, "do": list(tasks)}


def get(name: str, url: str = "https://example.com/orders", **more: Any) -> dict[str, Any]:
    return {name: {"call": "http", "with": {"method": "get", "endpoint": url}} | more}


def post(name: str, url: str = "https://example.com/report", **more: Any) -> dict[str, Any]:
    return {name: {"call": "http", "with": {"method": "post", "endpoint": url}} | more}


def wait(name: str, **more: Any) -> dict[str, Any]:
    return {name: {"wait": "PT1S"} | more}


def put(name: str, values: Any, **more: Any) -> dict[str, Any]:
    return {name: {"set": values} | more}


def approve(name: str, **more: Any) -> dict[str, Any]:
    return {name: {"call": "approve:1.0.0@default", "with": {"title": "Go on?", "assignee": "anna"}} | more}


def choose(name: str, *cases: tuple[str, str | None, str], **more: Any) -> dict[str, Any]:
    """Return a switch; a case is (name, condition or None, target)."""
    items = [{case: ({"when": when} if when else {}) | {"then": then}} for case, when, then in cases]
    return {name: {"switch": items} | more}


def one_effect(data: dict[str, Any], name: str) -> Effect:
    """Return the effect of the task *name*."""
    return next(effect for effect in effects(data, CATALOGUE) if effect.task == name)
