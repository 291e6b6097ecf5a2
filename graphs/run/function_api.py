"""What a catalogue function may use of the run that calls it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from graphs.run import durations, paths
from graphs.run.effects import idempotency_key
from graphs.run.errors import HttpFailed, Kind, WorkflowError
from graphs.run.ports import JSON, Delivery, Http, HttpRequest, HttpResponse, Notices
from graphs.run.step import Step
from graphs.run.tree import NOTHING, Body

if TYPE_CHECKING:
    from dsl.catalogue import Catalogue
    from graphs.run.connections import Connection
    from graphs.run.connections import Kind as ConnectionKind


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

    def spent(self, *, tokens: int = 0, money: float = 0.0) -> None:
        """
        Count what a model call used; to be said after each.

        Raises:
            WorkflowError: the run has used more than it may; not to be caught.
        """
        self._step.engine.meter.spend(self._step, tokens, money)

    async def person(self, kind: Literal["approve", "ask"], form: Mapping[str, JSON], deadline: JSON = None) -> Delivery:
        """
        Return what a person answered; the run may be parked until then.

        Args:
            form: {title, message, data, schema, assignee}.
            deadline: Duration from now, or None for no limit.

        Raises:
            WorkflowError: timeout, when nobody answered in time.
        """
        try:
            after_s = None if deadline is None else durations.seconds(deadline)
        except ValueError as error:
            raise WorkflowError.of("validation", f"deadline: {error}") from error
        delivery = await self._step.receive(kind, form=form, after_s=after_s)
        if delivery.kind == "timer":
            raise WorkflowError.of("timeout", f"nobody answered '{form.get('title')}' in time")
        return delivery

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
        limits = self._step.engine.deps.limits
        try:
            return await (http or self._step.engine.deps.http).send(replace(request, timeout_s=limits.http_timeout_s))
        except HttpFailed as error:
            kind: Kind = "authorization" if error.kind == "blocked" else "communication"
            raise WorkflowError.of(kind, str(error), title=error.title) from error
