"""See every way a definition can go: by data that leads there, by errors, and where nothing is known by forcing the decision.

Each way that is missing is tried from a run that already came to its task: the condition that leads on is solved for the leaves it
reads, and the values are added to what that run was given. What was found opens further ways; bounds hold it all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from dsl.catalogue import Catalogue
from dsl.expressions import Expressions, is_expression
from dsl.problems import InvalidDefinition
from dsl.walk import Step, inner_blocks, steps_in
from graphs.run.errors import STANDARD
from graphs.run.ports import JSON
from graphs.run.simulation.branches import Way, branches, tasks, words
from graphs.run.simulation.coverage import Coverage, Reached, Seen, needs_of
from graphs.run.simulation.findings import Findings
from graphs.run.simulation.model import Injected, Plan, Simulation
from graphs.run.simulation.shapes import Key, Source
from graphs.run.simulation.simulator import GENERATED, Simulator, injected
from graphs.run.simulation.solve import SIZE, solutions

MOST_SIMULATIONS: Final = 200
MOST_SECONDS: Final = 20.0
MOST_STEPS: Final = 400  # of one simulated run
_RANK: Mapping[Reached, int] = {"input": 0, "error": 1, "forced": 2, "never": 3}
_ATTEMPTS = 6  # for one way from one run


async def explore(
    definition: Mapping[str, JSON],
    catalogue: Catalogue,
    *,
    input: JSON = GENERATED,  # noqa: A002 (the language's word)
    workflows: Sequence[Mapping[str, JSON]] = (),
    documents: Mapping[str, str] | None = None,
    schemas: Mapping[str, Mapping[str, JSON]] | None = None,
    seed: int = 0,
    expressions: Expressions | None = None,
    most_simulations: int = MOST_SIMULATIONS,
    most_seconds: float = MOST_SECONDS,
) -> Coverage:
    """
    Simulate *definition* until every way was seen or a bound is met.

    Args:
        input: Where it begins; left out, one of the shape that the definition declares and reads.
        schemas: What is known of answers: reference -> JSON Schema.

    Raises:
        InvalidDefinition: It cannot be compiled.
        ReachedOutside: a mistake of the simulator; nothing was sent.
    """
    pool = expressions or Expressions(children=1)
    try:
        simulator = Simulator(
            definition,
            catalogue,
            pool,
            workflows=workflows,
            documents=documents,
            schemas=schemas,
            seed=seed,
            most_steps=MOST_STEPS,
        )
        return await _Explorer(simulator, input, most_simulations, time.monotonic() + most_seconds).coverage()
    finally:
        if expressions is None:
            await pool.aclose()


class _Explorer:
    def __init__(self, simulator: Simulator, begin: JSON, most: int, until: float) -> None:
        self.simulator = simulator
        self.begin = begin
        self.most = most
        self.until = until
        self.tasks = tasks(simulator.definition)
        self.wanted = branches(simulator.definition, simulator.catalogue)
        inside = [way for way in simulator.sketch.ways if way[0] not in self.tasks and way[1] != "caught"]
        self.wanted += inside  # decisions in functions and in child workflows
        self.reached: dict[Way, tuple[Reached, Plan, Simulation]] = {}
        self.tried: set[str] = set()
        self.count = 0
        self.findings = Findings(simulator)

    async def coverage(self) -> Coverage:
        await self._run(Plan())
        complete = await self._all(forcing=False)
        complete = await self._all(forcing=True) and complete
        seen = [self._seen(way) for way in self.wanted]
        return Coverage(seen=seen, problems=self.findings.problems(), simulations=self.count, complete=complete)

    def _seen(self, way: Way) -> Seen:
        said = words(way, self.tasks.get(way[0]))
        if way not in self.reached:
            return Seen(reference=way[0], way=way[1], words=said, reached="never")
        by, plan, simulation = self.reached[way]
        return Seen(reference=way[0], way=way[1], words=said, reached=by, input=simulation.input, needs=needs_of(plan))

    async def _all(self, *, forcing: bool) -> bool:
        """Try what is missing until a round brings nothing new; tell whether no bound was met."""
        progress = True
        while progress:
            progress = False
            for way in self.wanted:
                if way in self.reached:
                    continue
                for plan in self._attempts(way, forcing=forcing):
                    if self.count >= self.most or time.monotonic() > self.until:
                        return False
                    if repr(plan) in self.tried:
                        continue
                    await self._run(plan)
                    if way in self.reached:
                        progress = True
                        break
                if forcing and way in self.reached:
                    await self._all(forcing=False)
        return True

    async def _run(self, plan: Plan) -> None:
        self.tried.add(repr(plan))
        self.count += 1
        given = GENERATED if self.begin is GENERATED or any(root == "input" for root, _ in plan.values) else self.begin
        simulation = await self.simulator.run(plan, input=given)
        by: Reached = "forced" if plan.forced else "error" if plan.errors or plan.silent else "input"
        self.findings.look(simulation, plan)
        for way in simulation.ways:
            known = self.reached.get(way)
            if known is None or _RANK[by] < _RANK[known[0]]:
                self.reached[way] = (by, plan, simulation)

    def _bases(self, reference: str) -> list[Plan]:
        """Return the plans of runs that came to the task, the plainest first."""
        found = [(_RANK[by], plan) for way, (by, plan, _) in self.reached.items() if way[0] == reference]
        unique = {repr(plan): (rank, plan) for rank, plan in found}
        return [plan for _, plan in sorted(unique.values(), key=lambda one: (one[0], len(repr(one[1]))))][:3]

    def _attempts(self, way: Way, *, forcing: bool) -> Iterator[Plan]:
        reference, kind = way
        step = self.tasks.get(reference)
        for base in self._bases(reference):
            yield from islice(self._forced(base, reference, kind) if forcing else self._by_data(base, way, step), _ATTEMPTS)

    def _forced(self, base: Plan, reference: str, kind: str) -> Iterator[Plan]:
        if kind.startswith(("if:", "case:", "for:", "while:", "wins:")):
            yield replace(base, forced={**base.forced, reference: kind})
        elif kind == "timeout":
            yield replace(base, errors={**base.errors, reference: injected("timeout")})

    def _by_data(self, base: Plan, way: Way, step: Step | None) -> Iterator[Plan]:
        reference, kind = way
        if step is None:
            yield from self._solved(base, way)
            return
        if kind in ("approved", "rejected"):
            answer = {"approved": kind == "approved", "comment": "simulated", "by": "simulation"}
            yield replace(base, people={**base.people, reference: answer})
            return
        if kind in ("caught", "retried"):
            yield from self._by_errors(base, step, kind)
            return
        if kind == "timeout":
            yield from self._by_silence(base, step)
            return
        yield from self._solved(base, way)
        for found in self._extremes():
            yield replace(base, values={**base.values, **found})

    def _solved(self, base: Plan, way: Way) -> Iterator[Plan]:
        for formula in self.simulator.sketch.ways.get(way, ()):
            for found in solutions(formula):
                yield replace(base, values={**base.values, **found}, people=self._people_apart(base, found))

    def _extremes(self) -> Iterator[dict[Key, JSON]]:
        """Yield values for conditions that nothing is known about: every number that is compared with nothing large, small, or zero."""
        leaves = [one for root in self.simulator.sketch.roots.values() for one in _leaves(root)]
        made = self.simulator.values()
        numbers = [one.key for one in leaves if not one.atoms and _is_number(made.of(one))]
        for value in (1000, 0) if numbers else ():
            yield dict.fromkeys(numbers, value)
        lists = [(one.root, (*one.path, SIZE)) for one in leaves if one.item is not None and isinstance(made.of(one), list)]
        if lists:
            yield dict.fromkeys(lists, 0)

    def _people_apart(self, base: Plan, found: Mapping[tuple[str, tuple[str, ...]], JSON]) -> dict[str, JSON]:
        """Leave out answers of people whom the new values are about."""
        asked = {root.removeprefix("answer:") for root, _ in found}
        return {where: answer for where, answer in base.people.items() if where not in asked}

    def _by_errors(self, base: Plan, step: Step, kind: str) -> Iterator[Plan]:
        """Let a task inside a try fail with an error that its catch takes: calls first, then whatever is there."""
        inside = [one for block in inner_blocks(step) if block.pointer.endswith("/try") for one in steps_in(block)]
        inside.sort(key=lambda one: one.kind not in ("call", "run", "listen"))
        times = 1 if kind == "retried" else None
        if kind == "caught":
            yield from self._by_waiting(base, inside)
        for one in inside[:3]:
            if (one.reference, "task") not in self.reached:
                continue
            for error in self._errors(step):
                yield replace(base, errors={**base.errors, one.reference: replace(error, times=times)})

    def _errors(self, step: Step) -> Iterator[Injected]:
        """Yield errors that the catch of *step* may take, the likeliest first."""
        wanted = ((step.task.get("catch") or {}).get("errors") or {}).get("with") or {}
        name = str(wanted.get("type") or "").rstrip("/").rpartition("/")[2]
        plain = {key: value for key, value in wanted.items() if not (isinstance(value, str) and is_expression(value))}
        for formula in self.simulator.sketch.ways.get((step.reference, "caught"), ()):
            for found in solutions(formula):
                asked = {path[0]: value for (root, path), value in found.items() if root.startswith("error:") and len(path) == 1}
                yield _error({**asked, **plain}, name if name in STANDARD else "communication")
        if plain:
            yield _error(plain, name if name in STANDARD else "communication")
        for kind in ("communication", "timeout", "runtime"):
            yield _error({"status": 503} if kind == "communication" else {}, kind)

    def _by_waiting(self, base: Plan, inside: Sequence[Step]) -> Iterator[Plan]:
        """Let nobody answer and no event come, where somebody would wait for that."""
        waiting = frozenset(one.reference for one in inside if one.kind == "listen" or "deadline" in (one.task.get("with") or {}))
        if waiting:
            yield replace(base, silent=base.silent | waiting)

    def _by_silence(self, base: Plan, step: Step) -> Iterator[Plan]:
        inside = [step, *(one for block in inner_blocks(step) for one in steps_in(block))]
        yield from self._by_waiting(base, inside)
        yield replace(base, errors={**base.errors, step.reference: injected("timeout")})


def _leaves(source: Source) -> Iterator[Source]:
    yield source
    for one in [*source.fields.values(), *([source.item] if source.item is not None else [])]:
        yield from _leaves(one)


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _error(wanted: Mapping[str, JSON], name: str) -> Injected:
    known = dict(injected(name).error)
    given = {("detail" if key == "details" else key): value for key, value in wanted.items() if key != "instance"}
    return Injected({**known, **given})


__all__ = ["MOST_SECONDS", "MOST_SIMULATIONS", "InvalidDefinition", "explore"]
