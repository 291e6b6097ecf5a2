"""Fixtures: a loopback server, real expressions, and runs on in-memory ports."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from dsl.expressions import Expressions
from graphs.run.http import guarded_http
from tests.unit.run.harness import Runs, World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    server = World()
    await server.open()
    yield server
    await server.close()


@pytest.fixture
async def expressions() -> AsyncIterator[Expressions]:
    pool = Expressions(children=1)
    yield pool
    await pool.aclose()


@pytest.fixture
async def runs(expressions: Expressions) -> AsyncIterator[Runs]:
    async with guarded_http(["127.0.0.0/8"]) as http:
        yield Runs(expressions, http)
