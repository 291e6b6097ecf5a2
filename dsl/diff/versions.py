"""What a version number has to become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dsl.diff.changes import Breaking, Bump

RANK: Final[dict[str, int]] = {"patch": 0, "minor": 1, "major": 2}


def bump_of(changes: Sequence[Breaking]) -> Bump | None:
    """Return the bump that *changes* ask for together; None when there are none."""
    return max((change.bump for change in changes), key=RANK.__getitem__, default=None)


def bumped(version: str, bump: Bump) -> str:
    """Return the version after "1.2.3" for *bump*: "2.0.0", "1.3.0" or "1.2.4". Below 1.0.0 a major change bumps the minor number."""
    parts = [int(part) if part.isdigit() else 0 for part in [*version.partition("-")[0].partition("+")[0].split("."), "0", "0"][:3]]
    rank = min(RANK[bump], 1) if parts[0] == 0 else RANK[bump]
    at = 2 - rank
    return ".".join(str(number) for number in [*parts[:at], parts[at] + 1, *([0] * rank)])
