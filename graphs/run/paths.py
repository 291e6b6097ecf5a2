"""Structural paths: the name of one execution of a task in a run.

A path is the task's reference (`/do/1/notify`) with three additions:

    for[12]   the body of a `for`, iteration 12, where the reference has `do`     /do/3/loop/for[12]/0/step
    #3        the third visit of a task, or the third attempt of a `try` body      /do/1/poll#3   /do/0/x/try#2/0/y
    @2        the second wait or effect on the same path, after a person's retry   /do/1/decide@2

A child workflow's tasks follow `/workflow`: `/do/4/sub/workflow/do/0/z`. Names are escaped as in a JSON Pointer; `#`, `[` and `@`
in a name become `~2`, `~3` and `~4`, so that a path can be read back without the definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_MARKS = re.compile(r"(?:[#@]\d+)+$")
_ITERATION = re.compile(r"^for\[\d+\]$")
_TWO_PART_SCOPES = ("catch", "fork", "foreach")  # their list of tasks sits one key deeper


def escape(name: str) -> str:
    """Return *name* as one segment of a path."""
    if name.isalnum():
        return name
    for character, code in (("~", "~0"), ("/", "~1"), ("#", "~2"), ("[", "~3"), ("@", "~4")):
        name = name.replace(character, code)
    return name


def child(scope: str, index: int, segment: str, visit: int) -> str:
    """Return the path of the *visit*-th execution (from 1) of the task at *index* of a scope; *segment* is its escaped name."""
    mark = f"#{visit}" if visit > 1 else ""
    return f"{scope}/{index}/{segment}{mark}"


def again(path: str, count: int) -> str:
    """Return the path of the *count*-th wait or effect (from 1) at *path*."""
    return path if count == 1 else f"{path}@{count}"


def to_reference(path: str) -> str:
    """Return the JSON Pointer of the task (or of the part of it) that *path* executes."""
    return "/".join(_segment(segment) for segment in path.split("/"))


def _segment(segment: str) -> str:
    if _ITERATION.match(segment):
        return "do"
    plain = _MARKS.sub("", segment)
    return plain.replace("~2", "#").replace("~3", "[").replace("~4", "@") if "~" in plain else plain


def ancestors(path: str) -> Iterator[str]:
    """Yield *path* itself, then every path above it, the nearest first; `""` is not among them."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def workflow_of(path: str) -> str:
    """Return where the workflow that *path* belongs to begins: `""` for the run's own, `/do/4/sub/workflow` for a child."""
    segments = path.split("/")[1:]
    position, begin = 0, 0
    while position < len(segments):
        keyword = segments[position]
        if keyword == "workflow":
            position += 1
            begin = position
            continue
        position += 4 if keyword in _TWO_PART_SCOPES else 3
    return "".join(f"/{segment}" for segment in segments[:begin])
