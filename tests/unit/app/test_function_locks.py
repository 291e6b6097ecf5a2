"""The lock of a version names every function that can be called by it."""

from __future__ import annotations

from app.actions.locks import functions_called
from graphs import catalogue
from tests.unit.run.harness import definition


def test_the_tools_of_an_agent_are_locked_with_it() -> None:
    tools = ["notify:1.0.0@default", {"function": "sql:1.0.0", "with": {}}, "none:1.0.0"]
    data = definition([{"a": {"call": "agent:1.0.0@default", "with": {"instructions": "x", "tools": tools}}}])

    assert functions_called(data, catalogue.load()) == ["agent:1.0.0", "notify:1.0.0", "sql:1.0.0"]
