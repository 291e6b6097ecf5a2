"""A loopback server that has effects: it notes every request with its run, step, item and key, who sent it, and whether it was performed.

As with real servers a request takes a moment before and a moment after it is performed, so that a kill strikes on either side; one whose
sender is gone before is not performed, nor is one with the `Idempotency-Key` of something that was. The first requests of a `flaky` step
are refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

from tests.chaos.history import Effect, Place
from tests.chaos.mixes import ONCE

REFUSALS = 2  # of each run's `flaky`
ANSWER_N = 3


class EffectServer:
    def __init__(self, seed: int, *, longest_s: float = 0.12) -> None:
        self.url = ""
        self.workers: dict[int, str] = {}  # process id -> name, kept by who starts them
        self._effects: dict[str, list[Effect]] = defaultdict(list)
        self._performed: set[str] = set()  # keys
        self._refused: Counter[str] = Counter()
        self._at_work: Counter[tuple[str, Place]] = Counter()
        self._random = random.Random(seed)
        self._longest_s = longest_s
        self._lock = threading.Lock()

    def effects(self, run: str) -> list[Effect]:
        with self._lock:
            return list(self._effects.get(run, ()))

    def total(self) -> int:
        with self._lock:
            return sum(map(len, self._effects.values()))

    def happened(self, run: str, place: Place) -> bool | None:
        """Return whether the effect was performed; None while that is being decided."""
        with self._lock:
            if self._at_work[run, place]:
                return None
            return any(effect.performed for effect in self._effects.get(run, ()) if effect.place == place)

    @contextmanager
    def serving(self) -> Iterator[EffectServer]:
        """Serve in a thread of its own, so that nobody's event loop holds an answer up."""
        ready, stop = threading.Event(), threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready, stop)), name="effects", daemon=True)
        thread.start()
        assert ready.wait(10)
        try:
            yield self
        finally:
            stop.set()
            thread.join(10)

    async def _serve(self, ready: threading.Event, stop: threading.Event) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=512)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await asyncio.to_thread(stop.wait)
        server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = asyncio.create_task(asyncio.to_thread(self._sender, writer.get_extra_info("peername")[1]))
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
                await reader.readexactly(int(headers.get("content-length", 0)))
                at, query = time.time(), parse_qs(head[0].split(" ")[1].partition("?")[2])
                status = await self._perform(reader, at, query, headers.get("idempotency-key", ""), sender)
                body = json.dumps({"n": ANSWER_N}).encode()
                lines = f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(lines.encode() + body)
                await writer.drain()
        writer.close()

    async def _perform(
        self, reader: asyncio.StreamReader, at: float, query: dict[str, list[str]], key: str, sender: asyncio.Task[str]
    ) -> int:
        run, place = query["run"][0], (query["step"][0], query.get("item", [""])[0])
        with self._lock:
            self._at_work[run, place] += 1
        await asyncio.sleep(self._random.uniform(0, self._longest_s))
        refused = place[0] == "flaky" and self._refused[run] < REFUSALS
        self._refused[run] += refused
        worker = await sender
        recognised = bool(key) and key in self._performed
        performed = not refused and not recognised and not reader.at_eof()
        if performed:
            self._performed.add(key)
        with self._lock:
            self._effects[run].append(
                Effect(at=at, place=place, once=place[0] in ONCE, performed=performed, recognised=recognised, key=key, worker=worker)
            )
            self._at_work[run, place] -= 1
        await asyncio.sleep(self._random.uniform(0, self._longest_s))
        return 500 if refused else 200

    def _sender(self, port: int) -> str:
        """Return the worker that has the other end of a connection, as the kernel tells; "" when nobody of ours has it (any more)."""
        inode = next((line.split()[9] for line in _sockets() if int(line.split()[1].rpartition(":")[2], 16) == port), "")
        for pid, name in list(self.workers.items()):
            with contextlib.suppress(OSError):
                for number in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
                    with contextlib.suppress(OSError):
                        if os.readlink(f"/proc/{pid}/fd/{number}") == f"socket:[{inode}]":  # noqa: PTH115
                            return name
        return ""


def _sockets() -> list[str]:
    table = Path("/proc/net/tcp")  # Linux; elsewhere nobody knows
    return table.read_text("ascii").splitlines()[1:] if table.exists() else []
