"""The port every protocol fills. Kept here: HTTP, MQTT, WebSocket, and NATS as an extra. Others come with a package of their own.

Such a package names a class with the methods of `Broker` in the entry point group `parley.brokers`, under the protocol's name. It is
given the run's way out and has to use it: `graphs.run.network.connected` gives sockets to addresses that are allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol, cast

from graphs.run.asyncapi.messages import Incoming
from graphs.run.asyncapi.servers import Server
from graphs.run.authentication import Authentication
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON
from graphs.run.step import Step

GROUP = "parley.brokers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One operation at one server."""

    step: Step
    server: Server
    address: str  # of the channel
    bindings: Mapping[str, JSON] = field(default_factory=dict)  # of the operation, for this protocol
    authentication: Authentication | None = None

    @property
    def where(self) -> str:
        return f"{self.server.where}{self.server.path}/{self.address.lstrip('/')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    payload: JSON
    headers: Mapping[str, JSON]
    content_type: str


class Subscription(Protocol):
    async def next(self) -> Incoming | None:
        """Return the next message, None when no more will come. Raises WorkflowError."""

    async def settle(self, message: Incoming) -> None:
        """The journal has it: the broker may forget it. Raises WorkflowError."""


class Broker(Protocol):
    async def publish(self, target: Target, message: Outgoing) -> None:
        """Return when the broker has the message. Raises WorkflowError (communication, authorization, configuration)."""

    def subscribe(self, target: Target, after: str) -> AbstractAsyncContextManager[Subscription]:
        """Yield messages, those after the place *after* where the protocol knows places. Raises WorkflowError likewise."""

    async def forget(self, target: Target) -> None:
        """The subscription that an earlier process had is over: leave nothing of it behind. Raises nothing."""


def broker_for(protocol: str) -> Broker:
    """Return what speaks *protocol*. Raises WorkflowError (configuration) that says what is missing."""
    if protocol == "http":
        from graphs.run.asyncapi.over_http import HttpBroker

        return HttpBroker()
    if protocol == "mqtt":
        from graphs.run.asyncapi.over_mqtt import MqttBroker

        return MqttBroker()
    if protocol == "ws":
        from graphs.run.asyncapi.over_ws import WebSocketBroker

        return WebSocketBroker()
    if protocol == "nats":
        from graphs.run.asyncapi.over_nats import NatsBroker

        return NatsBroker()
    from importlib.metadata import entry_points

    for found in entry_points(group=GROUP, name=protocol):
        return cast(Broker, found.load()())
    raise WorkflowError.of(
        "configuration",
        f"nothing installed here speaks {protocol}: install a package that has '{protocol}' in the entry point group '{GROUP}'; "
        "http, mqtt, mqtt5 and ws need none, nats is an extra",
    )


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Import what an extra brings inside the `with`. Raises WorkflowError (configuration) that says how to install it."""
    try:
        yield
    except ImportError as error:
        words = f"the extra '{name}' is not installed here: pip install 'parley-workflows[{name}]'"
        raise WorkflowError.of("configuration", words) from error
