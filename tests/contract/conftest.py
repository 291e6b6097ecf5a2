"""The `bench` every contract test runs on, once per adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from tests.contract.adapters import ADAPTERS, Bench, parameters


@pytest.fixture(params=parameters())
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def needed(request: pytest.FixtureRequest, adapter: str) -> Mapping[str, Any]:
    return {name: request.getfixturevalue(name) for name in ADAPTERS[adapter].needs}


@pytest.fixture
async def bench(adapter: str, needed: Mapping[str, Any]) -> AsyncIterator[Bench]:
    async with ADAPTERS[adapter].open(**needed) as opened:
        yield opened
