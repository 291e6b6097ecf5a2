"""The events a turn streams to whoever shows it. Plain dictionaries, so that the chat and the command line read the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphs.models import BadReply, BudgetReached, ModelUnavailable

Event = dict[str, Any]
Emit = Callable[[Event], None]

BEYOND = (
    "Without a language model I understand sentences such as “every weekday at 9 fetch https://…, keep the ones above 100, ask me to "
    "approve, then post them to https://…”, also: for each, if … otherwise, in parallel, retry, wait, notify, summarize. "
    "With one (PARLEY_MODEL) I understand much more."
)
HELP = (
    "Tell me in your own words what should happen, when, and with which addresses. I ask about what is missing, then show the "
    "workflow with everything it would do outside; nothing runs before you approve exactly that. Afterwards you can change it "
    "(“use 200 instead of 100”, “remove step 3”, “notify me after posting”), ask about it (“explain step 2”, “what does it "
    "change outside?”), run it and watch it here."
)
ON_THE_CARD = {
    "retry": "A failed run is retried on its card: press Retry there, or `parley retry RUN` in a terminal (`parley runs` lists them).",
    "cancel": "A run is cancelled on its card: press Cancel there, or `parley cancel RUN` in a terminal (`parley runs` lists them).",
}
CHANGES = "Examples: “use 200 instead of 100”, “post to https://… instead”, “at 10:30”, “remove step 3”, “notify me after posting”."


def step(name: str, status: str, text: str = "") -> Event:
    return {"type": "step", "id": name.lower(), "name": name, "status": status, "text": text}


def say(text: str) -> Event:
    return {"type": "say", "text": text}


def failed(error: Exception) -> Event:
    """Say what a model's failure means for the person."""
    if isinstance(error, ModelUnavailable):
        return {
            "type": "error",
            "what": "No language model answered.",
            "where": "the model list (PARLEY_MODEL)",
            "why": error.why,
            "next": error.fix,
        }
    if isinstance(error, BudgetReached):
        return {
            "type": "error", "what": "What may be spent on models is used up.", "where": error.setting, "why": error.why, "next": error.fix,
            "code": error.code,
        }  # fmt: skip
    if isinstance(error, BadReply):
        return {
            "type": "error", "what": "The model’s answer could not be used.", "where": f"{error.model}, prompt {error.prompt}",
            "why": error.why,
            "next": "Send your message again; if it stays, say it in smaller steps or choose another model with PARLEY_MODEL.",
        }  # fmt: skip
    raise error
