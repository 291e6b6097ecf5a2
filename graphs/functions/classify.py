"""`classify`: the label that a model finds fitting; without a model the one whose keywords the text holds most often."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphs.functions import asking, replies

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> dict[str, Any]:
    """Return `{label, keywords, by}`: the words that decided, none when it fell to `otherwise`; by whom. Raises WorkflowError."""
    if not await asking.chosen(call, "run/classify"):
        return _by_keywords(arguments)
    labels = list(arguments["labels"])
    reply = replies.fitting(replies.Classified, "label", {"enum": [*labels, None]})
    values = {"labels": arguments["labels"], "text": str(arguments["text"])}
    found = await asking.ask(call, "run/classify", values, reply, what="classify")
    label = found.reply.label
    return {
        "label": arguments.get("otherwise") if label is None else label,
        "keywords": found.reply.keywords if label else [],
        "by": found.model,
    }


def _by_keywords(arguments: Mapping[str, Any]) -> dict[str, Any]:
    text = str(arguments["text"]).casefold()
    labels: Mapping[str, Sequence[str]] = arguments["labels"]
    found = {label: [word for word in words if _holds(text, word)] for label, words in labels.items()}
    best = max(found, key=lambda label: len(found[label]), default="")
    if not found.get(best):
        return {"label": arguments.get("otherwise"), "keywords": [], "by": "keywords"}
    return {"label": best, "keywords": found[best], "by": "keywords"}


def _holds(text: str, word: str) -> bool:
    """Tell whether *text* holds *word* as a word or the beginning of one: `refund` is in "refunded", `port` is not in "report"."""
    return re.search(rf"(?<!\w){re.escape(word.casefold())}", text) is not None
