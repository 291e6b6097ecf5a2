"""A guard for simulations: whatever opens a socket or starts a program is noticed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from dsl.expressions import Expressions
from tests.unit.run.simulating import Simulations


@pytest.fixture
def simulations(expressions: Expressions, nothing_leaves: None) -> Simulations:
    return Simulations(expressions)


@pytest.fixture
async def nothing_leaves(monkeypatch: pytest.MonkeyPatch, expressions: Expressions) -> None:
    """Fail whatever opens a connection, looks a name up or starts a program; the children that evaluate expressions are there already."""
    await expressions.evaluate("[.] | map(1)", {}, {})

    def refuse(what: str) -> Callable[..., Any]:
        def refused(*arguments: Any, **_options: Any) -> Any:
            raise AssertionError(f"{what} in a simulation: {arguments!r}")

        return refused

    loop = type(asyncio.get_running_loop())
    monkeypatch.setattr(socket.socket, "connect", refuse("connect"))
    monkeypatch.setattr(socket, "getaddrinfo", refuse("a look-up"))
    monkeypatch.setattr(loop, "create_connection", refuse("a connection"), raising=False)
    monkeypatch.setattr(loop, "getaddrinfo", refuse("a look-up"), raising=False)
    monkeypatch.setattr("subprocess.Popen.__init__", refuse("a program"))
