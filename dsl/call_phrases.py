"""What one `call` does, in a phrase: HTTP by its method, the common functions by their arguments, all others by their title."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dsl.catalogue import DEFAULT_CATALOGUE, Catalogue, Function, find, parse_name
from dsl.expressions.program import is_expression
from dsl.jq_words import computed_words, field_words, filter_words, holds_code, value_words
from dsl.pointer import get
from dsl.protocol_phrases import given_words
from dsl.targets import place, short_address
from dsl.walk import Step
from dsl.words import joined, shortened

JSON = Any

_VERBS: Final = {
    "GET": "Fetch",
    "HEAD": "Look up",
    "OPTIONS": "Look up",
    "PUT": "Put {what} to",
    "POST": "Post {what} to",
    "PATCH": "Send changes to",
    "DELETE": "Delete",
}
_BY: Final = {"chat": "in the chat", "email": "by email", "slack": "in Slack", "webhook": "by webhook"}


def http_target(step: Step) -> tuple[str, str]:
    """Return (METHOD, endpoint as written) of a `call: http`."""
    arguments = step.task.get("with")
    arguments = arguments if isinstance(arguments, dict) else {}
    method, endpoint = arguments.get("method"), arguments.get("endpoint")
    uri = endpoint.get("uri") if isinstance(endpoint, dict) else endpoint
    shown = str(method) if is_expression(method) else str(method or "").upper()
    return shown, str(uri or "")


def http_words(step: Step) -> str:
    method, uri = http_target(step)
    return f"{_verb(step, method)} {place(uri)}"


def http_brief(step: Step) -> tuple[str, str, str]:
    """Return (verb with what is sent, verb alone, address without its scheme); of a long address the end says most."""
    method, uri = http_target(step)
    known = "" if is_expression(method) else method
    alone = _VERBS.get(method, f"Call {known}".strip()).replace(" {what}", "")
    whole = _verb(step, known)
    return alone if holds_code(whole) else whole.replace("`", ""), alone, short_address(uri) or "an address"


def function_words(step: Step, catalogue: Catalogue) -> str:
    call = step.task.get("call")
    function = find(call, catalogue)
    parsed = parse_name(call) if isinstance(call, str) else None
    name = function.name if function else parsed.name if parsed else str(call)
    arguments = step.task.get("with")
    arguments = arguments if isinstance(arguments, dict) else {}
    if isinstance(call, str) and "://" in call:
        return f"Use the function at {place(call)}{given_words(arguments)}"
    say = _FUNCTIONS.get(name) if parsed is None or parsed.catalogue in ("", DEFAULT_CATALOGUE) else None
    if say or parsed is None or parsed.catalogue in ("", DEFAULT_CATALOGUE):
        return say(arguments) if say else _other(function, name, arguments)
    return f"Use the function {name} of the catalogue {parsed.catalogue}{given_words(arguments)}"


def _verb(step: Step, method: str) -> str:
    return _VERBS.get(method, f"Call {method}").replace("{what}", _what(get(step.task, "/with/body")))


def _what(body: JSON) -> str:
    if isinstance(body, str) and is_expression(body):
        return filter_words(body) or computed_words(body) or value_words(body)
    if isinstance(body, dict) and body:
        return joined([field_words(key) for key in list(body)[:4]] + (["more"] if len(body) > 4 else []))
    return "a text" if isinstance(body, str) else "data"


def _approve(arguments: dict[str, JSON]) -> str:
    return f"Ask {_who(arguments)} to approve{_about(_text(arguments.get('title')))}"


def _ask(arguments: dict[str, JSON]) -> str:
    return f"Ask {_who(arguments)} to fill in a form{_about(_text(arguments.get('title')))}"


def _notify(arguments: dict[str, JSON]) -> str:
    channel = _text(arguments.get("channel")) or "chat"
    to, about = _text(arguments.get("to")), _text(arguments.get("title")) or _text(arguments.get("text"))
    whom = to or ("you" if channel == "chat" else "somebody")
    where = place(arguments.get("url"))
    by = f"{_BY.get(channel, f'by {channel}')}{f' at {where}' if where else ''}"
    return f"Tell {whom} {by}{_about(shortened(about, 60))}"


def _summarize(arguments: dict[str, JSON]) -> str:
    source = arguments.get("items", arguments.get("text"))
    what = value_words(str(source)) if is_expression(source) else "the text"
    count = arguments.get("sentences")
    return f"Summarize {what}" + (f" in {count} sentence{'' if count == 1 else 's'}" if isinstance(count, int) else "")


def _agent(arguments: dict[str, JSON]) -> str:
    return f"Have an agent do it{_about(shortened(_text(arguments.get('instructions')), 80))}"


def _sql(arguments: dict[str, JSON]) -> str:
    where = _text(arguments.get("connection")) or "a database"
    act = "Change" if arguments.get("access") == "write" else "Ask" if arguments.get("access", "read") == "read" else "Ask or change"
    return f"{act} {where}{_about(shortened(_text(arguments.get('statement')), 60))}"


def _read_document(arguments: dict[str, JSON]) -> str:
    where = place(arguments.get("url"))
    return f"Read the document{f' at {where}' if where else ''}"


def _write_document(arguments: dict[str, JSON]) -> str:
    kind = _text(arguments.get("to")).upper() or "document"
    return f"Write a {kind}{_about(shortened(_text(arguments.get('title') or arguments.get('name')), 60))}"


def _fetch_page(arguments: dict[str, JSON]) -> str:
    return f"Fetch the page {place(arguments.get('url')) or ''}".strip()


def _chart(arguments: dict[str, JSON]) -> str:
    kinds = {"bar": "a bar chart", "line": "a line chart", "area": "an area chart", "scatter": "points", "pie": "a pie chart"}
    return f"Draw {kinds.get(_text(arguments.get('kind')), 'a chart')}{_about(shortened(_text(arguments.get('title')), 60))}"


def _other(function: Function | None, name: str, arguments: dict[str, JSON]) -> str:
    title = function.title if function else f"Use the function {name}"
    shown = next((_text(arguments[key]) for key in ("title", "text", "name") if key in arguments), "")
    return f"{title}{_about(shortened(shown, 60))}"


def _who(arguments: dict[str, JSON]) -> str:
    assignee = arguments.get("assignee")
    return _text(" or ".join(map(str, assignee)) if isinstance(assignee, list) else assignee) or "a person"


def _about(text: str) -> str:
    return f": {text}" if text else ""


def _text(value: JSON) -> str:
    if isinstance(value, list):
        return joined([_text(item) for item in value])
    if value is None or isinstance(value, dict):
        return ""
    return value_words(value) if is_expression(value) else str(value)


_FUNCTIONS: Final[dict[str, Callable[[dict[str, JSON]], str]]] = {
    "agent": _agent,
    "approve": _approve,
    "ask": _ask,
    "chart": _chart,
    "fetch-page": _fetch_page,
    "notify": _notify,
    "read-document": _read_document,
    "sql": _sql,
    "summarize": _summarize,
    "write-document": _write_document,
}
