"""The sixth layer: reads of fields that are certainly not there.

Followed are values whose fields are known: what `set`, `output.as` and `export.as` make, inputs and outputs with a closed schema, results
of catalogue functions, errors, what the standard says of `$workflow` and `$runtime`. Where several ways lead to a task, a field is missing
only when no way brings it. Whatever is not certain is not known, and nothing is said of it; so with extensions, which may change any data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final

from dsl.catalogue import Catalogue
from dsl.catalogue import find as find_function
from dsl.checks.constants import truth
from dsl.checks.found import warning
from dsl.checks.reading import Missing, Reader
from dsl.checks.switches import cases_of
from dsl.expressions.program import is_expression, strip
from dsl.expressions.tree import parse
from dsl.nearest import nearest, quoted
from dsl.pointer import join
from dsl.problems import Problem
from dsl.shapes import NUMBER, TEXT, Items, Object, Scalar, Shape, either, of_schema
from dsl.sites import Site, task_sites
from dsl.walk import Step, TaskBlock, caught_variable, declared_blocks, inner_blocks, is_directive, loop_variables, targets_of, top_block

JSON = Any

_ROUNDS: Final = 4  # visits of a task in a cycle before nothing is known of its input
_MOMENT: Final = Object(
    {"iso8601": TEXT, "epoch": Object({"seconds": NUMBER, "milliseconds": NUMBER}, origin="a moment")}, origin="a moment"
)
_RUNTIME: Final = Object({"name": TEXT, "version": TEXT, "metadata": None}, origin="the runtime")
_ERROR: Final = Object(dict.fromkeys(("type", "title", "detail", "instance"), TEXT) | {"status": NUMBER}, origin="an error")

_ALSO: Final = {  # names of other worlds
    "message": "detail", "msg": "detail", "reason": "detail", "name": "type", "code": "status", "statusCode": "status", "instanceId": "id",
    "runId": "id", "startTime": "startedAt",
}  # fmt: skip
_ELSEWHERE: Final = "add it there, or read it where it is known ($context, $workflow.input)"
_HINTS: Final = {"the workflow's input": "add it to `input.schema`, or read what is there"} | dict.fromkeys(
    ("the workflow", "the runtime", "an error", "a moment"), "read one of these"
)


@dataclass(frozen=True, slots=True)
class State:
    """What is known before or behind a task."""

    data: Shape | None = None
    context: Shape | None = None

    def either(self, other: State) -> State:
        return State(either(self.data, other.data), either(self.context, other.context))


NOTHING: Final = State()


@dataclass(frozen=True, slots=True)
class _At:
    """Where a template stands and what is known there."""

    pointer: str
    dot: Shape | None
    state: State
    variables: dict[str, Shape | None]
    origin: str

    def inside(self, key: str | int) -> _At:
        return _At(join(self.pointer, key), self.dot, self.state, self.variables, self.origin)


@dataclass(slots=True)
class _Flow:
    """One pass over a definition."""

    catalogue: Catalogue
    workflow: Object
    own_functions: frozenset[str]
    found: dict[tuple[str, str, str], Problem] = field(default_factory=dict)
    ends: list[State] = field(default_factory=list)  # behind tasks with `then: end`
    silent: int = 0  # above 0 nothing is reported: the pass is repeated with what it brought

    def reader(self, state: State, variables: dict[str, Shape | None], site: Site, origin: str) -> Reader:
        known = {"context": state.context, "workflow": self.workflow, "runtime": _RUNTIME, **variables}
        return Reader(known, None if self.silent else self._reporter(site), origin)

    def _reporter(self, site: Site) -> Callable[[Missing], None]:
        def report(missing: Missing) -> None:
            problem = _problem(site, missing)
            of = missing.of.origin if isinstance(missing.of, Object) else missing.of.word
            self.found.setdefault((of, missing.base, missing.name), problem)

        return report

    def formula(self, template: JSON, at: _At) -> Shape | None:
        """Return what an expression, bare or wrapped, or an object with expressions inside gives. Reports what is missing."""
        if not isinstance(template, str):
            return self.value(template, at)
        tree = parse(strip(template))
        if tree is None:
            return None
        site = Site(at.pointer, template, formula=True)
        return self.reader(at.state, at.variables, site, at.origin).whole(tree, at.dot)

    def value(self, template: JSON, at: _At) -> Shape | None:
        """Return the same for data in which only wrapped texts are expressions."""
        if isinstance(template, str):
            return self.formula(template, at) if is_expression(template) else TEXT
        if isinstance(template, dict):
            fields = {str(key): self.value(value, at.inside(str(key))) for key, value in template.items()}
            return Object(fields, origin=at.origin)
        if isinstance(template, list):
            items = [self.value(value, at.inside(index)) for index, value in enumerate(template)]
            return Items(reduce(either, items) if items else None)
        return NUMBER if isinstance(template, int | float) and not isinstance(template, bool) else None

    def block(self, block: TaskBlock, before: State, variables: dict[str, Shape | None]) -> State:
        """Follow a list of tasks one after the other; return what is known behind it."""
        positions = {step.name: number for number, step in enumerate(block.steps)}
        if len(positions) != len(block.names) or not block.steps:
            return NOTHING
        if any(not is_directive(target) and target not in positions for step in block.steps for target in targets_of(step)):
            return NOTHING
        entries: dict[int, State] = {0: before}
        round_ = any(positions.get(target, len(positions)) <= positions[step.name] for step in block.steps for target in targets_of(step))
        if round_ and self.silent:
            return NOTHING  # a cycle in a cycle: not worth the time
        if round_:
            self._settle(block, entries, variables, positions)
        return self._pass(block, entries, variables, positions)

    def _settle(self, block: TaskBlock, entries: dict[int, State], variables: dict[str, Shape | None], positions: dict[str, int]) -> None:
        """Go round the cycles of *block* until nothing changes; *entries* then hold what is known before each task."""
        self.silent += 1
        ends = list(self.ends)
        visits = [0] * len(block.steps)
        waiting = [0]
        while waiting:
            number = waiting.pop()
            visits[number] += 1
            for target, state in self._edges(block.steps[number], entries[number], variables, positions):
                if target < 0:
                    continue
                merged = entries[target].either(state) if target in entries else state
                if visits[target] > _ROUNDS:
                    merged = NOTHING
                if entries.get(target) != merged:
                    entries[target] = merged
                    waiting.append(target)
        self.ends[:] = ends
        self.silent -= 1

    def _pass(self, block: TaskBlock, entries: dict[int, State], variables: dict[str, Shape | None], positions: dict[str, int]) -> State:
        settled = len(entries) > 1
        behind: list[State] = []
        for number, step in enumerate(block.steps):
            if number not in entries:
                continue  # no way leads here
            for target, state in self._edges(step, entries[number], variables, positions):
                if target == _LEAVES:
                    behind.append(state)
                elif target == _ENDS:
                    self.ends.append(state)
                elif not settled:
                    entries[target] = entries[target].either(state) if target in entries else state
        return _any_of(behind)

    def _edges(
        self, step: Step, before: State, variables: dict[str, Shape | None], positions: dict[str, int]
    ) -> Iterator[tuple[int, State]]:
        here = positions[step.name]
        following = here + 1 if here + 1 < len(positions) else _LEAVES
        holds = truth(step.task["if"]) if "if" in step.task else True
        behind = NOTHING if holds is False else self.task(step, before, variables)
        if not holds:
            yield following, before
        if step.kind == "raise" or holds is False:
            return
        cases = cases_of(step)
        thens = [case.then for case in cases if not case.dead]
        if not any(case.when is None or truth(case.when) is True for case in cases):
            thens.append(step.task.get("then"))
        for then in thens:
            target = (
                following
                if not isinstance(then, str) or then == "continue"
                else {"exit": _LEAVES, "end": _ENDS}.get(then, positions.get(then, following))
            )
            yield target, behind

    def task(self, step: Step, before: State, variables: dict[str, Shape | None]) -> State:
        """Follow one task; return what is known behind it."""
        task, here = step.task, step.reference
        origin = f"'{step.name}'"
        raw = before.data or _schema(task.get("input"), f"the input of {origin}")
        entered = raw
        if isinstance(task.get("input"), dict) and "from" in task["input"]:
            at = _At(join(here, "input", "from"), raw, before, variables, f"`input.from` of {origin}")
            entered = self.formula(task["input"]["from"], at)
        inside = State(entered, before.context)
        doing = {**variables, "input": entered}
        given, context = self._done(step, inside, doing, raw)
        out = given
        if isinstance(task.get("output"), dict):
            if "as" in task["output"]:
                out = self.formula(task["output"]["as"], _At(join(here, "output", "as"), given, inside, doing, origin))
            out = out or _schema(task["output"], origin)
        if isinstance(task.get("export"), dict) and "as" in task["export"]:
            leaving = {**doing, "output": out}
            at = _At(join(here, "export", "as"), out, State(entered, context), leaving, f"the export of {origin}")
            context = self.formula(task["export"]["as"], at)
        return State(out, context)

    def _done(self, step: Step, inside: State, doing: dict[str, Shape | None], raw: Shape | None) -> tuple[Shape | None, Shape | None]:
        """Follow what a task does; return its raw output and the context behind it."""
        self._sites(step, inside, doing, raw)
        scope = {name: shape for name, shape in doing.items() if name != "input"}
        match step.kind:
            case "set":
                at = _At(join(step.reference, "set"), inside.data, inside, doing, f"'{step.name}'")
                return self.formula(step.task["set"], at), inside.context
            case "switch" | "wait":
                return inside.data, inside.context
            case "do" | "for" | "fork" | "try":
                behind = getattr(self, f"_{step.kind}")(step, inside, scope)
                return behind.data, behind.context
            case "call":
                call = step.task["call"]
                own = isinstance(call, str) and call in self.own_functions
                function = None if own else find_function(call, self.catalogue)
                return (of_schema(function.output, f"'{step.name}'") if function else None), inside.context
            case "listen":
                for block in inner_blocks(step):
                    self.block(block, NOTHING, {**scope, **dict.fromkeys(block.variables)})
                return Items(), None if "foreach" in step.task else inside.context
        for block in inner_blocks(step):
            self.block(block, NOTHING, {**scope, **dict.fromkeys(block.variables)})
        return None, inside.context

    def _sites(self, step: Step, inside: State, doing: dict[str, Shape | None], raw: Shape | None) -> None:
        if self.silent or (step.kind == "set" and step.task.keys() <= _FOLLOWED):
            return
        for site in task_sites(step):
            place = site.pointer[len(step.reference) + 1 :]
            if place.startswith(_APART) or (place == "set" or place.startswith("set/")):
                continue
            if not site.formula and not is_expression(site.text):
                continue
            tree = parse(strip(site.text))
            if tree is None:
                continue
            dot = raw if place == "if" else None if place.startswith(_OF_SOMETHING_ELSE) else inside.data
            own = dict.fromkeys(site.variables - doing.keys())
            if step.kind == "try" and caught_variable(step.task) in own:
                own[caught_variable(step.task)] = _ERROR
            if place.startswith(("foreach/", "with/subscription/")):
                own |= dict.fromkeys(site.variables)
            reader = self.reader(inside, {**doing, **own}, site, f"'{step.name}'")
            reader.shape(tree, dot)

    def _do(self, step: Step, inside: State, scope: dict[str, Shape | None]) -> State:
        return _any_of([self.block(block, inside, scope) for block in inner_blocks(step)])

    def _for(self, step: Step, inside: State, scope: dict[str, Shape | None]) -> State:
        blocks = inner_blocks(step)
        loop = step.task["for"]
        if not blocks or not isinstance(loop, dict) or self.silent:
            return NOTHING
        self.silent += 1
        items = self.formula(loop.get("in"), _At("", inside.data, inside, {**scope, "input": inside.data}, ""))
        bound = {**scope, **dict.fromkeys(loop_variables(step.task))}
        bound[str(loop.get("each", "item"))] = items.item if isinstance(items, Items) else None
        ends = list(self.ends)
        entry = inside
        for _ in range(_ROUNDS):
            merged = entry.either(self.block(blocks[0], entry, bound))
            if merged == entry:
                break
            entry = merged
        else:
            entry = NOTHING
        self.ends[:] = ends
        self.silent -= 1
        return inside.either(self.block(blocks[0], entry, bound))

    def _fork(self, step: Step, inside: State, scope: dict[str, Shape | None]) -> State:
        branches = [branch for block in inner_blocks(step) for branch in block.steps]
        fork = step.task["fork"]
        compete = isinstance(fork, dict) and fork.get("compete") is True
        outs = [next((state for _, state in self._edges(branch, inside, scope, {branch.name: 0})), NOTHING) for branch in branches]
        skipped = any("if" in branch.task for branch in branches)
        behind = _any_of(outs)
        context = inside.context if all(out.context == inside.context for out in outs) else None
        return State(None if skipped else behind.data if compete else Items(behind.data), context)

    def _try(self, step: Step, inside: State, scope: dict[str, Shape | None]) -> State:
        found = []
        for block in inner_blocks(step):
            if block.pointer.endswith("/catch/do"):
                exports = any("export" in inner.task for inner in _inside(step))
                entry = State(None, None if exports else inside.context)
                found.append(self.block(block, entry, {**scope, caught_variable(step.task): _ERROR}))
            else:
                found.append(self.block(block, inside, scope))
        catch = step.task.get("catch")
        if isinstance(catch, dict) and "do" not in catch and "retry" not in catch:
            return NOTHING  # a caught error is forgotten, and what then stands for the output is not said
        return _any_of(found)


_LEAVES: Final = -1
_ENDS: Final = -2
_FOLLOWED: Final = frozenset({"set", "input", "output", "export", "then", "metadata"})
_APART: Final = ("input/", "output/", "export/")  # followed in `task`
# the value an expression looks at there is an event, a message, an error, or the output of an iteration
_OF_SOMETHING_ELSE: Final = ("listen/", "foreach/", "catch/", "while", "timeout", "with/subscription", "schedule/")


def dataflow(data: dict[str, JSON], catalogue: Catalogue) -> Iterator[Problem]:
    """Yield a warning for each field that is read and never there; only the first read of the same field of the same value."""
    evaluate, use = data.get("evaluate"), data.get("use")
    if isinstance(evaluate, dict) and (evaluate.get("language", "jq") != "jq" or evaluate.get("mode", "strict") != "strict"):
        return
    use = use if isinstance(use, dict) else {}
    if use.get("extensions"):
        return
    functions = use.get("functions")
    given = _schema(data.get("input"), "the workflow's input")
    workflow = Object({"id": TEXT, "definition": None, "input": given, "startedAt": _MOMENT}, origin="the workflow")
    own = frozenset(functions) if isinstance(functions, dict) else frozenset()
    flow = _Flow(catalogue, workflow, own)
    flow_in = data.get("input")
    entered = given
    if isinstance(flow_in, dict) and "from" in flow_in:
        entered = flow.formula(flow_in["from"], _At("/input/from", given, NOTHING, {}, "`input.from`"))
    top = top_block(data)
    if top is not None and top.steps:
        behind = _any_of([flow.block(top, State(entered), {}), *flow.ends]) if top.steps else NOTHING
        output = data.get("output")
        if isinstance(output, dict) and "as" in output:
            flow.formula(output["as"], _At("/output/as", behind.data, behind, {}, "the output"))
    for block in declared_blocks(data):
        if block.owner is None:
            flow.block(block, NOTHING, {})
    yield from flow.found.values()


def _schema(owner: JSON, origin: str) -> Shape | None:
    """Return what `schema: {document: …}` of an `input` or `output` says."""
    schema = owner.get("schema") if isinstance(owner, dict) else None
    if not isinstance(schema, dict) or not str(schema.get("format", "json")).startswith("json"):
        return None
    return of_schema(schema.get("document"), origin)


def _inside(step: Step) -> Iterator[Step]:
    for block in inner_blocks(step):
        for inner in block.steps:
            yield inner
            yield from _inside(inner)


def _any_of(states: list[State]) -> State:
    if not states:
        return NOTHING
    found = states[0]
    for state in states[1:]:
        found = found.either(state)
    return found


def _problem(site: Site, missing: Missing) -> Problem:
    of = missing.of
    if isinstance(of, Scalar):
        message = f"'{missing.path}' reads a field of '{missing.base}', which is {of.word}"
        return warning("unknown-field", site.pointer, message, f"read '{missing.base}' itself")
    origin = of.origin or "what is known there"
    has = f"has only {quoted(of.fields)}" if of.fields else "has no fields"
    has = has.replace("has ", "have ", 1) if " or " in origin else has
    message = f"'{missing.path}' reads '{missing.name}', which is never there: {origin} {has}"
    also = _ALSO.get(missing.name)
    near = also if also in of.fields and origin in _HINTS else nearest(missing.name, of.fields)
    right = f"{'' if missing.base == '.' else missing.base}.{near}"
    hint = f"did you mean '{right}'?" if near else _HINTS.get(origin, _ELSEWHERE)
    return warning("unknown-field", site.pointer, message, hint)
