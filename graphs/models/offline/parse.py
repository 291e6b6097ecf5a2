"""From a person's sentences to clauses. Every word ends in a clause or in `unknown`; nothing is dropped.

A sentence is cut into atoms at commas, "and", "then"; the longest run of atoms that one row of a table understands becomes a
clause. Words that open a branch, a loop or a parallel part take the rest of their sentence with them (to "otherwise", or to "in any
case").
"""

from __future__ import annotations

from graphs.models.offline.clause import Understood
from graphs.models.offline.corrections import corrected
from graphs.models.offline.phrasing import plain
from graphs.models.offline.recognise import WRITES
from graphs.models.offline.sentence import Sentence
from graphs.models.offline.text import protect, sentences


def parse(text: str) -> Understood:
    """Read a wish of one or more sentences."""
    source = protect(text)
    source.text = plain(corrected(source.text))
    understood = Understood()
    for sentence in sentences(source):
        Sentence(sentence, source, understood).read()
    last = understood.clauses[-1] if understood.clauses else None
    if last is not None and last.kind == "approve" and not last.otherwise and any(one.kind in WRITES for one in understood.clauses):
        understood.unknown.append(last.said)  # what would hang on it has happened already
    return understood
