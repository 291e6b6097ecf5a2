"""What the steps of the conformance kit mean here: one function per kind of step, found by its words."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import graphs.run as run
from dsl import read
from graphs.run import Outcome
from graphs.run.memory_ports import MemoryObserver
from tests.conformance.feature import Scenario
from tests.unit.run.harness import Runs

StepCode = Callable[..., Awaitable[None]]
_STEPS: list[tuple[re.Pattern[str], StepCode]] = []


def step(words: str) -> Callable[[StepCode], StepCode]:
    """Register a step: its words as a regular expression, whose groups are arguments after the text below it."""

    def register(code: StepCode) -> StepCode:
        _STEPS.append((re.compile(words), code))
        return code

    return register


class Play:
    """One scenario being played."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self.definition: Any = None
        self.input: Any = None
        self.outcome: Outcome | None = None

    async def play(self, scenario: Scenario) -> None:
        for one in scenario.steps:
            code, arguments = next(((code, match.groups()) for words, code in _STEPS if (match := words.fullmatch(one.words))), (None, ()))
            assert code is not None, f"nobody knows what this step means: {one.words}"
            await code(self, None if one.text is None else read(one.text).data, *arguments)

    async def execute(self) -> None:
        program = run.compile(self.definition, self._runs.functions)
        self.outcome = await run.execute(self._runs.graph, self._runs.deps, run_id="ctk", program=program, input=self.input)

    def output(self, place: str = "") -> Any:
        """Return the output, or what is in it at *place*: "content.id". Raises KeyError."""
        assert self.outcome is not None
        assert self.outcome.status == "completed", self.outcome.error
        value = self.outcome.output
        for name in filter(None, place.split(".")):
            value = value[name]
        return value

    def finished(self) -> list[str]:
        """Return the names of the tasks in the order they ended."""
        observer = self._runs.deps.observer
        assert isinstance(observer, MemoryObserver)
        return [row.reference.rpartition("/")[2] for row in observer.rows if row.status == "finished"]


@step("a workflow with definition:")
async def _definition(play: Play, text: Any) -> None:
    play.definition = text


@step("the workflow input is:")
async def _input(play: Play, text: Any) -> None:
    play.input = text


@step("the workflow is executed")
async def _executed(play: Play, _text: Any) -> None:
    await play.execute()


@step("the workflow should complete")
async def _completes(play: Play, _text: Any) -> None:
    play.output()


@step("the workflow should complete with output:")
async def _completes_with(play: Play, text: Any) -> None:
    assert play.output() == text


@step("the workflow should fault")
async def _faults(play: Play, _text: Any) -> None:
    assert play.outcome is not None
    assert play.outcome.status == "faulted"


@step("the workflow should fault with error:")
async def _faults_with(play: Play, text: Any) -> None:
    assert play.outcome is not None
    assert play.outcome.error == text


@step("the workflow output should have properties (.+)")
async def _has_properties(play: Play, _text: Any, names: str) -> None:
    for name in re.findall("'([^']+)'", names):
        play.output(name)


@step("the workflow output should have a '([^']+)' property with value:")
async def _has_value(play: Play, text: Any, name: str) -> None:
    assert play.output(name) == text


@step(r"the workflow output should have a '([^']+)' property containing (\d+) items")
async def _has_items(play: Play, _text: Any, name: str, count: str) -> None:
    assert len(play.output(name)) == int(count)


@step(r"(\w+) should run first")
async def _runs_first(play: Play, _text: Any, name: str) -> None:
    assert play.finished()[0] == name


@step(r"(\w+) should run last")
async def _runs_last(play: Play, _text: Any, name: str) -> None:
    assert play.finished()[-1] == name


@step(r"(\w+) should run after (\w+)")
async def _runs_after(play: Play, _text: Any, name: str, earlier: str) -> None:
    finished = play.finished()
    assert finished.index(earlier) < finished.index(name)
