"""Every example, and every definition of the specification's, is explored: nothing leaves, every way is seen, and no fault is found."""

from __future__ import annotations

from pathlib import Path

import pytest

import dsl
from dsl.expressions import Expressions
from graphs import catalogue
from graphs.run.simulation import explore, simulate
from tests.examples.cases import ALL, NAMES, ROOT, Example

FUNCTIONS = catalogue.load()
SPECIFICATION = ROOT.parent / "shared" / "conformance" / "examples"
DEFINITIONS = sorted(SPECIFICATION.glob("*.yaml"))
TEXTS = {path: path.read_text("utf-8") for path in DEFINITIONS}
# faults of the specification's own examples, found by simulating them: their expressions do not fit the data they get
FAULTY = {
    "accumulate-room-readings.yaml": "/do/0/consumeReading",
    "for.yaml": "/do/0/checkup/do/0/waitForCheckup",
    "mock-service-extension.yaml": "/do/0/callHttp",
}


@pytest.mark.parametrize("example", ALL, ids=NAMES)
async def test_every_way_of_an_example_is_seen(example: Example) -> None:
    definition = dsl.read(example.definition_text).data
    found = await explore(definition, FUNCTIONS, workflows=list(example.children.values()))

    assert [one.words for one in found.seen if one.reached == "never"] == []
    assert [one.way for one in found.seen if one.reached == "forced" and not one.way.startswith("wins:")] == []
    assert (found.problems, found.complete) == ([], True)


@pytest.mark.parametrize("example", ALL, ids=NAMES)
async def test_an_example_ends_with_its_own_input_too(example: Example) -> None:
    definition = dsl.read(example.definition_text).data
    found = await simulate(definition, FUNCTIONS, input=example.read("input.json"), workflows=list(example.children.values()))
    assert found.outcome.status == "completed", found.outcome.error


@pytest.mark.skipif(not DEFINITIONS, reason="the specification's examples are not beside this folder")
@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
async def test_the_specifications_examples_can_be_simulated(path: Path) -> None:
    definition = dsl.read(TEXTS[path]).data
    expressions = Expressions(children=1)
    try:
        found = await explore(definition, FUNCTIONS, expressions=expressions)
    finally:
        await expressions.aclose()

    assert found.complete
    assert [problem.reference for problem in found.problems] == ([FAULTY[path.name]] if path.name in FAULTY else [])
