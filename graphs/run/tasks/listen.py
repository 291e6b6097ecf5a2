"""`listen` to one event: the attributes of the filter are fixed when the task begins; its output is a list of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run import templates
from graphs.run.ports import JSON
from graphs.run.step import Flow, Step
from graphs.run.templates import Template

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class ListenTask:
    attributes: Template
    read: str  # data, envelope or raw

    async def run(self, step: Step) -> Flow:
        attributes = await step.resolve(self.attributes)
        delivery = await step.receive("event", event=attributes)
        return Flow([self._reading(delivery.payload)])

    def _reading(self, event: Mapping[str, JSON]) -> JSON:
        if self.read == "envelope":
            return event
        data = event["data"] if "data" in event else event.get("data_base64")
        if self.read == "data" or "data" not in event:
            return data
        return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler, _siblings: Mapping[str, int]) -> ListenTask:
    listen = data["listen"]
    one = (listen.get("to") or {}).get("one")
    attributes = (one or {}).get("with") or {}
    where = join(reference, "listen", "to")
    if one is None:
        compiler.not_yet(where, "listening to more than one event", "use one: {with: {type: …}}")
    elif "correlate" in one:
        compiler.not_yet(join(where, "one", "correlate"), "correlation of events", "compare an attribute under 'with'")
    elif "data" in attributes:
        compiler.not_yet(join(where, "one", "with", "data"), "a filter on the data of an event", "filter by type, source or subject")
    if "foreach" in data:
        compiler.not_yet(join(reference, "foreach"), "foreach of events")
    return ListenTask(templates.strict(dict(attributes)), listen.get("read") or "data")
