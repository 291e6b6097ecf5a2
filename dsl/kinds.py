"""The kinds of tasks, told apart by the key a task holds."""

from __future__ import annotations

from typing import Any, Final

# the key that makes a task; `do` last, because `for` has one too
KINDS: Final = ("call", "emit", "for", "fork", "listen", "raise", "run", "set", "switch", "try", "wait", "do")
# what `call` names besides functions
PROTOCOLS: Final = ("http", "grpc", "openapi", "asyncapi", "a2a", "mcp")
# what `run` starts
PROCESSES: Final = ("container", "script", "shell", "workflow")


def kind_of(task: Any) -> str | None:
    """Return the key that says what *task* is, None when there is none."""
    if isinstance(task, dict):
        for kind in KINDS:  # a loop: this is asked very often
            if kind in task:
                return kind
    return None
