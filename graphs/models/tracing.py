"""What one turn asked of models, for whoever traces: collected here, sent by others. Words of the conversation only where wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from langchain_core.messages import BaseMessage

from graphs.models.usage import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """One call of a model that was made."""

    agent: str
    model: str
    prompt: str
    prompt_digest: str
    began: float  # seconds since 1970
    ended: float
    call: Call | None = None  # None: it failed
    why: str = ""  # it failed
    way: str = ""
    asked: tuple[tuple[str, str], ...] = ()  # (role, text), when content is wanted
    answered: str = ""


@dataclass(slots=True)
class Trace:
    """One turn."""

    content: bool = False  # whether prompts and answers are kept
    calls: list[Traced] = field(default_factory=list)

    def words(self, messages: Sequence[BaseMessage]) -> tuple[tuple[str, str], ...]:
        return tuple((message.type, str(message.content)) for message in messages) if self.content else ()
