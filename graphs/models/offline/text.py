"""Words before grammar: keep addresses and quotations whole, cut sentences and clauses, take politeness away."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

OPEN, CLOSE = "\ue000", "\ue001"
DOMAIN = (
    r"(?<![@\w.-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|app|de|eu|uk|fr|co|ai|local|internal)(?![\w-])(?::\d+)?(?:/[^\s,;]*)?(?![\w.]*@)"
)
SHAPES = (
    ("u", re.compile(r"https?://[^\s\"“”<>]+", re.IGNORECASE)),
    ("m", re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)),
    ("s", re.compile(r"\"([^\"\n]*)\"|“([^”\n]*)”|«([^»\n]*)»|`([^`\n]*)`|(?<![\w])'([^'\n]+)'(?!\w)|(?<![\w])‘([^’\n]+)’(?!\w)")),
    ("u", re.compile(DOMAIN, re.IGNORECASE)),
)
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3]+")  # outside of quotations they say nothing
CONNECTOR = re.compile(
    r"\s+and,\s+|(?:\s*,(?!\d)\s*|:\s+)(?:and\s+|but\s+|or\s+)?(?:then\s+|afterwards,?\s+|after that,?\s+|finally,?\s+|also\s+|next,?\s+)?|\s+(?:and|but)\s+(?:then\s+|also\s+|finally\s+|afterwards\s+)?"  # noqa: E501
    r"|\s+then\s+|\s+[–—-]\s+|\s+afterwards\s+|\s+before\s+(?:you\s+|(?=[a-z]+ing\b))",
    re.IGNORECASE,
)
INTRO = re.compile(
    r"(?:(?:please|can you|could you|would you|i want|i need|i would like|i'd like|we need|we want|let's|help me|you to|to|create|build|make|design|set up|write|give|me|us|have|automate)\s+)*"  # noqa: E501
    r"(?:a|an|the|one|some)?\s*(?:new |simple |small |little )*(?:workflow|automation|flow|job|process|routine|pipeline)\b[:,]?\s*(?:that|which|where|to|in which|for me|for|so that)?[:,]?\s*(?:it )?",  # noqa: E501
    re.IGNORECASE,
)
FILLER = re.compile(
    r"(?:please|kindly|only then|and only then|beforehand,?|before that,?|if you can|can you|could you|would you|will you|i want you to|i want to|i want|i'd like you to|i would like you to|i'd like to|i would like to|i need you to|i need to|"  # noqa: E501
    r"we need to|you should|you must|it should|it must|it shall|it will|should|shall|must|then|also|first(?! (?:\d|one\b|two\b|three\b|four\b|five\b|six\b|ten\b))|firstly|second|secondly|third|thirdly|next|finally|lastly|afterwards|after that|afterward|just|simply|"  # noqa: E501
    r"automatically|immediately|always|and|but|to|it|which|that|so|parley|hi|hi there|yes|ok so|so|hello|hey|ok|okay|step \d+:?|once that is done|when that is done|when done|after this|at the end|in the end)\b[,:]?\s+",  # noqa: E501
    re.IGNORECASE,
)
TAIL = re.compile(
    r"\s+(?:please|first|again|for me|as well|too|then|now|automatically|afterwards|at the end|beforehand|before that|of course|when finished|when done)$",  # noqa: E501
    re.IGNORECASE,
)

VERBS = [
    "fetch",
    "get",
    "load",
    "read",
    "download",
    "pull",
    "retrieve",
    "grab",
    "request",
    "call",
    "query",
    "check",
    "keep",
    "filter",
    "select",
    "pick",
    "take",
    "drop",
    "remove",
    "discard",
    "ignore",
    "skip",
    "exclude",
    "post",
    "send",
    "put",
    "push",
    "submit",
    "upload",
    "write",
    "save",
    "store",
    "patch",
    "delete",
    "forward",
    "deliver",
    "ask",
    "let",
    "have",
    "require",
    "notify",
    "tell",
    "message",
    "inform",
    "alert",
    "email",
    "mail",
    "ping",
    "remind",
    "retry",
    "repeat",
    "try",
    "wait",
    "pause",
    "sleep",
    "summarize",
    "summarise",
    "condense",
    "emit",
    "publish",
    "fire",
    "raise",
    "stop",
    "end",
    "finish",
    "abort",
    "cancel",
    "fail",
    "leave",
    "find",
    "use",
    "show",
    "give",
    "need",
    "start",
    "run",
    "go",
    "approve",
    "confirm",
    "hold",
]


def _forms() -> dict[str, str]:
    forms: dict[str, str] = {}
    for verb in VERBS:
        third = f"{verb[:-1]}ies" if verb.endswith("y") else f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "z")) else f"{verb}s"
        stem = verb[:-1] if verb.endswith("e") else verb
        for form in (third, f"{stem}ing", f"{verb}{verb[-1]}ing"):
            forms.setdefault(form, verb)
    return forms


FORMS = _forms()


@dataclass(slots=True)
class Protected:
    """A text whose addresses and quotations are single tokens."""

    text: str
    tokens: list[str] = field(default_factory=list)

    def open(self, text: str) -> str:
        """Put the original words back, quotation marks included."""
        return re.sub(rf"{OPEN}[ums](\d+){CLOSE}", lambda found: self.tokens[int(found[1])], text)

    def value(self, token: str) -> str:
        """Return what a token stands for, quotation marks left out; other text as it is."""
        inner = self.open(token).strip()
        for left, right in ('""', "“”", "«»", "``", "''", "‘’"):
            if len(inner) >= 2 and inner[0] == left and inner[-1] == right:
                return inner[1:-1]
        return inner

    def url(self, token: str) -> str:
        """Return an address with its scheme."""
        value = self.value(token)
        return value if "://" in value else f"https://{value}"


@dataclass(frozen=True, slots=True)
class Atom:
    """The smallest piece between two connectors."""

    before: str  # the connector, lower case, "" at a sentence's beginning
    start: int
    end: int


def protect(text: str) -> Protected:
    """Replace addresses, e-mail addresses and quotations by tokens."""
    source = Protected(re.sub(r"[ \t\r\f\v]+", " ", text.replace(OPEN, "").replace(CLOSE, "")).strip())

    def keep(kind: str, found: re.Match[str]) -> str:
        whole = found[0]
        kept = whole.rstrip(".,;:!?)'’") if kind == "u" else whole
        source.tokens.append(source.open(kept))
        return f"{OPEN}{kind}{len(source.tokens) - 1}{CLOSE}{whole[len(kept) :]}"

    for kind, shape in SHAPES:
        source.text = shape.sub(lambda found, kind=kind: keep(kind, found), source.text)  # type: ignore[misc]
    source.text = re.sub(r" *\n *|  +", lambda found: "\n" if "\n" in found[0] else " ", EMOJI.sub(" ", source.text)).strip()
    return source


def sentences(source: Protected) -> list[str]:
    """Cut at full stops, semicolons and line breaks; list marks go."""
    parts = re.split(r"(?<=[.!?;])\s+|\s*;\s*|\n+", source.text)
    return [cut for part in parts if (cut := re.sub(r"^(?:[-*•]|\d+[.)])\s+", "", part.strip()).rstrip(" .!?;,"))]


def atoms(sentence: str) -> list[Atom]:
    """Cut a sentence at its connectors."""
    found: list[Atom] = []
    start, before = 0, ""
    for connector in CONNECTOR.finditer(sentence):
        if connector.start() > start:
            found.append(Atom(before, start, connector.start()))
        before, start = connector[0].strip().lower(), connector.end()
    if start < len(sentence):
        found.append(Atom(before, start, len(sentence)))
    return found


def tidy(clause: str) -> str:
    """Take politeness away and bring the first verb into its plain form."""
    text = re.sub(r"\s+", " ", clause).strip(" ,.:;!?")
    text = INTRO.sub("", text, count=1) if INTRO.match(text) else text
    while found := FILLER.match(text):
        text = text[found.end() :]
    while found := TAIL.search(text):
        text = text[: found.start()]
    head, _, rest = text.partition(" ")
    plain = FORMS.get(head.lower(), head)
    return f"{plain} {rest}".strip()
