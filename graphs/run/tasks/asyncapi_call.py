"""`call: asyncapi`: publish a message, or subscribe and take messages until there are enough, as an AsyncAPI document describes both.

Publishing outputs null; it is not repeated after a kill unless the definition says so. A subscription outputs the list of its messages,
`{payload, headers, correlationId}`, or what `foreach` made of them. It is enough after `amount` messages that pass `filter`, when `while`
does not hold any more (looked at before the first one too), as soon as `until` does (both see the list so far), when `for` is over, or
when no more can come. Every message that passes the filter is in the journal before anything is done with it (kind `event`,
`PATH/event[NUMBER]`).

A subscription is a connection: the run is held by its worker while it waits for messages, and let go only where `foreach` itself waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run import templates
from graphs.run.asyncapi import messages
from graphs.run.asyncapi.broker import Outgoing, Subscription, Target, broker_for
from graphs.run.asyncapi.document import Document, Operation, Way, read_document
from graphs.run.asyncapi.servers import select
from graphs.run.authentication import Authentication, prepare_authentication
from graphs.run.deadlines import remembered
from graphs.run.effects import before_effect, declared_idempotent
from graphs.run.errors import WorkflowError
from graphs.run.network import limit_s, too_late
from graphs.run.ports import JSON, Row
from graphs.run.resources import Resource, prepare_resource
from graphs.run.step import Flow, Step
from graphs.run.tasks.listen import Each, prepare_each
from graphs.run.templates import Expr, Template

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What both ways of a call have: the document, and what they mean in it."""

    document: Resource
    channel: str | None
    operation: str | None
    server: str | None
    variables: Template
    protocol: str | None
    authentication: Authentication | None

    async def find(self, step: Step, way: Way) -> tuple[Document, Operation, Target]:
        """Return the document, the operation and where it goes. Raises WorkflowError."""
        fetched = await self.document.read(step)
        document = read_document(fetched.text(), fetched.url)
        operation = document.operation(channel=self.channel, operation=self.operation, way=way)
        variables = await step.resolve(self.variables)
        server = select(document, operation, name=self.server, variables=variables, protocol=self.protocol)
        bindings = document.follow(operation.bindings.get(server.protocol))
        target = Target(step=step, server=server, address=operation.address, bindings=bindings, authentication=self.authentication)
        return document, operation, target


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishTask:
    described: Described
    payload: Template
    headers: Template
    idempotent: bool

    async def run(self, step: Step) -> Flow:
        document, operation, target = await self.described.find(step, "publish")
        payload, headers = await step.resolve(self.payload), await step.resolve(self.headers)
        messages.Checker(document, operation).refuse_unfit(payload, headers)
        broker = broker_for(target.server.protocol)
        known = await before_effect(step, repeatable=self.idempotent, what=f"publish to {target.where}")
        if known is not None:
            return known
        seconds = limit_s(step)
        try:
            async with asyncio.timeout(seconds):
                await broker.publish(
                    target, Outgoing(payload=payload, headers=headers, content_type=messages.content_type(document, operation))
                )
        except TimeoutError as error:
            raise too_late(target.where, seconds) from error
        return Flow(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enough:
    """`consume`: exactly one of the first three is there."""

    amount: int | None
    goes_on: Expr | None  # `while`
    until: Expr | None
    lasting: Template | None  # `for`

    async def reached(self, step: Step, kept: list[JSON]) -> bool:
        if self.amount is not None:
            return len(kept) >= self.amount
        if self.goes_on is not None:
            return not await step.holds(self.goes_on, kept)
        return bool(kept) and self.until is not None and await step.holds(self.until, kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeTask:
    described: Described
    filter: Expr | None
    enough: Enough
    each: Each | None

    @property
    def holds_tasks(self) -> bool:
        return self.each is not None

    async def run(self, step: Step) -> Flow:
        async with AsyncExitStack() as stack:
            coming = await _Coming.begin(self, step, stack)
            try:
                flow = await self._take(step, coming)
            except WorkflowError:
                await coming.end()
                raise
            await coming.end()
            return flow

    async def _take(self, step: Step, coming: _Coming) -> Flow:
        outputs: list[JSON] = []
        kept: list[JSON] = []
        while (message := await coming.next(kept)) is not None:
            kept.append(message)
            if self.each is None:
                outputs.append(message)
                continue
            flow = await self.each.run(step, len(outputs), message)
            outputs.append(flow.output)
            if flow.then == "end":
                return Flow(outputs, "end")
        return Flow(outputs)


class _Coming:
    """The messages of one subscription: first those the journal has, then those that come; the connection is made when it is needed."""

    def __init__(self, task: SubscribeTask, step: Step, stack: AsyncExitStack) -> None:
        self._task = task
        self._step = step
        self._stack = stack
        self._rows = deque(step.engine.book.events(step.path))
        self._count = len(self._rows)
        self._place = next((row.output.get("place") or "" for row in reversed(self._rows)), "")
        self._ends_at: datetime | None = None
        self._open: Subscription | None = None

    @classmethod
    async def begin(cls, task: SubscribeTask, step: Step, stack: AsyncExitStack) -> _Coming:
        coming = cls(task, step, stack)
        if task.enough.lasting is not None:
            seconds = await step.seconds(task.enough.lasting)
            coming._ends_at = remembered(step.engine, f"{step.path}/consume", step.attempt, step.reference, seconds)
        return coming

    async def next(self, kept: list[JSON]) -> JSON:
        """Return the next message that passes the filter, None when there are enough or no more. Raises WorkflowError."""
        if self._rows:
            row = self._rows.popleft()
            self._step.moment = max(self._step.moment, row.ended_at or self._step.moment)
            return row.output["event"]
        if await self._task.enough.reached(self._step, kept):
            return None
        left = self._left()
        if left is not None and left <= 0:
            return None
        try:
            async with asyncio.timeout(left) as clock:
                return await self._fitting()
        except TimeoutError:
            if not clock.expired():
                raise
            return None

    async def end(self) -> None:
        """Leave nothing behind of a subscription that an earlier process made and this one did not need."""
        if self._count and self._open is None:
            with suppress(WorkflowError):
                _, _, target = await self._task.described.find(self._step, "subscribe")
                await broker_for(target.server.protocol).forget(target)

    def _left(self) -> float | None:
        return None if self._ends_at is None else (self._ends_at - self._step.engine.deps.clock.now()).total_seconds()

    async def _fitting(self) -> JSON:
        if self._open is None:
            await before_effect(self._step, repeatable=True, what="subscribe")
            self._document, self._operation, target = await self._task.described.find(self._step, "subscribe")
            self._checker = messages.Checker(self._document, self._operation)
            self._open = await self._stack.enter_async_context(broker_for(target.server.protocol).subscribe(target, self._place))
        while (incoming := await self._open.next()) is not None:
            await self._step.engine.breathe()
            message = messages.read(self._document, self._operation, incoming)
            self._checker.refuse_unfit(message["payload"], message["headers"])
            fits = self._task.filter is None or await self._step.holds(self._task.filter, message)
            if fits:
                self._keep(message, incoming.place)
                await self._step.engine.deps.journal.flush()
            await self._open.settle(incoming)
            if fits:
                return message
        return None

    def _keep(self, message: JSON, place: str) -> None:
        step = self._step
        row = Row(
            path=f"{step.path}/event[{self._count}]",
            attempt=step.attempt,
            kind="event",
            reference=f"{step.reference}/event",
            status="finished",
            output={"number": None, "event": message, "place": place},
            ended_at=step.engine.deps.clock.now(),
        )
        self._count += 1
        step.engine.deps.journal.write(row)
        step.moment = max(step.moment, row.ended_at or step.moment)


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler) -> PublishTask | SubscribeTask:
    options: Mapping[str, JSON] = data["with"]
    where = join(reference, "with")
    server: Mapping[str, JSON] = options.get("server") or {}
    described = Described(
        document=prepare_resource(options["document"], join(where, "document"), compiler),
        channel=options.get("channel"),
        operation=options.get("operation"),
        server=server.get("name"),
        variables=templates.strict(server.get("variables") or {}),
        protocol=options.get("protocol"),
        authentication=prepare_authentication(options.get("authentication"), join(where, "authentication"), compiler),
    )
    if "message" in options:
        message: Mapping[str, JSON] = options["message"] or {}
        return PublishTask(
            described=described,
            payload=templates.strict(message.get("payload")),
            headers=templates.strict(message.get("headers") or {}),
            idempotent=declared_idempotent(data),
        )
    subscription = options["subscription"]
    consume = subscription["consume"]
    found = subscription.get("filter")
    return SubscribeTask(
        described=described,
        filter=None if found is None else compiler.condition(found),
        enough=Enough(
            amount=consume.get("amount"),
            goes_on=None if "while" not in consume else compiler.condition(consume["while"]),
            until=None if "until" not in consume else compiler.condition(consume["until"]),
            lasting=None if "for" not in consume else compiler.duration(consume["for"], join(where, "subscription", "consume", "for")),
        ),
        each=prepare_each(subscription.get("foreach"), join(where, "subscription", "foreach"), compiler),
    )
