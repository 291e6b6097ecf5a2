"""Turns of conversations as traces: OpenTelemetry where OTEL_EXPORTER_OTLP_ENDPOINT is set, Langfuse where its keys are; else nothing.

A turn is sent when it is over, beside everything else; a server that does not take it costs a line in the log, never a turn. Langfuse is
told by its ingestion API, which versions 2 and 3 have, so no library of it is needed; OpenTelemetry needs the extra `otel`. A decision of
the person scores the turn that made the proposal: approved is 1, rejected 0.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import structlog

from graphs.models.tracing import Trace, Traced

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

    from app.settings import Settings

log = structlog.get_logger("parley.tracing")
SEND_S = 10.0
MOST = 100  # turns on their way; further ones are not traced
SCORES = {"approve": 1, "approve-and-run": 1, "reject": 0}


@dataclass(slots=True, kw_only=True)
class Turn:
    """One turn of a conversation, as it is traced."""

    tenant: str
    conversation: str
    decision: str = ""  # what the person decided with it
    decided: str = ""  # about which proposal
    proposed: str = ""  # the proposal it made
    began: float = field(default_factory=time.time)
    ended: float = 0.0
    trace: Trace = field(default_factory=Trace)

    @property
    def attributes(self) -> dict[str, str]:
        found = {
            "parley.tenant": self.tenant, "session.id": self.conversation, "parley.proposal": self.proposed,
            "parley.decision": self.decision, "parley.decided": self.decided,
        }  # fmt: skip
        return {name: value for name, value in found.items() if value}


class Tracing:
    """Where turns are sent."""

    def __init__(self, settings: Settings) -> None:
        self._content = settings.trace_content
        self._endpoint = settings.otlp_endpoint
        self._langfuse = settings.langfuse_host.rstrip("/")
        public, secret = settings.langfuse_public_key, settings.langfuse_secret_key
        self._keys = (public, secret.get_secret_value()) if public and secret else None
        self._provider: TracerProvider | None = None
        self._sending: set[asyncio.Task[None]] = set()

    @property
    def wanted(self) -> bool:
        return bool(self._endpoint or self._keys)

    def begin(self, tenant: str, conversation: str, decision: str = "", decided: str = "") -> Turn:
        """Return a turn that begins now."""
        return Turn(tenant=tenant, conversation=conversation, decision=decision, decided=decided, trace=Trace(content=self._content))

    def end(self, turn: Turn) -> None:
        """Send a turn that is over, in the background."""
        turn.ended = time.time()
        if self.wanted and len(self._sending) < MOST:
            task = asyncio.create_task(self._send(turn))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def aclose(self) -> None:
        """Wait for what is on its way."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=SEND_S)
        if self._provider is not None:
            await asyncio.to_thread(self._provider.shutdown)

    async def _send(self, turn: Turn) -> None:
        if self._endpoint:
            try:
                await asyncio.to_thread(self._to_otlp, turn)
            except ImportError:
                log.warning("OTEL_EXPORTER_OTLP_ENDPOINT is set, but the extra is missing: pip install 'parley-workflows[otel]'")
                self._endpoint = None
        if self._keys:
            try:
                async with httpx.AsyncClient(timeout=SEND_S, auth=self._keys) as client:
                    answer = await client.post(f"{self._langfuse}/api/public/ingestion", json={"batch": langfuse_events(turn)})
                    answer.raise_for_status()
            except httpx.HTTPError as error:
                log.warning("Langfuse did not take a turn", where=self._langfuse, why=str(error) or type(error).__name__)

    def _to_otlp(self, turn: Turn) -> None:
        """Hand the turn's spans to the exporter, which sends them in batches from a thread of its own."""
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

        if self._provider is None:
            self._provider = TracerProvider(resource=Resource.create({"service.name": "parley"}), shutdown_on_exit=False)
            exporter = OTLPSpanExporter(endpoint=f"{str(self._endpoint).rstrip('/')}/v1/traces")
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
        tracer = self._provider.get_tracer("parley")
        root = tracer.start_span("turn", start_time=_ns(turn.began), attributes=turn.attributes)
        for one in turn.trace.calls:
            span = tracer.start_span(
                f"{one.agent} {one.prompt}", set_span_in_context(root), SpanKind.CLIENT, attributes_of(one), start_time=_ns(one.began)
            )
            if one.call is None:
                span.set_status(Status(StatusCode.ERROR, one.why))
            span.end(_ns(one.ended))
        root.end(_ns(turn.ended))


def attributes_of(one: Traced) -> dict[str, Any]:
    """Return a call's attributes. Source: OpenTelemetry semantic conventions for generative AI; what they do not name is `parley.…`."""
    kind, _, name = one.model.partition(":")
    found: dict[str, Any] = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": kind, "gen_ai.request.model": name or kind, "gen_ai.agent.name": one.agent,
        "parley.prompt": one.prompt, "parley.prompt_digest": one.prompt_digest, "parley.way": one.way,
    }  # fmt: skip
    if one.call is not None:
        found |= {"gen_ai.usage.input_tokens": one.call.input_tokens, "gen_ai.usage.output_tokens": one.call.output_tokens}
        found |= {} if one.call.money is None else {"parley.money": one.call.money}
    if one.asked:
        found |= {"parley.asked": [f"{role}: {text}" for role, text in one.asked], "parley.answered": one.answered}
    return found


def langfuse_events(turn: Turn) -> list[dict[str, Any]]:
    """Return a turn as events of Langfuse's ingestion API. The trace of a turn that proposed has an id that its score can name later."""
    trace = trace_of(turn.proposed) if turn.proposed else uuid.uuid4().hex
    about = {"id": trace, "name": "turn", "sessionId": turn.conversation, "userId": turn.tenant, "metadata": turn.attributes}
    events = [_event("trace-create", turn.began, {**about, "timestamp": _iso(turn.began)})]
    events += [_event("generation-create", one.ended, _generation(one, trace)) for one in turn.trace.calls]
    if turn.decision in SCORES and turn.decided:
        score = {"id": uuid.uuid4().hex, "traceId": trace_of(turn.decided), "name": "decision", "value": SCORES[turn.decision]}
        events.append(_event("score-create", turn.ended, score))
    return events


def trace_of(proposal: str) -> str:
    """Return the id of the trace that made *proposal*."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"parley:proposal:{proposal}").hex


def _generation(one: Traced, trace: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": uuid.uuid4().hex, "traceId": trace, "name": f"{one.agent} {one.prompt}", "startTime": _iso(one.began),
        "endTime": _iso(one.ended), "model": one.model, "metadata": attributes_of(one),
    }  # fmt: skip
    if one.call is None:
        return {**body, "level": "ERROR", "statusMessage": one.why}
    usage: dict[str, Any] = {"input": one.call.input_tokens, "output": one.call.output_tokens, "unit": "TOKENS"}
    body["usage"] = usage if one.call.money is None else {**usage, "totalCost": one.call.money}
    if one.asked:
        body |= {"input": [{"role": role, "content": text} for role, text in one.asked], "output": one.answered}
    return body


def _event(kind: str, at: float, body: dict[str, Any]) -> dict[str, Any]:
    return {"id": uuid.uuid4().hex, "timestamp": _iso(at), "type": kind, "body": body}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _ns(at: float) -> int:
    return int(at * 1e9)
