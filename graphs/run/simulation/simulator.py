"""One simulated run: the interpreter itself, with a stage in place of the outside and a clock that only waits move."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

from dsl.catalogue import Catalogue
from dsl.expressions import Expressions
from graphs.run import paths
from graphs.run.book import Book
from graphs.run.deps import Limits, RunDeps
from graphs.run.errors import STANDARD, RunCancelled, WorkflowError
from graphs.run.execute import Outcome
from graphs.run.live import Live, Session
from graphs.run.memory_ports import MemoryEvents, MemoryMailbox, MemoryWorkflows
from graphs.run.plain import plain
from graphs.run.ports import JSON, Awaited, Row
from graphs.run.simulation import happenings, ports
from graphs.run.simulation.compiling import compile_loosely
from graphs.run.simulation.model import Injected, Plan, Request, Simulation
from graphs.run.simulation.noting import Sketch
from graphs.run.simulation.openapi import answer_schemas
from graphs.run.simulation.shapes import Key
from graphs.run.simulation.sketch import sketch
from graphs.run.simulation.stage import LATER, Stage
from graphs.run.simulation.values import Values
from graphs.run.tree import Program

AT: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)  # a Monday: when simulated runs begin unless they are told otherwise
GENERATED: Final = object()  # in place of an input: one is made
MOST_STEPS: Final = 20_000
_MOST_WAITS = 300  # of one simulated run


class Simulator:
    """Simulates one definition any number of times; what is known of it is found once.

    Args:
        workflows: Definitions that `run: workflow` may name; others are stood in for.
        documents: Texts by address: JSON Schemas (and API descriptions) that are kept elsewhere.
        schemas: What is known of answers: reference -> JSON Schema.

    Raises:
        InvalidDefinition: It cannot be run, and not be simulated either.
    """

    def __init__(
        self,
        definition: Mapping[str, JSON],
        catalogue: Catalogue,
        expressions: Expressions,
        *,
        workflows: Sequence[Mapping[str, JSON]] = (),
        documents: Mapping[str, str] | None = None,
        schemas: Mapping[str, Mapping[str, JSON]] | None = None,
        seed: int = 0,
        at: datetime = AT,
        most_steps: int = MOST_STEPS,
    ) -> None:
        self.definition = definition
        self.catalogue = catalogue
        self.workflows = workflows
        self.program: Program = compile_loosely(definition, catalogue)
        known = {**answer_schemas(definition, documents or {}), **(schemas or {})}
        self.sketch: Sketch = sketch(definition, catalogue, workflows, known)
        self._expressions = expressions
        self._documents = documents or {}
        self._seed = seed
        self._at = at
        self._most_steps = most_steps

    def values(self, fixed: Mapping[Key, JSON] | None = None) -> Values:
        return Values(self.sketch, self._at, fixed or {}, self._seed)

    def made_input(self, fixed: Mapping[Key, JSON] | None = None) -> JSON:
        """Return an input of the shape that the definition declares and reads."""
        return self.values(fixed).root("input")

    async def run(
        self,
        plan: Plan | None = None,
        *,
        input: JSON = GENERATED,  # noqa: A002 (the language's word)
        recorded: Mapping[str, JSON] | None = None,
        events: Sequence[Mapping[str, JSON]] = (),
        secrets: Mapping[str, JSON] | None = None,
    ) -> Simulation:
        """Simulate once. Raises ReachedOutside when something would have left the process: nothing has."""
        own = plan or Plan()
        data = self.made_input(own.values) if input is GENERATED else input
        return await _Run(self, own, data, recorded or {}, events, secrets or {}).to_its_end()

    def deps(self, stage: Stage, clock: ports.SimulatedClock, mailbox: MemoryMailbox, secrets: Mapping[str, JSON]) -> RunDeps:
        """Return ports through which nothing leaves the process."""
        made = self.values()

        def secret(name: str) -> JSON:
            return secrets.get(name) or made.root(f"secret:{name}") or f"simulated-{name}"

        return RunDeps(
            journal=ports.MarkingJournal(stage.marked),
            mailbox=mailbox,
            http=ports.NoWayOut(self._documents, lambda what: stage.mark("", "/", "simulated", what)),
            secrets=ports.SimulatedSecrets(secret),
            events=MemoryEvents(mailbox),
            notices=ports.NoNotices(),
            workflows=MemoryWorkflows(self.workflows),
            expressions=self._expressions,
            catalogue=self.catalogue,
            clock=clock,
            observer=ports.Observed(stage.marked, stage.seen_row),
            limits=Limits(short_wait_s=-1.0, max_steps=self._most_steps),
            stand_in=stage,
        )


class _Run:
    def __init__(
        self,
        simulator: Simulator,
        plan: Plan,
        data: JSON,
        recorded: Mapping[str, JSON],
        events: Sequence[Mapping[str, JSON]],
        secrets: Mapping[str, JSON],
    ) -> None:
        self.data = data
        self.stage = Stage(plan, simulator.values(plan.values), simulator.catalogue, recorded)
        self.began = simulator._at
        self.clock = ports.SimulatedClock(simulator._at)
        self.mailbox = MemoryMailbox(self.clock, events)
        self.deps = simulator.deps(self.stage, self.clock, self.mailbox, secrets)
        self.session = Session(self.deps, simulator.program)
        self.requests: list[Request] = []

    async def to_its_end(self) -> Simulation:
        for _ in range(_MOST_WAITS):
            outcome = await self._as_far_as_possible()
            if outcome.status != "waiting" or not self._something_happens(outcome.awaited):
                return self._told(outcome)
        error = WorkflowError.budget(f"the simulation was stopped after {_MOST_WAITS} waits: with these values it goes on for ever")
        return self._told(Outcome(status="faulted", error=error.to_json(), failed_path="/"))

    async def _as_far_as_possible(self) -> Outcome:
        """Work until the run is over or waits, as a process would that is stopped then: what it waits for is in the mailbox."""
        rows: Sequence[Row] = await self.deps.journal.load()
        live = Live(self.session, await Book.read(rows), run_id="simulation", data=plain(self.data), started_at=self.began.isoformat())
        try:
            live.engine.waits.deliver(await self.mailbox.collect())
            ended = "full"
            while ended == "full":
                ended = await live.segment({}, None)
            if ended == "over":
                return _outcome(live)
            return Outcome(status="waiting", awaited=live.awaited())
        finally:
            await live.close()

    def _something_happens(self, awaited: Sequence[Awaited]) -> bool:
        """Let people answer, an event arrive, or else time pass; tell whether anything did."""
        stage = self.stage
        asked = [one for one in awaited if one.kind in happenings.PEOPLE and not stage.plan.silent & {one.reference, one.path}]
        for one in asked:
            answer, what = happenings.answer(stage, one)
            made_up = not {one.path, one.reference} & stage.plan.people.keys()
            self.mailbox.answer(one.path, answer, by="simulation")
            stage.mark(one.path, one.reference, "simulated", what, made_up=made_up)
            self.requests.append(Request(path=one.path, reference=one.reference, kind=one.kind, form=one.form or {}, answer=answer))
        if asked:
            return True
        heard = [one for one in awaited if one.kind == "event" and happenings.may_hear(stage, one)]
        for one in heard:
            self.mailbox.post_event(happenings.event(stage, one, self.clock.now()))
            stage.mark(one.path, one.reference, "simulated", "the event is made up", made_up=True)
        if heard:
            return True
        return self._time_passes(awaited)

    def _time_passes(self, awaited: Sequence[Awaited]) -> bool:
        times = [one for one in awaited if one.wake_at is not None]
        if not times:
            return False
        first = min(times, key=lambda one: (one.wake_at or self.clock.now(), one.path))
        assert first.wake_at is not None
        self.clock.advance_to(first.wake_at)
        reference = paths.to_reference(first.path.partition("@")[0])
        if first.path.partition("@")[0].endswith("/timeout") or first.kind in happenings.PEOPLE:
            self.stage.ways.add((first.reference, "timeout"))
        elif not first.path.endswith(LATER):
            self.stage.mark(first.path, reference, "simulated", "the wait passed at once, on the simulated clock")
        return True

    def _told(self, outcome: Outcome) -> Simulation:
        rows = self.deps.journal.rows  # type: ignore[attr-defined]  # the journal in memory
        return Simulation(
            outcome=outcome,
            input=self.data,
            rows=tuple(rows),
            marks=tuple(self.stage.marks),
            effects=tuple(self.stage.effects),
            requests=tuple(self.requests),
            trace=tuple(self.stage.trace),
            ways=frozenset(self.stage.ways | happenings.caught(rows)),
            meant=frozenset(self.stage.meant),
            lasted_s=(self.clock.now() - self.began).total_seconds(),
        )


def _outcome(live: Live) -> Outcome:
    try:
        return Outcome(status="completed", output=plain(live.result()))
    except RunCancelled:
        return Outcome(status="cancelled")
    except WorkflowError as error:
        return Outcome(status="faulted", error=plain(error.to_json()), failed_path=error.path)


def injected(value: JSON, times: int | None = None) -> Injected:
    """
    Return the error that *value* means: a status, "timeout" or another standard type, or an object {type, status, title, detail}.

    Raises:
        ValueError: it means none.
    """
    if isinstance(value, Injected):
        return value
    if isinstance(value, Mapping):
        return Injected(value, times)
    if isinstance(value, str) and value in STANDARD:
        error = WorkflowError.of(value, "injected by the simulation")  # type: ignore[arg-type]  # one of them
        return Injected(error.to_json(), times)
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 100 <= value <= 599:
        raise ValueError(f"{value!r} is no error: give a status from 100 to 599, one of {', '.join(STANDARD)}, or an object")
    error = WorkflowError.of("communication", f"injected by the simulation: status {value}", status=value)
    return Injected(error.to_json(), times)


async def simulate(
    definition: Mapping[str, JSON],
    catalogue: Catalogue,
    *,
    input: JSON = GENERATED,  # noqa: A002 (the language's word)
    recorded: Mapping[str, JSON] | None = None,
    errors: Mapping[str, JSON] | None = None,
    forced: Mapping[str, str] | None = None,
    people: Mapping[str, JSON] | None = None,
    events: Sequence[Mapping[str, JSON]] = (),
    silent: Sequence[str] = (),
    workflows: Sequence[Mapping[str, JSON]] = (),
    documents: Mapping[str, str] | None = None,
    schemas: Mapping[str, Mapping[str, JSON]] | None = None,
    secrets: Mapping[str, JSON] | None = None,
    seed: int = 0,
    at: datetime = AT,
    most_steps: int = MOST_STEPS,
    expressions: Expressions | None = None,
) -> Simulation:
    """
    Run *definition* without touching anything outside of the process; the same arguments give the same simulation.

    Args:
        input: The workflow's input; left out, one of the shape that the definition declares and reads.
        recorded: Path or reference -> the raw output that the task has instead of being done.
        errors: Reference -> what the task fails with (see `injected`).
        forced: Reference -> way: `if:true`, `if:false`, `case:1/large`, `for:0`, `for:1`, `for:many`, `while:false`, `wins:NAME`.
        people: Path or reference -> what the person answers.
        events: CloudEvents that arrive first; then they are made up as they are listened for.
        silent: References of people who never answer and of listenings nobody sends anything.
        secrets: Placeholders; made up where left out.
        at: When the run begins.
        most_steps: After so many tasks it ends faulted with the error of a budget.

    Raises:
        InvalidDefinition: It cannot be compiled.
        ValueError: an error that is none.
        ReachedOutside: a mistake of the simulator; nothing was sent.
    """
    failing = {where: injected(error) for where, error in (errors or {}).items()}
    plan = Plan(errors=failing, forced=forced or {}, people=people or {}, silent=frozenset(silent))
    around: dict[str, Any] = {"workflows": workflows, "documents": documents, "schemas": schemas}
    async with _lent(expressions) as pool:
        simulator = Simulator(definition, catalogue, pool, **around, seed=seed, at=at, most_steps=most_steps)
        return await simulator.run(plan, input=input, recorded=recorded, events=events, secrets=secrets)


@asynccontextmanager
async def _lent(expressions: Expressions | None) -> AsyncIterator[Expressions]:
    """Yield *expressions*, or some of our own that are closed afterwards."""
    if expressions is not None:
        yield expressions
        return
    async with aclosing(Expressions(children=1)) as own:
        yield own
