"""What a storm left behind: every run judged, and the figures."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.chaos.effects import EffectServer
from tests.chaos.expected import Course
from tests.chaos.history import Expected, History, Violation, late_effects, violations
from tests.chaos.ledger import RUNS, Ledger
from tests.chaos.nursery import READY, Worker
from tests.chaos.storm import Deeds, Kill


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    seed: int
    took_s: float
    deeds: Deeds
    runs: Mapping[str, Counter[str]]  # workflow -> status -> number
    effects: int
    repeated: int  # requests beyond the first for a step that may be repeated
    late: int  # requests of workers that were stopped in the very moment of sending, harmless all
    take_overs: Sequence[float]  # seconds from a kill to the next claim, the database being there
    take_overs_in_outages: Sequence[float]
    never_taken: int
    violations: Sequence[Violation]
    broken_logs: Sequence[str]  # workers that told of a mistake of their own

    @property
    def good(self) -> bool:
        return not self.violations and not self.never_taken and not self.deeds.ended


async def judge(
    seed: int, began: float, deeds: Deeds, ledger: Ledger, effects: EffectServer, expected: Mapping[Course, Expected]
) -> Verdict:
    """Read what all witnesses say and compare it."""
    claims, lines, unknown, heard = await ledger.claims(), await ledger.lines(), await ledger.unknown(), await ledger.heard()
    found: list[Violation] = []
    runs: dict[str, Counter[str]] = defaultdict(Counter)
    repeated = seen = late = 0
    stopped = frozenset(one.worker for one in deeds.zombies)
    for run, name, status, reason, given, output, error in await ledger.rows(RUNS):
        runs[name][status] += 1
        mine = effects.effects(run)
        seen += len(mine)
        repeated += len(mine) - len({effect.place for effect in mine}) - sum(not effect.performed for effect in mine)
        history = History(
            run=run, workflow=name, status=status, reason=reason or (error or ""), output=json.loads(output) if output else None,
            effects=mine, lines=lines[run], claims=claims[run], unknown=unknown[run],
            accepted=frozenset(deeds.accepted.get(run, ())), heard=heard[run], stopped=stopped,
        )  # fmt: skip
        late += len(late_effects(history))
        found += violations(history, expected[name, json.loads(given)["n"]])
    times = [_taken(kill, deeds, {run: [claim.at for claim in claims[run]] for run in kill.held}) for kill in deeds.kills]
    return Verdict(
        seed=seed, took_s=time.time() - began, deeds=deeds, runs=runs, effects=seen, repeated=repeated, late=late,
        take_overs=sorted(s for calm, _, _ in times for s in calm), take_overs_in_outages=sorted(s for _, rough, _ in times for s in rough),
        never_taken=sum(never for _, _, never in times), violations=found,
        broken_logs=[worker.name for worker in deeds.workers if _broken(worker)],
    )  # fmt: skip


def _broken(worker: Worker) -> bool:
    """Whether a worker told of a mistake of its own; one that found no database when it started is not meant."""
    log = worker.log.read_text("utf-8", "replace")
    return READY in log and "Traceback" in log


def _taken(kill: Kill, deeds: Deeds, claimed: Mapping[str, Sequence[float]]) -> tuple[list[float], list[float], int]:
    """Return after how many seconds the runs of a killed worker were taken over: in calm times, around an outage; and how many never."""
    calm: list[float] = []
    rough: list[float] = []
    for moments in claimed.values():
        after = min((at for at in moments if at > kill.at), default=None)
        if after is not None:
            outage = any(began < after and kill.at < ended + 1 for began, ended, _ in deeds.outages)
            (rough if outage else calm).append(after - kill.at)
    return calm, rough, len(claimed) - len(calm) - len(rough)


def percentile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def table(verdict: Verdict) -> str:
    """Return the figures as lines."""
    deeds, all_runs = verdict.deeds, sum((counts for counts in verdict.runs.values()), Counter[str]())
    outages = Counter(how for _, _, how in deeds.outages)
    rows = {
        "seed": str(verdict.seed),
        "took": f"{verdict.took_s:.0f} s",
        "workers killed (SIGKILL)": f"{len(deeds.kills)}, holding {sum(len(kill.held) for kill in deeds.kills)} runs",
        "zombies (SIGSTOP, lease lost, SIGCONT)": f"{len(deeds.zombies)}, holding {sum(len(one.held) for one in deeds.zombies)} runs",
        "database restarts": ", ".join(f"{count} {how}" for how, count in sorted(outages.items())) or "0",
        "connections cut": f"{deeds.cuts} times",
        "workers that ended by themselves": str(len(deeds.ended)),
        "workers with a traceback in their log": str(len(verdict.broken_logs)),
        "runs": f"{all_runs.total()} ({', '.join(f'{name} {counts.total()}' for name, counts in sorted(verdict.runs.items()))})",
        "how they ended": ", ".join(f"{count} {status}" for status, count in sorted(all_runs.items())),
        "effects seen": f"{verdict.effects}, {verdict.repeated} of them repeated as GET or PUT may be",
        "sent by workers woken too late": f"{verdict.late}, each with its key or repeatable",
        "events accepted": str(sum(len(ids) for ids in deeds.accepted.values())),
        "outcomes unknown, asked, answered": f"{deeds.answers.total()}: {deeds.answers[True]} had happened, {deeds.answers[False]} had not",
        "take-over after a kill": _spread(verdict.take_overs),
        "take-over with the database away": _spread(verdict.take_overs_in_outages),
        "put aside over deaths, and retried": str(deeds.retried),
        "runs never taken over": str(verdict.never_taken),
        "violations": str(len(verdict.violations)),
    }
    width = max(map(len, rows))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items())


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    p50, p95, p99 = (percentile(values, share) for share in (0.5, 0.95, 0.99))
    return f"{len(values)} times: median {p50:.1f} s, 95 % {p95:.1f} s, 99 % {p99:.1f} s, longest {values[-1]:.1f} s"
