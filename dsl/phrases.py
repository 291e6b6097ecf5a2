"""What one task does, in a phrase: for the outline, the picture and the cards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dsl.catalogue import Catalogue, Function, find, parse_name
from dsl.effects import http_target
from dsl.expressions.program import is_expression
from dsl.jq_words import computed_words, condition_words, filter_words, path_words, things, value_words
from dsl.pointer import get
from dsl.walk import Step, title_of
from dsl.words import duration_words, event_words, joined, shortened, spoken

JSON = Any

_VERBS = {
    "GET": "Fetch",
    "HEAD": "Look up",
    "OPTIONS": "Look up",
    "PUT": "Put {what} to",
    "POST": "Post {what} to",
    "PATCH": "Send changes to",
    "DELETE": "Delete",
}


@dataclass(frozen=True, slots=True)
class Lead:
    """The line of a task, and for a switch its cases as (condition in words, target)."""

    text: str
    cases: tuple[tuple[str, str], ...] = ()


def lead(step: Step, data: JSON, catalogue: Catalogue) -> Lead:
    """Return what *step* does, with its condition, what it keeps and its time limit."""
    own_title = title_of(step.name, step.task)
    said = own_title if own_title != step.name else phrase(step, data, catalogue)
    condition = step.task.get("if")
    if isinstance(condition, str):
        said = f"If {condition_words(condition)}: {said[:1].lower()}{said[1:]}"
    kept = _kept(step)
    if kept:
        said += f", and {kept}"
    limit = get(step.task, "/timeout/after")
    if isinstance(limit, str | dict):
        said += f" (at most {duration_words(limit)})"
    opens = step.kind in ("do", "for", "fork", "try", "switch") and not said.endswith(("?", ":", ".", "!"))
    return Lead(said + (":" if opens else ""), _cases(step))


def phrase(step: Step, data: JSON, catalogue: Catalogue) -> str:
    """Return what the task does, without its condition."""
    say = _SAY.get(step.kind or "")
    if step.kind == "call" and step.task.get("call") != "http":
        return _function(step, catalogue)
    return say(step, data) if say else spoken(step.name).capitalize()


def case_words(case: JSON) -> str:
    """Return the condition of a switch's case: "If amount is above 100", "Otherwise"."""
    when = case.get("when") if isinstance(case, dict) else None
    return f"if {condition_words(when)}" if isinstance(when, str) else "otherwise"


def catch_words(task: dict[str, JSON]) -> str:
    """Return what a `catch` reacts to: "If it fails with status 503"."""
    wanted = get(task, "/catch/errors/with")
    if not isinstance(wanted, dict):
        return "If it fails"
    words = []
    if "status" in wanted:
        words.append(f"with status {wanted['status']}")
    if isinstance(wanted.get("type"), str):
        words.append(f"with a {spoken(wanted['type'].rstrip('/').rpartition('/')[2])} error")
    return f"If it fails {joined(words)}" if words else "If it fails in the way named"


def _http(step: Step, _data: JSON) -> str:
    method, uri = http_target(step)
    shown = value_words(uri) if is_expression(uri) else uri
    verb = _VERBS.get(method, f"Call {method}").replace("{what}", _what(get(step.task, "/with/body")))
    return f"{verb} {shown}"


def _what(body: JSON) -> str:
    if isinstance(body, str) and is_expression(body):
        return filter_words(body) or computed_words(body) or value_words(body)
    if isinstance(body, dict) and body:
        return joined([spoken(key) for key in list(body)[:4]] + (["more"] if len(body) > 4 else []))
    return "a text" if isinstance(body, str) else "data"


def _function(step: Step, catalogue: Catalogue) -> str:
    call = step.task.get("call")
    function = find(call, catalogue)
    parsed = parse_name(call) if isinstance(call, str) else None
    name = function.name if function else parsed.name if parsed else str(call)
    arguments = step.task.get("with")
    arguments = arguments if isinstance(arguments, dict) else {}
    say = _FUNCTIONS.get(name)
    return say(arguments) if say else _other_function(function, name, arguments)


def _approve(arguments: dict[str, JSON]) -> str:
    about = _text(arguments.get("title"))
    return f"Ask {_text(arguments.get('assignee')) or 'a person'} to approve{f': {about}' if about else ''}"


def _ask(arguments: dict[str, JSON]) -> str:
    about = _text(arguments.get("title"))
    return f"Ask {_text(arguments.get('assignee')) or 'a person'} to fill in a form{f': {about}' if about else ''}"


def _notify(arguments: dict[str, JSON]) -> str:
    channel = _text(arguments.get("channel")) or "chat"
    to, about = _text(arguments.get("to")), _text(arguments.get("title")) or _text(arguments.get("text"))
    by = {"chat": "in the chat", "email": "by email", "slack": "in Slack", "webhook": "by webhook"}.get(channel, f"by {channel}")
    return f"Tell {to + ' ' if to else 'you ' if channel == 'chat' else ''}{by}{f': {shortened(about, 60)}' if about else ''}".replace(
        "Tell by", "Tell somebody by"
    )


def _summarize(arguments: dict[str, JSON]) -> str:
    source = arguments.get("items", arguments.get("text"))
    what = value_words(str(source)) if is_expression(source) else "the text"
    count = arguments.get("sentences")
    return f"Summarize {what}" + (f" in {count} sentence{'' if count == 1 else 's'}" if isinstance(count, int) else "")


def _other_function(function: Function | None, name: str, arguments: dict[str, JSON]) -> str:
    title = function.title if function else f"Use the function {name}"
    shown = next((_text(arguments[key]) for key in ("title", "text", "name") if key in arguments), "")
    return f"{title}{f': {shortened(shown, 60)}' if shown else ''}"


def _text(value: JSON) -> str:
    if isinstance(value, list):
        return joined([_text(item) for item in value])
    if value is None or isinstance(value, dict):
        return ""
    return value_words(value) if is_expression(value) else str(value)


def _set(step: Step, _data: JSON) -> str:
    value = step.task["set"]
    if isinstance(value, str):
        kept, made = filter_words(value), computed_words(value)
        return f"Keep {kept}" if kept else f"Keep {made}" if made else f"Go on with {value_words(value)}"
    if not isinstance(value, dict):
        return "Set values"
    if len(value) == 1:
        name, content = next(iter(value.items()))
        kept = filter_words(content) if isinstance(content, str) and is_expression(content) else None
        return f"Keep {kept}" if kept else f"Set {spoken(name)} to {_value(content)}"
    names = [spoken(name) for name in list(value)[:4]] + (["more"] if len(value) > 4 else [])
    return f"Set {joined(names)}"


def _value(content: JSON) -> str:
    if isinstance(content, str):
        return computed_words(content) or value_words(content) if is_expression(content) else f'"{shortened(content, 50)}"'
    if isinstance(content, dict | list):
        return f"{len(content)} values" if content else "nothing"
    return (
        {None: "nothing", True: "true", False: "false"}.get(content, str(content))
        if content is None or isinstance(content, bool)
        else str(content)
    )


def _for(step: Step, _data: JSON) -> str:
    items, each = get(step.task, "/for/in"), get(step.task, "/for/each")
    whose = (
        value_words(items)
        if isinstance(items, str) and not filter_words(items)
        else filter_words(items)
        if isinstance(items, str)
        else "a list"
    )
    stop = step.task.get("while")
    while_words = f", as long as {condition_words(stop)}" if isinstance(stop, str) else ""
    return f"For each {spoken(each) if isinstance(each, str) else 'item'} of {whose or things(None)}{while_words}"


def _fork(step: Step, _data: JSON) -> str:
    return "At the same time, until the first is done" if get(step.task, "/fork/compete") is True else "At the same time"


def _try(step: Step, data: JSON) -> str:
    policy = get(step.task, "/catch/retry")
    if isinstance(policy, str):
        policy = get(data, f"/use/retries/{policy}")
    if not isinstance(policy, dict):
        return "Try"
    count, delay = get(policy, "/limit/attempt/count"), policy.get("delay")
    again = f"up to {count} more time{'' if count == 1 else 's'}" if isinstance(count, int) else "again"
    wait = f", {duration_words(delay)} apart" if delay is not None and "backoff" not in policy else ""
    wait = f", {duration_words(delay)} apart and longer each time" if delay is not None and "backoff" in policy else wait
    reason = catch_words(step.task).removeprefix("If it fails").strip()
    return f"Try, and {again} if it fails{f' {reason}' if reason else ''}{wait}"


def _raise(step: Step, data: JSON) -> str:
    error = get(step.task, "/raise/error")
    if isinstance(error, str):
        error = get(data, f"/use/errors/{error}")
    title = error.get("title") or error.get("detail") or error.get("type") if isinstance(error, dict) else None
    return f"Stop with the error {_value(title)}" if title else "Stop with an error"


def _run(step: Step, _data: JSON) -> str:
    child = get(step.task, "/run/workflow")
    if not isinstance(child, dict):
        return "Run another process"
    later = " without waiting for it" if get(step.task, "/run/await") is False else ""
    return f"Run the workflow {child.get('namespace')}/{child.get('name')} {child.get('version')}{later}"


def _emit(step: Step, _data: JSON) -> str:
    return f"Send {event_words(get(step.task, '/emit/event/with'))}"


def _listen(step: Step, _data: JSON) -> str:
    return f"Wait until {event_words(get(step.task, '/listen/to/one/with'))} arrives"


def _titled(step: Step, _data: JSON) -> str:
    return spoken(step.name).capitalize()


def _cases(step: Step) -> tuple[tuple[str, str], ...]:
    found = step.task.get("switch") if step.kind == "switch" else None
    items = (
        [case for item in found if isinstance(item, dict) for case in item.values() if isinstance(case, dict)]
        if isinstance(found, list)
        else []
    )
    return tuple((case_words(case), str(case.get("then", "continue"))) for case in items)


def _kept(step: Step) -> str:
    """Return what an `output.as` keeps of the result, when that is simple to say."""
    mapped = get(step.task, "/output/as")
    if not isinstance(mapped, str):
        return ""
    words = filter_words(mapped) or computed_words(mapped)
    if words:
        return f"keep {words}"
    return (
        f"keep {path_words(mapped.strip())}"
        if value_words(mapped).startswith("the ") and mapped.strip().startswith(".") and mapped.strip() != "."
        else ""
    )


_SAY: dict[str, Callable[[Step, JSON], str]] = {
    "call": _http,
    "set": _set,
    "switch": lambda _step, _data: "Choose the way",
    "for": _for,
    "fork": _fork,
    "try": _try,
    "raise": _raise,
    "run": _run,
    "emit": _emit,
    "listen": _listen,
    "do": _titled,
    "wait": lambda step, _data: f"Wait {duration_words(step.task['wait'])}",
}
_FUNCTIONS: dict[str, Callable[[dict[str, JSON]], str]] = {"approve": _approve, "ask": _ask, "notify": _notify, "summarize": _summarize}
