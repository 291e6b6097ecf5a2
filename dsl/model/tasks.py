"""The task kinds. Which one a task is, is told by the key it holds; `later.py` names what is not supported yet.

A new kind: a class here, its key in `KINDS`, its tag in `Task`; then `checks/`, `effects.py`, `outline.py`, `picture/` and a file
in `tests/data/workflows/`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, RootModel, Tag

from dsl.later import KINDS, kind_of, later_task
from dsl.model.base import JSON, ExpressionText, Given, Node, TextOrObject, Uri
from dsl.model.shared import (
    Duration,
    Endpoint,
    ErrorFilter,
    ErrorOrName,
    EventProperties,
    EventStrategy,
    Input,
    Output,
    ReadAs,
    RetryOrName,
    TimeoutOrName,
)


class BaseTask(Node):
    if_: Given[str] = None
    input: Given[Input] = None
    output: Given[Output] = None
    export: Given[Output] = None
    timeout: Given[TimeoutOrName] = None
    then: Given[str] = None
    metadata: Given[dict[str, JSON]] = None


Named = Annotated[Annotated[ExpressionText, Tag("<text>")] | Annotated[dict[str, str], Tag("<object>")], TextOrObject]


class HttpArguments(Node):
    method: str
    endpoint: Endpoint
    headers: Given[Named] = None
    query: Given[Named] = None
    body: JSON = None
    output: Given[Literal["raw", "content", "response"]] = None
    redirect: bool = False


class CallHttp(BaseTask):
    call: Literal["http"]
    with_: HttpArguments


class CallFunction(BaseTask):
    """`call: NAME:VERSION@default`; the catalogue says what `with` must be."""

    call: str
    with_: Given[dict[str, JSON]] = None


class DoTask(BaseTask):
    do: TaskList


class EmittedProperties(EventProperties):
    """Of an event that is sent: it has at least a source and a type."""

    source: Uri
    type: str


class EventDefinition(Node):
    with_: EmittedProperties


class EmitEvent(Node):
    event: EventDefinition


class EmitTask(BaseTask):
    emit: EmitEvent


class ForEach(Node):
    in_: str
    each: str = "item"
    at: str = "index"


class ForTask(BaseTask):
    for_: ForEach
    while_: Given[str] = None
    do: TaskList


class Fork(Node):
    branches: TaskList
    compete: bool = False


class ForkTask(BaseTask):
    fork: Fork


class Listen(Node):
    to: EventStrategy
    read: ReadAs = "data"


class ListenTask(BaseTask):
    listen: Listen


class RaisedError(Node):
    error: ErrorOrName


class RaiseTask(BaseTask):
    raise_: RaisedError


class Subflow(Node):
    namespace: str
    name: str
    version: str
    input: Given[dict[str, JSON]] = None


class Run(Node):
    workflow: Subflow
    await_: bool = True
    return_: Given[Literal["stdout", "stderr", "code", "all", "none"]] = None


class RunTask(BaseTask):
    run: Run


class SetTask(BaseTask):
    set: Annotated[
        Annotated[str, Tag("<text>")] | Annotated[dict[str, JSON], Field(min_length=1), Tag("<object>")],
        TextOrObject,
    ]


class SwitchCase(Node):
    then: str
    when: Given[str] = None


class SwitchItem(RootModel[Annotated[dict[str, SwitchCase], Field(min_length=1, max_length=1)]]):
    model_config = ConfigDict(frozen=True, strict=True)

    @property
    def name(self) -> str:
        return next(iter(self.root))

    @property
    def case(self) -> SwitchCase:
        return next(iter(self.root.values()))


class SwitchTask(BaseTask):
    switch: Annotated[list[SwitchItem], Field(min_length=1)]


class CaughtErrors(Node):
    with_: Given[ErrorFilter] = None


class Catch(Node):
    errors: Given[CaughtErrors] = None
    as_: str = "error"
    when: Given[str] = None
    except_when: Given[str] = None
    retry: Given[RetryOrName] = None
    do: Given[TaskList] = None


class TryTask(BaseTask):
    try_: TaskList
    catch: Catch


class WaitTask(BaseTask):
    wait: Duration


class LaterTask(BaseTask):
    """A task of the standard that this version does not run; its own part is taken as it is."""

    model_config = ConfigDict(extra="allow")


def _tag(value: Any) -> str | None:
    if isinstance(value, BaseTask):  # asked when a tree is written back to plain data
        return _TAGS[type(value)]
    kind = kind_of(value)
    if kind is None:
        return None
    if later_task(value):
        return "<later>"
    return f"<{kind}-http>" if kind == "call" and value["call"] == "http" else f"<{kind}>"


_TAGS: dict[type[BaseTask], str] = {
    CallHttp: "<call-http>",
    CallFunction: "<call>",
    DoTask: "<do>",
    EmitTask: "<emit>",
    ForTask: "<for>",
    ForkTask: "<fork>",
    ListenTask: "<listen>",
    RaiseTask: "<raise>",
    RunTask: "<run>",
    SetTask: "<set>",
    SwitchTask: "<switch>",
    TryTask: "<try>",
    WaitTask: "<wait>",
    LaterTask: "<later>",
}

Task = Annotated[
    Annotated[CallHttp, Tag("<call-http>")]
    | Annotated[CallFunction, Tag("<call>")]
    | Annotated[DoTask, Tag("<do>")]
    | Annotated[EmitTask, Tag("<emit>")]
    | Annotated[ForTask, Tag("<for>")]
    | Annotated[ForkTask, Tag("<fork>")]
    | Annotated[ListenTask, Tag("<listen>")]
    | Annotated[RaiseTask, Tag("<raise>")]
    | Annotated[RunTask, Tag("<run>")]
    | Annotated[SetTask, Tag("<set>")]
    | Annotated[SwitchTask, Tag("<switch>")]
    | Annotated[TryTask, Tag("<try>")]
    | Annotated[WaitTask, Tag("<wait>")]
    | Annotated[LaterTask, Tag("<later>")],
    Discriminator(_tag, custom_error_type="no_task_kind", custom_error_message="no task kind"),
]


class TaskItem(RootModel[Annotated[dict[str, Task], Field(min_length=1, max_length=1)]]):
    """One entry of a task list: a name and its task."""

    model_config = ConfigDict(frozen=True, strict=True)

    @property
    def name(self) -> str:
        return next(iter(self.root))

    @property
    def task(self) -> Task:
        return next(iter(self.root.values()))


TaskList = list[TaskItem]

__all__ = ["KINDS", "Task", "TaskItem", "TaskList"]
