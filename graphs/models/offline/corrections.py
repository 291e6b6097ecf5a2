"""What people take back while they speak: "above 100, no wait, make it 50"."""

from __future__ import annotations

import re

NUMBER_SAID = r"(?<![\w.:])[€$£]?\d+(?:[.,']\d+)*(?::\d\d)?k?(?! ?(?:times|sentences))(?![\w:])"
NUMBERS = re.compile(NUMBER_SAID)
TAKEN_BACK = re.compile(
    r"(?:,|\.|\s[–—-])\s*(?:no,? wait|wait,? no|no,? sorry|sorry|no,? actually|actually|scratch that|i mean|no)[,:]?\s+"
    rf"(?:make (?:it|that)\s+|it should be\s+|rather\s+)?(?P<new>{NUMBER_SAID})(?=\s*(?:[,.;!?]|$|and\b|then\b))",
    re.IGNORECASE,
)
CLAUSE_ENDS = re.compile(r"[.;!?]\s|,\s|\s(?:and|then)\s", re.IGNORECASE)


def corrected(text: str) -> str:
    """Carry out a correction when the clause before it holds just one number; any other stays, and is then not understood."""
    found = TAKEN_BACK.search(text)
    while found:
        start = max((end.end() for end in CLAUSE_ENDS.finditer(text, 0, found.start())), default=0)
        numbers = list(NUMBERS.finditer(text, start, found.start()))
        if len(numbers) == 1:
            (old,) = numbers
            text = text[: old.start()] + found["new"] + text[old.end() : found.start()] + text[found.end() :]
            found = TAKEN_BACK.search(text, old.start())
        else:
            found = TAKEN_BACK.search(text, found.end())
    return text
