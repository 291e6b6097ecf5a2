"""What `with` of a call holds, a class for each protocol but AsyncAPI, whose subscriptions hold tasks (`tasks.py`)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, Tag, model_validator

from dsl.model.base import JSON, ExpressionText, Given, HostName, Node, TextOrObject, exactly_one
from dsl.model.shared import Authentication, Duration, Endpoint, ExternalResource, Text

Named = Annotated[Annotated[ExpressionText, Tag("<text>")] | Annotated[dict[str, str], Tag("<object>")], TextOrObject]
HttpOutput = Literal["raw", "content", "response"]


class HttpArguments(Node):
    method: str
    endpoint: Endpoint
    headers: Given[Named] = None
    query: Given[Named] = None
    body: JSON = None
    output: Given[HttpOutput] = None
    redirect: bool = False


class GrpcService(Node):
    name: str
    host: HostName
    port: Given[Annotated[int, Field(ge=0, le=65535)]] = None
    authentication: Given[Authentication] = None


class GrpcArguments(Node):
    proto: ExternalResource
    service: GrpcService
    method: str
    arguments: Given[dict[str, JSON]] = None


class OpenApiArguments(Node):
    document: ExternalResource
    operation_id: str
    parameters: Given[dict[str, JSON]] = None
    authentication: Given[Authentication] = None
    output: Given[HttpOutput] = None
    redirect: bool = False


A2aMethod = Literal[
    "message/send",
    "message/stream",
    "tasks/get",
    "tasks/list",
    "tasks/cancel",
    "tasks/resubscribe",
    "tasks/pushNotificationConfig/set",
    "tasks/pushNotificationConfig/get",
    "tasks/pushNotificationConfig/list",
    "tasks/pushNotificationConfig/delete",
    "agent/getAuthenticatedExtendedCard",
]


class A2aArguments(Node):
    method: A2aMethod
    agent_card: Given[ExternalResource] = None
    server: Given[Endpoint] = None
    parameters: Given[Annotated[Text | Annotated[dict[str, JSON], Field(min_length=1), Tag("<object>")], TextOrObject]] = None


McpMethod = Literal[
    "tools/list", "tools/call", "prompts/list", "prompts/get", "resources/list", "resources/read", "resources/templates/list"
]


class McpHttp(Node):
    endpoint: Endpoint
    headers: Given[dict[str, str]] = None


class McpStdio(Node):
    command: str
    arguments: Given[list[str]] = None
    environment: Given[dict[str, str]] = None


class McpTransport(Node):
    http: Given[McpHttp] = None
    stdio: Given[McpStdio] = None
    options: Given[dict[str, str]] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, ("http", "stdio"), "invalid-call", "an MCP server is reached in exactly one way")
        return self


class McpClient(Node):
    """Who calls. `version` is any value: the official schema requires it and forgot its type."""

    name: str
    version: JSON
    description: Given[str] = None


class McpArguments(Node):
    method: McpMethod
    transport: McpTransport
    protocol_version: Given[str] = None
    parameters: Given[Annotated[Text | Annotated[dict[str, JSON], Tag("<object>")], TextOrObject]] = None
    timeout: Given[Duration] = None
    client: Given[McpClient] = None


class AsyncApiServer(Node):
    name: str
    variables: Given[dict[str, JSON]] = None


class AsyncApiMessage(Node):
    payload: Given[dict[str, JSON]] = None
    headers: Given[dict[str, JSON]] = None


class AsyncApiConsumption(Node):
    """When enough messages came: after an amount, while or until an expression holds; `for` at most so long."""

    amount: Given[int] = None
    while_: Given[ExpressionText] = None
    until: Given[ExpressionText] = None
    for_: Given[Duration] = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self, ("amount", "while_", "until"), "invalid-call", "exactly one of amount, while, until says when it is enough")
        return self


AsyncApiProtocol = Literal[
    "amqp",
    "amqp1",
    "anypointmq",
    "googlepubsub",
    "http",
    "ibmmq",
    "jms",
    "kafka",
    "mercure",
    "mqtt",
    "mqtt5",
    "nats",
    "pulsar",
    "redis",
    "sns",
    "solace",
    "sqs",
    "stomp",
    "ws",
]
