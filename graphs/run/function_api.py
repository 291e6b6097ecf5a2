"""What a catalogue function may use of the run that calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from graphs.run import durations, paths
from graphs.run.effects import idempotency_key
from graphs.run.ending import end
from graphs.run.errors import HttpFailed, Kind, WorkflowError
from graphs.run.ports import JSON, Awaited, Delivery, Http, HttpRequest, HttpResponse, Notices
from graphs.run.step import Step
from graphs.run.tree import NOTHING, Body

if TYPE_CHECKING:
    from dsl.catalogue import Catalogue
    from graphs.run.connections import Connection
    from graphs.run.connections import Kind as ConnectionKind
    from memory.of_run import RunMemory


class FunctionCall:
    """One call of a function: `await FUNCTIONS[key](arguments, call)`."""

    def __init__(self, step: Step) -> None:
        self._step = step

    @property
    def path(self) -> str:
        return self._step.path

    @property
    def key(self) -> str:
        """The same for every repetition of this call, different for all others."""
        return idempotency_key(self._step)

    @property
    def attempt(self) -> int:
        """1, and one more for each time that a person had the step done again."""
        return self._step.attempt

    @property
    def now(self) -> datetime:
        return self._step.engine.deps.clock.now()

    @property
    def catalogue(self) -> Catalogue:
        return self._step.engine.deps.catalogue

    @property
    def settings(self) -> Mapping[str, JSON]:
        """`metadata.parley` of the task."""
        own: Mapping[str, JSON] = (self._step.task.definition.get("metadata") or {}).get("parley") or {}
        return own

    def without_secrets(self, text: str) -> str:
        """Return *text* with every secret that the run has read taken out."""
        return self._step.engine.redactor.text(text)

    def shown(self, value: JSON) -> JSON:
        """Return *value* as others may see it: without the secrets in its texts."""
        return self._step.engine.redactor.value(value)

    async def durable(self) -> None:
        """Return when every result so far is durable: before anything outside is told of it."""
        await self._step.engine.deps.journal.flush()

    async def inner(self, where: Sequence[str], body: Body) -> JSON:
        """
        Do *body* as a step of its own below this one, and return its output; a finished one is never done again.

        Args:
            where: Segments of its path after this step's: ["agent[1]", "model"].

        Raises:
            WorkflowError: as the body; the step's row says so.
        """
        step = self._step
        task = replace(
            step.task, name=where[-1], segment=paths.escape(where[-1]), reference="/" + "/".join(where), composite=False, body=body,
            definition={"call": step.task.definition.get("call"), "metadata": {"parley": {"title": where[-1]}}}, when=None,
            input=NOTHING, output=NOTHING, export=NOTHING, timeout=None, then="continue", extensions=(), compensate="", proof=None,
        )  # fmt: skip
        frame = step.frame.calling(step.task.reference)
        flow = await step.engine.step(task, "/".join((step.path, *where)), None, frame, step.moment)
        step.moment = flow.at or step.moment
        return flow.output

    @property
    def notices(self) -> Notices:
        return self._step.engine.deps.notices

    @property
    def smtp_url(self) -> str | None:
        return self._step.engine.deps.smtp_url

    @property
    def models(self) -> Any:
        return self._step.engine.deps.models

    @property
    def memory(self) -> RunMemory:
        """What is remembered, as this run may see it. Raises WorkflowError (configuration) where nothing is kept."""
        memory = self._step.engine.deps.memory
        if memory is None:
            raise WorkflowError.of("configuration", "nothing is remembered here")
        return memory

    def spent(self, *, tokens: int = 0, money: float = 0.0) -> None:
        """
        Count what a model call used; to be said after each.

        Raises:
            WorkflowError: the run has used more than it may; not to be caught.
        """
        self._step.engine.meter.spend(self._step, tokens, money)

    async def person(
        self, kind: Literal["approve", "ask"], form: Mapping[str, JSON], deadline: JSON = None, reminders: Sequence[JSON] = ()
    ) -> Delivery:
        """
        Return what a person answered; the run may be parked until then.

        Args:
            form: {title, message, data, schema, assignee}; several assignees are a list, and any of them may answer.
            deadline: Duration from now, or None for no limit.
            reminders: Durations, each from the one before; then whoever is asked is reminded in the chat.

        Raises:
            WorkflowError: timeout, when nobody answered in time.
        """
        after_s = None if deadline is None else _seconds("deadline", deadline)
        who = form.get("assignee")
        form = {**form, "assignee": ", ".join(map(str, who)) if isinstance(who, list) else who}
        async with self._reminding(form, [_seconds("reminders", one) for one in reminders]):
            delivery = await self._step.receive(kind, form=form, after_s=after_s)
        if delivery.kind == "timer":
            raise WorkflowError.of("timeout", f"nobody answered '{form.get('title')}' in time")
        return delivery

    @asynccontextmanager
    async def _reminding(self, form: Mapping[str, JSON], delays_s: Sequence[float]) -> AsyncIterator[None]:
        """Remind as long as the block lasts: a strand of its own, whose timers are durable."""
        if not delays_s:
            yield
            return
        engine = self._step.engine
        engine.strands.join()
        task = asyncio.create_task(self._remind(form, delays_s))
        task.add_done_callback(lambda _task: engine.strands.leave())  # also of one that is cancelled before it began
        try:
            yield
        finally:
            await end(task)
            for number in range(1, len(delays_s) + 1):  # an earlier process may have set them
                engine.waits.restored(self._reminder(number))
                engine.waits.drop(self._reminder(number))

    def _reminder(self, number: int) -> str:
        return paths.again(f"{self._step.path}/reminder[{number}]", self._step.attempt)

    async def _remind(self, form: Mapping[str, JSON], delays_s: Sequence[float]) -> None:
        engine, reference = self._step.engine, f"{self._step.reference}/reminder"
        for number, delay_s in enumerate(delays_s, 1):
            path, wake_at = self._reminder(number), self.now + timedelta(seconds=delay_s)
            await engine.waits.receive(Awaited(path=path, reference=reference, kind="timer", wake_at=wake_at))
            text = {name: engine.redactor.text(str(form.get(name) or "")) for name in ("assignee", "title", "message")}
            title = f"Reminder: {text['title']}"
            await self.notices.post(path=path, channel="chat", to=text["assignee"], title=title, text=text["message"])

    async def connection(self, name: str, *kinds: ConnectionKind) -> Connection:
        """Return the operator's connection *name*. Raises WorkflowError (configuration), which names it and the setting."""
        from graphs.run.connections import connection

        return await connection(self._step, name, *kinds)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], http: Http | None = None) -> HttpResponse:
        """Send a POST, through a connection's client or the run's. Raises WorkflowError as `send`, and for an answer from 300 on."""
        response = await self.send(HttpRequest(method="POST", url=url, headers=headers, body=body), http)
        if response.status >= 300:
            raise WorkflowError.of("communication", f"POST {url} answered {response.status}", status=response.status)
        return response

    async def send(self, request: HttpRequest, http: Http | None = None) -> HttpResponse:
        """Send a request and return whatever is answered. Raises WorkflowError (communication, authorization) when nothing is."""
        engine = self._step.engine
        try:
            return await (http or engine.deps.http).send(
                replace(request, timeout_s=engine.deps.limits.http_timeout_s, share=engine.run_id, fence=engine.deps.fence)
            )
        except HttpFailed as error:
            kind: Kind = "authorization" if error.kind == "blocked" else "communication"
            raise WorkflowError.of(kind, str(error), title=error.title) from error


def _seconds(name: str, duration: JSON) -> float:
    """Return a duration in seconds. Raises WorkflowError (validation)."""
    try:
        return durations.seconds(duration)
    except ValueError as error:
        raise WorkflowError.of("validation", f"{name}: {error}") from error
