"""What a catalogue function may use of the run that calls it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from graphs.run import durations
from graphs.run.effects import idempotency_key
from graphs.run.errors import HttpFailed, Kind, WorkflowError
from graphs.run.ports import JSON, Delivery, HttpRequest, HttpResponse, Notices
from graphs.run.step import Step


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

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpResponse:
        """Send a POST. Raises WorkflowError (communication, authorization) when there is no answer or it is an error."""
        limits = self._step.engine.deps.limits
        request = HttpRequest(method="POST", url=url, headers=headers, body=body, timeout_s=limits.http_timeout_s)
        try:
            response = await self._step.engine.deps.http.send(request)
        except HttpFailed as error:
            kind: Kind = "authorization" if error.kind == "blocked" else "communication"
            raise WorkflowError.of(kind, str(error), title=error.title) from error
        if response.status >= 300:
            raise WorkflowError.of("communication", f"POST {url} answered {response.status}", status=response.status)
        return response
