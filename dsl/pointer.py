"""JSON Pointers (RFC 6901): build, split, follow."""

from __future__ import annotations

from typing import Any, Final

MISSING: Final = object()


def escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1") if "~" in part or "/" in part else part


def join(pointer: str, *parts: str | int) -> str:
    """Return *pointer* with *parts* (unescaped) added: `join("/do/0", "a/b")` is `"/do/0/a~1b"`."""
    for part in parts:  # a loop: this is asked very often
        pointer += f"/{part}" if isinstance(part, int) else f"/{escape(part)}"
    return pointer


def split(pointer: str) -> list[str]:
    """Return the unescaped parts; the empty pointer has none."""
    parts = pointer.split("/")[1:]
    return [part.replace("~1", "/").replace("~0", "~") for part in parts] if "~" in pointer else parts


def parent(pointer: str) -> str:
    return pointer.rpartition("/")[0]


def last(pointer: str) -> str:
    """Return the unescaped last part, the task's name in a task's reference."""
    return pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def get(data: Any, pointer: str) -> Any:
    """Return what *pointer* names in *data*, or MISSING."""
    for part in split(pointer):
        if isinstance(data, dict):
            data = data.get(part, MISSING)
        elif isinstance(data, list) and part.isascii() and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        else:
            return MISSING
    return data
