"""The figures as tables, and what they say about our targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.rivals.engines import DBOS, OURS, STOCK
from bench.rivals.rounds import COMMITS, RIVALS, Figures
from bench.rivals.work import STEPS, WORKS

WORDS = {"pure": "pure steps", "effects": "steps with an effect that must not be repeated"}
KEPT_BY_DBOS = 11_000  # bytes of a finished run, where DBOS is not here to compare with
COLUMNS = (  # title, figure, factor, digits
    ("runs/s", "runs/s", 1.0, 1),
    ("steps/s", "runs/s", float(STEPS), 0),
    ("alone runs/s", "alone", 1.0, 1),
    ("CPU ms/run", "cpu", 1.0, 1),
    ("database's", "database cpu", 1.0, 1),
    ("kept B/run", "kept", 1.0, 0),
    ("WAL B/step", "wal", 1.0, 0),
)


def tables(figures: Figures) -> Iterator[str]:
    """Yield the lines of both tables and of the limits."""
    for work in WORKS:
        yield f"{WORDS[work] + ':':38}" + "".join(f"{title:>14}" for title, *_ in COLUMNS) + "   runs/s [slowest .. fastest round]"
        for name in RIVALS:
            rounds = figures.of(name, work, "runs/s")
            if rounds:
                yield f"  {name:36}" + "".join(_cell(figures, name, work, column) for column in COLUMNS) + f"   {_spread(rounds)}"
        yield ""
    one, many = figures.median(COMMITS, "", "1"), figures.median(COMMITS, "", "16")
    yield f"  {COMMITS}: {one:,.0f}/s by 1 client, {many:,.0f}/s by 16"
    warm, cold = figures.median(OURS, "pure", "resume"), figures.median(OURS, "pure", "cold")
    yield f"  Parley takes up a run of 1,000 finished steps in {warm:.0f} ms; {cold:.0f} ms where its definition has to be compiled first"
    for work in WORKS:
        single = figures.median(OURS, work, "one by one")
        yield f"  Parley's 50 at once are one bulk start; started one by one ({WORDS[work]}): {single:.1f} runs/s"


def _cell(figures: Figures, name: str, work: str, column: tuple[str, str, float, int]) -> str:
    _title, figure, factor, digits = column
    value = figures.median(name, work, figure)
    return f"{'–':>14}" if value is None else f"{value * factor:>14,.{digits}f}"


def _spread(rounds: Sequence[float]) -> str:
    return f"[{min(rounds):,.1f} .. {max(rounds):,.1f}]"


def verdicts(figures: Figures) -> Iterator[str]:
    """Yield a line for each target: whether it holds, the figure, the target and the aim."""

    def ratio(other: str, figure: str) -> float | None:
        ours, theirs = figures.median(OURS, "effects", figure), figures.median(other, "effects", figure)
        return ours / theirs if ours and theirs else None

    yield _at_least("with effects, runs/s against LangGraph", ratio(STOCK, "runs/s"), 3, 8)
    yield _at_least("with effects, runs/s against DBOS", ratio(DBOS, "runs/s"), 7, 15)
    yield _at_least("one run alone against DBOS", ratio(DBOS, "alone"), 1.5)
    for work in WORKS:
        kept = figures.median(DBOS, work, "kept") or KEPT_BY_DBOS
        yield _at_most(f"kept bytes a run, {work}", figures.median(OURS, work, "kept"), kept)
        yield _at_most(f"WAL bytes a step, {work}", figures.median(OURS, work, "wal"), 1024)
    yield _at_most("ms to resume 1,000 finished steps", figures.median(OURS, "pure", "resume"), 50)


def _at_least(what: str, value: float | None, target: float, aim: float | None = None) -> str:
    if value is None:
        return f"  not measured  {what}"
    aimed = "" if aim is None else f", aim {aim}× {'reached' if value >= aim else 'not yet'}"
    return f"  {'holds ' if value >= target else 'MISSES'}  {what}: {value:.1f}× (target {target}×{aimed})"


def _at_most(what: str, value: float | None, target: float) -> str:
    if value is None:
        return f"  not measured  {what}"
    return f"  {'holds ' if value <= target else 'MISSES'}  {what}: {value:,.0f} (target at most {target:,.0f})"
