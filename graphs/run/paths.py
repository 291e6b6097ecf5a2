"""Structural paths: the name of one execution of a task in a run.

A path is the task's reference (`/do/1/notify`) with three additions:

    for[12]   the body of a `for`, iteration 12, where the reference has `do`     /do/3/loop/for[12]/0/step
    #3        the third visit of a task, or the third attempt of a `try` body      /do/1/poll#3   /do/0/x/try#2/0/y
    foreach[3] what is done with the fourth event of a `listen`                   /do/0/hear/foreach[3]/0/note
    @2        the second wait or effect on the same path, after a person's retry   /do/1/decide@2

A child workflow's tasks follow `/workflow`: `/do/4/sub/workflow/do/0/z`; the task of a function that is called follows `/function`, those
of an extension `/extension/0/NAME/before`, what undoes a task `/compensate`; what proves it is at `/proof`, or
`/checked`. Names are escaped as in a JSON Pointer; `#`, `[` and `@`
in a name become `~2`, `~3` and `~4`, so that a path can be read back without the definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_MARKS = re.compile(r"(?:[#@]\d+)+$")
_ITERATION = re.compile(r"^(for|foreach)\[\d+\]$")
_EXTENSION = re.compile(r"^.*/extension/(\d+/[^/]*/(?:before|after)/)")
_SETTINGS = {"compensate": "metadata/parley/compensate", "proof": "metadata/parley/proof"}
# segments from a keyword to the next one, where they are not the keyword, a number and a name
_LENGTHS = {"catch": 4, "fork": 4, "foreach": 4, "function": 1, "extension": 6, "proof": 1, "checked": 1}


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
    extended = _EXTENSION.match(path)  # its tasks stand in `use`
    if extended:
        path = f"/use/extensions/{extended[1]}{path[extended.end() :]}"
    found, named = [], False  # whether this segment is a task's name
    for segment in path.split("/"):
        if named or not segment:
            found.append(_segment(segment))
            named = False
        else:
            named = segment.isdecimal()
            if segment != "function":
                found.append(_SETTINGS.get(_MARKS.sub("", segment)) or _segment(segment))
    return "/".join(found)


def _segment(segment: str) -> str:
    iteration = _ITERATION.match(segment)
    if iteration:
        return "do" if iteration[1] == "for" else "foreach/do"
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
        position += _LENGTHS.get(keyword, 3)
    return "".join(f"/{segment}" for segment in segments[:begin])
