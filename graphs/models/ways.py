"""The ways a model can be held to a schema, strongest first, and its answer without the differences between them.

`schema`: the endpoint's decoder is held to it. `tool`: a tool is called with it. `object`: any JSON object. `plain`: words only. The schema
is always in the prompt as well: most servers hold the decoder to it without showing it to the model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from langchain_core.messages import AIMessage, BaseMessage

from graphs.models.structured import storable

Way: TypeAlias = Literal["schema", "tool", "object", "plain"]
Finish: TypeAlias = Literal["stop", "length", "refused"]

WAYS: dict[str, tuple[Way, ...]] = {
    "openai": ("schema", "tool", "object", "plain"),
    "ollama": ("schema", "object", "plain"),
    "offline": ("plain",),
    "scripted": ("plain",),
}
NEEDS_SCHEMA: tuple[Way, ...] = ("schema", "tool")
TOOL = "answer"
TOO_LONG = ("context length", "context_length", "maximum context", "context window", "too many tokens", "too long", "exceeds the limit")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an answer should look like."""

    name: str  # of the reply class
    schema: Mapping[str, Any] | None = None  # strict; None when it cannot be put that way


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered."""

    model: str
    text: str
    finish: Finish = "stop"
    input_tokens: int | None = None  # None: the endpoint did not say
    output_tokens: int | None = None
    way: Way = "plain"  # that it was asked for

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Answer:
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})


def request(kind: str, way: Way, wanted: Wanted) -> dict[str, Any]:
    """Return what is added to a request for one *way*; for OpenAI straight into the body, or its client would read the answer for us."""
    if kind == "ollama":
        return {"format": wanted.schema if way == "schema" else "json"} if way != "plain" else {}
    if way == "schema":
        inner = {"name": wanted.name, "strict": True, "schema": wanted.schema}
        return {"extra_body": {"response_format": {"type": "json_schema", "json_schema": inner}}}
    if way == "tool":
        function = {"name": TOOL, "description": "Give the answer.", "parameters": wanted.schema}
        chosen = {"type": "function", "function": {"name": TOOL}}
        return {"extra_body": {"tools": [{"type": "function", "function": function}], "tool_choice": chosen}}
    return {"extra_body": {"response_format": {"type": "json_object"}}} if way == "object" else {}


def said_by(model: str, message: BaseMessage) -> Answer:
    """Return what stands in *message*: the arguments of tool calls, else the text; a refusal is marked as one."""
    figures = getattr(message, "usage_metadata", None) or {}
    about, more = message.response_metadata or {}, message.additional_kwargs or {}
    reason = str(about.get("finish_reason") or about.get("done_reason") or "")
    refusal = more.get("refusal")
    finish: Finish = "length" if reason == "length" else "refused" if refusal or reason == "content_filter" else "stop"
    text = str(refusal) if refusal else text_of(message)
    return Answer(model, storable(text), finish, figures.get("input_tokens"), figures.get("output_tokens"))


def text_of(message: BaseMessage) -> str:
    """Return the text of a whole or unfinished message."""
    parts = [str(chunk.get("args") or "") for chunk in getattr(message, "tool_call_chunks", ())]
    if not parts and isinstance(message, AIMessage):
        parts = [json.dumps(call["args"], ensure_ascii=False) for call in message.tool_calls]
        parts += [str(call.get("args") or "") for call in message.invalid_tool_calls]
    text = message.text if isinstance(message.text, str) else str(message.content)
    return "\n".join(parts) or text


def not_known(error: BaseException) -> bool:
    """Tell whether *error* may mean that the endpoint does not know this way of asking."""
    status, words = getattr(error, "status_code", None), str(error).lower()
    if any(part in words for part in TOO_LONG):
        return False
    return status in (400, 422, 501) or (status == 500 and any(part in words for part in ("format", "grammar", "schema", "tool")))


def of_this_schema(error: BaseException) -> bool:
    """Tell whether an endpoint that knows the way refused one schema only."""
    return "invalid schema" in str(error).lower() or "invalid_json_schema" in str(error).lower()
