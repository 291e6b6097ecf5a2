"""What of an earlier run a new one begins with: the rows of its journal before a chosen task.

A prefix of a journal is what a process that was killed at that moment would have left behind, so every run can go on from one, as long as
one task came after the other. Inside a fork they do not: there a prefix would do other branches' effects again, and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.actions.errors import Conflict, NotFound
from app.store import blobs
from app.store import tables as t
from app.store.resealing import reseal
from app.store.vault import Vault
from graphs.run.compensation import BEGUN
from graphs.run.paths import ancestors, to_reference

TASK = re.compile(r"/\d+/[^/]+$")  # a path that names a task
AGAIN = re.compile(r"@\d+$")
COPIED = ("step", "retry", "event", "input", "compensate")  # intents, deadlines and what was used belong to the run they were made in
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Prefix:
    """The rows with a smaller `seq` than *before*; the task at *path* is done again."""

    path: str
    before: int | None  # None: all rows


async def find(session: AsyncSession, run: Row[Any], task: str) -> Prefix:
    """
    Return what comes before *task* in the journal of *run*.

    Raises:
        NotFound: it was never begun.
        Conflict: it was done several times, stands inside a fork, or what came before it was undone.
    """
    c = t.journal.c
    rows = (await session.execute(select(c.seq, c.path, c.kind, c.status).where(c.run_id == run.id).order_by(c.seq))).all()
    waits = (await session.execute(select(t.awaits.c.path).where(t.awaits.c.run_id == run.id))).scalars().all()
    path = _one(run, task, _executions([*(row.path for row in rows), *waits], task))
    if "/fork/branches/" in path:
        fork = path.partition("/fork/branches/")[0]
        raise Conflict(
            "A run cannot begin again inside a fork: its other branches would do again what they have done.", code="inside-fork",
            where=f"run {run.id}, {path}", next=f"Begin with the fork itself: --from {fork}",
        )  # fmt: skip
    before = min((row.seq for row in rows if _within(row.path, path)), default=None)
    undone = any(row.path == BEGUN for row in rows)
    if undone and any(row.kind == "compensate" and row.path != BEGUN and (before is None or row.seq < before) for row in rows):
        raise Conflict(
            "What came before this task was undone when the run failed.", code="compensated", where=f"run {run.id}, {path}",
            next=f"Run it again from the start: parley rerun {run.id}",
        )  # fmt: skip
    return Prefix(path, before)


def _executions(paths: Sequence[str], task: str) -> list[str]:
    """Return where *task*, a path, reference or name, was begun, in the order that happened."""
    found: dict[str, None] = {}
    looked: set[str] = set()
    for path in paths:
        for place in ancestors(AGAIN.sub("", path)):
            if place in looked:
                break
            looked.add(place)
            if "/compensate/" not in place and TASK.search(place) and task in (place, to_reference(place), _name(place)):
                found[place] = None
    return [task] if task in found else list(found)


def _name(path: str) -> str:
    return to_reference(path).rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def _one(run: Row[Any], task: str, found: Sequence[str]) -> str:
    if not found:
        raise NotFound("task", task) if not task.startswith("/") else Conflict(
            f"The run never came to {task}.", code="never-begun", where=f"run {run.id}",
            why="It can begin again with a task it had begun, as long as its journal is kept.", next=f"parley show {run.id} lists them",
        )  # fmt: skip
    if len(found) > 1:
        listed = ", ".join(found[:SHOWN]) + (" …" if len(found) > SHOWN else "")
        raise Conflict(
            f"{task} was begun {len(found)} times.", code="several-times", where=f"run {run.id}", why=f"These are {listed}.",
            next="Name one by its path.",
        )  # fmt: skip
    return found[0]


def _within(path: str, task: str) -> bool:
    return path == task or path.startswith((f"{task}/", f"{task}@"))


async def copy(session: AsyncSession, vault: Vault, run: Row[Any], id_: str, prefix: Prefix, data: Any, *, given: bool) -> None:
    """Copy the prefix of *run*'s journal to the new run *id_*; *data* is what its first task is given, when it is *given* at all."""
    c = t.journal.c
    names = [column.name for column in t.journal.columns if column.name not in ("run_id", "seq")]
    wanted = [c.run_id == run.id, c.kind.in_(COPIED), c.status != "cancelled", c.path != BEGUN]
    if prefix.before is not None:
        earlier = c.seq < prefix.before
        wanted.append(earlier if given else earlier | ((c.kind == "input") & (c.path == prefix.path)))
    rows = select(literal(id_), *(c[name] for name in names)).where(*wanted).order_by(c.seq)
    await session.execute(insert(t.journal).from_select(["run_id", *names], rows))
    await blobs.share(session, run.id, id_)
    await reseal(session, vault, run.tenant_id, run.id, id_)
    if given:
        aside = await blobs.add(session, id_, data)
        await session.execute(
            insert(t.journal).values(
                tenant_id=run.tenant_id, run_id=id_, path=prefix.path, attempt=1, kind="input", reference=to_reference(prefix.path),
                status="started", output=data if aside is None else aside, large=None if aside is None else ["output"],
                has_context=False, started_at=func.now(), mark="forced", sealed=False,
            )
        )  # fmt: skip
