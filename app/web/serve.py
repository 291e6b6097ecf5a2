"""Run the web process with uvicorn: one worker, for a chat's socket lives in the memory of one process."""

from __future__ import annotations

import errno
import socket
import sys

from app.settings import Settings

SOCKET_MAX_BYTES = 1_048_576
GRACE_S = 3
LOCAL = ("127.0.0.1", "0.0.0.0", "::", "::1")  # noqa: S104 - compared, not listened on


class PortTaken(OSError):
    """Another program listens on the port; the text says which and what to do."""


def serve(settings: Settings) -> None:
    """
    Serve until SIGTERM or Ctrl-C; the address is printed when the first request can come.

    Raises:
        PortTaken: another program has the port.
    """
    listening = listen(settings.host, settings.port)
    import uvicorn

    from app.web.server import create_app

    config = uvicorn.Config(
        create_app(settings),
        loop="asyncio",
        ws_max_size=SOCKET_MAX_BYTES,
        log_level="warning",
        access_log=False,
        proxy_headers=True,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
    )
    address = f"http://{'localhost' if settings.host in LOCAL else settings.host}:{listening.getsockname()[1]}"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(address, flush=True)  # noqa: T201 - whoever started it reads this

    Server(config).run(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; binding before the slow imports tells a taken port at once. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as exc:
        found.close()
        if exc.errno == errno.EADDRINUSE:
            words = f"port {port} is taken by another program. Choose another one: PORT={port + 1}"
            raise PortTaken(exc.errno, words) from exc
        raise
    found.listen(2048)
    found.set_inheritable(True)
    return found
