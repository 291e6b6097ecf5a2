"""How many cases a property test tries: few in `make test`, many with `HYPOTHESIS_PROFILE=long`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

LONG = 25  # times as many
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "default")


def register() -> None:
    """Make the two profiles known and load the chosen one; `make test` tries the same cases every time."""
    calm = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    settings.register_profile("default", deadline=None, derandomize=True, suppress_health_check=calm)
    settings.register_profile("long", deadline=None, max_examples=100 * LONG, suppress_health_check=calm, print_blob=True)
    settings.load_profile(PROFILE)


def cases(number: int) -> int:
    """Return how many examples a test wants that tries *number* in `make test`."""
    return number * LONG if PROFILE == "long" else number
