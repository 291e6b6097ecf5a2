"""The port `Journal` on PostgreSQL: rows of all runs of the process in one insert a flush, refused when the run has a new owner."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.store import blobs
from app.store.arrays import array
from app.store.blobs import LARGE, Blob
from app.store.database import AsyncConnection, Database, to_text
from app.store.patience import patiently
from app.store.queries import query
from app.store.vault import Vault
from app.store.writer import GroupWriter, Item, Kind
from graphs.run.errors import LeaseLost, StoreUnavailable
from graphs.run.ports import Row
from graphs.run.redaction import Redactor

COLUMNS = (
    "path", "attempt", "kind", "reference", "status", "output", "context", "has_context", "goto", "error", "started_at", "ended_at",
    "mark", "sealed", "large",
)  # fmt: skip
VALUES = ("output", "context", "error")

LOAD = query("journal", "load")
PAGE = 200  # rows that are read in one go
BREATH_S = 0.01  # of decoding, then others have their turn


class Resting(StoreUnavailable):
    """The worker stops; everything written is durable, and another worker goes on from here."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row on its way: the journal it belongs to and its values in the order of COLUMNS."""

    journal: RunJournal
    values: tuple[Any, ...]


class RunJournal:
    """The rows of one run under one epoch."""

    def __init__(self, database: Database, writer: GroupWriter, tenant: str, run_id: str, epoch: int, *, vault: Vault) -> None:
        self._database = database
        self._writer = writer
        self._tenant = tenant
        self._vault = vault
        self.run_id = run_id
        self.epoch = epoch
        self.lost = False
        self.new = False  # nothing is stored of the run: it need not be looked up
        self.resting = False  # the worker stops: the run is to rest before its next effect
        self._written = 0  # rows queued so far
        self._durable = 0  # of them
        self._failure: BaseException | None = None  # a row could not be stored: nothing may build on this journal any more
        self._secrets = Redactor()
        self._has_secrets = False

    def guard(self, secret: Any) -> None:
        """Seal every row from now on that holds the value of *secret*."""
        self._secrets.add(secret)
        self._has_secrets = True

    @property
    def further(self) -> bool:
        """Whether a row was stored: the run has got further."""
        return self._durable > 0

    @property
    def has_secrets(self) -> bool:
        """Whether the run has read a secret."""
        return self._has_secrets

    def redacted(self, value: Any) -> Any:
        """Return *value* without the values of the secrets the run has read."""
        return self._secrets.value(value)

    async def load(self) -> Sequence[Row]:
        """Return every row, oldest first. However many there are and however large, others have their turn in between."""
        if self.new:
            return []

        async def first() -> tuple[list[tuple[Any, ...]], dict[str, str]]:
            async with self._database.glance(self._tenant) as connection:
                found = await (await connection.execute(f"{LOAD} LIMIT {PAGE + 1}", {"run": self.run_id})).fetchall()
                return found, await self._large(connection, found) if len(found) <= PAGE else {}

        found, large = await patiently(first, patience_s=self._writer.patience_s)
        if len(found) > PAGE:
            return await patiently(self._stream, patience_s=self._writer.patience_s)
        rows: list[Row] = []
        await self._decode(found, large, rows)
        return rows

    async def _stream(self) -> list[Row]:
        """Read through a cursor on the server."""
        rows: list[Row] = []
        async with self._database.transaction(self._tenant) as connection, connection.cursor("journal") as cursor:
            await cursor.execute(LOAD, {"run": self.run_id})
            while portion := await cursor.fetchmany(PAGE):
                await self._decode(portion, await self._large(connection, portion), rows)
        return rows

    async def _large(self, connection: AsyncConnection, portion: Sequence[tuple[Any, ...]]) -> dict[str, str]:
        """Return the values of *portion* that are not in its rows, by their digests."""
        texts = [values[COLUMNS.index(name)] for values in portion if values[-1] for name in values[-1]]
        return await blobs.fetch(connection, self.run_id, [json.loads(text)["blob"] for text in texts]) if texts else {}

    async def _decode(self, portion: Sequence[tuple[Any, ...]], large: Mapping[str, str], rows: list[Row]) -> None:
        began = time.thread_time()
        for values in portion:
            rows.append(self._row(values, large))
            if time.thread_time() - began > BREATH_S:
                await asyncio.sleep(0)
                began = time.thread_time()

    def write(self, row: Row) -> None:
        if self.resting and row.kind == "intent":
            return  # what it announces will not be begun: `flush` raises before
        self._written, self.new = self._written + 1, False
        self._writer.add(Item(self._tenant, INSERT, Line(self, self._values(row)), self))

    async def flush(self) -> None:
        resting, written = self.resting, self._written
        if self._durable < written:
            try:
                await self._writer.flush(self)
            except Exception as exc:  # whatever it is: a row is missing from now on
                self._failure = exc
            self._durable = max(self._durable, written)
        if self._failure is not None:
            raise self._failure
        if self.lost:
            raise LeaseLost(f"run {self.run_id} has a new owner")
        if resting:
            raise Resting(f"run {self.run_id} rests: its worker stops")

    def _values(self, row: Row) -> tuple[Any, ...]:
        output, context, error = (
            None if value is None else to_text(value) for value in (row.output, row.context, row.error and dict(row.error))
        )
        if row.has_context and context is None:
            context = "null"
        sealed = self._has_secrets and any(map(self._secrets.holds, (row.output, row.context, error and dict(row.error or {}))))
        if sealed:
            output, context, error = (
                self._sealed(text, name, row.path) for text, name in ((output, "output"), (context, "context"), (error, "error"))
            )
        large = None
        if (output and len(output) > LARGE) or (context and len(context) > LARGE) or (error and len(error) > LARGE):
            (output, context, error), large = self._set_aside((output, context, error), sealed=sealed)
        return (
            row.path, row.attempt, row.kind, row.reference, row.status, output, context, row.has_context, row.then, error, row.started_at,
            row.ended_at, row.mark, sealed, large,
        )  # fmt: skip

    def _set_aside(self, texts: Sequence[str | None], *, sealed: bool) -> tuple[list[str | None], str]:
        """Queue what is too large for a row; return the row's texts and the names of those columns."""
        kept, large = list(texts), []
        for at, (name, text) in enumerate(zip(VALUES, texts, strict=True)):
            if text is None or len(text) <= LARGE:
                continue
            digest = blobs.digest_of(text)
            self._writer.add(Item(self._tenant, blobs.INSERT, Blob(self.run_id, self.epoch, digest, sealed, text), self))
            refer = blobs.error_reference if name == "error" else blobs.reference
            kept[at] = refer(text, digest, sealed=sealed)
            large.append(name)
        return kept, ",".join(large)

    def _sealed(self, text: str | None, name: str, path: str) -> str | None:
        if text is None:
            return None
        nonce, sealed = self._vault.seal(text, self._what(name, path))
        return to_text(base64.b64encode(nonce + sealed).decode())

    def _opened(self, text: str, name: str, path: str) -> str:
        raw = base64.b64decode(json.loads(text))
        return str(self._vault.unseal(raw[:12], raw[12:], self._what(name, path)))

    def _what(self, name: str, path: str) -> str:
        return f"{self._tenant}/run/{self.run_id}/{path}/{name}"

    def _row(self, values: tuple[Any, ...], large: Mapping[str, str]) -> Row:
        path, attempt, kind, reference, status, *texts, started_at, ended_at, mark, sealed, aside = values
        output, context, has_context, goto, error = texts
        if sealed or aside:
            output, context, error = (
                self._whole(text, name, path, large if name in (aside or ()) else {}, sealed=sealed)
                for text, name in ((output, "output"), (context, "context"), (error, "error"))
            )
        return Row(
            path=path, attempt=attempt, kind=kind, reference=reference, status=status, output=_value(output), context=_value(context),
            has_context=has_context, then=goto, error=_value(error), started_at=started_at, ended_at=ended_at, mark=mark,
        )  # fmt: skip

    def _whole(self, text: str | None, name: str, path: str, large: Mapping[str, str], *, sealed: bool) -> str | None:
        """Return a value as JSON: fetched from where it was set aside, and opened."""
        if text is None:
            return None
        found = large[json.loads(text)["blob"]] if large else text
        return self._opened(found, name, path) if sealed else found


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _parameters(lines: Sequence[Line]) -> dict[str, str]:
    mine = sorted({(line.journal.run_id, line.journal.epoch) for line in lines})
    columns = dict(zip(COLUMNS, map(array, zip(*(line.values for line in lines), strict=True)), strict=True))
    return {
        "runs": array(run for run, _ in mine),
        "epochs": array(epoch for _, epoch in mine),
        "run_id": array(line.journal.run_id for line in lines),
        "epoch": array(line.journal.epoch for line in lines),
        **columns,
    }


def _answered(lines: Sequence[Line], rows: Sequence[Any]) -> None:
    """Mark the journals whose run was not among those that were written to."""
    held = {(row[0], row[1]) for row in rows}
    for line in lines:
        if (line.journal.run_id, line.journal.epoch) not in held:
            line.journal.lost = True


def _runs(lines: Sequence[Line]) -> set[str]:
    return {line.journal.run_id for line in lines}


INSERT = Kind("journal", query("journal", "insert"), _parameters, _answered, runs=_runs, once=True)
