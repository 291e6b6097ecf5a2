"""What one task does, in a phrase: for the outline, the picture and the cards. Derived from the task; its title stands beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from dsl.call_phrases import function_words, http_brief, http_words
from dsl.catalogue import Catalogue
from dsl.expressions.program import is_expression
from dsl.jq_words import computed_words, condition_words, field_words, filter_words, holds_code, path_words, plainly, things, value_words
from dsl.pointer import get
from dsl.program_words import program_words
from dsl.walk import Step, switch_cases, title_of
from dsl.words import duration_words, event_words, joined, shortened, spoken

JSON = Any

SCOPES: Final = ("do", "for", "fork", "try", "switch")
_VALUES = 4  # of a `set` are told with their contents


@dataclass(frozen=True, slots=True)
class Lead:
    """What the outline says of a task; for a switch its cases as (condition in words, target)."""

    text: str  # the title, else `detail`'s words
    detail: str  # what the definition says that it does; "" when `text` says it
    cases: tuple[tuple[str, str], ...] = ()


def lead(step: Step, data: JSON, catalogue: Catalogue) -> Lead:
    """Return the title of *step* and what it does, with its condition, what it keeps and its time limit."""
    title = title_of(step.name, step.task)
    does = phrase(step, data, catalogue)
    more = _more(step)
    cases = tuple((case_words(case), str(case.get("then", "continue"))) for case in switch_cases(step))
    if title == step.name:
        return Lead(_conditional(step, does + more), "", cases)
    plain = step.kind == "do" or (step.kind == "switch" and bool(cases))  # what stands below says it all
    detail = (more.removeprefix(", and ") if more.startswith(",") else more.strip(" ()")) if plain else does + more
    detail = "" if detail.casefold() == title.casefold() else detail[:1].upper() + detail[1:]
    return Lead(_conditional(step, title), detail, cases)


def phrase(step: Step, data: JSON, catalogue: Catalogue) -> str:
    """Return what the task does, without its condition. What is too complicated for words is quoted."""
    say = _SAY.get(step.kind or "")
    if step.kind == "call" and step.task.get("call") != "http":
        return function_words(step, catalogue)
    return say(step, data) if say else spoken(step.name).capitalize()


def brief(step: Step, data: JSON, catalogue: Catalogue) -> str:
    """Return `phrase` for places with little room: no jq, no quotes, and of a `set` only the names."""
    if step.kind == "call" and step.task.get("call") == "http":
        whole, _, where = http_brief(step)
        return f"{whole} {where}"
    if step.kind == "set":
        said = _set(step, data, with_values=False)
        return "Prepare data" if holds_code(said) else said.replace("`", "")
    return plainly(phrase(step, data, catalogue))


def aim(step: Step) -> tuple[str, str] | None:
    """Return (verb, what it is done to) of tasks whose target may be long: it is cut at its beginning, for the end says most."""
    match step.kind:
        case "call" if step.task.get("call") == "http":
            return http_brief(step)[1:]
        case "run" if isinstance(child := get(step.task, "/run/workflow"), dict):
            return "Run", f"{child.get('namespace')}/{child.get('name')} {child.get('version')}"
        case "emit" if isinstance(kind := get(step.task, "/emit/event/with/type"), str):
            return "Send", kind
        case "listen" if isinstance(kind := get(step.task, "/listen/to/one/with/type"), str):
            return "Wait for", kind
    return None


def brief_condition(expression: str) -> str:
    """Return a condition for places with little room: what has no simple words is "a condition holds"."""
    said = condition_words(expression)
    return "a condition holds" if holds_code(said) else said.replace("`", "")


def case_words(case: JSON) -> str:
    """Return the condition of a switch's case: "if amount is above 100", "otherwise"."""
    when = case.get("when") if isinstance(case, dict) else None
    return f"if {condition_words(when)}" if isinstance(when, str) else "otherwise"


def catch_words(task: dict[str, JSON]) -> str:
    """Return what a `catch` reacts to: "with status 503", "" when it is any failure."""
    words = []
    wanted = get(task, "/catch/errors/with")
    if isinstance(wanted, dict):
        words += [f"status {wanted['status']}"] if "status" in wanted else []
        kind = wanted.get("type")
        words += [f"a {spoken(kind.rstrip('/').rpartition('/')[2])} error"] if isinstance(kind, str) else []
        words += [f"the {key} “{wanted[key]}”" for key in ("title", "detail", "instance") if isinstance(wanted.get(key), str)]
    said = f"with {joined(words)}" if words else "in the way named" if isinstance(wanted, dict) and wanted else ""
    when, unless = get(task, "/catch/when"), get(task, "/catch/exceptWhen")
    said += f" and {condition_words(when)}" if isinstance(when, str) else ""
    return (said + (f" unless {condition_words(unless)}" if isinstance(unless, str) else "")).strip()


def failure_words(task: dict[str, JSON]) -> str:
    """Return when `catch.do` of a try runs: "If it fails with status 503", "If it still fails" after retries."""
    still = "still fails" if isinstance(get(task, "/catch/retry"), str | dict) else "fails"
    return f"If it {still} {catch_words(task)}".rstrip()


def retry_policy(task: dict[str, JSON], data: JSON) -> dict[str, JSON] | None:
    """Return the retry policy of a try, the declared one where it is named; None when there is none."""
    policy = get(task, "/catch/retry")
    if isinstance(policy, str):
        policies = get(data, "/use/retries")
        policy = policies.get(policy) if isinstance(policies, dict) else None
    return policy if isinstance(policy, dict) else None


def _conditional(step: Step, said: str) -> str:
    condition = step.task.get("if")
    if not isinstance(condition, str):
        return said
    lowered = said if said[1:2].isupper() else said[:1].lower() + said[1:]
    return f"If {condition_words(condition)}: {lowered}"


def _set(step: Step, _data: JSON, *, with_values: bool = True) -> str:
    value = step.task["set"]
    if isinstance(value, str):
        kept, made = filter_words(value), computed_words(value)
        return f"Keep {kept}" if kept else f"Keep {made}" if made else f"Go on with {value_words(value)}"
    if not isinstance(value, dict) or not value:
        return "Set values"
    if len(value) == 1:
        name, content = next(iter(value.items()))
        kept = filter_words(content) if isinstance(content, str) and is_expression(content) else None
        return f"Keep {kept}" if kept else f"Set {field_words(name)} to {_value(content)}"
    listed = [f"{field_words(name)} to {_value(content)}" if with_values else field_words(name) for name, content in value.items()]
    more = [f"{len(listed) - _VALUES} more"] if len(listed) > _VALUES else []
    return f"Set {joined(listed[:_VALUES] + more)}"


def _value(content: JSON) -> str:
    if isinstance(content, str):
        return computed_words(content) or value_words(content) if is_expression(content) else f'"{shortened(content, 50)}"'
    if isinstance(content, dict | list):
        return f"{len(content)} value{'' if len(content) == 1 else 's'}" if content else "nothing"
    return {None: "nothing", True: "true", False: "false"}[content] if content is None or isinstance(content, bool) else str(content)


def _for(step: Step, _data: JSON) -> str:
    items, each = get(step.task, "/for/in"), get(step.task, "/for/each")
    whose = (filter_words(items) or value_words(items)) if isinstance(items, str) else "a list"
    stop = step.task.get("while")
    while_words = f", as long as {condition_words(stop)}" if isinstance(stop, str) else ""
    return f"For each {field_words(each) if isinstance(each, str) else 'item'} of {whose or things(None)}{while_words}"


def _fork(step: Step, _data: JSON) -> str:
    return "At the same time, the first one wins" if get(step.task, "/fork/compete") is True else "At the same time"


def _try(step: Step, data: JSON) -> str:
    reason = catch_words(step.task)
    fails = f"if it fails{f' {reason}' if reason else ''}"
    policy = retry_policy(step.task, data)
    if policy is None:
        return f"Try, and do something else {fails}" if isinstance(get(step.task, "/catch/do"), list) else f"Try, and go on even {fails}"
    count, lasting, delay = get(policy, "/limit/attempt/count"), get(policy, "/limit/duration"), policy.get("delay")
    tries = f"Up to {count + 1} tries" if isinstance(count, int) else "Try again and again"
    tries += f" within {duration_words(lasting)}" if isinstance(lasting, str | dict) else ""
    longer = " and longer each time" if isinstance(policy.get("backoff"), dict) and "constant" not in policy["backoff"] else ""
    wait = f", {duration_words(delay)} apart{longer}" if isinstance(delay, str | dict) else ""
    return f"{tries}{wait}{',' if wait else ''} {fails}"


def _raise(step: Step, data: JSON) -> str:
    error = get(step.task, "/raise/error")
    if isinstance(error, str):
        error = get(data, f"/use/errors/{error}")
    title = error.get("title") or error.get("detail") or error.get("type") if isinstance(error, dict) else None
    return f"Stop with the error {_value(title)}" if title else "Stop with an error"


def _run(step: Step, _data: JSON) -> str:
    child = get(step.task, "/run/workflow")
    if not isinstance(child, dict):
        return f"Run {program_words(step.task)}{'' if get(step.task, '/run/await') is not False else ' without waiting for it'}"
    later = " without waiting for it" if get(step.task, "/run/await") is False else ""
    return f"Run the workflow {child.get('namespace')}/{child.get('name')} {child.get('version')}{later}"


def _emit(step: Step, _data: JSON) -> str:
    return f"Send {event_words(get(step.task, '/emit/event/with'))}"


def _listen(step: Step, _data: JSON) -> str:
    return f"Wait until {event_words(get(step.task, '/listen/to/one/with'))} arrives"


def _titled(step: Step, _data: JSON) -> str:
    return spoken(step.name).capitalize()


def _more(step: Step) -> str:
    """Return ", and keep the orders (at most 5 minutes)": what an `output.as` keeps, when that is simple to say, and the time limit."""
    kept = _kept(step)
    limit = get(step.task, "/timeout/after")
    return (f", and keep {kept}" if kept else "") + (f" (at most {duration_words(limit)})" if isinstance(limit, str | dict) else "")


def _kept(step: Step) -> str:
    mapped = get(step.task, "/output/as")
    if not isinstance(mapped, str):
        return ""
    words = filter_words(mapped) or computed_words(mapped)
    if words:
        return words
    code = mapped.strip()
    return path_words(code) if re.fullmatch(r"(?:\.[A-Za-z_]\w*)+", code) else ""


_SAY: dict[str, Callable[[Step, JSON], str]] = {
    "call": lambda step, _data: http_words(step),
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
