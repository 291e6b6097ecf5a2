"""The document: what stands around the tasks."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from dsl.model.base import JSON, Given, Label, Node, SemVer, wrong
from dsl.model.shared import (
    AuthenticationScheme,
    Duration,
    Endpoint,
    ErrorDefinition,
    EventStrategy,
    Input,
    Output,
    RetryPolicy,
    Timeout,
    TimeoutOrName,
)
from dsl.model.tasks import Task, TaskList


class Document(Node):
    dsl: SemVer
    namespace: Label
    name: Label
    version: SemVer
    title: Given[str] = None
    summary: Given[str] = None
    tags: Given[dict[str, JSON]] = None
    metadata: Given[dict[str, JSON]] = None


class Extension(Node):
    """Tasks that happen before and after every task of a kind."""

    extend: Literal["call", "composite", "emit", "for", "listen", "raise", "run", "set", "switch", "try", "wait", "all"]
    when: Given[str] = None
    before: Given[TaskList] = None
    after: Given[TaskList] = None


ExtensionItem = Annotated[dict[str, Extension], Field(min_length=1, max_length=1)]


class CatalogSource(Node):
    """Where functions of a catalogue are kept."""

    endpoint: Endpoint


class Use(Node):
    authentications: Given[dict[str, AuthenticationScheme]] = None
    errors: Given[dict[str, ErrorDefinition]] = None
    retries: Given[dict[str, RetryPolicy]] = None
    secrets: Given[list[str]] = None
    timeouts: Given[dict[str, Timeout]] = None
    functions: Given[dict[str, Task]] = None
    extensions: Given[list[ExtensionItem]] = None
    catalogs: Given[dict[str, CatalogSource]] = None


class Schedule(Node):
    every: Given[Duration] = None
    cron: Given[str] = None
    after: Given[Duration] = None
    on: Given[EventStrategy] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise wrong("empty-schedule", "the schedule says nothing", "write `cron`, `every`, `after` or `on`, or leave `schedule` out")
        return self


class Evaluate(Node):
    language: str = "jq"
    mode: Literal["strict", "loose"] = "strict"


class Definition(Node):
    """One workflow document. `load` makes it; it is valid, or it does not exist."""

    document: Document
    do: TaskList
    input: Given[Input] = None
    use: Given[Use] = None
    timeout: Given[TimeoutOrName] = None
    output: Given[Output] = None
    schedule: Given[Schedule] = None
    evaluate: Given[Evaluate] = None

    def to_json(self) -> dict[str, Any]:
        """Return the plain data, equal to what was read."""
        return self.model_dump(by_alias=True, exclude_unset=True)
