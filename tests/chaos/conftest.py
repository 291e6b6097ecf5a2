"""No worker outlives the tests that kill them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.processes import end_spares


@pytest.fixture(scope="package", autouse=True)
def _no_spares_are_left() -> Iterator[None]:
    yield
    end_spares()
