"""Where an expression may carry a secret out: into data that is kept and passed on, to people, into addresses.

Allowed: headers, body and authentication of a call, arguments of other protocols and of own functions, `stdin` and `environment` of a
process, `input.from` (the standard's place for secrets), and conditions. An expression that only compares a secret or takes its length
carries nothing. Only the expression itself is looked at: what a later task does with the data is not followed.

The standard lets secrets go anywhere, so all of it is a warning; where texts are shown, values of secrets are taken out anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from dsl.catalogue import DEFAULT_CATALOGUE, parse_name
from dsl.expressions.errors import shown
from dsl.expressions.masking import masked
from dsl.problems import Problem
from dsl.sites import Site
from dsl.walk import Step

JSON = Any

_PATH: Final = r"\$secrets\s*(?:\.\s*\w+|\.?\[[^\]]*\]|\.\ue000+)"
_HARMLESS: Final = re.compile(
    rf"{_PATH}\s*(?:==|!=|<=?|>=?)|(?:==|!=|<=?|>=?)\s*{_PATH}|{_PATH}\s*\|\s*(?:length|type|not|has\(|startswith\(|test\()"
)
_NAMED: Final = re.compile(_PATH)
_TO_PEOPLE: Final = frozenset({"notify", "ask", "approve"})
_TO_HEADERS: Final = "send it in a header or the body of a call, or by `authentication`"


class Leak(NamedTuple):
    where: str  # "'…' would …"
    hint: str


def secret_leak(site: Site, step: Step | None, data: JSON) -> Iterator[Problem]:
    """Yield at most one problem about an expression that mentions `$secrets`."""
    hidden = masked(site.text)
    if "$secrets" not in hidden or site.condition:
        return
    if "$secrets" not in _HARMLESS.sub("", hidden):
        return
    leak = _of_document(site) if step is None else _of_task(site, step, data)
    if leak is None and "$secrets" in _NAMED.sub("", hidden):
        leak = Leak("hand on every secret at once", "name the one that is needed: $secrets.NAME")
    if leak is not None:
        message = f"'{shown(site.text)}' would {leak.where}"
        yield Problem(code="secret-leak", reference=site.pointer, message=message, hint=leak.hint, severity="warning")


def _of_document(site: Site) -> Leak | None:
    if site.pointer.startswith("/output/"):
        return Leak("put a secret into the workflow's output", f"leave it out; {_TO_HEADERS}")
    if site.pointer.startswith("/use/errors/"):
        return Leak("put a secret into an error, which everybody can read", "say in words what is wrong")
    return None


def _of_task(site: Site, step: Step, data: JSON) -> Leak | None:
    place = site.pointer[len(step.reference) + 1 :]
    kept = next((words for start, words in _KEPT.items() if place == start or place.startswith(start + "/")), None)
    if kept is not None:
        certain = not place.startswith("export") and _is_output(step, data, place)
        if certain:
            return Leak("put a secret into the workflow's output", f"leave it out; {_TO_HEADERS}")
        return Leak(kept, f"{_TO_HEADERS}, where it is needed")
    if place.startswith("emit/"):
        return Leak("put a secret into an event, which everybody who listens can read", "leave it out of the event")
    if place.startswith("raise/"):
        return Leak("put a secret into an error, which everybody can read", "say in words what is wrong")
    if place.startswith("run/"):
        return _of_process(place)
    return _of_call(place, step) if step.kind == "call" else None


_KEPT: Final = {
    "set": "put a secret into the data, where later tasks and the output may show it",
    "output/as": "put a secret into the data, where later tasks and the output may show it",
    "export/as": "put a secret into $context, where later tasks and the output may show it",
    "foreach/output/as": "put a secret into the data, where later tasks and the output may show it",
    "foreach/export/as": "put a secret into $context, where later tasks and the output may show it",
}


def _is_output(step: Step, data: JSON, place: str) -> bool:
    """Tell whether what *step* gives is certainly the workflow's output."""
    output = data.get("output") if isinstance(data, dict) else None
    if step.siblings.pointer != "/do" or "if" in step.task or (isinstance(output, dict) and "as" in output):
        return False
    if place.startswith(("set", "foreach")) and "output" in step.task:
        return False
    last = step.index == len(step.siblings.names) - 1 and step.task.get("then", "continue") == "continue"
    return last or step.task.get("then") in ("end", "exit")


def _of_process(place: str) -> Leak | None:
    part = place.split("/")
    if part[1:2] == ["workflow"]:
        return Leak("put a secret into the input of another run, which is kept", "declare the secret there and read it as $secrets")
    if part[2:3] and part[2] in ("arguments", "command", "code", "name"):
        hint = "pass it in `environment` or `stdin`"
        return Leak("show a secret to everybody who sees the machine's processes", hint)
    return None


def _of_call(place: str, step: Step) -> Leak | None:
    call = step.task["call"]
    if call == "http":
        part = place.split("/")[1:2]
        if place.startswith(("with/endpoint/authentication", "with/headers", "with/body")) or part not in (["endpoint"], ["query"]):
            return None
        return Leak("put a secret into an address, and addresses stand in logs", _TO_HEADERS)
    name = parse_name(call) if isinstance(call, str) else None
    if name is None or name.catalogue != DEFAULT_CATALOGUE or place in ("with/url", "with/token", "with/secret"):
        return None
    if name.name in _TO_PEOPLE:
        return Leak("show a secret to whoever reads the message", "leave it out of the message")
    return None
