"""What a definition does to the outside world, task by task, computed from the definition and the catalogue alone.

Expressions in targets are told by what they are made of and where that comes from, never guessed. Tasks without an effect are left out.
Which kind and target a task has is said in `outside.py`. What an own function, a child workflow, an extension, a compensation or a proof
does is told at the tasks that bring it about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from dsl.catalogue import Catalogue, EffectKind
from dsl.decided import deciders
from dsl.extending import Extension, extensions
from dsl.frequency import Frequency, combined
from dsl.outside import REACHING, outside, own_function
from dsl.pointer import get, join
from dsl.protocol_phrases import constants_words
from dsl.secrets_used import SecretsUsed
from dsl.walk import Step, declared_blocks, settings_blocks, steps, steps_in, title_of, walked_once

JSON = Any

_MOST: Final = 100  # effects of one function or child; with more of them it counts as a whole, as something unknown
_DEEPEST: Final = 40  # functions and children inside each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One task's effect."""

    reference: str  # of a child's task: the task that runs it, "/workflow", its own; of a function's inner task: the call, "/function", …
    task: str  # the task's name
    title: str  # what people see
    kind: EffectKind
    target: str  # "POST https://example.com/report", "email ops@example.com", "event com.example.done"
    secrets: tuple[str, ...]
    how_often: str  # in words: "once", "at most once per item of the orders", "up to 4 times (3 retries)"
    decided_before: bool  # a person's approval certainly comes first
    by: str  # who decides, "" when nobody does

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"secrets": list(self.secrets)}


def effects(data: JSON, catalogue: Catalogue | None = None, workflows: Collection[str] | Mapping[str, JSON] | None = None) -> list[Effect]:
    """
    Return the effects of every task in document order; what extensions do comes last.

    Args:
        workflows: Definitions by "namespace/name/version": what `run: workflow` starts then counts with all it does itself.
            Names alone, or nothing: what a child does is unknown.
    """
    children = workflows if isinstance(workflows, Mapping) else {}
    return _Effects(data, catalogue or {}, _Children(children, catalogue or {})).all()


@dataclass(slots=True)
class _Children:
    """The known workflows; what one of them does is found once."""

    definitions: Mapping[str, JSON]
    catalogue: Catalogue
    depth: int = 0
    found: dict[str, list[Effect] | None] = field(default_factory=dict)  # None: unknown, or being looked at right now

    def of(self, key: str) -> list[Effect] | None:
        """Return what the workflow "namespace/name/version" does, None where that is unknown: it starts itself, or does too much."""
        if key in self.found or key not in self.definitions or self.depth >= _DEEPEST:
            return self.found.get(key)
        self.found[key] = None
        self.depth += 1
        own = _Effects(_unscheduled(self.definitions[key]), self.catalogue, self).all()
        self.depth -= 1
        self.found[key] = own if len(own) <= _MOST else None
        return self.found[key]


class _Effects:
    """The effects of one definition."""

    def __init__(self, data: JSON, catalogue: Catalogue, children: _Children) -> None:
        self._data, self._catalogue, self._children = data, catalogue, children
        self._often, self._secrets = Frequency(data), SecretsUsed(data)
        self._decided: dict[str, str] = {}
        self._functions = {
            step.reference: step for block in declared_blocks(data) if block.pointer == "/use/functions" for step in block.steps
        }
        self._around: dict[str, str] = {}  # who decides before all the tasks that are extended, by their kind
        self._found: dict[str, list[Effect] | None] = {}  # by function
        self._depth = 0
        self._settings: dict[str, list[Step]] = {}  # by the task that has them: what compensates or proves it
        for block in settings_blocks(data):
            if block.owner is not None and block.pointer.startswith(f"{block.owner.reference}/metadata/parley"):
                self._settings.setdefault(block.owner.reference, []).extend(steps_in(block))

    def all(self) -> list[Effect]:
        with walked_once(self._data):
            self._decided = deciders(self._data)
            own = [effect for step in steps(self._data) for effect in self._of(step)]
            around = [effect for extension in extensions(self._data) for effect in self._of_extension(extension)]
        return own + around

    def _of(self, step: Step) -> Iterator[Effect]:
        if step.kind in REACHING:
            yield from self._own(step, self._often.words(step), self._decided.get(step.reference, ""))
        for other in self._settings.get(step.reference, ()):
            title = f"{title_of(step.name, step.task)}: {title_of(other.name, other.task)}"
            for effect in self._own(other, self._often.words(other), self._decided.get(step.reference, "")):
                yield replace(effect, title=title)

    def _own(self, step: Step, often: str, by: str) -> Iterator[Effect]:
        """Yield what *step* itself does, with what it starts: a child or a function."""
        child = _child(step)
        inner = self._children.of(child) if child else None
        if inner is not None:
            yield from (_of_child(effect, step, often, by) for effect in inner)
            return
        function = own_function(step.task.get("call"), self._data) if step.kind == "call" else None
        inner = self._function(step.task["call"]) if function is not None else None
        if inner is not None:
            secrets = self._secrets.of(step)
            yield from (_of_function(effect, step, often, by, secrets) for effect in inner)
            return
        found = outside(step, self._data, self._catalogue)
        if found is not None:
            yield Effect(
                reference=step.reference,
                task=step.name,
                title=title_of(step.name, step.task),
                kind=found[0],
                target=found[1],
                secrets=self._secrets.of(step),
                how_often=often,
                decided_before=bool(by),
                by=by,
            )

    def _function(self, name: str) -> list[Effect] | None:
        """Return what a function of `use.functions` does, None where that is unknown: it calls itself, or does too much."""
        if name in self._found or self._depth >= _DEEPEST:
            return self._found.get(name)
        self._found[name] = None
        self._depth += 1
        root = self._functions.get(join("/use/functions", name))
        tasks = [root, *(step for step in steps_in(root.siblings) if step is not root)] if root else []
        own = [effect for step in tasks for effect in self._of(step)]
        self._depth -= 1
        self._found[name] = own if len(own) <= _MOST else None
        return self._found[name]

    def _of_extension(self, extension: Extension) -> Iterator[Effect]:
        """Yield what the tasks of an extension do around the tasks they extend; nothing when they extend none."""
        if not extension.extended:
            return
        if extension.kind not in self._around:
            deciding = [self._decided.get(step.reference, "") for step in extension.extended]
            self._around[extension.kind] = deciding[0] if all(deciding) else ""
        by = self._around[extension.kind]
        for step in steps_in(extension.block):
            often = self._often.around(step, extension)
            yield from self._own(step, often, by)


def _child(step: Step) -> str:
    """Return "namespace/name/version" of the workflow that *step* starts, "" for other tasks.

    `latest` is unknown: which version that is shows only when it runs.
    """
    named = get(step.task, "/run/workflow") if step.kind == "run" else None
    return "/".join(str(named.get(part)) for part in ("namespace", "name", "version")) if isinstance(named, dict) else ""


def _unscheduled(data: JSON) -> JSON:
    """Return a child's definition without its own schedule, which does not count when another workflow starts it."""
    return {key: value for key, value in data.items() if key != "schedule"} if isinstance(data, dict) else data


def _of_child(effect: Effect, step: Step, often: str, by: str) -> Effect:
    """Return an effect of a child as one of the task that starts it; the reference follows the rule for paths."""
    return replace(
        effect,
        reference=f"{step.reference}/workflow{effect.reference}",
        title=f"{title_of(step.name, step.task)}: {effect.title}",
        how_often=combined(effect.how_often, often),
        decided_before=effect.decided_before or bool(by),
        by=by or effect.by,
    )


def _of_function(effect: Effect, step: Step, often: str, by: str, secrets: tuple[str, ...]) -> Effect:
    """Return an effect of a function's task as one of the call, with the constants it is given; of inner tasks those in their address."""
    given = step.task.get("with")
    inner = effect.reference.removeprefix(join("/use/functions", str(step.task["call"])))
    if inner and isinstance(given, dict):
        given = {name: value for name, value in given.items() if f"{{{name}}}" in effect.target}
    own = title_of(step.name, step.task)
    return replace(
        effect,
        reference=f"{step.reference}/function{inner}" if inner else step.reference,
        task=effect.task if inner else step.name,
        title=f"{own}: {effect.title}" if inner else own,
        target=f"{effect.target}{constants_words(given)}",
        secrets=tuple(sorted({*effect.secrets, *secrets})),
        how_often=combined(effect.how_often, often),
        decided_before=effect.decided_before or bool(by),
        by=by or effect.by,
    )
