"""Find secrets that a person pasted, and mask them before anything else sees the text.

Source of the key shapes: the public prefixes of the issuers (OpenAI `sk-`, GitHub `ghp_`, Slack `xox`, AWS `AKIA`, Google `AIza`,
Stripe `sk_live_`, JWT `eyJ`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MASK = "[secret removed]"

SHAPES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("API_KEY", "", re.compile(r"\b(?:sk|pk|rk)[-_](?:[a-z]+[-_])*[A-Za-z0-9_-]{16,}")),
    ("GITHUB_TOKEN", "", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,})")),
    ("SLACK_TOKEN", "", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}")),
    ("AWS_KEY", "", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("GOOGLE_KEY", "", re.compile(r"\bAIza[\w-]{30,}")),
    ("TOKEN", "", re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}")),
    ("TOKEN", "Bearer ", re.compile(r"\bbearer\s+(?!token\b|auth)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)),
    ("PRIVATE_KEY", "", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)),
)
SAID = re.compile(
    r"\b(?P<what>pass(?:word|phrase|wd)|pwd|api[ _-]?key|secret(?: key)?|access[ _-]?token|token)\b(?P<is>\s*(?:is|=|:|are)\s*[\"'`]?)(?P<value>[^\s\"'`,;]{4,})",  # noqa: E501
    re.IGNORECASE,
)
IN_URL = re.compile(r"(?P<before>\b[a-z][a-z0-9+.-]*://[^\s/:@]+:)(?P<value>[^\s/@]{3,})(?=@)", re.IGNORECASE)
IN_QUERY = re.compile(
    r"(?P<before>[?&](?:api[_-]?key|key|token|access_token|secret|password)=)"
    r"(?P<value>(?!\[secret)[^\s&#]{6,})",
    re.IGNORECASE,
)
NOT_A_VALUE = re.compile(
    r"^(?:in|the|a|an|not|from|stored|missing|wrong|called|named|needed|required|held|kept|given|\$\{|\$secrets)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its secrets."""

    text: str
    names: tuple[str, ...]  # suggested names, in order of appearance, "API_KEY"


def redact(text: str) -> Redacted:
    """Mask everything in *text* that looks like a secret and suggest a name for each."""
    names: list[str] = []
    for name, before, shape in SHAPES:
        text, count = shape.subn(before + MASK, text)
        names += [name] * count
    for pattern, name in ((IN_URL, "PASSWORD"), (IN_QUERY, "API_KEY")):
        text, count = pattern.subn(lambda found: found["before"] + MASK, text)
        names += [name] * count

    def said(found: re.Match[str]) -> str:
        if NOT_A_VALUE.match(found["value"]) or found["value"].startswith(MASK[:7]):
            return found[0]
        names.append(re.sub(r"[ -]", "_", found["what"]).upper())
        return found["what"] + found["is"] + MASK

    text = SAID.sub(said, text)
    return Redacted(text, tuple(dict.fromkeys(names)))
