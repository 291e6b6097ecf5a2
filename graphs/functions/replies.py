"""What models are asked for by functions, and how an answer is held to a JSON Schema that a definition gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, model_validator

from graphs.run.schemas import JsonSchema


class Extracted(BaseModel):
    value: Any


class Classified(BaseModel):
    label: str | None
    keywords: list[str] = []


class Summarized(BaseModel):
    summary: str


class Turn(BaseModel):
    """Use one tool, or answer."""

    thought: str = ""
    tool: str | None = None
    arguments: dict[str, Any] = {}
    answer: Any = None


def fitting(reply: type[BaseModel], field: str, schema: Mapping[str, Any]) -> type[BaseModel]:
    """Return *reply* with *field* held to *schema*; in a turn that wants a tool the answer does not count."""
    compiled = JsonSchema(schema)

    class Fitting(reply):  # type: ignore[valid-type,misc]  # a class made of a class
        @classmethod
        def model_json_schema(cls, *_args: Any, **_options: Any) -> dict[str, Any]:
            whole = reply.model_json_schema()
            return {**whole, "properties": {**whole["properties"], field: dict(schema)}}

        @model_validator(mode="after")
        def _fits(self) -> Fitting:
            wrong = "" if getattr(self, "tool", None) else compiled.check(getattr(self, field))
            if wrong:
                raise ValueError(f"{field}: {wrong}")
            return self

    return Fitting
