"""`emit`: publishes a CloudEvent. Its id comes from run and path, so that publishing it again after a kill changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphs.run import templates
from graphs.run.effects import before_effect, idempotency_key
from graphs.run.ports import JSON
from graphs.run.step import Flow, Step
from graphs.run.templates import Template

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class EmitTask:
    event: Template

    async def run(self, step: Step) -> Flow:
        stated = {key: value for key, value in (await step.resolve(self.event)).items() if value is not None}
        event = {
            "specversion": "1.0",
            "id": idempotency_key(step),
            "source": f"/parley/runs/{step.engine.run_id}",
            "time": step.engine.deps.clock.now().isoformat().replace("+00:00", "Z"),
            **stated,
        }
        if "data" in event:
            event.setdefault("datacontenttype", "application/json")
        await before_effect(step, repeatable=True, what=f"emit {event.get('type')}")
        await step.engine.deps.events.publish(event)
        return Flow(event)


def prepare(data: Mapping[str, JSON], _reference: str, _compiler: Compiler, _siblings: Mapping[str, int]) -> EmitTask:
    return EmitTask(templates.strict(dict(data["emit"].get("event", {}).get("with") or {})))
