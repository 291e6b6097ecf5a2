"""The schema of `metadata.parley` (design §3)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dsl.model.base import JSON, Node
from dsl.model.shared import Duration
from dsl.model.tasks import TaskList

Positive = Annotated[int, Field(ge=1)]


class Budget(Node):
    """Limits of one run."""

    wall_time: Duration | None = None
    tasks: Positive | None = None
    tokens: Positive | None = None
    money: Annotated[float, Field(gt=0, strict=False)] | None = None


class WorkflowSettings(Node):
    title: str | None = None
    timezone: str | None = None  # of `schedule.cron`; UTC when left out
    missed: Literal["skip", "once", "all"] | None = None
    overlap: Literal["skip", "queue", "parallel"] | None = None
    budget: Budget | None = None
    priority: Annotated[int, Field(ge=0, le=100)] | None = None
    concurrency: Positive | None = None
    retention: Duration | None = None
    four_eyes: bool | None = None


class TaskSettings(Node):
    title: str | None = None
    locked: bool | None = None
    compensate: TaskList | None = None
    proof: JSON = None
    idempotent: bool | None = None
    allow_tools: list[str] | None = None
