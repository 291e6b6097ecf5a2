"""What a message wants, by its words. Unsure: the reading that changes less."""

from __future__ import annotations

import re
from typing import Any

from graphs.models.offline import changes, text, triggers
from graphs.models.offline.parse import parse
from graphs.models.offline.reading import Reading

APPROVE = re.compile(
    r"(?:ok(?:ay)?|yes|yep|sure|great|good|fine|perfect)?[,. !]*(?:(?:please |i |i'd |let's )*(?:approve|confirm|accept|ship)(?: it| this| that| the (?:proposal|workflow|draft))?|go ahead|looks good(?: to me)?|lgtm|yes|yep|ok(?:ay)?|do it|approved)[.! ]*(?:please)?[.!]*",  # noqa: E501
    re.IGNORECASE,
)
REJECT = re.compile(
    r"(?:no|nope)?[,. ]*(?:please |i )*(?:reject|refuse|discard|throw away|drop|decline|forget|cancel|do not approve|don't approve)(?: it| this| that| the (?:proposal|workflow|draft|whole thing)| all of it)?(?: please)?[.!]*|no[.!]*|no thanks[.!]*|never mind[.!]*",  # noqa: E501
    re.IGNORECASE,
)
HELP = re.compile(
    r".*\b(?:what can you do|how (?:do|can) i (?:use|start|begin|work)|what do you understand|help|what is parley|who are you|how does (?:this|parley) work)\b.*|hi|hello|hey|good (?:morning|evening|day)",  # noqa: E501
    re.IGNORECASE | re.DOTALL,
)
MONITOR = re.compile(
    r".*\b(?:status|running|runs|progress|how (?:is|are|did) .*(?:going|doing|run)|(?:is|are) .* (?:done|finished)|did (?:it|the last run|.*) (?:work|run|finish|fail|succeed)|what happened|last run|any (?:errors|failures)|which runs)\b.*",  # noqa: E501
    re.IGNORECASE | re.DOTALL,
)
RUN = re.compile(
    r"(?:please |can you |could you |now )*(?:run|start|execute|launch|trigger|kick off)(?: (?P<what>it|this|that|the workflow|(?:the )?(?:workflow )?[\"“']?(?!at\b|every|on\b|it at|it every|it on|once a)[\w -]{1,60}[\"”']?))?(?: (?:now|once|again|please|right away|for me))*[.!]*",  # noqa: E501
    re.IGNORECASE,
)
SECRET = re.compile(r".*\b(?:secret|password|token|api key|credential)s?\b.*", re.IGNORECASE | re.DOTALL)
ASKS = re.compile(
    r"(?:what|why|which|when|how|where|who|does|do|is|are|can|could|will|would|explain|describe|tell me (?:about|what|why|how)|show me (?:the|what))\b.*",  # noqa: E501
    re.IGNORECASE | re.DOTALL,
)
SHOW = re.compile(
    r"(?:please |can you |could you )*(?:explain|describe|show me (?:the|what|how)|tell me (?:about|what|why|how|who|when))\b",
    re.IGNORECASE,
)
ORDERS = re.compile(r"(?:can|could|would|will) you\b.*", re.IGNORECASE | re.DOTALL)
DEFAULTS = re.compile(
    r"(?:yes|ok|okay|yep|sure|fine|the defaults?|use the defaults?|as you (?:like|suggest|say|propose)|your suggestions?|sounds good|go ahead|correct|right|default)[ .!,]*(?:please)?[.!]*",  # noqa: E501
    re.IGNORECASE,
)


def classify(reading: Reading) -> dict[str, Any]:
    """Answer `design/classify`."""
    message, pending = reading.text("message").strip(), reading.word("Pending")
    questions = reading.value("questions") or []
    has_draft = bool(reading.text("workflow").strip())
    if pending == "questions":
        answers = answer(message, questions)
        if answers:
            return {"intent": "answer", "confidence": 0.9, "answers": answers}
    names = [str(entry.get("name", "")) for entry in reading.value("workflows") or [] if isinstance(entry, dict)]
    kind, sure = _kind(message, pending, has_draft, names)
    return {"intent": kind, "confidence": sure, "workflow": _named(message, names) if kind in ("run", "monitor", "question") else ""}


def _kind(message: str, pending: str, has_draft: bool, names: list[str]) -> tuple[str, float]:
    if pending == "decision" and APPROVE.fullmatch(message):
        return "approve", 0.95
    if pending == "decision" and REJECT.fullmatch(message):
        return "reject", 0.95
    if HELP.fullmatch(message):
        return "help", 0.9
    if (has_draft or names) and RUN.fullmatch(message):
        return "run", 0.9
    if has_draft and SHOW.match(message):
        return "question", 0.9
    if has_draft and changes.looks_like(message):
        return "change", 0.9
    wish = wished(message)
    if wish >= 1 and not (ASKS.match(message) and message.rstrip().endswith("?") and not ORDERS.match(message)):
        return ("change", 0.6) if has_draft and wish < 2 else ("design", 0.9)
    if ASKS.match(message) and has_draft and not MONITOR.fullmatch(message):
        return "question", 0.8
    if MONITOR.fullmatch(message):
        return "monitor", 0.8
    if SECRET.fullmatch(message) and not wish:
        return "secret", 0.8
    if ASKS.match(message):
        return ("question", 0.6) if has_draft else ("off-topic", 0.6)
    return ("change", 0.5) if has_draft else ("design", 0.5) if pending != "decision" else ("off-topic", 0.5)


def wished(message: str) -> int:
    """Return how many clauses of work *message* holds."""
    understood = parse(message)
    return sum(clause.kind != "nothing" for clause in understood.clauses) + (understood.trigger is not None)


def _named(message: str, names: list[str]) -> str:
    """Return the known workflow that the message names."""
    low = re.sub(r"[^a-z0-9]+", " ", message.lower())
    return max((name for name in names if name and re.sub(r"[^a-z0-9]+", " ", name.lower()).strip() in low), key=len, default="")


def answer(message: str, questions: list[dict[str, Any]]) -> dict[str, str]:
    """Find answers to open questions in a sentence."""
    if DEFAULTS.fullmatch(message.strip()):
        found = {question["id"]: question.get("default") or next(iter(question.get("options") or []), "") for question in questions}
        return {key: value for key, value in found.items() if value}
    taken: dict[str, str] = {}
    for question in questions:
        value = _value(message, question, alone=len(questions) == 1)
        if value and value not in taken.values():
            taken[question["id"]] = value
    return taken


def _value(message: str, question: dict[str, Any], *, alone: bool) -> str:
    kind, source = question.get("kind", "text"), text.protect(message)
    for option in question.get("options") or []:
        if re.search(rf"(?<![\w.-]){re.escape(option)}(?![\w-])", message, re.IGNORECASE) and len(message.split()) <= 12:
            return str(option)
    shapes = {"url": text.OPEN + r"u\d+" + text.CLOSE, "email": text.OPEN + r"m\d+" + text.CLOSE}
    if kind in shapes:
        found = re.search(shapes[kind], source.text)
        return (source.url(found[0]) if kind == "url" else source.value(found[0])) if found else ""
    mail = re.search(shapes["email"], source.text)
    if mail and question["id"].startswith("channel"):
        return source.value(mail[0])
    if kind == "time":
        found = re.search(rf"(?:\bat )?({triggers.CLOCK})", message, re.IGNORECASE)
        return (triggers.clock(found[1]) or "") if found else ""
    if kind == "field":
        return _field(message)
    if kind == "number":
        found = re.search(r"-?\d+(?:[.,]\d+)?", message)
        return found[0] if found else ""
    words = message.strip(" .!")
    if kind == "choice":
        return ""
    short = len(words.split()) <= 6 and not ASKS.match(words) and not changes.looks_like(words) and not wished(words)
    return (
        re.sub(r"^(?:it is|it's|that is|that's|he is|she is|use|call (?:him|her|it))\s+", "", words, flags=re.IGNORECASE)
        if alone and short
        else ""
    )


def _field(message: str) -> str:
    """Return the field named: a quoted word, what follows "field is", or the only word."""
    quoted = re.search(r"[\"“'`]([\w .-]+)[\"”'`]", message)
    if quoted:
        return quoted[1]
    named = re.search(
        r"(?:field (?:is|called|named)|(?:it|that)(?:'s| is)(?: called| named| in)?|called|named|use|take|in)\s+(?:the )?(?:field )?\.?([A-Za-z_][\w.]*)(?: field)?[.!]?$",  # noqa: E501
        message.strip(),
        re.IGNORECASE,
    )
    if named:
        return named[1].rstrip(".")
    alone = re.fullmatch(r"(?:the )?\.?([A-Za-z_][\w.]*?)(?: field| one)?[.!]?", message.strip(), re.IGNORECASE)
    return alone[1] if alone and alone[1].lower() not in ("no", "none", "help", "why", "what", "stop", "yes") else ""
