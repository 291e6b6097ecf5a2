"""`parley up`: the database, the web process and a worker on one machine, watched over by this process.

Web and worker are children, so that a crash of one does not take the other. Ready means that `/api/health` answers; only then is the
address printed. Ctrl-C, SIGTERM and a closed terminal stop all of them in under ten seconds.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from app.cli.checks import port_is_free
from app.cli.children import Child, parley, stop_all
from app.cli.failures import CHECK_FAILED, CommandFailed
from app.cli.firstlogin import first_admin
from app.cli.uplock import STARTING, UpLock, holder

if TYPE_CHECKING:
    from app.container import Prepared
    from app.settings import Settings

READY_WITHIN_S = 60.0
GRACE_S = 7.0  # for web and worker; with the database's own stop everything stays below ten seconds
LOOK_AT_DATABASE_S = 1.0
WORKER_GRACE_S = 5.0  # what the worker gives its steps

Say = Callable[[str], None]


def up(settings: Settings, *, say: Say, ready: Callable[[str], None]) -> int:
    """
    Start everything, call *ready* with the address once it answers, and return 0 when stopped by a signal.

    Raises:
        CommandFailed: another `parley up` uses this home, the port is taken, or the web process does not come up.
    """
    with _locked(settings) as lock:
        port = _port(settings)
        return asyncio.run(_up(settings, port, lock, say, ready))


async def _up(settings: Settings, port: int, lock: UpLock, say: Say, ready: Callable[[str], None]) -> int:
    from app.container import prepare

    stopping = asyncio.Event()
    _on_signals(stopping)
    async with _supervised(_children(settings, port, say)) as (web, worker):
        if settings.database_url is None and (settings.home_path / "db" / "PG_VERSION").exists():
            web.start()  # its imports take as long as everything else; the first time the database is made before anybody looks at it
        prepared = await prepare(settings, say=say)
        try:
            await first_admin(settings, say, prepared=prepared)
            web.start()
            worker.start()
            async with _kept(prepared, say):
                if await _answers(settings, port, web, stopping):
                    address = address_of(settings, port)
                    lock.tell(address)
                    ready(address)
                    await stopping.wait()
                say("Stopping …")
                await stop_all((web, worker), grace_s=GRACE_S)
        finally:
            await asyncio.to_thread(prepared.close)
    say("Stopped.")
    return 0


@asynccontextmanager
async def _supervised(children: tuple[Child, Child]) -> AsyncIterator[tuple[Child, Child]]:
    """Stop the children at the end, whatever happened."""
    try:
        yield children
    finally:
        await stop_all(children, grace_s=GRACE_S)


@asynccontextmanager
async def _kept(prepared: Prepared, say: Say) -> AsyncIterator[None]:
    """Keep the embedded server running while the body does."""
    keeping = asyncio.create_task(_keep_database(prepared, say), name="database")
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


def _children(settings: Settings, port: int, say: Say) -> tuple[Child, Child]:
    logs = settings.home_path / "logs"
    logs.mkdir(exist_ok=True)
    grace = {"PARLEY_STOP_GRACE_S": str(min(settings.stop_grace_s, WORKER_GRACE_S))}
    return (
        Child("web", parley("serve", "--supervised", "--port", str(port)), logs=logs, say=say),
        Child("worker", parley("worker", "--supervised"), logs=logs, say=say, environment=grace),
    )


async def _keep_database(prepared: Prepared, say: Say) -> None:
    """Start the embedded server again when it died under us; web and worker wait for it meanwhile. A server of others is theirs to keep."""
    from app.store.errors import NoEmbeddedServer

    server = prepared.server
    while server is not None:
        await asyncio.sleep(LOOK_AT_DATABASE_S)
        if await asyncio.to_thread(lambda: server.pid) is not None:
            continue
        say("The database stopped unexpectedly; starting it again.")
        try:
            await asyncio.to_thread(server.restart)
        except NoEmbeddedServer as error:
            say(f"The database did not start, trying again: {error}")


async def _answers(settings: Settings, port: int, web: Child, stopping: asyncio.Event) -> bool:
    """Wait until the web process answers; False when we were stopped meanwhile. Raises CommandFailed when it does not come up."""
    host = _local(settings.host)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/api/health"
    give_up = time.monotonic() + READY_WITHIN_S
    while not stopping.is_set():
        if await asyncio.to_thread(_healthy, url):
            return True
        if web.starts > 2 or time.monotonic() > give_up:
            raise CommandFailed(
                "the web process does not come up",
                where=str(web.log),
                why=web.last_words() or f"no answer at {url} within {READY_WITHIN_S:.0f} s",
                next_step="parley doctor",
                code="web-not-ready",
                exit_code=CHECK_FAILED,
            )
        await asyncio.sleep(0.1)
    return False


def _healthy(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _on_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)


@contextmanager
def _locked(settings: Settings) -> Iterator[UpLock]:
    from app.settings import open_home

    home = open_home(settings)
    lock = UpLock(home)
    if not lock.take():
        raise CommandFailed(
            "Parley is already running on this folder",
            where=str(home),
            why=_state(holder(home)),
            next_step="use that one, stop it with Ctrl-C, or start another: PARLEY_HOME=/another/folder PORT=8001 make up",
            code="already-running",
            exit_code=CHECK_FAILED,
        )
    try:
        yield lock
    finally:
        lock.release()


def _state(told: str | None) -> str:
    """Return in words what the holder of the lock told."""
    return "it is just starting" if told in (None, STARTING) else f"it answers at {told}"


def _port(settings: Settings) -> int:
    """Return the port to use: the one asked for, or a free one for 0. Raises CommandFailed when it is taken."""
    if settings.port == 0:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])
    if not port_is_free(settings.host, settings.port):
        raise CommandFailed(
            f"port {settings.port} is taken by another program",
            where=f"{settings.host}:{settings.port}",
            next_step=f"choose another: PORT={settings.port + 1} make up (or PORT={settings.port + 1} parley up)",
            code="port-taken",
            exit_code=CHECK_FAILED,
        )
    return settings.port


def _local(host: str) -> str:
    """Return how this machine reaches a server that listens on *host*."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound


def address_of(settings: Settings, port: int) -> str:
    """Return the address a person opens."""
    if settings.public_url:
        return settings.public_url
    host = "localhost" if _local(settings.host) in ("127.0.0.1", "::1", "localhost") else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
