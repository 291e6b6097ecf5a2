"""The port `Notices`: what a run tells people. A row, then a notification with its id; whoever is not connected reads the row later."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.store.database import Database
from app.store.ids import new_id
from app.store.patience import patient
from app.store.queries import query

if TYPE_CHECKING:
    from app.store.notifying import Notifier


class RunNotices:
    def __init__(
        self,
        database: Database,
        notifier: Notifier,
        tenant: str,
        run_id: str,
        conversation: str | None,
        *,
        patience_s: float,
        redacted: Callable[[str], str] = str,
    ) -> None:
        self._database = database
        self._notifier = notifier
        self._tenant = tenant
        self._run_id = run_id
        self._conversation = conversation
        self.patience_s = patience_s
        self._redacted = redacted  # takes the values of secrets out of what people are told

    @patient
    async def post(self, *, path: str, channel: str, to: str, title: str, text: str) -> None:
        values = {
            "id": new_id(), "run": self._run_id, "path": path, "conversation": self._conversation, "channel": channel,
            "to": self._redacted(to), "title": self._redacted(title), "text": self._redacted(text),
        }  # fmt: skip
        async with self._database.quick(self._tenant) as connection:
            made = await (await connection.execute(query("mailbox", "post-notice"), values)).fetchone()
        if made is not None:
            self._notifier.notice(self._tenant, made[0])
