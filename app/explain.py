"""A run's error in words: what failed, where, why, and what to do next. The advice fits the fault, not only its type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.titles import task_title

JSON = Any

RETRY = "retry the run: finished steps do not run again"
NEXT = {
    "communication": "Check that the address is right and answers, then {again}.",
    "timeout": "When the other side answers again, {again}; or allow more time in the definition (`timeout`).",
    "authentication": "Check the credentials: the stored secret may be missing or out of date (parley secret set NAME). Then {again}.",
    "authorization": "Something was not allowed: check rights and secrets, then {again}.",
    "expression": "The expression does not fit the data it met: look at the step's input, change the definition, propose it again.",
    "validation": "A value does not fit its schema: correct the input or the definition, then start a new run.",
    "configuration": "Something is not set up: parley doctor shows what. Then {again}.",
    "budget": "The run used more than it may: allow more (`metadata.parley.budget`, or PARLEY_BUDGET_… of the operator), or look "
    "why it needs so much; then start a new run.",
    "runtime": "Look at the step and its input; change the definition, or {again}.",
}
OWN = "The definition raises this error itself: look at what it checks, correct the cause, then {again}."

ANSWERED = r"^[^:]*: [A-Z]+ \S+ answered "  # what follows may quote the other side: nothing it says may choose the advice

# What the engine's and the functions' words tell: pattern in "title: detail", its named groups being put into the advice. The first fits.
FITTING = tuple(
    (re.compile(pattern), advice)
    for pattern, advice in (
        (
            ANSWERED + r"40[13]\b",
            "The other side did not accept who asks: check the credentials it wants (parley secret set NAME), then {again}.",
        ),
        (
            ANSWERED + r"404\b",
            "The other side has nothing at this address: correct it, or what it is made from; or {again} when it is there.",
        ),
        (ANSWERED + r"429\b", "The other side wants fewer requests: wait a little, then {again}."),
        (ANSWERED + r"4\d\d\b", "The other side does not accept the request (its words are above): correct what is sent, or {again}."),
        (ANSWERED + r"5\d\d\b", "The fault is on the other side: when it is well again, {again}."),
        (
            ANSWERED + r"3\d\d\b",
            "The other side sends us elsewhere: write `redirect: true` under `with`, or the new address; propose it again.",
        ),
        (
            r"^Address Not Allowed: .* set (?P<setting>PARLEY_HTTP_ALLOW=\S+)$",
            "If workflows shall call this address, set {setting} for web, worker and command line, then {again}; else correct it.",
        ),
        (r"^Address Not Allowed: ", "This address is closed to workflows on purpose: correct the address in the definition."),
        (r"the secret '(?P<name>[\w-]+)' is not available", "Store it with parley secret set {name}, then {again}."),
        (
            r"the secret '(?P<name>[\w-]+)' is not declared",
            "Add {name} to `use.secrets` of the definition, propose it again, and store its value with parley secret set {name}.",
        ),
        (r"^No answer: unknown host name", "Check the host name in the address, and that this machine can look names up; then {again}."),
        (
            r"certificate is not trusted",
            "The other side's certificate must be one this machine trusts: correct one of the two, then {again}.",
        ),
        (r"does it speak https", "Write http:// if the service does not encrypt, and propose the definition again; else {again}."),
        (r"connection refused", "Is the service running, and is the port right? When it is, {again}."),
        (r"^No answer|^Answer broken off", "Check that the service is well; when it answers, {again}."),
        (
            r"^Unreadable answer|^Answer too large",
            "Check that the address leads to the service you mean; if it does, its answer must change.",
        ),
        (r"^Not a usable", "Correct the address or the value it is made from, in the input or the definition."),
        (
            r"^Worker Died",
            "Look at the workers' logs and memory: give them more, or have the workflow hold less at once (smaller answers, shorter "
            "loops); then {again}.",
        ),
        (r"^Proof Failed", "Look on the other side what became of it; to do the task once more, {again}."),
        (r"no input was given", "Give the input this workflow needs: --input JSON on the command line, the form in the chat."),
        (r"PARLEY_SMTP_URL", "Set PARLEY_SMTP_URL=smtp://user:password@host:port for the worker, then {again}."),
        (
            r"nobody answered",
            "Somebody has to answer in time: allow more time in the definition (`deadline`), or {again} to ask once more.",
        ),
    )
)
NO_ANSWER = re.compile(r"^(No answer|Answer |Unreadable|Not a usable|Address Not Allowed)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorView:
    """`code` is the last part of the error's type, `raw` the error as the standard has it."""

    what: str
    where: str
    why: str
    next: str
    code: str
    raw: Mapping[str, JSON]

    def to_json(self) -> dict[str, JSON]:
        return asdict(self)


def explain(error: Mapping[str, JSON], definition: Mapping[str, JSON], failed_path: str = "", *, again: str = RETRY) -> ErrorView:
    """
    Return *error* in words.

    Args:
        error: As the standard has it: `{type, status, title, detail, instance}`.
        failed_path: Where it happened, when *error* has no `instance`.
        again: How to try once more; put into the advice.
    """
    from graphs.run.paths import to_reference

    type_ = str(error.get("type") or "")
    code = re.split("[/:]", type_.rstrip("/"))[-1] or "runtime"
    reference = str(error.get("instance") or "") or to_reference(failed_path)
    title = task_title(definition, reference) if reference not in ("", "/") else ""
    kind = str(error.get("title") or code)
    # a status is what the other side said: the standard's default (500) for an answer that never came would read as one
    status = f" (status {error['status']})" if error.get("status") and not NO_ANSWER.match(kind) else ""
    return ErrorView(
        what=f"“{title}” failed: {kind}{status}" if title else f"The workflow failed: {kind}{status}",
        where=_where(reference, title),
        why=str(error.get("detail") or kind),
        next=_advice(code, f"{kind}: {error.get('detail') or ''}").replace("{again}", again),
        code=code,
        raw=dict(error),
    )


def _where(reference: str, title: str) -> str:
    if reference in ("", "/"):
        return "the workflow"
    return f"{reference} ({title})" if title and title != reference.rpartition("/")[2] else reference


def _advice(code: str, words: str) -> str:
    """Return what to do next; `{again}` is left in it."""
    if code not in NEXT:
        return OWN
    for pattern, advice in FITTING:
        found = pattern.search(words)
        if found is not None:
            for name, value in found.groupdict().items():
                advice = advice.replace(f"{{{name}}}", value)
            return advice
    return NEXT[code]
