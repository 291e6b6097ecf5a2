"""What people take back while they speak: "above 100, no wait, make it 50"."""

from __future__ import annotations

import re

NUMBER_SAID = r"(?<![\w.:])[€$£]?\d[\d,.']*(?::\d\d)?k?(?! ?(?:times|sentences))(?![\w:])"
CORRECTION = re.compile(
    rf"(?P<before>[^.;!?]*)(?:,|\.|\s[–—-])\s*(?:no,? wait|wait,? no|no,? sorry|sorry|no,? actually|actually|scratch that|i mean|no)[,:]?\s+(?:make (?:it|that)\s+|it should be\s+|rather\s+)?(?P<new>{NUMBER_SAID})(?=\s*(?:[,.;!?]|$|and\b|then\b))",  # noqa: E501
    re.IGNORECASE,
)


def corrected(text: str) -> str:
    """Carry out "above 100, no wait, make it 50" when the words before hold one number; else leave it, and it is not understood."""

    def carry_out(found: re.Match[str]) -> str:
        clause = re.split(r",\s|\s(?:and|then)\s", found["before"])[-1]
        numbers = list(re.finditer(NUMBER_SAID, clause))
        if len(numbers) != 1:
            return found[0]
        head = found["before"][: len(found["before"]) - len(clause)]
        return head + clause[: numbers[0].start()] + found["new"] + clause[numbers[0].end() :]

    return CORRECTION.sub(carry_out, text)
