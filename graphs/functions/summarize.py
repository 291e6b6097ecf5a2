"""`summarize` without a model: the sentences that hold most of what the text is about, in their own order and words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_WORD = re.compile(r"[^\W\d_]{4,}")  # shorter words say little about the subject
_DEFAULT_SENTENCES = 3


async def run(arguments: Mapping[str, Any], _call: FunctionCall) -> dict[str, Any]:
    """Return `{summary, by: "extractive"}`."""
    sentences = _sentences(arguments)
    chosen = _choose(sentences, arguments.get("sentences") or _DEFAULT_SENTENCES)
    return {"summary": " ".join(chosen), "by": "extractive"}


def _sentences(arguments: Mapping[str, Any]) -> list[str]:
    texts = [str(item) for item in arguments.get("items") or () if item is not None]
    if arguments.get("text"):
        texts.insert(0, str(arguments["text"]))
    parts = (part.strip() for text in texts for part in _SENTENCE_END.split(text))
    return list(dict.fromkeys(part for part in parts if part))


def _choose(sentences: Sequence[str], count: int) -> list[str]:
    words = [set(_WORD.findall(sentence.casefold())) for sentence in sentences]
    weight = Counter(word for group in words for word in group)
    scores = [sum(weight[word] for word in group) / (len(group) + 3) for group in words]
    best = sorted(range(len(sentences)), key=lambda position: (-scores[position], position))[:count]
    return [sentences[position] for position in sorted(best)]
