"""What a change of a definition changes: recorded runs once more through the new definition, with the answers they had.

Nothing outside is touched. A task of the new definition gets the recorded output of the task with the same reference; one that moved, of
the only task with its name and its call; one that is new is stood in for, which the result says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dsl import walk
from dsl.catalogue import Catalogue
from dsl.expressions import Expressions
from dsl.walk import Step
from graphs.run.paths import to_reference
from graphs.run.ports import JSON, Row
from graphs.run.simulation.model import AsRecorded
from graphs.run.simulation.outside import function_of, outside
from graphs.run.simulation.simulator import Simulator

_MISSING: Final = object()
_MOST_PATHS = 50  # that differ and are told of one run


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One run of the old definition: its input, the raw outputs by path or reference of what it called, and how it ended."""

    input: JSON
    outputs: Mapping[str, JSON]
    status: str = "completed"
    output: JSON = None
    name: str = ""  # whatever tells it apart: a run's id


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that differs; `path` is a JSON Pointer, empty for the whole. What is absent is left out of `to_json`."""

    path: str
    before: JSON
    after: JSON

    def to_json(self) -> dict[str, JSON]:
        both = {"before": self.before, "after": self.after}
        return {"path": self.path, **{name: value for name, value in both.items() if value is not _MISSING}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One run before and after."""

    recorded: Recorded
    status: str
    output: JSON
    error: Mapping[str, JSON] | None
    differences: Sequence[Difference] = field(default_factory=tuple)
    calls: Sequence[Difference] = field(default_factory=tuple)  # what would be sent now: by reference, old and new payloads
    made_up: Sequence[str] = ()  # references of tasks that no recording knows: their answers are samples

    @property
    def same(self) -> bool:
        """Whether it ends as before."""
        return self.status == self.recorded.status and not self.differences

    def to_json(self) -> dict[str, JSON]:
        return {
            "name": self.recorded.name,
            "same": self.same,
            "status": {"before": self.recorded.status, "after": self.status},
            "differences": [one.to_json() for one in self.differences],
            "calls": [one.to_json() for one in self.calls],
            "made_up": list(self.made_up),
            "error": dict(self.error) if self.error else None,
        }


async def replay(
    new: Mapping[str, JSON],
    old: Mapping[str, JSON],
    runs: Sequence[Recorded],
    catalogue: Catalogue,
    *,
    workflows: Sequence[Mapping[str, JSON]] = (),
    expressions: Expressions | None = None,
) -> list[Replayed]:
    """
    Return for every run of *old* what it would have come to with *new*.

    Raises:
        InvalidDefinition: one of the two cannot be compiled.
        ReachedOutside: a mistake of the simulator; nothing was sent.
    """
    pool = expressions or Expressions(children=1)
    try:
        before, after = (Simulator(one, catalogue, pool, workflows=workflows) for one in (old, new))
        moved = _moved(old, new)
        reshaped = _reshaped(old, new, moved)
        return [await _one(before, after, run, moved, reshaped) for run in runs]
    finally:
        if expressions is None:
            await pool.aclose()


async def _one(before: Simulator, after: Simulator, run: Recorded, moved: Mapping[str, str], reshaped: frozenset[str]) -> Replayed:
    changed = {where for where in run.outputs if to_reference(where) in reshaped}
    known = {
        _renamed(where, moved): value for where, value in run.outputs.items() if not isinstance(value, AsRecorded) or where not in changed
    }
    was = await before.run(input=run.input, recorded=run.outputs)
    now = await after.run(input=run.input, recorded=known)
    sampled = [mark.reference for mark in now.marks if mark.made_up]
    sent = {moved.get(effect.reference, effect.reference): effect.payload for effect in was.effects}
    sends = {effect.reference: effect.payload for effect in now.effects}
    return Replayed(
        recorded=run,
        status=now.outcome.status,
        output=now.outcome.output,
        error=now.outcome.error,
        differences=differences(run.output, now.outcome.output),
        calls=_calls(sent, sends),
        made_up=tuple(dict.fromkeys(sampled)),
    )


def _calls(before: Mapping[str, JSON], after: Mapping[str, JSON]) -> list[Difference]:
    found = []
    for reference in dict.fromkeys([*before, *after]):
        one, other = before.get(reference, _MISSING), after.get(reference, _MISSING)
        if one is _MISSING or other is _MISSING or differences(one, other):
            found.append(Difference(path=reference, before=one, after=other))
    return found


def _moved(old: Mapping[str, JSON], new: Mapping[str, JSON]) -> dict[str, str]:
    """Return old reference -> new reference of tasks that stand elsewhere now, told by name and kind where both are unique."""
    before, after = _unique(old), _unique(new)
    there = {step.reference for step in walk.steps(dict(new))}
    return {
        step.reference: after[key].reference
        for key, step in before.items()
        if key in after and (step.reference not in there or after[key].reference != step.reference)
    }


def _reshaped(old: Mapping[str, JSON], new: Mapping[str, JSON], moved: Mapping[str, str]) -> frozenset[str]:
    """Return the references, as the old definition has them, of tasks whose `output` is another one now."""
    there = {step.reference: step.task.get("output") for step in walk.steps(dict(new))}
    own = {step.reference: step.task.get("output") for step in walk.steps(dict(old))}
    return frozenset(where for where, output in own.items() if there.get(moved.get(where, where)) != output)


def _unique(definition: Mapping[str, JSON]) -> dict[tuple[str, str | None], Step]:
    found: dict[tuple[str, str | None], Step | None] = {}
    for step in walk.steps(dict(definition)):
        key = (step.name, step.kind)
        found[key] = None if key in found else step
    return {key: step for key, step in found.items() if step is not None}


def _renamed(where: str, moved: Mapping[str, str]) -> str:
    """Return a path or reference as the new definition has it; only the longest part that moved changes."""
    for old in sorted(moved, key=len, reverse=True):
        if where == old or where.startswith(f"{old}/"):
            return moved[old] + where[len(old) :]
    return where


def recorded_of(
    definition: Mapping[str, JSON], catalogue: Catalogue, rows: Sequence[Row], *, given: JSON, status: str, output: JSON, name: str = ""
) -> Recorded:
    """
    Return a run as its journal tells it: what reached outside and what people said, by path.

    Rows hold outputs after `output.as`: such a one counts as long as the expression is the same in the new definition, and is a single
    one. An effect with a proof keeps its raw output.

    Args:
        rows: The journal in its order.
        given: The workflow's input.
    """
    outputs: dict[str, JSON] = {}
    functions = (definition.get("use") or {}).get("functions") or {}
    known = {step.reference: step for step in walk.steps(dict(definition))}
    for row in rows:
        if row.kind != "step" or row.status != "finished":
            continue
        if row.path.endswith("/effect"):
            outputs[row.path.removesuffix("/effect")] = row.output
            continue
        step = known.get(row.reference)
        if step is None or row.path in outputs or not _from_outside(step, catalogue, functions):
            continue
        outputs[row.path] = AsRecorded(row.output) if "as" in (step.task.get("output") or {}) else row.output
    return Recorded(input=given, outputs=outputs, status=status, output=output, name=name)


def _from_outside(step: Step, catalogue: Catalogue, functions: Mapping[str, JSON]) -> bool:
    function = function_of(step.task, catalogue)
    person = function is not None and function.person
    return person or step.kind == "listen" or bool(outside(step.task, catalogue, functions))


def differences(before: JSON, after: JSON, path: str = "") -> list[Difference]:
    """Return what differs, the deepest places that do; lists are compared place by place."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        found = []
        for name in dict.fromkeys([*before, *after]):
            place = f"{path}/{str(name).replace('~', '~0').replace('/', '~1')}"
            found += differences(before.get(name, _MISSING), after.get(name, _MISSING), place)
        return found[:_MOST_PATHS]
    if isinstance(before, list) and isinstance(after, list):
        found = []
        for number in range(max(len(before), len(after))):
            one = before[number] if number < len(before) else _MISSING
            other = after[number] if number < len(after) else _MISSING
            found += differences(one, other, f"{path}/{number}")
        return found[:_MOST_PATHS]
    same = before == after and isinstance(before, bool) == isinstance(after, bool)
    return [] if same else [Difference(path=path, before=before, after=after)]
