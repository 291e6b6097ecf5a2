"""The schema of `metadata.parley` (design §3)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Tag

from dsl.kinds import kind_of
from dsl.model.base import Given, Node, TextOrObject, wrong
from dsl.model.shared import Duration, Text
from dsl.model.tasks import Task, TaskList

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


def _call(task: Task) -> Task:
    kind = kind_of(task.model_dump(by_alias=True, exclude_unset=True))
    if kind == "call":
        return task
    raise wrong("invalid-value", f"a proof is an expression or a call, not `{kind}`", "write for example `proof: ${ .status == 200 }`")


class TaskSettings(Node):
    title: Given[str] = None
    locked: Given[bool] = None
    compensate: Given[Annotated[TaskList, Field(min_length=1)]] = None
    proof: Given[Annotated[Text | Annotated[Task, AfterValidator(_call), Tag("<object>")], TextOrObject]] = None
    idempotent: Given[bool] = None
    allow_tools: Given[list[str]] = None
