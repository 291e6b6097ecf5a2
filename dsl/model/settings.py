"""The schema of `metadata.parley` (design §3)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dsl.model.base import JSON, Given, Node
from dsl.model.shared import Duration
from dsl.model.tasks import TaskList

Positive = Annotated[int, Field(ge=1)]


class Budget(Node):
    """Limits of one run."""

    wall_time: Given[Duration] = None
    tasks: Given[Positive] = None
    tokens: Given[Positive] = None
    money: Given[Annotated[float, Field(gt=0, strict=False)]] = None


class WorkflowSettings(Node):
    title: Given[str] = None
    timezone: Given[str] = None  # of `schedule.cron`; UTC when left out
    missed: Given[Literal["skip", "once", "all"]] = None
    overlap: Given[Literal["skip", "queue", "parallel"]] = None
    budget: Given[Budget] = None
    priority: Given[Annotated[int, Field(ge=0, le=100)]] = None
    concurrency: Given[Positive] = None
    retention: Given[Duration] = None
    four_eyes: Given[bool] = None


class TaskSettings(Node):
    title: Given[str] = None
    locked: Given[bool] = None
    compensate: Given[TaskList] = None
    proof: JSON = None
    idempotent: Given[bool] = None
    allow_tools: Given[list[str]] = None
