"""Tasks around tasks: retry and catch around calls, and a branch with two ways."""

from __future__ import annotations

import re
from collections.abc import Sequence

from graphs.models.offline.clause import Clause
from graphs.models.offline.notes import Notes
from graphs.models.offline.scope import Scope, Task

NO_WORDS = "The workflow has reached this step."  # the words of a message that nobody gave words for
COMMUNICATION = {"with": {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/communication"}}
ALL = re.compile(r"\b(?:each|every|any|all|both|calls|either|everything)\b", re.IGNORECASE)


def retry(clause: Clause, scope: Scope, notes: Notes) -> None:
    """Put the calls meant into `try` with a retry."""
    count = clause.values["count"]
    policy: Task = {"delay": clause.values["delay"] or {"seconds": 2}, "limit": {"attempt": {"count": count}}}
    if not clause.values["delay"]:
        policy["backoff"] = {"exponential": {}}
        notes.assume("retry-pause", "Before the first retry it waits 2 seconds, then twice as long each time.", "2 s")
    titles = [_title(_try(wrapper, scope)["catch"], inner, policy) for wrapper, inner in _calls(clause, scope, notes)]
    _outlined(scope, titles, f"up to {count} retries", clause)


def catch(clause: Clause, tasks: list[Task], scope: Scope, notes: Notes) -> None:
    """Do *tasks* when the calls meant fail, then end."""
    if not tasks:
        return
    for task in (body for entry in tasks for body in entry.values()):
        if (task.get("with") or {}).get("text") == NO_WORDS:
            task["with"]["text"] = '${ "A call failed: " + ($error | tojson) }'
    next(iter(tasks[-1].values()))["then"] = "end"
    notes.assume("after-failure", "After a failure, and what is to be done then, the workflow ends.")
    for wrapper, _ in _calls(clause, scope, notes)[-1:]:
        _try(wrapper, scope)["catch"]["do"] = tasks


def _calls(clause: Clause, scope: Scope, notes: Notes) -> list[tuple[Task, Task]]:
    """Return (list entry, the call's body) of the HTTP calls meant: the last one, or all when the words say so."""
    found = [(entry, body) for entry in scope.tasks for body in entry.values() if _is_call(body)]
    if not found:
        notes.missing.append(f"“{clause.said}”: there is no call before it that could fail")
        return []
    meant = found if ALL.search(clause.said) else found[-1:]
    names = ", ".join(f"“{_call(body)['metadata']['parley']['title']}”" for _, body in meant)
    notes.assume("retried", f"“{clause.said}” is about {names}.")
    return meant


def _is_call(body: Task) -> bool:
    return body.get("call") == "http" or "try" in body


def _call(body: Task) -> Task:
    """Return the call itself, also from within a `try`."""
    return next(iter(body["try"][0].values())) if "try" in body else body


def _try(entry: Task, scope: Scope) -> Task:
    """Wrap a list entry in place (once) and return the `try` task."""
    ((name, body),) = entry.items()
    if "try" in body:
        return dict.__getitem__(entry, name)
    outer = scope.name(f"try-{name}")
    title = body["metadata"]["parley"]["title"]
    wrapped: Task = {
        "metadata": {"parley": {"title": f"{title}, with care for failures"}},
        "try": [{name: body}],
        "catch": {"errors": dict(COMMUNICATION)},
    }
    del entry[name]
    entry[outer] = wrapped
    return wrapped


def _title(catch_: Task, inner: Task, policy: Task) -> str:
    catch_["retry"] = policy
    return str(_call(inner)["metadata"]["parley"]["title"])


def _outlined(scope: Scope, titles: list[str], words: str, clause: Clause) -> None:
    for title in titles:
        step = next((step for step in scope.steps if step["text"] == title), None)
        if step is not None:
            step["text"] += f" ({words})"
            step["serves"] += f"; {clause.said}"


def branch(
    scope: Scope, name: str, words: str, test: str, ways: tuple[Sequence[Task], Sequence[Task]], clause: Clause, *, alone: bool
) -> None:
    """Add a switch with two ways; an empty one stops. When nothing follows, it stands in the list itself; else in a block that both ways leave."""  # noqa: E501
    yes, no = ways
    leave = "end" if alone else "exit"
    cases: list[Task] = [{"yes": {"when": f"${{ {test} }}", "then": "end"}}, {"otherwise": {"then": "end"}}]
    tasks: list[Task] = []
    for at, way in enumerate((yes, no)):
        if not way:
            continue
        entry = (
            way[0]
            if len(way) == 1
            else {
                scope.name("otherwise" if at else "in-that-case"): {
                    "metadata": {"parley": {"title": "Otherwise" if at else words}},
                    "do": [*way],
                }
            }
        )
        next(iter(cases[at].values()))["then"] = next(iter(entry))
        tasks.append(entry)
    if len(tasks) == 2 and "then" not in next(iter(tasks[0].values())):
        next(iter(tasks[0].values()))["then"] = leave
    if alone:
        scope.add(name, words, {"switch": cases}, uses="switch", serves=clause.said)
        scope.tasks += tasks
        return
    inner = scope.name(f"{name}-which")
    block = [{inner: {"switch": cases, "metadata": {"parley": {"title": words}}}}, *tasks]
    scope.add(name, words, {"do": block}, uses="switch", serves=clause.said)
