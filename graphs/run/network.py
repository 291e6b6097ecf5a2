"""What leaves a run by another way than one HTTP request: streams, sockets, channels of protocol libraries.

The policy is that of `http.py`: a host is resolved once, all its addresses are tested, and the connection goes to a tested one.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

from graphs.run.errors import HttpFailed, WorkflowError
from graphs.run.hosts import OUT_OF_ORDER, Turn
from graphs.run.ports import HttpRequest, Network
from graphs.run.step import Place, Step

if TYPE_CHECKING:
    import httpx

    from graphs.run.authentication import Authentication

_UNTIL_THE_TASKS_OWN_S = 86400.0
_NO_ANSWER = "No answer"
_CONNECT_S = 5.0  # until the next address of a host that has several is tried


def network(place: Place) -> Network:
    """Return the run's way out. Raises WorkflowError (configuration) where a run has HTTP only, as in a simulation."""
    http = place.engine.deps.http
    if not isinstance(http, Network):
        raise WorkflowError.of("configuration", "this run may send HTTP requests only, and the call needs a connection of another kind")
    return http


def limit_s(step: Step) -> float:
    """Return the seconds one exchange may take: the operator's limit, a day when the task has a timeout of its own."""
    return step.engine.deps.limits.http_timeout_s if step.task.timeout is None else _UNTIL_THE_TASKS_OWN_S


def refused(error: HttpFailed) -> WorkflowError:
    """Return the workflow's error for a request or a connection that did not come about."""
    return WorkflowError.of("authorization" if error.kind == "blocked" else "communication", str(error), title=error.title)


def no_answer(where: str, reason: str) -> WorkflowError:
    """Return the error of a connection that failed: communication/500, as for HTTP."""
    return WorkflowError.of("communication", f"no answer from {where}: {reason}", title=f"{_NO_ANSWER}: {reason}")


def too_late(where: str, seconds: float) -> WorkflowError:
    """Return the error of an answer that did not come within the limit every call has."""
    return WorkflowError.of("communication", f"{where} did not answer within {seconds:g} s", title=f"{_NO_ANSWER} in time")


@asynccontextmanager
async def connecting(place: Place, where: str) -> AsyncIterator[Turn]:
    """
    Take the run's turn at the host *where* ("mqtt://broker.test:1883") while a connection to it is made.

    No answer counts against the host, as it does for requests, unless the turn was told otherwise; what comes over the connection later
    does not, for it may be kept for days.
    Raises WorkflowError (communication) at once while the host is left alone.
    """
    try:
        async with network(place).turn(where, place.engine.run_id) as turn:
            try:
                yield turn
            except WorkflowError as error:
                if turn.result is None and error.title.startswith(_NO_ANSWER):
                    turn.failed(error.title.removeprefix(f"{_NO_ANSWER}: "))
                elif error.status in OUT_OF_ORDER:
                    turn.failed(f"status {error.status}")
                raise
            if turn.result is None:
                turn.worked()
    except HttpFailed as error:
        raise refused(error) from error


async def addresses(place: Place, host: str, port: int) -> Sequence[str]:
    """Return the addresses of *host* that may be connected to. Raises WorkflowError (authorization, communication)."""
    try:
        return await network(place).addresses(host, port)
    except HttpFailed as error:
        raise refused(error) from error
    except ValueError as error:  # a zero byte, a label that is too long
        raise no_answer(f"{host}:{port}", "that is no host name") from error


async def connected(place: Place, host: str, port: int) -> socket.socket:
    """Return a socket that is connected to *host*; the caller closes it. Raises WorkflowError (authorization, communication)."""
    found = await addresses(place, host, port)
    reason = "no connection"
    for position, address in enumerate(found):
        opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        opened.setblocking(False)
        try:
            async with asyncio.timeout(_CONNECT_S if position < len(found) - 1 else None):
                await asyncio.get_running_loop().sock_connect(opened, (address, port))
        except OSError as error:  # TimeoutError is one
            opened.close()
            reason = os.strerror(error.errno).lower() if error.errno else "no connection"
        except BaseException:  # cancelled, above all: it goes on, and nobody else closes the socket
            opened.close()
            raise
        else:
            return opened
    raise no_answer(f"{host}:{port}", reason)


async def reachable(place: Place, host: str, port: int) -> str:
    """Return the address of *host* to connect to: of several the first that answers. Raises WorkflowError likewise."""
    found = await addresses(place, host, port)
    if len(found) == 1:
        return found[0]
    opened = await connected(place, host, port)
    try:
        return str(opened.getpeername()[0])
    finally:
        opened.close()


async def credentials(place: Place, authentication: Authentication | None) -> Mapping[str, str]:
    """
    Return the header for protocols that send it once, with the connection: `{"Authorization": "Bearer …"}`, or nothing.

    Raises WorkflowError (authorization, configuration): also for a scheme that answers a question of the server, as digest does.
    """
    if authentication is None:
        return {}
    shown = await authentication.resolve(place)
    if isinstance(place, Step):
        place.authorization = shown
    header = f"{shown['scheme']} {shown['parameter']}"
    if not (header.isascii() and header.isprintable()):
        raise WorkflowError.of("configuration", "the credentials hold characters that cannot be sent")
    return {"Authorization": header}


@asynccontextmanager
async def streaming(place: Place, request: HttpRequest) -> AsyncIterator[httpx.Response]:
    """
    Yield the answer to *request* with its body still to come; redirects are not followed.

    Raises WorkflowError (communication, authorization), also when the answer breaks off inside the block.
    """
    import httpcore
    import httpx

    from graphs.run.http import origin
    from graphs.run.http_failures import failed

    try:
        failures = (httpx.InvalidURL, httpx.HTTPError, UnicodeError, OSError, httpcore.NetworkError, httpcore.ProtocolError)
        async with network(place).client() as client:
            out = client.build_request(request.method, request.url, headers=dict(request.headers), content=request.body)
            async with connecting(place, origin(out.url)) as turn:
                try:
                    response = await client.send(out, stream=True)
                except failures as error:
                    raise refused(failed(request, error)) from error
                if response.status_code in OUT_OF_ORDER:
                    turn.failed(f"status {response.status_code}")
            async with aclosing(response):
                _refuse_packed(response)
                yield response
    except HttpFailed as error:
        raise refused(error) from error
    except failures as error:
        raise refused(failed(request, error)) from error


def _refuse_packed(response: httpx.Response) -> None:
    """Raise HttpFailed for a packed body: what it unpacks to is known only afterwards, and none was asked for."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise HttpFailed(f"{response.url} answered with a packed stream, which was not asked for", "protocol", "Unreadable answer")
