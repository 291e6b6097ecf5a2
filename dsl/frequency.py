"""How often a task happens in one run and over all runs, in words that are true: "once" only where every way leads through it.

Errors that nobody wrote down are left out of it (any run can fail anywhere); a `raise` is a way like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dsl.checks.flow import LEAVES, successors
from dsl.dominance import on_every_way
from dsl.expressions.program import strip
from dsl.extending import Extension
from dsl.failure_phrases import catch_words, retry_policy
from dsl.jq_words import condition_words, filter_words, things, value_words
from dsl.pointer import get
from dsl.settings import parley_of_document
from dsl.walk import Step, TaskBlock, inner_blocks, subscription_of, targets_of, title_of
from dsl.words import duration_words, event_words, joined, schedule_words, shortened, strategy_events, until_words

JSON = Any

_NAMED: Final = 3  # tasks that an extension extends
_TITLE: Final = 80  # characters
_RACE: Final = "given up when another branch is first"  # a loser may have begun


_Error = tuple[str, str]  # the type and the status of an error as they are written


class Frequency:
    """Answers for the tasks of one definition; what it finds out about a list is kept."""

    def __init__(self, data: JSON) -> None:
        self._data = data
        self._start = _started(data)
        self._rounds: dict[str, int] = {}  # filled list by list by `_goes_round`
        self._sure: dict[str, frozenset[int]] = {}  # by list: the positions every way leads through
        self._leaving: dict[str, frozenset[_Error | None]] = {}  # by task: how the list around it may be left from inside

    def words(self, step: Step) -> str:
        """Return "at most once per item of the orders, only when “Fetch” fails, in every run of the schedule: Every day at 09:00 (UTC)".

        A task of a function is told for one call of it: what starts the workflow and where the call stands is the caller's to add.
        """
        start = [self._start] if self._start and step.reference.startswith("/do/") else []
        return ", ".join([*self._inside(step), *start])

    def around(self, step: Step, extension: Extension) -> str:
        """Return how often a task of an extension happens: "once each time before “Fetch” or “Post”"."""
        own = ", ".join(self._inside(step))
        own = "at most once" if own == "once" and (extension.when or extension.after) else own
        told = [f"“{_title(one)}”" for one in extension.extended[:_NAMED]]
        told += [f"{len(extension.extended) - _NAMED} others"] if len(extension.extended) > _NAMED else []
        side = f"each time {'after' if extension.after else 'before'} {joined(told, 'or')}"
        return ", ".join([f"{own} {side}" if own.endswith("once") else f"{own}, {side}", *([self._start] if self._start else [])])

    def _inside(self, step: Step) -> list[str]:
        items = _taken(step)
        once, more, aside = f"once {items}" if items else "once", list[str](), list[str]()
        certain = True
        inner, outer = step, step.parent or step.siblings.owner
        while True:
            certain = certain and self._is_sure(inner)
            more += ["each time round"] if self._goes_round(inner) else []
            aside += [_RACE] if _in_race(inner) and _RACE not in aside else []
            if outer is None:
                break
            if _compensates(inner):
                more += [f"only when the run fails or is cancelled after “{_title(outer)}”"]
            elif _proves(inner):
                aside += [f"to prove “{_title(outer)}”"]
            elif outer.kind in ("for", "listen", "call"):
                items = f"per item of {_items(outer)}" if outer.kind == "for" else _taken(outer)
                if items:
                    once, more = (f"once {items}", more) if once == "once" and not more else (once, [*more, f"once {items}"])
                certain = certain and "while" not in outer.task
            elif outer.kind == "try":
                more += list(_handles(outer, inner, self._data))
            inner, outer = outer, outer.parent or outer.siblings.owner
        return [*_counted(once, more, certain), *aside]

    def _is_sure(self, step: Step) -> bool:
        """Tell whether whoever begins the list of *step* comes to *step* and does it."""
        block = step.siblings
        if "if" in step.task:
            return False
        if block.parallel:
            return get(block.owner.task if block.owner else {}, "/fork/compete") is not True
        if block.pointer not in self._sure:
            self._sure[block.pointer] = self._on_every_way(block)
        return step.index in self._sure[block.pointer]

    def _on_every_way(self, block: TaskBlock) -> frozenset[int]:
        """Return the positions without which the list cannot be left; nothing for a list with broken or doubled tasks."""
        if len(block.steps) != len(block.names) or len(set(block.names)) != len(block.names):
            return frozenset()
        positions = {name: number for number, name in enumerate(block.names)}
        following = [successors(step, positions, len(positions)) | self._ends(step) for step in block.steps]
        if all(targets == {after} for targets, after in zip(following, [*range(1, len(following)), LEAVES], strict=True)):
            return frozenset(range(len(following)))  # nothing branches
        return on_every_way(following)

    def _ends(self, step: Step) -> set[int]:
        """Return {LEAVES} when something inside *step* ends the run or raises an error that *step* does not surely catch."""
        return {LEAVES} if inner_blocks(step) and self._out_of(step) else set()

    def _out_of(self, step: Step) -> frozenset[_Error | None]:
        """Return the errors that are raised in *step* and leave it, and None when something in it ends the run."""
        if step.kind == "raise":
            return frozenset((_raised(step, self._data),))
        if step.reference not in self._leaving:
            found: set[_Error | None] = set()
            for block in inner_blocks(step):
                out = {one for inner in block.steps for one in (*self._out_of(inner), *([None] if "end" in targets_of(inner) else []))}
                tried = step.kind == "try" and block.pointer.endswith("/try")
                found |= {one for one in out if one is None or not (tried and _catches(step.task.get("catch"), one))}
            self._leaving[step.reference] = frozenset(found)
        return self._leaving[step.reference]

    def _goes_round(self, step: Step) -> bool:
        """Tell whether *step* or a later task of its list leads back to *step* or before it."""
        block = step.siblings
        if block.parallel:
            return False
        if block.pointer not in self._rounds:
            self._rounds.update(_lowest_ahead(block))
        return self._rounds.get(step.reference, step.index + 1) <= step.index


def _counted(once: str, more: list[str], certain: bool) -> list[str]:
    """Join the count itself and what multiplies or conditions it."""
    if once != "once" or not more:
        return [once if certain else f"at most {once}", *more]
    if certain or more[0].startswith(("up to", "only when")):  # these say themselves that it may be none
        return more
    first = "at most once each time round" if more[0] == "each time round" else f"at most {more[0]}"
    return [first if more[0].startswith(("each", "once")) else f"if at all, {more[0]}", *more[1:]]


def _in_race(step: Step) -> bool:
    block = step.siblings
    return block.parallel and get(block.owner.task if block.owner else {}, "/fork/compete") is True


def _title(step: Step) -> str:
    return shortened(title_of(step.name, step.task), _TITLE)


def _compensates(step: Step) -> bool:
    return step.siblings.pointer.endswith("/metadata/parley/compensate")


def _proves(step: Step) -> bool:
    return step.siblings.pointer.endswith("/metadata/parley")


def _taken(step: Step) -> str:
    """Return what events or messages multiply: "per event until the event X arrives", "per message, 5 at most"; "" for one or none."""
    if step.kind == "listen":
        strategy = get(step.task, "/listen/to")
        events = strategy_events(strategy)
        if isinstance(strategy, dict) and "until" in strategy:
            return f"per event{until_words(strategy)}"
        return f"per event ({len(events)} of them)" if isinstance(strategy, dict) and "all" in strategy and len(events) > 1 else ""
    consume = subscription_of(step.task).get("consume")
    if not isinstance(consume, dict):
        return ""
    within = f" within {duration_words(consume['for'])}" if isinstance(consume.get("for"), str | dict) else ""
    for key, word, endless in (("while", "as long as", "true"), ("until", "until", "false")):
        if isinstance(consume.get(key), str):
            ends = ", without end" if strip(consume[key]) == endless else f" {word} {condition_words(consume[key])}"
            return f"per message{within}{ends}"
    amount = consume.get("amount")
    return f"per message, {amount} at most" if isinstance(amount, int) and amount != 1 else ""


def combined(inner: str, outer: str) -> str:
    """Return how often something happens that stands inside something else: "at most once per item of the orders"."""
    if inner == "at most once" and outer.startswith(("once per ", "at most once")):
        return outer if outer.startswith("at most") else f"at most {outer}"
    more = "" if outer == "once" else outer.removeprefix("once, ")
    return outer if inner == "once" else f"{inner}, {more}" if more else inner


def _items(loop: Step) -> str:
    items = get(loop.task, "/for/in")
    return (filter_words(items) or value_words(items)) if isinstance(items, str) else things(None)


def _handles(outer: Step, inner: Step, data: JSON) -> Iterator[str]:
    """Yield what a try adds: its retries to its body, its condition to what it does after a failure."""
    if inner.siblings.pointer.endswith("/catch/do"):
        reason = catch_words(outer.task)
        still = "still fails" if retry_policy(outer.task, data) else "fails"
        yield f"only when “{_title(outer)}” {still}{f' {reason}' if reason else ''}"
        return
    policy = retry_policy(outer.task, data)
    if policy is None:
        return
    count, lasting = get(policy, "/limit/attempt/count"), get(policy, "/limit/duration")
    if isinstance(count, int):
        if count > 0:
            yield f"up to {count + 1} times ({count} {'retry' if count == 1 else 'retries'})"
    elif isinstance(lasting, str | dict):
        yield f"again for up to {duration_words(lasting)} until it works"
    else:
        yield "until it works (no limit of retries)"


def _raised(step: Step, data: JSON) -> _Error:
    error = get(step.task, "/raise/error")
    if isinstance(error, str):
        errors = get(data, "/use/errors")
        error = errors.get(error) if isinstance(errors, dict) else None
    told = [error.get(key) if isinstance(error, dict) else None for key in ("type", "status")]
    return str(told[0]), str(told[1])


def _catches(catch: JSON, error: _Error) -> bool:
    """Tell whether *catch* surely catches *error*: nothing but its type and status are asked for, and they are these."""
    if not isinstance(catch, dict) or "when" in catch or "exceptWhen" in catch:
        return False
    wanted = get(catch, "/errors/with")
    if not isinstance(wanted, dict):
        return True
    told = dict(zip(("type", "status"), error, strict=True))
    return all(told.get(key) == str(value) for key, value in wanted.items())


def _lowest_ahead(block: TaskBlock) -> dict[str, int]:
    """Return, for every task of *block*, the first position that it or a later one leads to; the list itself is noted too."""
    positions = {name: number for number, name in enumerate(block.names)}
    found, lowest = {block.pointer: 0}, len(block.names)
    for step in reversed(block.steps):
        lowest = min([lowest, *(positions[target] for target in targets_of(step) if target in positions)])
        found[step.reference] = lowest
    return found


def _started(data: JSON) -> str:
    """Return what multiplies everything: "in every run of the schedule: …", "for each event com.example.order"."""
    schedule = data.get("schedule") if isinstance(data, dict) else None
    if not isinstance(schedule, dict):
        return ""
    zone = str(parley_of_document(data).get("timezone") or "UTC")
    timed = schedule_words({key: value for key, value in schedule.items() if key != "on"}, zone)
    told = [f"in every run of the schedule: {' or '.join(timed)}"] if timed else []
    if "on" in schedule:
        told.append(f"for each {_occasion(schedule['on'])}")
    return joined(told, "and")


def _occasion(strategy: JSON) -> str:
    """Return what a run is started by: "event A", "event A or event B", "set of event A and event B"."""
    events = [event_words(get(event, "/with")).removeprefix("the ").removeprefix("an ") for event in strategy_events(strategy)]
    together = isinstance(strategy, dict) and "all" in strategy and len(events) > 1
    several = f"{'set of ' if together else ''}{joined(events, 'and' if together else 'or')}"
    return (several or "event") + until_words(strategy)
