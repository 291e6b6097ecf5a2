"""Which model answers is said when it is not the first one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from app.actions.base import Actor
from app.settings import Settings
from app.tracing import Tracing
from app.web.designing import Designing
from graphs.catalogue import load
from graphs.design import design_graph
from graphs.models import ModelRouter, Scope
from graphs.models.tracing import Trace
from tests.unit.models.endpoint import Reply, serving
from tests.unit.web.fakes import FakeActions

ACTOR = Actor("default", "u1", "ada", "admin", "chat")
NOBODY = "http://127.0.0.1:9/v1"  # connections are refused


@dataclass
class Parts:
    """What a turn needs of a container."""

    models: ModelRouter
    actions: Any = field(default_factory=FakeActions)
    catalogue: Any = field(default_factory=load)
    saver: InMemorySaver = field(default_factory=InMemorySaver)
    tracing: Tracing = field(default_factory=lambda: Tracing(Settings()))

    def models_for(self, tenant: str, conversation: str, trace: Trace | None = None) -> ModelRouter:
        return self.models.within(Scope(trace=trace))

    def design_for(self, tenant: str) -> Any:
        return design_graph(self.saver)


async def said(designing: Designing, text: str) -> list[str]:
    return [event["text"] async for event in designing(ACTOR, "c1", {"text": text}) if event["type"] == "say"]


async def test_a_model_that_steps_in_is_named_once() -> None:
    router = ModelRouter.from_setting("openai:x,offline", openai_base_url=NOBODY, openai_api_key="unused", timeout_s=5)
    designing = Designing(cast(Any, Parts(router)))

    first, second = await said(designing, "help"), await said(designing, "help")

    notice = f"**openai:x** does not answer (nothing answers at {NOBODY}), so this comes from **the built-in offline author**."
    assert notice in first
    assert notice not in second
    assert len(first) == len(second) + 1


async def test_the_first_model_needs_no_words() -> None:
    designing = Designing(cast(Any, Parts(ModelRouter.from_setting("offline"))))

    assert not any("answer" in text and "author" in text for text in await said(designing, "help"))


WISH = "Every day at 9 fetch https://api.example.com/secret-orders and notify ops@example.com by email"


class Proposing(FakeActions):
    async def propose(self, actor: Actor, text: str, **about: Any) -> Any:
        return SimpleNamespace(id="p1", digest="sha256:00", version="0.1.0")


async def turns(container: Parts, *users: dict[str, Any]) -> None:
    designing = Designing(cast(Any, container))
    for user in users:
        assert [event async for event in designing(ACTOR, "c1", user)]
    await container.tracing.aclose()


class TestTracing:
    @pytest.mark.parametrize("content", [False, True])
    async def test_langfuse_is_told_of_turns_with_figures_and_of_decisions(self, content: bool, tmp_path: Path) -> None:
        with serving([Reply({"successes": [], "errors": []}, status=207)]) as langfuse:
            settings = Settings(
                home=tmp_path, langfuse_host=langfuse.url, langfuse_public_key="pk", langfuse_secret_key="sk", trace_content=content
            )
            parts = Parts(ModelRouter.from_setting("offline"), actions=Proposing(), tracing=Tracing(settings))
            await turns(parts, {"text": WISH}, {"decision": "reject"})

        sent = [event for _, body in langfuse.requests for event in body["batch"]]
        traces = [event["body"] for event in sent if event["type"] == "trace-create"]
        calls = [event["body"] for event in sent if event["type"] == "generation-create"]
        [score] = [event["body"] for event in sent if event["type"] == "score-create"]
        assert {path for path, _ in langfuse.requests} == {"/api/public/ingestion"}
        assert {trace["sessionId"] for trace in traces} == {"c1"}
        assert (score["traceId"], score["value"]) == (traces[0]["id"], 0)
        assert {call["name"] for call in calls if call["traceId"] == traces[0]["id"]} >= {"planner design/outline", "planner design/draft"}
        assert all(call["metadata"]["parley.prompt_digest"].startswith("sha256:") for call in calls)
        assert ("secret-orders" in str(calls)) is content

    async def test_an_opentelemetry_collector_is_told_of_one_trace_a_turn(self, tmp_path: Path) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        with serving([Reply("", headers={"content-type": "application/x-protobuf"})]) as collector:
            tracing = Tracing(Settings(home=tmp_path, otlp_endpoint=collector.url))
            models = ModelRouter.from_setting("openai:m,offline", openai_base_url=NOBODY, openai_api_key="unused")
            await turns(Parts(models, tracing=tracing), {"text": "help"})

        told = [ExportTraceServiceRequest.FromString(body) for path, body in collector.requests if path == "/v1/traces"]
        spans = [span for one in told for resource in one.resource_spans for scope in resource.scope_spans for span in scope.spans]
        [root] = [span for span in spans if span.name == "turn"]
        calls = sorted((span for span in spans if span is not root), key=lambda span: span.start_time_unix_nano)
        assert {(span.trace_id, span.parent_span_id) for span in calls} == {(root.trace_id, root.span_id)}
        assert [(span.name, span.status.code) for span in calls] == [("classifier design/classify", 2), ("classifier design/classify", 0)]
        assert "nothing answers at" in calls[0].status.message

    async def test_who_does_not_take_it_costs_no_turn(self, tmp_path: Path) -> None:
        settings = Settings(home=tmp_path, langfuse_host="http://127.0.0.1:9", langfuse_public_key="pk", langfuse_secret_key="sk")

        await turns(Parts(ModelRouter.from_setting("offline"), tracing=Tracing(settings)), {"text": "help"})
