"""Fixtures: real programs, shut in as well as this system allows, and without namespaces as on others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from graphs.run.processes import LocalProcesses, ProcessSettings
from tests.unit.run.processes.programs import ALL, Make


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Return a function that makes the port with other settings."""
    made: list[LocalProcesses] = []

    def new(**settings: Any) -> LocalProcesses:
        made.append(LocalProcesses(replace(ProcessSettings(allowed=ALL, timeout_s=20.0), **settings)))
        return made[-1]

    yield new
    for one in made:
        await one.aclose()


@pytest.fixture
def processes(make: Make) -> LocalProcesses:
    return make()
