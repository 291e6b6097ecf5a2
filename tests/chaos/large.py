"""A storm over a database and workers of its own: `python -m tests.chaos.large --kills 500`. Prints figures; exits 1 on any violation."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from app.actions import Actor
from app.container import Container, Prepared, prepare
from app.settings import Settings
from tests.chaos.effects import EffectServer
from tests.chaos.expected import expectations
from tests.chaos.ledger import SETUP, Ledger
from tests.chaos.mixes import definitions
from tests.chaos.nursery import nursery
from tests.chaos.storm import Plan, Storm
from tests.chaos.verdict import Verdict, judge, table

LONGEST_TAKE_OVER_S = 15.0
ACTOR = Actor("default", "u-ada", "ada", "admin", "cli")


async def storm(plan: Plan, settings: Settings, logs: Path) -> Verdict:
    """Prepare a database in *settings*' home, let the storm go over it, and judge what is left."""
    began = time.time()
    prepared = await prepare(settings)
    try:
        server = prepared.server
        assert server is not None
        effects = EffectServer(plan.seed)
        ledger = Ledger(prepared.owner)
        await ledger.rows(SETUP)
        with effects.serving():
            texts = definitions(effects.url)
            expected = await expectations(texts, effects, plan.largest)
            async with Container.open(settings, role="cli", prepared=prepared) as container:
                with nursery(_environment(settings, prepared), logs) as started:
                    raging = Storm(plan, container, ACTOR, server=server, nursery=started, effects=effects, ledger=ledger)
                    await raging.rage(texts)
            return await judge(plan.seed, began, raging.deeds, ledger, effects, expected)
    finally:
        await asyncio.to_thread(prepared.close)


def _environment(settings: Settings, prepared: Prepared) -> Mapping[str, str]:
    owner = prepared.owner
    names = ("lease_s", "heartbeat_s", "sweep_s", "stop_grace_s")
    return {
        "PARLEY_HOME": str(settings.home_path),
        "PARLEY_DATABASE_URL": f"postgresql://{owner['user']}@/{owner['dbname']}?host={quote(owner['host'])}",
        "PARLEY_HTTP_ALLOW": "127.0.0.0/8",
        **{f"PARLEY_{name.upper()}": str(getattr(settings, name)) for name in names},
    }


def large_plan(seed: int, kills: int) -> Plan:
    return Plan(
        seed=seed, kills=kills, workers=6, spared=2, at_once=40, runs=1_000_000, pause_s=(0.4, 2.4), cut_every=5, zombie_every=12,
        restart_every=20, drain_s=180.0,
    )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=None, help="the same seed makes the same choices; moments still differ")
    parser.add_argument("--folder", type=Path, default=None, help="for the database and the workers' logs; kept when given")
    given = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    folder = given.folder or Path(tempfile.mkdtemp(prefix="parley-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    try:
        verdict = asyncio.run(storm(large_plan(seed, given.kills), Settings(home=folder / "home", log_level="error"), logs))
    finally:
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(table(verdict))
    for violation in verdict.violations:
        print(f"{violation.code}: run {violation.run}: {violation.words}")
    slow = [seconds for seconds in verdict.take_overs if seconds > LONGEST_TAKE_OVER_S]
    if slow:
        print(f"{len(slow)} runs were taken over later than {LONGEST_TAKE_OVER_S:.0f} s after the kill")
    return 0 if verdict.good and not slow else 1


if __name__ == "__main__":
    sys.exit(main())
