"""Definitions that acceptance tests write into files."""

from __future__ import annotations

import socket

HEAD = """\
document:
  dsl: 1.0.3
  namespace: acceptance
  name: orders
  version: 1.0.0
"""

HELLO = f"""{HEAD}do:
  - greet:
      set:
        greeting: ${{ "Hello " + .name }}
"""

WITH_A_TAB = f"{HEAD}do:\n  - greet:\n\t    set: {{a: 1}}\n"

UNKNOWN_TASK = f"{HEAD}do:\n  - greet:\n      sett:\n        a: 1\n"

THEN_TO_NOWHERE = f"{HEAD}do:\n  - greet:\n      set:\n        a: 1\n      then: shp\n  - ship:\n      set:\n        b: 2\n"

JQ_SYNTAX = f"{HEAD}do:\n  - greet:\n      set:\n        a: ${{ .name | }}\n"

ENDLESS_JQ = f"{HEAD}do:\n  - think:\n      set:\n        a: '${{ def f: f; f }}'\n"


def get(url: str) -> str:
    """Return a definition with one GET."""
    return f"{HEAD}do:\n  - fetch:\n      call: http\n      with:\n        method: get\n        endpoint: {url}\n"


def post(url: str) -> str:
    """Return a definition with one POST."""
    return f"{HEAD}do:\n  - report:\n      call: http\n      with:\n        method: post\n        endpoint: {url}\n        body: {{n: 1}}\n"


def ask_a_person() -> str:
    """Return a definition that waits for a decision."""
    return f"{HEAD}do:\n  - agree:\n      call: approve:1.0.0@default\n      with:\n        title: Ship it?\n"


def closed_port() -> int:
    """Return a port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
