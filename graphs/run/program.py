"""Compile a definition into its program tree.

The structure is `dsl`'s to judge, and comes first; what is refused here is what this tree cannot hold: flow to nowhere, names that mean
nothing, parts of the language that do not run yet. All problems of a layer are found at once. Expressions are not compiled here: that
was done when the definition was checked, and costs a thousand times more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from dsl.catalogue import Catalogue
from dsl.check import load
from dsl.pointer import join
from dsl.problems import InvalidDefinition, Problem
from dsl.settings import parley_of
from graphs.run import durations, paths, templates
from graphs.run.extensions import Extension, prepare_extensions
from graphs.run.external_schema import ExternalSchema
from graphs.run.later import unsupported
from graphs.run.ports import JSON
from graphs.run.proof import Proof
from graphs.run.resources import prepare_resource
from graphs.run.schemas import JsonSchema, problem_in
from graphs.run.tasks import COMPOSITE, KINDS, kind_of
from graphs.run.templates import Const, Expr, Template
from graphs.run.tree import NOTHING, Block, Program, Task, Transform

DIRECTIVES = ("continue", "exit", "end")
_SINGULAR = {"errors": "error", "retries": "retry", "timeouts": "timeout", "authentications": "authentication"}


def compile_program(data: Mapping[str, JSON], catalogue: Catalogue, *, workflows: Collection[str] | None = None) -> Program:
    """
    Return the program of a definition.

    Args:
        data: The definition as plain JSON data.
        catalogue: Functions by `name:version`.
        workflows: "namespace/name/version" of the workflows that `run: workflow` may name; None when that shows at run time.

    Raises:
        InvalidDefinition: With every problem found.
    """
    load(data)
    if problems := unsupported(dict(data)):
        raise InvalidDefinition(problems)
    compiler = Compiler(data, catalogue, workflows)
    with templates.loosely((data.get("evaluate") or {}).get("mode") == "loose"):
        program = compiler.program()
    if compiler.problems:
        raise InvalidDefinition(compiler.problems)
    return program


class Compiler:
    """Carries what the prepare functions of the task kinds need: the reusable parts, the catalogue, the problems so far."""

    def __init__(self, data: Mapping[str, JSON], catalogue: Catalogue, workflows: Collection[str] | None) -> None:
        self.data = data
        self.catalogue = catalogue
        self.workflows = workflows
        self.problems: list[Problem] = []
        self.references: dict[str, Task] = {}
        self.compensations: dict[str, Block] = {}
        self.home: str | None = ""  # where tasks with references of their own stand in the document; None for those of no document
        self.use: Mapping[str, JSON] = data.get("use") or {}
        self._extensions: tuple[Extension, ...] = ()

    def problem(self, code: str, reference: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(code=code, reference=reference, message=message, hint=hint))

    def program(self) -> Program:
        self._extensions = prepare_extensions(self.use.get("extensions"), self)
        functions = {name: self._function(name, task) for name, task in (self.use.get("functions") or {}).items()}
        return Program(
            definition=self.data,
            block=self.block(self.data.get("do") or [], "/do"),
            input=self.transform(self.data.get("input"), "from", "/input"),
            output=self.transform(self.data.get("output"), "as", "/output"),
            timeout=self.timeout(self.data.get("timeout"), "/timeout"),
            secrets=frozenset(self.use.get("secrets") or ()),
            references=self.references,
            functions=functions,
            compensations=self.compensations,
        )

    def block(self, items: list[Mapping[str, JSON]], reference: str) -> Block:
        """Prepare a list of `{name: task}` that stands at *reference*."""
        index = {str(name): position for position, item in enumerate(items) for name in item}
        tasks = tuple(
            self.task(str(name), task, join(reference, position, str(name)), index)
            for position, item in enumerate(items)
            for name, task in item.items()
        )
        return Block(tasks, index)

    def _function(self, name: str, data: Mapping[str, JSON]) -> Task:
        """Prepare a task of `use.functions`; its references begin at the call, so they are no references of this document."""
        apart = Compiler(self.data, self.catalogue, self.workflows)
        apart._extensions = self._extensions
        apart.compensations, apart.home = self.compensations, join("/use/functions", name)
        task = apart.task(name, data, "", {}, own=True)
        where = join("/use/functions", name)
        self.problems += [replace(problem, reference=where + problem.reference) for problem in apart.problems]
        return task

    def fetched(self, name: str, data: Mapping[str, JSON]) -> Task:
        """Return the task of a function that came from elsewhere. Raises InvalidDefinition."""
        apart = Compiler({"use": self.use}, self.catalogue, self.workflows)
        apart.home = None
        task = apart.task(name, data, "", {}, own=True)
        if apart.problems:
            raise InvalidDefinition(apart.problems)
        return task

    def task(self, name: str, data: Mapping[str, JSON], reference: str, siblings: Mapping[str, int], *, own: bool = False) -> Task:
        """Prepare one task; *own* for a function's, which is nobody's neighbour and whose place is where it is called."""
        kind = kind_of(data)
        when = data.get("if")
        body = KINDS[kind](data, reference, self, siblings)
        task = Task(
            name=name,
            segment=paths.escape(name),
            reference=reference,
            kind=kind,
            composite=kind in COMPOSITE or getattr(body, "holds_tasks", False),
            definition=data,
            body=body,
            when=None if when is None else self.condition(when),
            input=self.transform(data.get("input"), "from", join(reference, "input")),
            output=self.transform(data.get("output"), "as", join(reference, "output")),
            export=self.transform(data.get("export"), "as", join(reference, "export")),
            timeout=self.timeout(data.get("timeout"), join(reference, "timeout")),
            then="continue" if own else self.directive(data.get("then"), join(reference, "then"), siblings),
            extensions=tuple(one for one in self._extensions if one.extends(kind)),
            compensate=self._compensate(data, reference),
            proof=self._proof(data, reference),
        )
        self.references[reference] = task
        return task

    def _compensate(self, data: Mapping[str, JSON], reference: str) -> str:
        """Prepare what undoes a task; return its key among the compensations, empty when there is nothing."""
        items = parley_of(data).get("compensate")
        if not items:
            return ""
        where = join(reference, "metadata", "parley", "compensate")
        if self.home is None:
            self.problem(
                "not-yet-supported", where, "a function fetched from elsewhere cannot say how it is undone", "say it where it is called"
            )
            return ""
        self.compensations[self.home + reference] = self.block(items, where)
        return self.home + reference

    def _proof(self, data: Mapping[str, JSON], reference: str) -> Proof | None:
        own = parley_of(data).get("proof")
        if own is None:
            return None
        if isinstance(own, Mapping):
            return Proof(call=self.task("proof", own, join(reference, "metadata", "parley", "proof"), {}, own=True))
        return Proof(expression=self.condition(own))

    def condition(self, value: JSON) -> Expr:
        """Prepare an expression that may be bare; `true` and `false` of YAML count as such."""
        return templates.expression(value if isinstance(value, str) else str(value).lower())

    def directive(self, value: JSON, reference: str, siblings: Mapping[str, int]) -> str:
        if value is None:
            return "continue"
        if value not in DIRECTIVES and value not in siblings:
            known = ", ".join(siblings)
            self.problem("unknown-target", reference, f"no task is named '{value}' in this block", f"it has {known}" if known else "")
            return "continue"
        return str(value)

    def transform(self, data: Mapping[str, JSON] | None, key: str, reference: str) -> Transform:
        if not data:
            return NOTHING
        template = templates.bare(data[key]) if key in data else None
        return Transform(self.schema(data.get("schema"), join(reference, "schema")), template)

    def schema(self, data: Mapping[str, JSON] | None, reference: str) -> JsonSchema | ExternalSchema | None:
        if not data:
            return None
        if "resource" in data:
            return ExternalSchema(prepare_resource(data["resource"], join(reference, "resource"), self))
        wrong = problem_in(data["document"])
        if wrong:
            self.problem("invalid-schema", join(reference, "document"), f"this is no JSON Schema: {wrong}")
            return None
        return JsonSchema(data["document"])

    def timeout(self, value: JSON, reference: str) -> Template | None:
        if value is None:
            return None
        timeout = self.named(value, "timeouts", reference)
        return None if timeout is None else self.duration(timeout.get("after"), join(reference, "after"))

    def duration(self, value: JSON, reference: str) -> Template:
        """Prepare a duration; a constant one is checked now."""
        template = templates.strict(value)
        if isinstance(template, Const):
            try:
                durations.seconds(template.value)
            except ValueError as error:
                self.problem("invalid-duration", reference, str(error))
        return template

    def named(self, value: JSON, section: str, reference: str) -> Mapping[str, JSON] | None:
        """Return *value*, or what its name stands for in `use.SECTION`; an unknown name is a problem and None."""
        if not isinstance(value, str):
            found: Mapping[str, JSON] = value
            return found
        known: Mapping[str, JSON] = self.use.get(section) or {}
        if value not in known:
            self.problem(f"unknown-{_SINGULAR[section]}", reference, f"'{value}' is not defined in use.{section}", _list_of(known))
            return None
        named: Mapping[str, JSON] = known[value]
        return named

    def not_yet(self, reference: str, what: str, hint: str = "") -> None:
        self.problem("not-yet-supported", reference, f"{what} cannot be run yet", hint)


def _list_of(names: Mapping[str, JSON]) -> str:
    return f"it has {', '.join(names)}" if names else ""
