"""`parley up`, and its parts for many machines: `parley serve` and `parley worker`."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.options import Json
from app.cli.output import Output, write_json

if TYPE_CHECKING:
    from app.settings import Settings

Supervised = Annotated[
    bool, typer.Option("--supervised", hidden=True, help="Stop when stdin closes: the process that started us has gone.")
]


def register(app: typer.Typer) -> None:
    for command in (up, serve, worker):
        app.command()(command)


def up(as_json: Json = False) -> int:
    """Start everything on this machine and print the address; Ctrl-C stops it."""
    from app.cli.up import up as start
    from app.settings import Settings

    output = Output(as_json=as_json)

    def ready(address: str) -> None:
        if as_json:
            write_json({"url": address, "home": str(settings.home_path)})
        else:
            output.out.print("Ready. Open this address in a browser; Ctrl-C here stops everything.")
            output.out.print(address, style="bold")  # a line of its own: scripts wait for it

    settings = Settings()
    return start(settings, say=lambda text: output.err.print(text) if as_json else output.out.print(text), ready=ready)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (PARLEY_HOST).", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on (PORT).", show_default=False)] = None,
    supervised: Supervised = False,
) -> int:
    """Run the web process alone: the chat and the HTTP API."""
    import asyncio

    from app.cli.firstlogin import first_admin
    from app.settings import Settings
    from app.web.serve import serve as run

    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = Settings(**given)  # type: ignore[arg-type]  # checked by the settings themselves
    if supervised:
        _stop_with_parent()
    else:
        asyncio.run(first_admin(settings, Output(as_json=False).err.print))
    run(settings)
    return 0


def worker(supervised: Supervised = False) -> int:
    """Run a worker alone: it advances runs; start as many as you like, on as many machines."""
    import asyncio

    from app.settings import Settings

    if supervised:
        _stop_with_parent()
    asyncio.run(_work(Settings()))
    return 0


async def _work(settings: Settings) -> None:
    """Work until SIGTERM or Ctrl-C, then let the steps in hand end."""
    import asyncio

    from app.container import Container
    from app.worker import work

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Container.open(settings, role="worker") as container:
        await work(container, concurrency=settings.worker_concurrency, stop=stop)


def _stop_with_parent() -> None:
    """Send ourselves SIGTERM when stdin closes. A thread of its own: it must work however busy the event loop is."""

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
