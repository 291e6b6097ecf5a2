"""`--follow`: every step as it goes, with what people call it; long loops are told in sums."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from app.titles import task_title

if TYPE_CHECKING:
    from graphs.run.ports import Row

Say = Callable[[str], None]
TOLD = 5  # rounds of a loop that are told one by one
EVERY_S = 2.0  # afterwards a task of a loop is told this often, with how many are done
SHOWN = {"started": "…", "finished": "done"}


class Follow:
    """
    An observer of a run.

    Args:
        say: Prints one line.
        definition: Whose titles are shown.
        clock: Seconds that only go forward.
    """

    def __init__(self, say: Say, definition: Mapping[str, Any], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._definition = definition
        self._clock = clock
        self._began = clock()
        self._done: Counter[str] = Counter()
        self._told_at: dict[str, float] = {}

    def step(self, row: Row) -> None:
        """Tell one row of the journal."""
        if row.kind != "step":
            return
        if row.status == "finished":
            self._done[row.reference] += 1
        if row.error is None and row.status in SHOWN and not self._worth_telling(row):
            return
        self._told_at[row.reference] = self._clock()
        self._say(f"{self._clock() - self._began:7.1f} s  {SHOWN.get(row.status, row.status):9} {self._name(row)}{_more(row)}")

    def _worth_telling(self, row: Row) -> bool:
        """The first rounds of a loop, then one now and then."""
        if self._done[row.reference] <= (TOLD if row.status == "finished" else TOLD - 1):
            return True
        return row.status == "finished" and self._clock() - self._told_at.get(row.reference, 0.0) >= EVERY_S

    def _name(self, row: Row) -> str:
        done = self._done[row.reference]
        count = f", {done} done" if row.status == "finished" and done > TOLD else ""
        return f"{task_title(self._definition, row.reference)}  ({row.path}{count})"


def _more(row: Row) -> str:
    attempt = f", attempt {row.attempt}" if row.attempt > 1 else ""
    why = f": {row.error.get('detail') or row.error.get('title')}" if row.error else ""
    return f"{attempt}{why}"
