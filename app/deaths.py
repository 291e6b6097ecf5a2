"""Runs over which workers die: too much memory, a fault below Python, a machine that goes.

Whoever takes a run over is told how often that has happened in a row without a new row in the run's journal (`parley.claim_run`) and
without the run having come to a rest. A worker
that dies takes all its runs with it, and most of them are innocent. So from the second time on a run is a suspect until it gets further,
and no worker tries two suspects at once: only the guilty one is counted on, and after `PARLEY_DEATHS` it is put aside (`stuck`) until a
person retries it.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from app.store.database import to_text
from app.store.lanes import admit_after
from app.store.patience import patiently
from app.store.queries import query
from app.store.runs import Lease
from app.store.store import Store
from graphs.run.errors import LeaseLost, WorkflowError

log = structlog.get_logger("parley.run")
SUSPECT = 2
STEP_BACK_S = 1.0


def suspect(lease: Lease) -> bool:
    return lease.deaths >= SUSPECT


async def set_apart(store: Store, lease: Lease, others: Iterable[Lease], *, most: int) -> str:
    """
    Return "" when the run may be advanced; else what became of it: put aside ("stuck"), or "waiting" until *others* have been tried.

    Args:
        others: What else this process has in hand that has not got any further yet.
        most: Deaths in a row after which a run is put aside.

    Raises:
        LeaseLost, StoreUnavailable: give the run up.
    """
    if lease.deaths >= most:
        return await _put_aside(store, lease)
    if suspect(lease) and any(suspect(other) for other in others):
        await _step_back(store, lease)
        return "waiting"
    return ""


async def _put_aside(store: Store, lease: Lease) -> str:
    log.error("A run is put aside: worker after worker died over it", run=lease.run_id, deaths=lease.deaths)
    detail = f"{lease.deaths} workers in a row died while they worked on this run, and it got no further meanwhile"
    error = to_text(WorkflowError.of("runtime", detail, title="Worker Died").to_json())

    async def note() -> None:
        async with store.database.quick(lease.tenant) as connection:
            row = await (await connection.execute(query("control", "died"), {**_mine(lease), "error": error})).fetchone()
            _must_be_ours(row, lease)
            await connection.execute(query("runs", "end-live"), {"runs": [lease.run_id]})
            await admit_after(connection, [lease.run_id], store.queue.asking)

    await patiently(note, patience_s=store.settings.store_patience_s)
    return "stuck"


async def _step_back(store: Store, lease: Lease) -> None:
    async def note() -> None:
        async with store.database.quick(lease.tenant) as connection:
            row = await (await connection.execute(query("control", "step-back"), {**_mine(lease), "pause_s": STEP_BACK_S})).fetchone()
            _must_be_ours(row, lease)

    await patiently(note, patience_s=store.settings.store_patience_s)


def _must_be_ours(row: object | None, lease: Lease) -> None:
    if row is None:
        raise LeaseLost(f"run {lease.run_id} has a new owner")


def _mine(lease: Lease) -> dict[str, object]:
    return {"run": lease.run_id, "epoch": lease.epoch}
