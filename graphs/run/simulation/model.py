"""What a simulation is told and what it tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from graphs.run.execute import Outcome
from graphs.run.ports import JSON, Row
from graphs.run.simulation.shapes import Key

Kind = Literal["simulated", "forced"]


@dataclass(frozen=True, slots=True)
class Injected:
    """An error that a task is to fail with.

    Args:
        error: {type, status, title, detail}.
        times: How often; None for always.
    """

    error: Mapping[str, JSON]
    times: int | None = None


@dataclass(frozen=True, slots=True)
class AsRecorded:
    """A recorded output as it was after `output.as`, as a journal has it: the expression is not applied again."""

    value: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one simulation goes another way than the plainest one."""

    values: Mapping[Key, JSON] = field(default_factory=dict)  # of leaves of the input, of answers, of events: at their first time
    errors: Mapping[str, Injected] = field(default_factory=dict)  # by reference
    forced: Mapping[str, str] = field(default_factory=dict)  # reference -> way (see `branches`)
    people: Mapping[str, JSON] = field(default_factory=dict)  # by path or reference: what they answer
    silent: frozenset[str] = frozenset()  # references of those who never answer, and of listenings nobody sends anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One thing that was not as it will be."""

    path: str
    reference: str
    mark: Kind
    what: str  # in words
    made_up: bool = False  # a value was: nobody gave it

    def to_json(self) -> dict[str, JSON]:
        return {"path": self.path, "reference": self.reference, "mark": self.mark, "what": self.what}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A call that a real run would have made; secrets are taken out."""

    path: str
    reference: str
    kind: str  # http, grpc, function, script, emit …
    target: str  # in words: "POST https://example.org/orders"
    payload: JSON  # what `with` (or `run`) gave, every expression evaluated
    answer: JSON = None  # what was put in place of the real one; None when it failed

    def to_json(self) -> dict[str, JSON]:
        own = {"path": self.path, "reference": self.reference, "kind": self.kind}
        return {**own, "target": self.target, "payload": self.payload, "answer": self.answer}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person would have been asked, and how that was answered."""

    path: str
    reference: str
    kind: str  # approve, ask, outcome-unknown
    form: Mapping[str, JSON]
    answer: JSON

    def to_json(self) -> dict[str, JSON]:
        own = {"path": self.path, "reference": self.reference, "kind": self.kind}
        return {**own, "form": dict(self.form), "answer": self.answer}


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """One simulated run."""

    outcome: Outcome
    input: JSON
    rows: Sequence[Row]  # the journal; `mark` says which results are simulated or forced
    marks: Sequence[Mark]
    effects: Sequence[Effect]  # in the order they would have happened
    requests: Sequence[Request]
    trace: Sequence[str]  # references of the tasks in the order they began
    ways: frozenset[tuple[str, str]]  # (reference, way) that were taken (see `branches`)
    lasted_s: float  # on the simulated clock
    meant: frozenset[str] = frozenset()  # paths of steps that failed because they were made to, or because the definition raises an error

    def to_json(self) -> dict[str, JSON]:
        """Return it as the command line prints it."""
        outcome = self.outcome
        return {
            "status": outcome.status,
            "output": outcome.output,
            "error": dict(outcome.error) if outcome.error else None,
            "simulated": True,
            "input": self.input,
            "marks": [mark.to_json() for mark in self.marks],
            "effects": [effect.to_json() for effect in self.effects],
            "requests": [request.to_json() for request in self.requests],
            "trace": list(self.trace),
            "lasted_s": self.lasted_s,
        }
