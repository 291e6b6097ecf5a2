"""The document: what stands around the tasks."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import model_validator

from dsl.model.base import JSON, Label, Node, SemVer, wrong
from dsl.model.shared import Authentication, Duration, ErrorDefinition, EventStrategy, Input, Output, RetryPolicy, Timeout, TimeoutOrName
from dsl.model.tasks import TaskList


class Document(Node):
    dsl: SemVer
    namespace: Label
    name: Label
    version: SemVer
    title: str | None = None
    summary: str | None = None
    tags: dict[str, JSON] | None = None
    metadata: dict[str, JSON] | None = None


class Use(Node):
    authentications: dict[str, Authentication] | None = None
    errors: dict[str, ErrorDefinition] | None = None
    retries: dict[str, RetryPolicy] | None = None
    secrets: list[str] | None = None
    timeouts: dict[str, Timeout] | None = None
    functions: Any = None
    extensions: Any = None
    catalogs: Any = None


class Schedule(Node):
    every: Duration | None = None
    cron: str | None = None
    after: Duration | None = None
    on: EventStrategy | None = None

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
    input: Input | None = None
    use: Use | None = None
    timeout: TimeoutOrName | None = None
    output: Output | None = None
    schedule: Schedule | None = None
    evaluate: Evaluate | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the plain data, equal to what was read."""
        return self.model_dump(by_alias=True, exclude_unset=True)
