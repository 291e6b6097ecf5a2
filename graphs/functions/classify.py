"""`classify`: the label whose keywords a text holds most often. Deterministic; a model may take over in a later version."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall


async def run(arguments: Mapping[str, Any], _call: FunctionCall) -> dict[str, Any]:
    """Return `{label, keywords, by}`: the words that decided, none when it fell to `otherwise`."""
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
