"""AsyncAPI over NATS (extra `nats`): a channel is a subject, headers are the protocol's own; what nobody is listening to is gone.

A server tells its clients of others; none of them is ever connected to: only the address that was tested.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from graphs.run.asyncapi.broker import Outgoing, Target, extra
from graphs.run.asyncapi.messages import Incoming, written
from graphs.run.errors import WorkflowError
from graphs.run.http_values import header_text
from graphs.run.network import connected, connecting, limit_s, network, no_answer, reachable

_MOST_WAITING = 1000  # messages held here; then the oldest are lost, as NATS has it


class NatsBroker:
    async def publish(self, target: Target, message: Outgoing) -> None:
        headers = {str(name): header_text(value) for name, value in message.headers.items()}
        payload = written(message.payload)
        async with _connection(target) as connection:
            await connection.publish(target.address, payload, headers={"Content-Type": message.content_type, **headers})
            await connection.flush(timeout=int(limit_s(target.step)))

    @asynccontextmanager
    async def subscribe(self, target: Target, after: str) -> AsyncIterator[_Subject]:
        async with _connection(target) as connection:
            yield _Subject(target, await connection.subscribe(target.address, pending_msgs_limit=_MOST_WAITING))

    async def forget(self, target: Target) -> None:
        """Nothing outlives the connection."""


@dataclass(frozen=True, slots=True)
class _Subject:
    target: Target
    subscription: Any

    async def next(self) -> Incoming | None:
        message = await self.subscription.next_msg(timeout=None)
        headers = dict(message.headers or {})
        return Incoming(message.data, headers, str(headers.get("Content-Type", "")))

    async def settle(self, message: Incoming) -> None:
        """Core NATS knows of no receipts."""


@asynccontextmanager
async def _connection(target: Target) -> AsyncIterator[Any]:
    with extra("nats"):
        import nats.errors
        from nats.aio.client import Client

    server = target.server
    options: dict[str, Any] = {"tls": network(target.step).tls, "tls_hostname": server.host} if server.tls else {}
    options |= await _login(target)
    connection = Client()
    async with AsyncExitStack() as afterwards:
        async with connecting(target.step, server.where) as turn:
            address = await reachable(target.step, server.host, server.port)
            where = f"[{address}]" if ":" in address else address
            afterwards.push_async_callback(_close, connection)
            with _said(target):
                try:
                    await connection.connect(
                        f"nats://{where}:{server.port}",
                        allow_reconnect=False,
                        max_reconnect_attempts=1,  # else it tries for two minutes to make the first connection
                        reconnect_time_wait=0,
                        connect_timeout=int(min(limit_s(target.step), 30)),
                        error_cb=_nothing,
                        **options,
                    )
                except nats.errors.NoServersError:
                    (await connected(target.step, server.host, server.port)).close()  # says why, if it is the connection
                    raise
                except nats.errors.Error as error:
                    if "authorization" in str(error).lower():
                        turn.worked()  # it answered, if only to say no
                    raise
        with _said(target):
            yield connection


async def _close(connection: Any) -> None:
    import nats.errors

    with suppress(nats.errors.Error, OSError):
        await connection.close()


@contextmanager
def _said(target: Target) -> Iterator[None]:
    """Turn the library's errors into the workflow's."""
    import nats.errors

    try:
        yield
    except (nats.errors.Error, OSError) as error:
        reason = target.step.engine.redactor.text(str(error)).removeprefix("nats: ") or "the connection broke off"
        raise no_answer(target.server.where, reason) from error


async def _login(target: Target) -> dict[str, str]:
    if target.authentication is None:
        return {}
    if target.authentication.scheme == "Basic":
        values = await target.authentication.read(target.step)
        if not isinstance(values, dict) or not {"username", "password"} <= values.keys():
            raise WorkflowError.of("configuration", "the authentication needs a username and a password")
        target.step.engine.redactor.add(values["password"])
        return {"user": str(values["username"]), "password": str(values["password"])}
    return {"token": str((await target.authentication.resolve(target.step))["parameter"])}


async def _nothing(error: Exception) -> None:
    """The library would log it; whoever waits for an answer is told."""
