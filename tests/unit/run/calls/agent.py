"""An A2A agent on loopback, made with the protocol's own kit: it answers in capitals, and speaks 0.3 and 1.0."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, Part, Task, TaskState, TaskStatus
from starlette.applications import Starlette

from tests.unit.run.calls.serving import listening, serving


@dataclass
class Agent:
    url: str
    heard: list[dict[str, Any]] = field(default_factory=list)
    hold: asyncio.Event | None = None

    @property
    def card(self) -> dict[str, Any]:
        return {"endpoint": f"{self.url}/.well-known/agent-card.json"}


class _Shouting(AgentExecutor):
    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def execute(self, context: Any, event_queue: Any) -> None:
        self._agent.heard.append({"id": context.message.message_id, "text": context.get_user_input()})
        if self._agent.hold is not None:
            await self._agent.hold.wait()
        status = TaskStatus(state=TaskState.TASK_STATE_SUBMITTED)
        await event_queue.enqueue_event(Task(id=context.task_id, context_id=context.context_id, status=status))
        updater = TaskUpdater(event_queue, context.task_id, context.context_id)
        await updater.start_work()
        await updater.add_artifact([Part(text=context.get_user_input().upper())], name="shout")
        await updater.complete()

    async def cancel(self, context: Any, event_queue: Any) -> None:
        raise NotImplementedError


@asynccontextmanager
async def agent(*versions: str) -> AsyncIterator[Agent]:
    """Yield an agent whose card offers JSON-RPC in *versions* of A2A."""
    opened = listening()
    port = opened.getsockname()[1]
    found = Agent(f"http://127.0.0.1:{port}")
    card = AgentCard(
        name="Shouter",
        description="says it louder",
        version="1.0.0",
        capabilities=AgentCapabilities(streaming=True),
        supported_interfaces=[AgentInterface(url=f"{found.url}/rpc", protocol_binding="JSONRPC", protocol_version=v) for v in versions],
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
    )
    handler = DefaultRequestHandler(agent_executor=_Shouting(found), task_store=InMemoryTaskStore(), agent_card=card)
    routes = [*create_agent_card_routes(card), *create_jsonrpc_routes(handler, "/rpc", enable_v0_3_compat="0.3" in versions)]
    async with serving(Starlette(routes=routes), opened):
        yield found
