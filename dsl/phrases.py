"""What one task does, in a phrase: for the outline, the picture and the cards. Derived from the task; its title stands beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from dsl.call_phrases import function_words, http_brief, http_words
from dsl.catalogue import Catalogue
from dsl.event_phrases import emit_words, listen_words
from dsl.expressions.program import is_expression
from dsl.failure_phrases import catch_words as catch_words
from dsl.failure_phrases import failure_words as failure_words
from dsl.failure_phrases import retry_policy as retry_policy
from dsl.failure_phrases import try_words
from dsl.jq_words import computed_words, condition_words, field_words, filter_words, holds_code, path_words, plainly, things, value_words
from dsl.kinds import kind_of
from dsl.outside import own_function
from dsl.pointer import get, join
from dsl.process_phrases import process_words
from dsl.protocol_phrases import given_words, protocol_aim, protocol_words
from dsl.settings import parley_of
from dsl.walk import Step, TaskBlock, switch_cases, title_of
from dsl.words import duration_words, joined, shortened, spoken

JSON = Any

SCOPES: Final = ("do", "for", "fork", "try", "switch")
_VALUES = 4  # of a `set` are told with their contents
_FIELDS = 3  # of an object
_LINE = 400  # characters of a phrase; a longer one is cut


@dataclass(frozen=True, slots=True)
class Lead:
    """What the outline says of a task; for a switch its cases as (condition in words, target)."""

    text: str  # the title, else `detail`'s words
    detail: str  # what the definition says that it does; "" when `text` says it
    cases: tuple[tuple[str, str], ...] = ()


def lead(step: Step, data: JSON, catalogue: Catalogue) -> Lead:
    """Return the title of *step* and what it does, with its condition, what it keeps and its time limit."""
    title = shortened(title_of(step.name, step.task), _LINE) or step.name
    does = phrase(step, data, catalogue)
    more = _more(step, data, catalogue)
    cases = tuple((case_words(case), str(case.get("then", "continue"))) for case in switch_cases(step))
    if title == shortened(step.name, _LINE):
        return Lead(_conditional(step, does + more), "", cases)
    plain = step.kind == "do" or (step.kind == "switch" and bool(cases))  # what stands below says it all
    detail = (more.removeprefix(", and ") if more.startswith(",") else more.strip(" ()")) if plain else does + more
    detail = "" if detail.casefold() == title.casefold() else detail[:1].upper() + detail[1:]
    return Lead(_conditional(step, title), detail, cases)


def phrase(step: Step, data: JSON, catalogue: Catalogue) -> str:
    """Return what the task does, without its condition. What is too complicated for words is quoted."""
    return shortened(_phrase(step, data, catalogue, ()), _LINE)


def _phrase(step: Step, data: JSON, catalogue: Catalogue, above: tuple[str, ...]) -> str:
    if step.kind == "call" and step.task["call"] != "http":
        return protocol_words(step) or _own(step, data, catalogue, above) or function_words(step, catalogue)
    say = _SAY.get(step.kind or "")
    return say(step, data) if say else _titled(step, data)


def _own(step: Step, data: JSON, catalogue: Catalogue, above: tuple[str, ...]) -> str | None:
    """Return "Use the function getPet with petId 69: fetch https://…" for a function of `use.functions`."""
    task = own_function(step.task["call"], data)
    if task is None:
        return None
    name = step.task["call"]
    words = f"Use the function {name}{given_words(step.task.get('with'))}"
    kind = kind_of(task)
    if name in above or len(above) > 3 or kind in (None, *SCOPES):
        return words
    alone = TaskBlock("/use/functions", None, parallel=False, variables=frozenset(), names=[name])
    does = _phrase(Step(join("/use/functions", name), name, kind, task, 0, alone, None, 0), data, catalogue, (*above, name))
    return f"{words}: {lowered(does)}"


def lowered(words: str) -> str:
    """Return *words* as they stand inside a sentence."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def brief(step: Step, data: JSON, catalogue: Catalogue) -> str:
    """Return `phrase` for places with little room: no jq, no quotes, and of a `set` only the names."""
    if step.kind == "call" and step.task.get("call") == "http":
        whole, _, where = http_brief(step)
        return f"{whole} {where}"
    aimed = protocol_aim(step) if step.kind == "call" else None
    if aimed is not None:
        return plainly(" ".join(aimed))
    if step.kind == "set":
        said = _set(step, data, with_values=False)
        return "Prepare data" if holds_code(said) else said.replace("`", "")
    return plainly(phrase(step, data, catalogue))


def aim(step: Step) -> tuple[str, str] | None:
    """Return (verb, what it is done to) of tasks whose target may be long: it is cut at its beginning, for the end says most."""
    match step.kind:
        case "call":
            return http_brief(step)[1:] if step.task["call"] == "http" else protocol_aim(step)
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


def _conditional(step: Step, said: str) -> str:
    condition = step.task.get("if")
    if not isinstance(condition, str):
        return said
    return f"If {condition_words(condition)}: {lowered(said)}"


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
        return _several(content)
    return {None: "nothing", True: "true", False: "false"}[content] if content is None or isinstance(content, bool) else str(content)


def _several(content: dict[str, JSON] | list[JSON]) -> str:
    """Return "an object with name and age", "a list of 3", "nothing"."""
    if isinstance(content, list):
        return f"a list of {len(content)}" if content else "nothing"
    names = [field_words(name) for name in list(content)[:_FIELDS]] + (["more"] if len(content) > _FIELDS else [])
    return f"an object with {joined(names)}" if names else "nothing"


def _for(step: Step, _data: JSON) -> str:
    items, each = get(step.task, "/for/in"), get(step.task, "/for/each")
    whose = (filter_words(items) or value_words(items)) if isinstance(items, str) else "a list"
    stop = step.task.get("while")
    while_words = f", as long as {condition_words(stop)}" if isinstance(stop, str) else ""
    return f"For each {field_words(each) if isinstance(each, str) else 'item'} of {whose or things(None)}{while_words}"


def _fork(step: Step, _data: JSON) -> str:
    return "At the same time, the first one wins" if get(step.task, "/fork/compete") is True else "At the same time"


def _raise(step: Step, data: JSON) -> str:
    error = get(step.task, "/raise/error")
    if isinstance(error, str):
        error = get(data, f"/use/errors/{error}")
    title = error.get("title") or error.get("detail") or error.get("type") if isinstance(error, dict) else None
    return f"Stop with the error {_value(title)}" if title else "Stop with an error"


def _titled(step: Step, _data: JSON) -> str:
    return spoken(step.name).capitalize() or "Several tasks"


def _more(step: Step, data: JSON, catalogue: Catalogue) -> str:
    """Return ", and keep the orders (at most 5 minutes)": what an `output.as` keeps if simple to say, what proves it, the time limit."""
    kept, proof = _kept(step), _proof(step, data, catalogue)
    limit = timeout_of(step.task, data)
    words = f", and keep {kept}" if kept else ""
    return f"{words}{proof}" + (f" (at most {duration_words(limit)})" if isinstance(limit, str | dict) else "")


def timeout_of(owner: JSON, data: JSON) -> JSON:
    """Return the duration after which *owner*, a task or the document, must be done; of a named timeout the declared one."""
    limit = owner.get("timeout") if isinstance(owner, dict) else None
    if isinstance(limit, str):
        timeouts = get(data, "/use/timeouts")
        limit = timeouts.get(limit) if isinstance(timeouts, dict) else None
    return limit.get("after") if isinstance(limit, dict) else None


def _proof(step: Step, data: JSON, catalogue: Catalogue) -> str:
    """Return ", done only when the status is "paid"" or ", checked at the end: fetch https://…" (`metadata.parley.proof`)."""
    proof = parley_of(step.task).get("proof") if "metadata" in step.task else None
    if isinstance(proof, str):
        return f", done only when {condition_words(proof)}"
    if not isinstance(proof, dict) or kind_of(proof) is None:
        return ""
    alone = TaskBlock(join(step.reference, "metadata", "parley"), step, parallel=False, variables=step.variables, names=["proof"])
    check = Step(join(alone.pointer, "proof"), "proof", kind_of(proof), proof, 0, alone, step, step.depth + 1)
    return f", checked at the end: {lowered(phrase(check, data, catalogue))}"


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
    "try": try_words,
    "raise": _raise,
    "run": process_words,
    "emit": emit_words,
    "listen": listen_words,
    "do": _titled,
    "wait": lambda step, _data: f"Wait {duration_words(step.task['wait'])}",
}
