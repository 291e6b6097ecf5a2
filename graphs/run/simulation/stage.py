"""Stands in for the outside in one simulated run: answers calls with values of the right shape, injects errors, forces decisions.

Pure steps run as they are. Of a task that reaches outside everything is evaluated that it would send; what comes back is, in this order:
what was recorded for its path or its reference, else a value of its schema and of what later expressions read.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dsl.catalogue import Catalogue
from graphs.run import templates
from graphs.run.errors import UnknownWorkflow, WorkflowError
from graphs.run.ports import JSON, Row
from graphs.run.schemas import JsonSchema
from graphs.run.simulation import ports
from graphs.run.simulation.answers import how_made, shaped
from graphs.run.simulation.compiling import compile_loosely
from graphs.run.simulation.model import AsRecorded, Effect, Injected, Kind, Mark, Plan
from graphs.run.simulation.outside import function_of, outside
from graphs.run.simulation.shapes import Key
from graphs.run.simulation.values import Values
from graphs.run.simulation.wording import target_of
from graphs.run.step import MISSING, Flow, Step
from graphs.run.tasks.loop import ForTask
from graphs.run.tasks.subflow import WorkflowTask
from graphs.run.tasks.switch import SwitchTask
from graphs.run.templates import Expr
from graphs.run.uri_template import expand

if TYPE_CHECKING:
    from graphs.run.simulation.noting import Sketch

LATER: Final = "/later"  # where a branch waits that is not to win its race
FOR_EVER_S: Final = 10 * 365 * 86400.0
_AGAIN = re.compile(r"#(\d+)(?:/|$)")
_BRANCH = re.compile(r"/fork/branches/\d+/([^/]+)$")


class Stage:
    """What one simulated run does instead, and what it saw."""

    def __init__(self, plan: Plan, values: Values, catalogue: Catalogue, recorded: Mapping[str, JSON]) -> None:
        self.plan = plan
        self.values = values
        self.catalogue = catalogue
        self.recorded = recorded
        self.kinds: dict[str, Kind] = {}  # path -> mark
        self.marks: list[Mark] = []
        self.effects: list[Effect] = []
        self.trace: list[str] = []
        self.ways: set[tuple[str, str]] = set()
        self.failed: Counter[str] = Counter()  # reference -> errors injected
        self.meant: set[str] = set()  # paths of steps whose error is no fault: it was injected, or the definition raised it
        self._cases: dict[str, int | None] = {}  # path of a switch -> the case that held
        self._payloads: dict[str, JSON] = {}
        self._finals: dict[str, JSON] = {}
        self._races = {reference: way.removeprefix("wins:") for reference, way in plan.forced.items() if way.startswith("wins:")}

    @property
    def sketch(self) -> Sketch:
        return self.values.sketch

    def mark(self, path: str, reference: str, kind: Kind, what: str, *, made_up: bool = False) -> None:
        """Say that something at *path* was not as it will be."""
        if self.kinds.get(path) != "forced":
            self.kinds[path] = kind
        one = Mark(path=path, reference=reference, mark=kind, what=what, made_up=made_up)
        if one not in self.marks:
            self.marks.append(one)

    def marked(self, row: Row) -> Row:
        return ports.marked(row, self.kinds)

    def seen_row(self, row: Row) -> None:
        """Hear of a row as observers do: which tasks began, and how tries and races went."""
        reference = row.reference
        if row.kind != "step":
            return
        if row.status == "started":
            if not row.path.rpartition("/")[2].startswith("try#"):
                self.trace.append(reference)
                self.ways.add((reference, "task"))
            else:
                self.ways.add((reference.removesuffix("/try"), "retried"))
        elif row.status == "finished" and row.path.endswith("/fork") and isinstance(row.output, str):
            self.ways.add((reference.removesuffix("/fork"), f"wins:{row.output}"))

    # what the interpreter asks

    def forced(self, step: Step | None, expression: Expr) -> JSON:
        if step is None:
            return MISSING
        if step.path in self._finals and expression is step.task.output.template:
            return self._finals[step.path]
        way = self.plan.forced.get(step.reference)
        if way is None:
            return MISSING
        body = step.task.body
        found: JSON = MISSING
        if way in ("if:true", "if:false") and expression is step.task.when:
            found = way == "if:true"
            self.ways.add((step.reference, way))
        elif way.startswith("case:") and isinstance(body, SwitchTask) and not _AGAIN.search(step.path):
            found = self._case(step, body, expression, way)
        elif isinstance(body, ForTask) and expression is body.items and way.startswith("for:"):
            found = self._items(step, way)
        elif isinstance(body, ForTask) and expression is body.goes_on and way == "while:false":
            found = False
            self.ways.add((step.reference, way))
        if found is not MISSING:
            self.mark(step.path, step.reference, "forced", f"{way} was forced")
        return found

    def _case(self, step: Step, body: SwitchTask, expression: Expr, way: str) -> JSON:
        position = next((number for number, case in enumerate(body.cases) if case.when is expression), None)
        if position is None:
            return MISSING
        holds = way.startswith(f"case:{position}/")
        if holds:
            self._cases[step.path] = position
        return holds

    def _items(self, step: Step, way: str) -> JSON:
        size = {"for:0": 0, "for:1": 1}.get(way, 3)
        self.ways.add((step.reference, way))
        each = self.sketch.loops.get(step.reference, ())
        return [self.values.sample(each, number + 1) for number in range(size)]

    def seen(self, step: Step | None, expression: Expr, value: JSON) -> None:
        if step is None:
            return
        holds = value is not None and value is not False
        body = step.task.body
        if expression is step.task.when:
            self.ways.add((step.reference, f"if:{'true' if holds else 'false'}"))
        elif isinstance(body, SwitchTask) and holds and step.path not in self._cases:
            self._cases[step.path] = next((number for number, case in enumerate(body.cases) if case.when is expression), None)
        elif isinstance(body, ForTask) and expression is body.items and (value is None or isinstance(value, list)):
            self.ways.add((step.reference, f"for:{_many(len(value or ()))}"))
        elif isinstance(body, ForTask) and expression is body.goes_on and not holds:
            self.ways.add((step.reference, "while:false"))

    async def perform(self, step: Step) -> Flow:
        await self._hold_back(step)
        declared = step.frame.scope.program.definition.get("use") or {}
        kind = outside(step.task.definition, self.catalogue, declared.get("functions") or {})
        known = self._known(step)
        if kind:
            self._payloads[step.path] = await self._payload(step)
        self._fail(step, kind)
        if isinstance(step.task.body, WorkflowTask) and not kind and known is MISSING:
            kind = await self._child(step, step.task.body)
        if known is not MISSING:
            given = step.path in self.recorded or step.reference in self.recorded
            words = "the output is a recorded one" if given else "the output was chosen to lead on"
            self.mark(step.path, step.reference, "simulated", words, made_up=not given)
            return self._gave(step, kind, known) if kind else Flow(known)
        if kind:
            return await self._stand_in(step, kind)
        if step.task.kind == "raise":
            self.meant.add(step.path)
        if step.task.kind == "switch":
            self._cases.pop(step.path, None)
        flow = await self._really(step)
        self._decided(step, flow)
        return flow

    def _decided(self, step: Step, flow: Flow) -> None:
        """Note which way a step went that is over."""
        body = step.task.body
        if isinstance(body, SwitchTask):
            position = self._cases.get(step.path)
            self.ways.add((step.reference, case_way(step.task.definition, position)))
        function = function_of(step.task.definition, self.catalogue)
        if function is not None and function.person and isinstance(flow.output, dict) and "approved" in flow.output:
            self.ways.add((step.reference, "approved" if flow.output["approved"] is True else "rejected"))
        if step.task.kind == "emit":
            target = f"emit {flow.output.get('type')}" if isinstance(flow.output, dict) else "emit"
            self._effect(step, "emit", target, flow.output, None)
            self.mark(step.path, step.reference, "simulated", "the event stayed in the simulation")

    async def _really(self, step: Step) -> Flow:
        """Run a body that stays inside; a pure function that cannot work with made-up values is sampled as well."""
        try:
            return await step.task.body.run(step)
        except WorkflowError as error:
            function = function_of(step.task.definition, self.catalogue)
            kind = error.type.rpartition("/")[2]
            if function is None or function.person or kind not in ("configuration", "runtime", "communication"):
                raise
            words = f"{function.key} could not work here ({error.detail}); its output is a sample"
            self.mark(step.path, step.reference, "simulated", words, made_up=True)
            return Flow(self._sample(step))

    # what comes back

    def _known(self, step: Step) -> JSON:
        for key in (step.path, step.reference):
            if key not in self.recorded:
                continue
            found = self.recorded[key]
            if not isinstance(found, AsRecorded):
                return found
            if isinstance(step.task.output.template, Expr):
                self._finals[step.path] = found.value
                return found.value
            if step.task.output.template is None:
                return found.value
        root = f"answer:{step.reference}"
        planned = any(found == root for found, _ in self.plan.values)
        if not planned or _AGAIN.search(step.path):
            return MISSING
        function = function_of(step.task.definition, self.catalogue)
        pure = function is not None and not function.person and outside(step.task.definition, self.catalogue, {}) == ""
        return self._sample(step) if pure else MISSING

    async def _stand_in(self, step: Step, kind: str) -> Flow:
        task = step.task.definition
        if "run" in task and task["run"].get("await") is False:
            self.mark(step.path, step.reference, "simulated", "it was not started, and nobody waits for it")
            return self._gave(step, kind, None, output=step.data)
        if kind == "asyncapi":
            return await self._messages(step)
        sample = self._sample(step)
        self.mark(step.path, step.reference, "simulated", how_made(self.sketch, step), made_up=True)
        return self._gave(step, kind, sample, output=shaped(step, sample, self._payloads.get(step.path)))

    async def _messages(self, step: Step) -> Flow:
        """Answer a call of AsyncAPI: a publication with nothing, a subscription with messages, each worked on."""
        subscription = (step.task.definition.get("with") or {}).get("subscription")
        if not isinstance(subscription, Mapping):
            self.mark(step.path, step.reference, "simulated", "the message was not published")
            return self._gave(step, "asyncapi", None)
        made = self._sample(step)
        sample = made if isinstance(made, list) else [{"payload": {}, "headers": {}}]
        self.mark(step.path, step.reference, "simulated", "the messages are samples of what is read of them", made_up=True)
        each = getattr(step.task.body, "each", None)
        self._gave(step, "asyncapi", sample)
        if each is None:
            return Flow(sample)
        outputs = []
        for number, message in enumerate(sample):
            flow = await each.run(step, number, message)
            outputs.append(flow.output)
            if flow.then == "end":
                return Flow(outputs, "end")
        return Flow(outputs)

    def _gave(self, step: Step, kind: str, answer: JSON, *, output: JSON = MISSING) -> Flow:
        payload = self._payloads.pop(step.path, None)
        if kind != "document":
            self._effect(step, kind, target_of(kind, step.task.definition, payload), payload, answer)
        return Flow(answer if output is MISSING else output)

    def _effect(self, step: Step, kind: str, target: str, payload: JSON, answer: JSON) -> None:
        clean = step.engine.redactor
        self.effects.append(
            Effect(
                path=step.path,
                reference=step.reference,
                kind=kind,
                target=clean.text(target),
                payload=clean.value(payload),
                answer=clean.value(answer),
            )
        )

    def _sample(self, step: Step) -> JSON:
        return self.turned(step.path, f"answer:{step.reference}").root(f"answer:{step.reference}")

    def turned(self, path: str, root: str) -> Values:
        """Return what makes the values for *path*: what was planned counts the first time; after that other values are tried in turn."""
        marks = [int(number) for number in _AGAIN.findall(f"{path}/")]
        visit = max(marks, default=1)
        if visit == 1:
            return self.values
        planned = any(key[0] == root for key in self.plan.values)
        kept: Mapping[Key, JSON] = {key: value for key, value in self.values.fixed.items() if key[0] != root}
        return replace(self.values, fixed=kept, turn=visit - 2 if planned else visit - 1)

    # errors

    def _fail(self, step: Step, kind: str) -> None:
        """Raise the error that this step is to fail with."""
        injected = self.plan.errors.get(step.reference) or self.plan.errors.get(step.path)
        if injected is None or not self._once_more(step.reference, injected):
            return
        error = injected.error
        self.meant.add(step.path)
        self.mark(step.path, step.reference, "simulated", f"it was made to fail: {error.get('title') or error.get('type')}")
        name = str(error.get("type") or "").rpartition("/")[2]
        if name == "timeout":
            self.ways.add((step.reference, "timeout"))
        if kind:
            self._gave(step, kind, None)
        raise WorkflowError(
            str(error.get("type") or ""),
            int(error.get("status") or 500),
            str(error.get("title") or ""),
            str(error.get("detail") or ""),
        )

    def _once_more(self, reference: str, injected: Injected) -> bool:
        self.failed[reference] += 1
        return injected.times is None or self.failed[reference] <= injected.times

    async def _hold_back(self, step: Step) -> None:
        """Let a branch that is not to win its race come later."""
        match = _BRANCH.search(step.reference)
        if match is None or not self._races:
            return
        winner = self._races.get(step.reference[: match.start()])
        if winner is not None and winner != step.task.name:
            self.mark(step.reference[: match.start()], step.reference[: match.start()], "forced", f"the branch {winner} was let win")
            await step.receive("timer", exact_path=f"{step.path}{LATER}", after_s=FOR_EVER_S)

    # what would be sent

    async def _payload(self, step: Step) -> JSON:
        """Evaluate everything that the task would send. Raises WorkflowError (expression, validation)."""
        task = step.task.definition
        given = dict(task.get("with") or {}) if "call" in task else dict(task["run"])
        given.pop("subscription", None)
        made = await step.resolve(templates.strict(given))
        if isinstance(made, dict) and "endpoint" in made:
            made = {**made, "endpoint": self._address(step, given["endpoint"], made["endpoint"])}
        function = function_of(task, self.catalogue)
        if function is not None:
            wrong = JsonSchema(function.input).check(made)
            if wrong:
                raise WorkflowError.of("validation", f"the input of {function.key} does not fit: {wrong}")
        return made

    def _address(self, step: Step, written: JSON, made: JSON) -> str:
        """Return the address of a call, its places filled."""
        uri = made.get("uri") if isinstance(made, dict) else made
        source = written.get("uri") if isinstance(written, dict) else written
        if isinstance(written, dict) and written.get("authentication"):
            step.authorization = {"scheme": "Simulated", "parameter": "simulated"}
        if isinstance(uri, str) and uri == source:
            uri = expand(uri, step.data)
        if not isinstance(uri, str):
            raise WorkflowError.of("expression", f"the endpoint must be a URL, and '{source}' gave {json.dumps(uri)[:80]}")
        return uri

    async def _child(self, step: Step, body: WorkflowTask) -> str:
        """Make a child workflow ready, also one with parts that cannot be run yet; one that is not known is stood in for."""
        key = (body.namespace, body.name, body.version)
        if key in step.engine.programs:
            return ""
        try:
            found = await step.engine.deps.workflows.find(*key)
        except UnknownWorkflow:
            self._payloads[step.path] = {} if body.input is None else {"input": await step.resolve(body.input)}
            return "document"
        step.engine.programs[key] = compile_loosely(found, self.catalogue)
        return ""


def case_way(task: Mapping[str, JSON], position: int | None) -> str:
    """Return the way a switch goes when the case at *position* holds; None for no case: then its default, if there is one."""
    cases: Sequence[Mapping[str, JSON]] = task["switch"]
    named = [(number, str(name), case) for number, item in enumerate(cases) for name, case in item.items()]
    if position is None:
        position = next((number for number, (_, _, case) in enumerate(named) if case.get("when") is None), None)
    return "case:none" if position is None else f"case:{named[position][0]}/{named[position][1]}"


def _many(count: int) -> str:
    return str(count) if count < 2 else "many"
