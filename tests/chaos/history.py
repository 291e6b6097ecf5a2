"""What happened to one run, told by three witnesses, and whether that may have happened.

The witnesses are the server that saw the effects, the journal with who wrote each row, and the record of who held the run's lease when.
`violations` is pure: a history and what would have happened without faults go in, everything that must not be comes out.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from tests.chaos.mixes import effect_of

SLACK_S: Final = 0.1  # between sending and arriving, and between two witnesses' looks at one clock
Place = tuple[str, str]  # step and item


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A request as the server saw it. Not `performed`: answered with an error, its sender was gone, or its key was `recognised`."""

    at: float  # seconds since 1970
    place: Place
    once: bool  # it must not be repeated
    performed: bool
    recognised: bool = False  # what has this key had been performed before
    key: str = ""
    worker: str = ""  # who sent it, where that could be seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the journal, and who wrote it under which epoch of the run."""

    at: float
    path: str
    reference: str
    attempt: int
    kind: str
    status: str
    epoch: int
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    at: float
    epoch: int
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A step whose outcome was asked for, and what was answered."""

    at: float
    path: str
    happened: bool | None = None  # None: nobody has answered yet


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    run: str
    workflow: str
    status: str
    output: Any = None
    reason: str = ""
    effects: Sequence[Effect] = ()
    lines: Sequence[Line] = ()
    claims: Sequence[Claim] = ()
    unknown: Sequence[Unknown] = ()
    accepted: frozenset[str] = frozenset()  # ids of events that were accepted for it
    heard: Sequence[str] = ()  # ids of those that it took
    stopped: frozenset[str] = frozenset()  # workers that were stopped for a while, and woken


@dataclass(frozen=True, slots=True)
class Expected:
    """How the run ends without faults."""

    output: Any
    effects: frozenset[Place]


@dataclass(frozen=True, slots=True)
class Violation:
    code: str
    run: str
    words: str


@dataclass(slots=True)
class _Case:
    """A history with what all rules look up."""

    history: History
    expected: Expected
    seen: Mapping[Place, list[Effect]] = field(default_factory=dict)
    finished: Mapping[Place, Line] = field(default_factory=dict)  # the first row that says so
    late: Sequence[Effect] = ()

    def __post_init__(self) -> None:
        seen: dict[Place, list[Effect]] = defaultdict(list)
        self.late = late_effects(self.history)
        for effect in sorted(self.history.effects, key=lambda effect: effect.at):
            if effect not in self.late:
                seen[effect.place].append(effect)
        finished: dict[Place, Line] = {}
        for line in self.history.lines:
            place = effect_of(line.path, line.reference)
            if place is not None and line.kind == "step" and line.status == "finished":
                finished.setdefault(place, line)
        self.seen, self.finished = seen, finished


def late_effects(history: History) -> list[Effect]:
    """
    Return what workers sent that were woken when others had their runs already.

    They look at their lease right before they write, and were stopped in that moment: nobody can exclude it. So it must be harmless:
    a request that may be repeated, or one with the key of its execution, which the other side knows again.
    """
    return [effect for effect in history.effects if effect.worker in history.stopped and _usurper(history, effect) and _harmless(effect)]


def _usurper(history: History, effect: Effect) -> Claim | None:
    """Return who had taken the run over from the sender of *effect* by then."""
    before = [claim for claim in sorted(history.claims, key=lambda claim: claim.at) if claim.at <= effect.at - SLACK_S]
    if not effect.worker or effect.worker not in {claim.worker for claim in before}:
        return None
    return before[-1] if before[-1].worker != effect.worker else None


def _harmless(effect: Effect) -> bool:
    return not effect.once or bool(effect.key)


def violations(history: History, expected: Expected) -> list[Violation]:
    """Return everything in *history* that must not have happened."""
    case = _Case(history, expected)
    return [Violation(rule.__name__.strip("_").replace("_", "-"), history.run, words) for rule in _RULES for words in rule(case)]


def _wrong_end(case: _Case) -> Iterator[str]:
    """A run completes, or waits for somebody to say what became of a step in flight."""
    history = case.history
    if history.status == "waiting" and history.reason == "outcome-unknown" and any(one.happened is None for one in history.unknown):
        return
    if history.status != "completed":
        yield f"it is {history.status} ({history.reason}) and should have completed"


def _wrong_result(case: _Case) -> Iterator[str]:
    if case.history.status == "completed" and case.history.output != case.expected.output:
        yield f"its output is {case.history.output!r} and should be {case.expected.output!r}"


def _duplicated_effect(case: _Case) -> Iterator[str]:
    for place, effects in case.seen.items():
        done = [effect for effect in effects if effect.performed or effect.recognised]
        if done and done[0].once and len(done) > 1:
            yield f"{place} was sent to be performed {len(done)} times"


def _finished_step_seen_again(case: _Case) -> Iterator[str]:
    for place, line in case.finished.items():
        for effect in case.seen.get(place, ()):
            if effect.at > line.at + SLACK_S:
                yield f"{place} was seen {effect.at - line.at:.3f} s after its result was durable"


def _sent_again_for_no_reason(case: _Case) -> Iterator[str]:
    """Between a request that was performed and the next for the same step, somebody else has taken the run over."""
    for place, effects in case.seen.items():
        for first, second in pairwise(effects):
            if first.performed and not any(first.at - SLACK_S < claim.at <= second.at + SLACK_S for claim in case.history.claims):
                yield f"{place} was sent again though nobody had taken the run over"


def _result_without_effect(case: _Case) -> Iterator[str]:
    for place, line in case.finished.items():
        effects = [effect for effect in case.history.effects if effect.place == place and effect.at <= line.at + SLACK_S]
        if not any(effect.performed for effect in effects):
            yield f"{place} has a result, and nobody saw its effect before"


def _effects_of_another_course(case: _Case) -> Iterator[str]:
    performed = {effect.place for effect in case.history.effects if effect.performed}
    if strange := set(case.seen) - case.expected.effects:
        yield f"{sorted(strange)} belong to another course of the workflow"
    if case.history.status == "completed" and (missing := case.expected.effects - performed):
        yield f"{sorted(missing)} were never seen"


def _key_of_no_execution(case: _Case) -> Iterator[str]:
    """The key of an effect tells path and attempt: there must be such a row."""
    texts = {f"{case.history.run} {line.path.partition('@')[0]} {line.attempt}" for line in case.history.lines}
    keys = {hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts}
    for place, effects in case.seen.items():
        if strange := {effect.key for effect in effects if effect.once} - keys:
            yield f"{place} came with keys of no execution in the journal: {sorted(strange)}"


def _effect_after_the_lease_was_lost(case: _Case) -> Iterator[str]:
    for effects in case.seen.values():
        for effect in effects:
            if usurper := _usurper(case.history, effect):
                yield f"{effect.place} came from {effect.worker}, {effect.at - usurper.at:.3f} s after {usurper.worker} had taken the run"


def _row_under_an_old_epoch(case: _Case) -> Iterator[str]:
    holders = {claim.epoch: claim.worker for claim in case.history.claims}
    for line in case.history.lines:
        if line.worker and holders.get(line.epoch, "") != line.worker:
            yield f"{line.worker} wrote {line.path} ({line.kind}) when {holders.get(line.epoch)!r} held the run (epoch {line.epoch})"


def _finished_step_ran_again(case: _Case) -> Iterator[str]:
    rows = Counter(line.path for line in case.history.lines if line.kind == "step" and line.status == "finished")
    for path, count in rows.items():
        if count > 1:
            yield f"{path} has {count} results"


def _known_outcome_asked_for(case: _Case) -> Iterator[str]:
    for unknown in case.history.unknown:
        path = unknown.path.partition("@")[0]
        lines = [line for line in case.history.lines if line.at < unknown.at]
        if not any(line.kind == "intent" and line.path == unknown.path for line in lines):
            yield f"{unknown.path} was asked about, and had not been begun"
        if any(line.kind == "step" and line.path == path and line.status == "finished" for line in lines):
            yield f"{unknown.path} was asked about, and its result was known"


def _lost_event(case: _Case) -> Iterator[str]:
    if case.history.status == "completed" and (lost := case.history.accepted - set(case.history.heard)):
        yield f"it never heard {sorted(lost)}"


def _event_heard_twice(case: _Case) -> Iterator[str]:
    if twice := [id_ for id_, count in Counter(case.history.heard).items() if count > 1]:
        yield f"it heard {twice} more than once"


_RULES = (
    _wrong_end, _wrong_result, _duplicated_effect, _finished_step_seen_again, _sent_again_for_no_reason, _result_without_effect,
    _effects_of_another_course, _key_of_no_execution, _effect_after_the_lease_was_lost, _row_under_an_old_epoch, _finished_step_ran_again,
    _known_outcome_asked_for, _lost_event, _event_heard_twice,
)  # fmt: skip
