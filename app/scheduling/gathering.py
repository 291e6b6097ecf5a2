"""Which events start a run together: `schedule.on` as listenings that are opened by the first event and closed by the last.

Each event goes to the oldest incomplete set that takes it, else it begins a new one; with correlation the sets differ by their keys. So an
event is in one set of a trigger at most. What `until` waits for ends a set, is not part of it, and begins none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.store.ids import new_id
from graphs.run.matching import Evaluate, Fixed, Listening, Taken
from graphs.run.strategies import Strategy

JSON = Any
Event = Mapping[str, JSON]
MOST_OPEN = 1000  # incomplete sets of one trigger


@dataclass(slots=True)
class Gathering:
    """An incomplete set."""

    id: str
    listening: Listening
    numbers: list[int] = field(default_factory=list)  # of all its events, those of `until` too
    events: list[Event] = field(default_factory=list)  # what the run will be given

    def keep(self, number: int, event: Event, taken: Taken) -> None:
        self.listening.keep(taken)
        self.numbers.append(number)
        if not taken.until:
            self.events.append(event)


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of one event. `complete`: its set starts a run; `kept`: it waits with its set; neither: it is for nobody."""

    kept: Gathering | None = None
    taken: Taken | None = None
    complete: Gathering | None = None


class Gatherer:
    """The sets of one trigger. *open_* are those there were, oldest first."""

    def __init__(self, strategy: Strategy, fixed: Fixed, evaluate: Evaluate, open_: list[Gathering]) -> None:
        self._strategy = strategy
        self._fixed = fixed
        self._evaluate = evaluate
        self.open = open_

    async def look(self, number: int, event: Event) -> Looked:
        """Give *event* to a set. Raises ExpressionError (an `until` that fails)."""
        for gathering in [*self.open, Gathering(new_id(), Listening(self._fixed))]:
            taken = await gathering.listening.take(event, self._evaluate)
            if taken is None or (taken.until and not gathering.numbers):
                continue
            gathering.keep(number, event, taken)
            if gathering not in self.open:
                self.open.append(gathering)
            if gathering.listening.complete or await self._until(gathering, taken):
                self.open.remove(gathering)
                return Looked(complete=gathering)
            return Looked(kept=gathering, taken=taken)
        return Looked()

    def too_many(self) -> list[Gathering]:
        """Drop and return the oldest sets above the limit: what would complete them has not come for long."""
        gone, self.open = self.open[: max(0, len(self.open) - MOST_OPEN)], self.open[-MOST_OPEN:]
        return gone

    async def _until(self, gathering: Gathering, taken: Taken) -> bool:
        condition = self._strategy.condition
        if condition is None or taken.until:
            return False
        value = await self._evaluate(condition, gathering.events)
        return value is not None and value is not False
