"""Data through a definition: what is known before and behind every task, and what each expression reads there.

`dataflow.py` says what counts as known and tells the problems; this is the walk: along the ways of a list, round its cycles until nothing
changes, into the lists inside tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any, Final

from dsl.catalogue import Catalogue
from dsl.catalogue import find as find_function
from dsl.checks.constants import truth
from dsl.checks.reading import Missing, Reader
from dsl.checks.switches import cases_of
from dsl.expressions.program import is_expression, strip
from dsl.expressions.tree import parse
from dsl.pointer import join
from dsl.shapes import NUMBER, TEXT, Items, Object, Shape, either, of_schema
from dsl.sites import Site, task_sites
from dsl.walk import Step, TaskBlock, caught_variable, inner_blocks, is_directive, loop_variables, targets_of

JSON = Any

_ROUNDS: Final = 4  # visits of a task in a cycle before nothing is known of its input
MOMENT: Final = Object(
    {"iso8601": TEXT, "epoch": Object({"seconds": NUMBER, "milliseconds": NUMBER}, origin="a moment")}, origin="a moment"
)
_RUNTIME: Final = Object({"name": TEXT, "version": TEXT, "metadata": None}, origin="the runtime")
_ERROR: Final = Object(dict.fromkeys(("type", "title", "detail", "instance"), TEXT) | {"status": NUMBER}, origin="an error")


@dataclass(frozen=True, slots=True)
class State:
    """What is known before or behind a task."""

    data: Shape | None = None
    context: Shape | None = None

    def either(self, other: State) -> State:
        return State(either(self.data, other.data), either(self.context, other.context))


NOTHING: Final = State()


@dataclass(frozen=True, slots=True)
class At:
    """Where a template stands and what is known there."""

    pointer: str
    dot: Shape | None
    state: State
    variables: dict[str, Shape | None]
    origin: str

    def inside(self, key: str | int) -> At:
        return At(join(self.pointer, key), self.dot, self.state, self.variables, self.origin)


@dataclass(slots=True)
class Flow:
    """One pass over a definition."""

    catalogue: Catalogue
    workflow: Object
    own_functions: dict[str, JSON]
    told: Callable[[Site, Missing], None]
    ends: list[State] = field(default_factory=list)  # behind tasks with `then: end`
    silent: int = 0  # above 0 nothing is reported: the pass is repeated with what it brought

    def reader(self, state: State, variables: dict[str, Shape | None], site: Site, origin: str) -> Reader:
        known = {"context": state.context, "workflow": self.workflow, "runtime": _RUNTIME, **variables}
        return Reader(known, None if self.silent else partial(self.told, site), origin)

    def formula(self, template: JSON, at: At) -> Shape | None:
        """Return what an expression, bare or wrapped, or an object with expressions inside gives. Reports what is missing."""
        if not isinstance(template, str):
            return self.value(template, at)
        tree = parse(strip(template))
        if tree is None:
            return None
        site = Site(at.pointer, template, formula=True)
        return self.reader(at.state, at.variables, site, at.origin).whole(tree, at.dot)

    def value(self, template: JSON, at: At) -> Shape | None:
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
        return any_of(behind)

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
        raw = before.data or schema_of(task.get("input"), f"the input of {origin}")
        entered = raw
        if isinstance(task.get("input"), dict) and "from" in task["input"]:
            at = At(join(here, "input", "from"), raw, before, variables, f"`input.from` of {origin}")
            entered = self.formula(task["input"]["from"], at)
        inside = State(entered, before.context)
        doing = {**variables, "input": entered}
        given, context = self._done(step, inside, doing, raw)
        out = given
        if isinstance(task.get("output"), dict):
            if "as" in task["output"]:
                out = self.formula(task["output"]["as"], At(join(here, "output", "as"), given, inside, doing, origin))
            out = out or schema_of(task["output"], origin)
        if isinstance(task.get("export"), dict) and "as" in task["export"]:
            leaving = {**doing, "output": out}
            at = At(join(here, "export", "as"), out, State(entered, context), leaving, f"the export of {origin}")
            context = self.formula(task["export"]["as"], at)
        return State(out, context)

    def _done(self, step: Step, inside: State, doing: dict[str, Shape | None], raw: Shape | None) -> tuple[Shape | None, Shape | None]:
        """Follow what a task does; return its raw output and the context behind it."""
        self._sites(step, inside, doing, raw)
        origin = f"'{step.name}'"
        scope = {name: shape for name, shape in doing.items() if name != "input"}
        match step.kind:
            case "set":
                at = At(join(step.reference, "set"), inside.data, inside, doing, origin)
                return self.formula(step.task["set"], at), inside.context
            case "switch" | "wait":
                return inside.data, inside.context
            case "do" | "for" | "fork" | "try":
                behind = getattr(self, f"_{step.kind}")(step, inside, scope)
                return behind.data, behind.context
            case "call":
                return self._called(step.task["call"], origin), inside.context
            case "listen":
                for block in inner_blocks(step):
                    self.block(block, NOTHING, {**scope, **dict.fromkeys(block.variables)})
                return Items(), None if "foreach" in step.task else inside.context
        for block in inner_blocks(step):
            self.block(block, NOTHING, {**scope, **dict.fromkeys(block.variables)})
        return None, inside.context

    def _called(self, call: JSON, origin: str) -> Shape | None:
        """Return what a function of the definition or of the catalogue gives; the answers of protocols are not known."""
        if isinstance(call, str) and call in self.own_functions:
            task = self.own_functions[call]
            return schema_of(task.get("output"), origin) if isinstance(task, dict) else None
        function = find_function(call, self.catalogue)
        return of_schema(function.output, origin) if function else None

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
        return any_of([self.block(block, inside, scope) for block in inner_blocks(step)])

    def _for(self, step: Step, inside: State, scope: dict[str, Shape | None]) -> State:
        blocks = inner_blocks(step)
        loop = step.task["for"]
        if not blocks or not isinstance(loop, dict) or self.silent:
            return NOTHING
        self.silent += 1
        items = self.formula(loop.get("in"), At("", inside.data, inside, {**scope, "input": inside.data}, ""))
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
        if any("export" in inner.task for inner in _inside(step)):
            inside = State(inside.data)  # a branch may see what another has exported
        fork = step.task["fork"]
        compete = isinstance(fork, dict) and fork.get("compete") is True
        outs = [next((state for _, state in self._edges(branch, inside, scope, {branch.name: 0})), NOTHING) for branch in branches]
        skipped = any("if" in branch.task for branch in branches)
        behind = any_of(outs)
        context = inside.context if all(out.context == inside.context for out in outs) else None
        return State(None if skipped else behind.data if compete else Items(behind.data), context)

    def _try(self, step: Step, inside: State, scope: dict[str, Shape | None]) -> State:
        found = []
        exports = any("export" in inner.task for inner in _inside(step))
        catch = step.task.get("catch")
        if exports and isinstance(catch, dict) and "retry" in catch:
            inside = State(inside.data)  # an attempt may see what the one before has exported
        for block in inner_blocks(step):
            if block.pointer.endswith("/catch/do"):
                entry = State(None, None if exports else inside.context)
                found.append(self.block(block, entry, {**scope, caught_variable(step.task): _ERROR}))
            else:
                found.append(self.block(block, inside, scope))
        if isinstance(catch, dict) and "do" not in catch and "retry" not in catch:
            return NOTHING  # a caught error is forgotten, and what then stands for the output is not said
        return any_of(found)


_LEAVES: Final = -1
_ENDS: Final = -2
_FOLLOWED: Final = frozenset({"set", "input", "output", "export", "then", "metadata"})
_APART: Final = ("input/", "output/", "export/")  # followed in `task`
# the value an expression looks at there is an event, a message, an error, or the output of an iteration
_OF_SOMETHING_ELSE: Final = ("listen/", "foreach/", "catch/", "while", "timeout", "with/subscription", "schedule/")


def schema_of(owner: JSON, origin: str) -> Shape | None:
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


def any_of(states: list[State]) -> State:
    if not states:
        return NOTHING
    found = states[0]
    for state in states[1:]:
        found = found.either(state)
    return found
