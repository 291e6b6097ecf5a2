"""The task kinds. Which one a task is, is told by the key it holds; which call, by the protocol behind `call`.

A new kind: a class here, its key in `KINDS`, its tag in `Task`; then `checks/`, `effects.py`, `outline.py`, `picture/` and a file
in `tests/data/workflows/`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, RootModel, Tag, model_validator

from dsl.kinds import KINDS, PROTOCOLS, kind_of
from dsl.model.base import JSON, ExpressionText, Given, Node, TextOrObject, Uri, exactly_one
from dsl.model.calls import (
    A2aArguments,
    AsyncApiConsumption,
    AsyncApiMessage,
    AsyncApiProtocol,
    AsyncApiServer,
    GrpcArguments,
    HttpArguments,
    McpArguments,
    OpenApiArguments,
)
from dsl.model.processes import Run
from dsl.model.shared import (
    Authentication,
    Duration,
    ErrorFilter,
    ErrorOrName,
    EventProperties,
    EventStrategy,
    ExternalResource,
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


class SubscriptionIterator(Node):
    """What is done with every event or message as it comes."""

    item: Given[str] = None
    at: Given[str] = None
    do: Given[TaskList] = None
    output: Given[Output] = None
    export: Given[Output] = None


class AsyncApiSubscription(Node):
    consume: AsyncApiConsumption
    filter: Given[ExpressionText] = None
    foreach: Given[SubscriptionIterator] = None


class AsyncApiArguments(Node):
    """An operation (or, for documents of AsyncAPI 2, a channel) and either the message to publish or the subscription."""

    document: ExternalResource
    channel: Given[str] = None
    operation: Given[str] = None
    server: Given[AsyncApiServer] = None
    protocol: Given[AsyncApiProtocol] = None
    message: Given[AsyncApiMessage] = None
    subscription: Given[AsyncApiSubscription] = None
    authentication: Given[Authentication] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        exactly_one(self, ("operation", "channel"), "invalid-call", "an AsyncAPI call names exactly one of operation, channel")
        exactly_one(self, ("message", "subscription"), "invalid-call", "an AsyncAPI call either publishes or subscribes")
        return self


class CallHttp(BaseTask):
    call: Literal["http"]
    with_: HttpArguments


class CallGrpc(BaseTask):
    call: Literal["grpc"]
    with_: GrpcArguments


class CallOpenApi(BaseTask):
    call: Literal["openapi"]
    with_: OpenApiArguments


class CallAsyncApi(BaseTask):
    call: Literal["asyncapi"]
    with_: AsyncApiArguments


class CallA2a(BaseTask):
    call: Literal["a2a"]
    with_: A2aArguments


class CallMcp(BaseTask):
    call: Literal["mcp"]
    with_: McpArguments


class CallFunction(BaseTask):
    """`call: NAME:VERSION@CATALOGUE`, or the name of a function in `use.functions`; the function says what `with` must be."""

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
    foreach: Given[SubscriptionIterator] = None


class RaisedError(Node):
    error: ErrorOrName


class RaiseTask(BaseTask):
    raise_: RaisedError


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


def _tag(value: Any) -> str | None:
    if isinstance(value, BaseTask):  # asked when a tree is written back to plain data
        return _TAGS[type(value)]
    kind = kind_of(value)
    if kind is None:
        return None
    called = value["call"] if kind == "call" else None
    return f"<call-{called}>" if isinstance(called, str) and called in PROTOCOLS else f"<{kind}>"


_TAGS: dict[type[BaseTask], str] = {
    CallHttp: "<call-http>",
    CallGrpc: "<call-grpc>",
    CallOpenApi: "<call-openapi>",
    CallAsyncApi: "<call-asyncapi>",
    CallA2a: "<call-a2a>",
    CallMcp: "<call-mcp>",
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
}


def is_a(kind: type[BaseTask], task: Any) -> bool:
    """Tell whether plain *task* says that it is of that *kind*, however wrong the rest of it may be."""
    return _TAGS.get(kind) == _tag(task)


Task = Annotated[
    Annotated[CallHttp, Tag("<call-http>")]
    | Annotated[CallGrpc, Tag("<call-grpc>")]
    | Annotated[CallOpenApi, Tag("<call-openapi>")]
    | Annotated[CallAsyncApi, Tag("<call-asyncapi>")]
    | Annotated[CallA2a, Tag("<call-a2a>")]
    | Annotated[CallMcp, Tag("<call-mcp>")]
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
    | Annotated[WaitTask, Tag("<wait>")],
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
