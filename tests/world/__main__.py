"""`python -m tests.world FILE [--port N]`: run a world for people; Ctrl-C ends it and prints the verdict."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from tests.world.errors import WorldError
from tests.world.world import World


def main(arguments: list[str] | None = None) -> int:
    """Return 0 when the world saw what it expected, 1 when not, 2 when it could not run."""
    parser = argparse.ArgumentParser(prog="python -m tests.world", description="Run a scripted world on 127.0.0.1.")
    parser.add_argument("file", help="the description, YAML")
    parser.add_argument("--port", type=int, default=None, help="default: the port the description names, else 8099; 0 is any")
    options = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        world = World.load(options.file)
        with world.thread(world.description.port if options.port is None else options.port) as base_url:
            print(f"{world.description.title or options.file} at {base_url} (Ctrl-C ends it; what it saw: {base_url}/__saw)", flush=True)
            ended.wait()
    except WorldError as exc:
        print(exc, file=sys.stderr)
        return 2
    return _report(world)


def _report(world: World) -> int:
    for request in world.saw():
        print(f"{request.order:3}  {request.answered:>16}  {request}")
    failures = world.verdict()
    print("\n".join(failures) or "The world saw what it expected.")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
