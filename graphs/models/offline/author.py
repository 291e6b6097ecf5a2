"""`OfflineAuthor`: answers the prompts of `prompts/design` with the same schemas as any other model, from the rendered messages alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from graphs.models.offline import offers
from graphs.models.offline.build import Built, build
from graphs.models.offline.changes import change
from graphs.models.offline.clause import Understood
from graphs.models.offline.intents import classify
from graphs.models.offline.notes import Notes
from graphs.models.offline.parse import parse
from graphs.models.offline.reading import Reading
from graphs.models.offline.words import summarize


class OfflineAuthor(BaseChatModel):
    """A deterministic author without weights, network or state."""

    @property
    def _llm_type(self) -> str:
        return "parley-offline"

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any
    ) -> ChatResult:
        """Answer one request with JSON text."""
        reading = Reading(messages)
        answer = ANSWERS.get(reading.prompt)
        reply = answer(reading) if answer else {"error": f"the offline author does not know the task {reading.prompt!r}"}
        return ChatResult(generations=[ChatGeneration(message=AIMessage(json.dumps(reply, ensure_ascii=False)))])


ENGLISH_ONLY = "Without a language model I read English only: say it in English, or set PARLEY_MODEL."


def _built(reading: Reading) -> tuple[Understood, Notes, Built]:
    return _author("\n".join(str(wish) for wish in reading.value("wishes") or []), reading)


def _author(wish: str, reading: Reading) -> tuple[Understood, Notes, Built]:
    understood = parse(wish)
    notes = Notes(reading.answers(), reading.person, reading.timezone)
    return understood, notes, build(understood, notes)


def outline(reading: Reading) -> dict[str, Any]:
    """Answer `design/outline`."""
    wish = "\n".join(str(wish) for wish in reading.value("wishes") or [])
    understood, notes, built = _author(wish, reading)
    unknown = list(dict.fromkeys([*understood.unknown, *notes.unknown]))
    if unknown and offers.foreign(wish):
        return {"title": "", "name": "", "steps": [], "remarks": [ENGLISH_ONLY]}
    offer, how = _offer(wish, understood, notes, reading) if understood.unknown else ("", "")
    return {
        "title": built.title,
        "name": built.name,
        "trigger": built.trigger,
        "steps": built.steps if understood.clauses else [],
        "assumptions": notes.assumptions,
        "questions": notes.questions,
        "not_understood": unknown,
        "missing": notes.missing,
        "remarks": [*notes.remarks, *offers.reasons(unknown), *offers.questions(wish, unknown, steps=bool(understood.clauses))],
        "offer": offer,
        "offered": how,
    }


def _offer(wish: str, understood: Understood, notes: Notes, reading: Reading) -> tuple[str, str]:
    """Return a wish near this one that is understood in full, and how it is near."""

    def stands(other: str) -> bool:
        read, noted, built = _author(other, reading)
        return bool(read.clauses and built.steps) and not (read.unknown or noted.unknown or noted.missing or noted.remarks)

    if spelled := offers.respelled(wish, stands):
        return spelled, "Did you mean"
    shorter = offers.without(wish, understood.unknown)
    return (shorter, "Without that part it would be") if shorter and stands(shorter) else ("", "")


def draft(reading: Reading) -> dict[str, Any]:
    """Answer `design/draft`."""
    _, _, built = _built(reading)
    return {"definition": json.dumps(built.definition, ensure_ascii=False, indent=1)}


def repair(reading: Reading) -> dict[str, Any]:
    """Answer `design/repair`: the grammar has no better idea than what it wrote."""
    return {"definition": reading.text("definition")}


ANSWERS: dict[str, Callable[[Reading], dict[str, Any]]] = {
    "design/classify": classify,
    "design/outline": outline,
    "design/draft": draft,
    "design/repair": repair,
    "design/change": change,
    "design/summarize": summarize,
}
