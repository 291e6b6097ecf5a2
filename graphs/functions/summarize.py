"""`summarize`: a model says it in a few sentences; without one, the sentences that hold most of the text, in their order and words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphs.functions import asking, replies

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_WORD = re.compile(r"[^\W\d_]{4,}")  # shorter words say little about the subject
_DEFAULT_SENTENCES = 3


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> dict[str, Any]:
    """Return `{summary, by}`, by "extractive" or the model's name. Raises WorkflowError (communication, runtime)."""
    sentences = _sentences(arguments)
    wanted = arguments.get("sentences") or _DEFAULT_SENTENCES
    if sentences and await asking.chosen(call, "run/summarize"):
        values = {"sentences": wanted, "text": "\n".join(sentences)}
        found = await asking.ask(call, "run/summarize", values, replies.Summarized, what="summarize")
        return {"summary": found.reply.summary, "by": found.model}
    chosen = _choose(sentences, wanted)
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
