"""A small storm: workers killed and stopped, connections cut, the database killed, over every kind of wait and effect. `make chaos` is the
large one. What the runs did is told by three witnesses and judged by `tests.chaos.history`."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.chaos.large import LONGEST_TAKE_OVER_S, storm
from tests.chaos.storm import Plan
from tests.chaos.verdict import table

pytestmark = [pytest.mark.chaos, pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="parley-chaos-"))
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    yield home
    shutil.rmtree(home, ignore_errors=True)


async def test_whatever_is_killed_every_run_ends_as_it_would_have(home: Path, tmp_path: Path) -> None:
    seed = int(os.environ.get("CHAOS_SEED", "0")) or secrets.randbelow(1_000_000)
    print(f"seed {seed}")
    plan = Plan(
        seed=seed, kills=8, workers=3, spared=1, at_once=12, runs=24, pause_s=(0.3, 1.2), cut_every=3, zombie_every=4, restart_every=6,
        drain_s=60.0, largest=2,
    )  # fmt: skip
    settings = Settings(home=home / "home", lease_s=1.5, heartbeat_s=0.3, sweep_s=0.2, log_level="error")

    verdict = await storm(plan, settings, tmp_path)

    print(told := "\n".join([table(verdict), *(f"{one.code}: run {one.run}: {one.words}" for one in verdict.violations)]))
    assert not verdict.violations, told
    assert verdict.good, told
    assert max(verdict.take_overs, default=0.0) < LONGEST_TAKE_OVER_S, told
    assert len(verdict.deeds.kills) == plan.kills, told
