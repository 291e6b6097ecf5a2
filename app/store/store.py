"""Everything kept in the database, put together once a process."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import select

from app.settings import Keys, Settings
from app.store import tables as t
from app.store.database import Database
from app.store.inbox import EventInbox
from app.store.journal import RunJournal
from app.store.listening import Listener
from app.store.mailbox import RunMailbox
from app.store.notices import RunNotices
from app.store.notifying import Notifier
from app.store.pins import VersionPins
from app.store.queue import BatchQueue, ProcrastinateQueue
from app.store.vault import Vault
from app.store.versions import ApprovedWorkflows
from app.store.writer import GroupWriter
from graphs.run.redaction import Redactor

if TYPE_CHECKING:
    from app.store.saver import GroupSaver

REDACTORS = 256  # tenants and sets of secrets whose redactors are kept


class Redactable(Protocol):
    """A view whose values may hold a secret."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names of the secrets its run may read."""

    def redacted(self, redactor: Redactor) -> Any: ...


View = TypeVar("View", bound=Redactable)


class Store:
    """The ports of every run, and what the actions stand on. `open()` once, `close()` at the end."""

    def __init__(self, settings: Settings, keys: Keys, conninfo: Mapping[str, Any], *, role: str) -> None:
        self.settings = settings
        self.conninfo = dict(conninfo)
        self.database = Database(conninfo, largest=8 if role == "worker" else 5, name=f"parley-{role}")
        kind = BatchQueue if settings.queue == "batches" else ProcrastinateQueue
        self.queue = kind(self.database, silent_s=max(2.0, settings.lease_s + 1), most=settings.tenant_concurrency)
        self.vault = Vault(keys.encryption_key)
        self.writer = GroupWriter(self.database, patience_s=settings.store_patience_s)
        self.notifier = Notifier(self.database)
        self.listener = Listener(self.database)
        self._redactors: OrderedDict[tuple[Any, ...], Redactor] = OrderedDict()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        await self.database.open()

    async def close(self) -> None:
        """Let everything go; a database that is away holds nobody up for more than two seconds or three."""
        await asyncio.gather(self.notifier.close(), self.listener.close(), self.writer.close(), self.queue.close())
        await self.database.close()

    # the ports of one run

    def journal(self, tenant: str, run_id: str, epoch: int) -> RunJournal:
        return RunJournal(self.database, self.writer, tenant, run_id, epoch, vault=self.vault)

    def mailbox(self, tenant: str, run_id: str, epoch: int) -> RunMailbox:
        return RunMailbox(self.database, tenant, run_id, epoch, patience_s=self.settings.store_patience_s)

    def saver(self, tenant: str) -> GroupSaver:
        """Return the checkpointer of *tenant*; cheap, all share the process's writer."""
        from app.store.saver import GroupSaver  # LangGraph is loaded by those who need it

        return GroupSaver(self.database, self.writer, tenant)

    def events(self, tenant: str, *, patience_s: float | None = None) -> EventInbox:
        patience_s = patience_s or self.settings.store_patience_s
        return EventInbox(self.database, self.notifier, tenant, patience_s=patience_s, asking=self.queue.asking)

    def notices(self, tenant: str, run_id: str, conversation: str | None, *, redacted: Callable[[str], str] = str) -> RunNotices:
        patience_s = self.settings.store_patience_s
        return RunNotices(self.database, self.notifier, tenant, run_id, conversation, patience_s=patience_s, redacted=redacted)

    def workflows(self, tenant: str, lock: Mapping[str, Any]) -> ApprovedWorkflows:
        return ApprovedWorkflows(self.database, tenant, lock, patience_s=self.settings.store_patience_s)

    def pins(self, tenant: str, run_id: str) -> VersionPins:
        return VersionPins(self.database, tenant, run_id, patience_s=self.settings.store_patience_s)

    # telling others

    def announce(self, run_id: str) -> None:
        """Tell whoever shows this run that it changed; soon, outside every transaction."""
        self.notifier.run_changed(run_id)

    def signalled(self, run_ids: Sequence[str]) -> None:
        """Tell the workers that something arrived for runs they may have in hand."""
        self.notifier.signal(run_ids)

    # redaction

    async def redacted(self, tenant: str, view: View) -> View:
        """Return *view* without the values of the secrets its run may read: raw, base64 and URL-encoded ones become `***`."""
        if not view.secrets:
            return view
        redactor = await self._redactor(tenant, view.secrets)
        return view.redacted(redactor)  # type: ignore[no-any-return]

    async def redactor(self, tenant: str) -> Redactor:
        """Return what takes the values of all the tenant's secrets out of texts."""
        async with self.database.session(tenant) as session:
            found = await session.execute(select(t.secrets.c.name).where(t.secrets.c.removed_at.is_(None)).distinct())
            names = sorted(found.scalars())
        return await self._redactor(tenant, names) if names else Redactor()

    async def _redactor(self, tenant: str, names: Sequence[str]) -> Redactor:
        async with self.database.session(tenant) as session:
            c = t.secrets.c
            current = (
                await session.execute(select(c.name, c.version).where(c.name.in_(names), c.removed_at.is_(None)).order_by(c.name))
            ).all()
            key = (tenant, *(tuple(row) for row in current))
            if key in self._redactors:
                self._redactors.move_to_end(key)
                return self._redactors[key]
            redactor = Redactor()
            for value in (await self.vault.open(session, tenant, names)).values():
                redactor.add(value)
        self._redactors[key] = redactor
        while len(self._redactors) > REDACTORS:
            self._redactors.popitem(last=False)
        return redactor
