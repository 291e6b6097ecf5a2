"""`catch`: errors that nothing in the `try` can raise, filters that hold for no error, retries without limit.

What a task may raise is known only for those that touch nothing outside; any other may raise anything. An error of the runtime itself
(`…/errors/runtime`, status 500) is always possible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from dsl.checks.constants import truth
from dsl.checks.found import advice, warning
from dsl.durations import YEAR_S, seconds_of
from dsl.expressions.errors import shown
from dsl.expressions.program import is_expression, strip
from dsl.nearest import quoted
from dsl.pointer import join
from dsl.problems import Problem
from dsl.sites import task_sites
from dsl.walk import Step, inner_blocks
from dsl.words import duration_words

JSON = Any
Errors = frozenset[tuple[str, int | None]]  # (last part of a standard type or the whole type, status or None for any)

_STANDARD: Final = ("configuration", "validation", "expression", "authentication", "authorization", "timeout", "communication", "runtime")
_HOST: Final = re.compile(r"https?://(?:www\.)?(?:serverlessworkflow\.io|open-workflow-specification\.org)/")
_ALWAYS: Final[Errors] = frozenset({("runtime", 500)})
_LONGEST_DELAY_S: Final = 10 * YEAR_S


def catches(step: Step, data: JSON) -> Iterator[Problem]:
    catch = step.task.get("catch") if step.kind == "try" else None
    if not isinstance(catch, dict):
        return
    here = join(step.reference, "catch")
    dead = list(_conditions(catch, here, "this catch catches nothing"))
    yield from dead or _filter(step, catch, here, data)
    if not any(catch.get(key) for key in ("errors", "when", "exceptWhen", "retry", "do")):
        hint = "say which errors with `errors: {with: {…}}`, or what then with `do`"
        yield advice("silent-catch", here, f"every error in '{step.name}' is caught and nobody hears of it", hint)
    yield from _retry(catch.get("retry"), join(here, "retry"), data)


def _conditions(owner: dict[str, JSON], here: str, consequence: str) -> Iterator[Problem]:
    when, unless = owner.get("when"), owner.get("exceptWhen")
    if truth(when) is False:
        yield warning("dead-catch", join(here, "when"), f"{consequence}: its `when` is always false", "write a condition that can hold")
    elif truth(unless) is True:
        yield warning(
            "dead-catch", join(here, "exceptWhen"), f"{consequence}: its `exceptWhen` always holds", "write a condition that may fail"
        )
    elif isinstance(when, str) and isinstance(unless, str) and " ".join(strip(when).split()) == " ".join(strip(unless).split()):
        yield warning(
            "dead-catch", join(here, "exceptWhen"), f"{consequence}: `when` and `exceptWhen` ask the same", "leave one of them out"
        )


def _filter(step: Step, catch: dict[str, JSON], here: str, data: JSON) -> Iterator[Problem]:
    errors = catch.get("errors")
    wanted = errors.get("with") if isinstance(errors, dict) else None
    if not isinstance(wanted, dict):
        return
    status, type_ = wanted.get("status"), wanted.get("type")
    pointer = join(here, "errors", "with")
    if isinstance(status, int) and not isinstance(status, bool) and not 100 <= status <= 599:
        message = f"no error has the status {status}: a status is an HTTP status, 100 to 599"
        yield warning("dead-catch", join(pointer, "status"), message, "write for example `status: 503`")
        return
    if any(is_expression(value) for value in (status, type_)) or (type_ is None and status is None):
        return
    possible = _of_list(step, "try", data)
    if possible is not None and not any(_meets(error, type_, status) for error in possible | _ALWAYS):
        raised = sorted(f"{name} ({'any status' if code is None else code})" for name, code in possible)
        message = f"nothing in '{step.name}' can raise {_named(type_, status)}"
        hint = f"what can be raised there: {quoted(raised)}" if raised else "nothing in it can fail: remove the `try`, or move it"
        yield warning("dead-catch", pointer, message, hint)


def _named(type_: JSON, status: JSON) -> str:
    parts = [f"an error of type '{shown(str(type_))}'"] if type_ is not None else ["an error"]
    return " ".join(parts + ([f"with status {status}"] if status is not None else []))


def _meets(error: tuple[str, int | None], type_: JSON, status: JSON) -> bool:
    same_type = type_ is None or error[0] == _name(str(type_))
    return same_type and (status is None or error[1] is None or error[1] == status)


def _name(type_: str) -> str:
    """Return the last part of a standard type, whatever its base, and any other type as it is."""
    last = type_.rstrip("/").rpartition("/")[2]
    return last if last in _STANDARD and _HOST.match(type_) else type_


def _of_list(step: Step, part: str, data: JSON) -> Errors | None:
    """Return what the tasks in the list *part* of *step* may raise, None when that is not known."""
    found: Errors = frozenset()
    for block in inner_blocks(step):
        if block.pointer == join(step.reference, *part.split("/")):
            for inner in block.steps:
                errors = _of_task(inner, data)
                if errors is None:
                    return None
                found |= errors
            if len(block.steps) != len(block.names):
                return None
    return found


def _of_task(step: Step, data: JSON) -> Errors | None:
    """Return what one task may raise, None when that is not known."""
    found = _of_data(step)
    own: Errors | None
    match step.kind:
        case "set" | "switch" | "wait":
            own = frozenset()
        case "raise":
            own = _raised(step, data)
        case "do":
            own = _of_list(step, "do", data)
        case "for":
            own = _of_list(step, "do", data)
        case "fork":
            own = _of_list(step, "fork/branches", data)
        case "try":
            tried, handled = _of_list(step, "try", data), _of_list(step, "catch/do", data)
            own = None if tried is None or handled is None else tried | handled
        case _:
            return None
    return None if own is None else own | found


def _of_data(step: Step) -> Errors:
    """Return what reading and checking data may raise, and a timeout."""
    found: set[tuple[str, int | None]] = set()
    sites = list(task_sites(step))
    if any("$secrets" in site.text for site in sites):
        found.add(("authorization", None))
    if any((site.formula and truth(site.text) is None) or is_expression(site.text) for site in sites):
        found.add(("expression", None))
    if any(isinstance(step.task.get(part), dict) and "schema" in step.task[part] for part in ("input", "output", "export")):
        found.add(("validation", None))
    if "timeout" in step.task:
        found.add(("timeout", None))
    return frozenset(found)


def _raised(step: Step, data: JSON) -> Errors | None:
    raised = step.task["raise"]
    error = raised.get("error") if isinstance(raised, dict) else None
    if isinstance(error, str):
        use = data.get("use") if isinstance(data, dict) else None
        declared = use.get("errors") if isinstance(use, dict) else None
        error = declared.get(error) if isinstance(declared, dict) else None
    if not isinstance(error, dict):
        return None
    type_, status = error.get("type"), error.get("status")
    if not isinstance(type_, str) or is_expression(type_):
        return None
    known = status if isinstance(status, int) else None
    texts = any(is_expression(error.get(key)) for key in ("title", "detail", "status", "instance"))
    return frozenset({(_name(type_), known)} | ({("expression", None)} if texts else set()))


def _retry(policy: JSON, reference: str, data: JSON) -> Iterator[Problem]:
    if isinstance(policy, str):
        use = data.get("use") if isinstance(data, dict) else None
        retries = use.get("retries") if isinstance(use, dict) else None
        policy = retries.get(policy) if isinstance(retries, dict) else None
    if not isinstance(policy, dict):
        return
    limit = policy.get("limit")
    attempt = limit.get("attempt") if isinstance(limit, dict) else None
    count = attempt.get("count") if isinstance(attempt, dict) else None
    within = limit.get("duration") if isinstance(limit, dict) else None
    conditions = list(_conditions(policy, reference, "this never tries again"))
    if conditions:
        yield from conditions
    elif count is None and within is None:
        yield warning("endless-retry", reference, "this retry has no limit", "add `limit: {attempt: {count: 3}}`")
    else:
        yield from _limits(policy, count, within, reference)


def _limits(policy: dict[str, JSON], count: JSON, within: JSON, reference: str) -> Iterator[Problem]:
    delay, longest = seconds_of(policy.get("delay")), seconds_of(within)
    if isinstance(count, int) and not isinstance(count, bool) and count < 1:
        yield warning(
            "dead-retry",
            reference,
            f"this never tries again: at most {count} attempts are allowed",
            "write 1 or more, or leave `retry` out",
        )
    elif delay is not None and longest is not None and delay > longest:
        delay_words, within_words = duration_words(policy["delay"]), duration_words(within)
        message = f"this never tries again: the first delay of {delay_words} is longer than the {within_words} allowed"
        yield warning("dead-retry", reference, message, "shorten the delay, or allow more time")
    elif delay and longest is None and isinstance(count, int) and isinstance(policy.get("backoff"), dict):
        last = (
            delay * 2.0 ** min(count - 1, 1000)
            if "exponential" in policy["backoff"]
            else delay * count
            if "linear" in policy["backoff"]
            else delay
        )
        if last > _LONGEST_DELAY_S:
            message = f"this hardly ever gives up: attempt {count} would come after a delay of more than {last / YEAR_S:,.0f} years"
            yield warning("endless-retry", reference, message, "allow fewer attempts, or add `limit: {duration: PT1H}`")
