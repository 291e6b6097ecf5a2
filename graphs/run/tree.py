"""The program tree: a definition made ready to run. Frozen; nothing in it changes while runs use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from graphs.run.ports import JSON
from graphs.run.templates import Expr, Template

if TYPE_CHECKING:
    from graphs.run.extensions import Extension
    from graphs.run.external_schema import ExternalSchema
    from graphs.run.proof import Proof
    from graphs.run.schemas import JsonSchema
    from graphs.run.step import Flow, Step


class Body(Protocol):
    """What a kind of task does; one class per file of `graphs/run/tasks/`."""

    async def run(self, step: Step) -> Flow:
        """Do it and return the raw output. Raises WorkflowError."""


@dataclass(frozen=True, slots=True)
class Transform:
    """One of `input`, `output`, `export`: a schema and an expression, each optional."""

    schema: JsonSchema | ExternalSchema | None = None
    template: Template | None = None


NOTHING = Transform()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    name: str
    segment: str  # the name, escaped for paths
    reference: str  # in its own definition
    kind: str
    composite: bool  # holds tasks
    definition: Mapping[str, JSON]
    body: Body
    when: Expr | None
    input: Transform
    output: Transform
    export: Transform
    timeout: Template | None  # gives a duration
    then: str  # continue, exit, end or a task's name
    extensions: tuple[Extension, ...] = ()  # those that name its kind
    compensate: str = ""  # key in `Program.compensations`
    proof: Proof | None = None  # must hold before it counts as done


@dataclass(frozen=True, slots=True)
class Block:
    """Tasks that run one after the other."""

    tasks: tuple[Task, ...]
    index: Mapping[str, int]  # name -> position; every `then` in the block is in it or a directive


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    definition: Mapping[str, JSON]
    block: Block
    input: Transform
    output: Transform
    timeout: Template | None
    secrets: frozenset[str]  # declared in `use.secrets`
    references: Mapping[str, Task]  # every task of the definition by its reference
    functions: Mapping[str, Task]  # of `use.functions`; references in them begin at the call
    compensations: Mapping[str, Block]  # what undoes a task, by where the task stands in the document
