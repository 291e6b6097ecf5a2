"""Every scenario of the specification's conformance test kit: it passes, or it is refused by name as not supported yet."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dsl.expressions import Expressions
from dsl.problems import InvalidDefinition
from graphs.run.http import guarded_http
from tests.conformance.feature import Scenario, scenarios
from tests.conformance.stand_in import StandIn
from tests.conformance.steps import Play
from tests.unit.run.harness import Runs, World

FOLDER = Path(os.environ.get("PARLEY_CONFORMANCE") or Path(__file__).parents[3] / "shared" / "conformance") / "ctk"
SCENARIOS = [scenario for path in sorted(FOLDER.glob("*.feature")) for scenario in scenarios(path)]
# feature, scenario -> what this version does not run yet
NOT_YET: dict[tuple[str, str], str] = {}


@pytest.fixture(autouse=True)
def _folder() -> None:
    if not SCENARIOS:
        reason = f"the conformance kit is not at {FOLDER}: set PARLEY_CONFORMANCE"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    world, expressions = World(), Expressions(children=1)
    await world.open()
    async with guarded_http(["127.0.0.0/8"]) as http:
        runs = Runs(expressions, http)
        runs.http = StandIn(http, world)  # type: ignore[assignment]  # any `ports.Http` will do
        runs.fresh()
        yield Play(runs)
    await expressions.aclose()
    await world.close()


def test_the_kit_has_all_its_scenarios() -> None:
    names = [(scenario.feature, scenario.name) for scenario in SCENARIOS]

    assert len(names) >= 21
    assert set(NOT_YET) <= set(names)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.feature}: {scenario.name}")
async def test_a_scenario_passes_or_is_refused_as_not_supported_yet(play: Play, scenario: Scenario) -> None:
    if (scenario.feature, scenario.name) not in NOT_YET:
        await play.play(scenario)
        return
    with pytest.raises(InvalidDefinition) as refused:
        await play.play(scenario)

    assert {problem.code for problem in refused.value.problems} == {"not-yet-supported"}
