"""Which edges a task list has: where every task leads, and under which condition.

A way that would be too long to follow ends at a pill that names its target; of a task with too many ways the last ones are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from dsl.jq_words import plainly
from dsl.phrases import brief_condition, case_words
from dsl.walk import Step, TaskBlock, is_directive, switch_cases, title_of
from dsl.words import spoken

JSON = Any

FAR: Final = 12  # tasks that a way down passes at most
FAR_BACK: Final = 24  # the same for a way back
MOST_WAYS: Final = 12  # that leave one task
_TOLD: Final = 3  # labels of ways that lead to the same task
_TOLD_WHOLE: Final = 12

Found = dict[tuple[str, str], dict[str, str]]  # (source, target) -> labels with their full words


@dataclass(frozen=True, slots=True)
class Way:
    source: str
    target: str
    label: str = ""
    full_label: str = ""
    kind: str = ""  # as `Edge.kind`
    side: bool = False  # leads away from the main line: to a pill, or past other tasks to the end


@dataclass(frozen=True, slots=True)
class Sign:
    """A pill at the end of a way."""

    kind: str  # "end", "exit", "jump"
    title: str


@dataclass(frozen=True, slots=True)
class Ways:
    edges: list[Way]
    signs: dict[str, Sign] = field(default_factory=dict)  # by what an edge leads to


@dataclass(frozen=True, slots=True)
class Course:
    """A task list as it is drawn: the first tasks, and how often it is run."""

    block: TaskBlock
    steps: Sequence[Step]  # those that are drawn; a node `LIST/more` stands for the others
    starts: tuple[str, ...] = ()  # of the top list: its first pills
    loop: str = ""  # "next order": the list is run again for it
    out: str = "done"  # what the pill says where the list is left

    @property
    def at_top(self) -> bool:
        return bool(self.starts)

    @property
    def more(self) -> str:
        return f"{self.block.pointer}/more"

    @property
    def exit(self) -> str:
        return f"{self.block.pointer}/exit"

    @property
    def end(self) -> str:
        return "end" if self.at_top else f"{self.block.pointer}/end"

    def order(self) -> dict[str, int]:
        """Return the place of everything that edges lead to, from above."""
        found = {step.reference: position for position, step in enumerate(self.steps)}
        if len(self.steps) < len(self.block.steps):
            found[self.more] = len(found)
        return found | ({"end": len(found)} if self.at_top else {})


def ways(course: Course) -> Ways:
    """Return the edges of a list, several between the same two as one, and the pills they lead to."""
    found = _found(course)
    signs: dict[str, Sign] = {}
    edges = list(_looped(course, found))
    for (source, target), labels in found.items():
        edges.append(Way(source, target, _together(list(labels), _TOLD), _together(list(labels.values()), _TOLD_WHOLE)))
    for way in edges:
        if way.target == course.end and not course.at_top:
            signs[way.target] = Sign("end", "End of the run")
        elif way.target == course.exit:
            signs[way.target] = Sign("exit", course.loop or course.out)
    order = course.order()
    near = [_near(way, order, course, signs) for way in edges]
    return Ways([replace(way, side=_aside(way, order, signs)) for way in near], signs)


def _found(course: Course) -> Found:
    """Return where the tasks of a list lead; at most `MOST_WAYS` a task, one more for all others."""
    block = course.block
    shown = {step.reference for step in course.steps}
    by_name = {step.name: step.reference if step.reference in shown else course.more for step in block.steps}
    first = course.steps[0].reference if course.steps else "end"
    found: Found = {(start, first): {} for start in course.starts}
    for position, step in enumerate(course.steps):
        following = "" if position + 1 == len(block.steps) else course.more
        following = course.steps[position + 1].reference if position + 1 < len(course.steps) else following
        leads: Found = {}
        for then, label, full in _leads(step):
            target = _target(then, by_name, following, course)
            leads.setdefault((step.reference, target), {}).update({label: full} if label else {})
        if len(leads) > MOST_WAYS + 1:
            hidden = list(leads)[MOST_WAYS:]
            words = [full for pair in hidden for full in leads.pop(pair).values()]
            leads[step.reference, f"{step.reference}/ways"] = {f"{len(hidden)} more": _together(words, _TOLD_WHOLE)}
        found |= leads
    if len(course.steps) < len(block.steps):
        found[course.more, _target("continue", by_name, "", course)] = {}
    return found


def _looped(course: Course, found: Found) -> Iterator[Way]:
    """Take from *found* one plain way out, which needs no pill; yield the way back to the first task of a list that is run again."""
    leaving = [pair for pair in found if pair[1] == course.exit]
    ends = not course.at_top and any(target == course.end for _, target in found)
    plain = len(leaving) == 1 and not found[leaving[0]] and (not ends or bool(course.loop))
    if plain:
        del found[leaving[0]]
    if leaving and course.loop:
        label = course.loop if plain else ""
        yield Way(leaving[0][0] if plain else course.exit, course.steps[0].reference, label, label, "loop")


def _near(way: Way, order: dict[str, int], course: Course, signs: dict[str, Sign]) -> Way:
    """Return *way*, or one to a pill that names its target where that is far away."""
    if way.target == f"{way.source}/ways":
        signs[way.target] = Sign("jump", f"… and {way.label} ways")
        return way
    if way.kind or way.source not in order or way.target not in order:
        return way
    passed = order[way.target] - order[way.source] - 1
    if -FAR_BACK <= passed <= FAR:
        return way
    pill = f"{way.source}/to/{passed}"
    named = next((step for step in course.steps if step.reference == way.target), None)
    signs[pill] = Sign("jump", f"{'→' if passed > 0 else '↑'} {_titled(named)}") if named else Sign("end", "End of the run")
    if way.target == course.more:
        signs[pill] = Sign("jump", "→ one of the steps not shown")
    return Way(way.source, pill, way.label, way.full_label)


def _aside(way: Way, order: dict[str, int], signs: dict[str, Sign]) -> bool:
    return way.target in signs or (way.target == "end" and order["end"] - order.get(way.source, 0) > 1)


def _titled(step: Step) -> str:
    title = title_of(step.name, step.task)
    words = title if title != step.name else spoken(step.name) or step.name
    return words[:1].upper() + words[1:]


def _together(labels: list[str], most: int) -> str:
    more = len(labels) - most
    return " or ".join([*labels[:most], *([f"{more} more"] if more > 0 else [])])


def _leads(step: Step) -> Iterator[tuple[JSON, str, str]]:
    """Yield (then, label, full label) of every way out of a task."""
    if "if" in step.task and step.task.get("then") not in (None, "continue"):
        yield "continue", "skipped", "skipped"
    if step.kind == "raise":
        if "if" in step.task:
            yield "continue", "", ""
        return
    if step.kind != "switch":
        yield step.task.get("then"), "", ""
        return
    cases = switch_cases(step)
    for case in cases:
        when = case.get("when")
        short = brief_condition(when) if isinstance(when, str) else "otherwise"
        yield case.get("then"), short.removeprefix("the "), plainly(case_words(case)) if short != "a condition holds" else case_words(case)
    if all("when" in case for case in cases):
        yield step.task.get("then"), "otherwise", "otherwise"


def _target(then: JSON, by_name: dict[str, str], following: str, course: Course) -> str:
    if isinstance(then, str) and then in by_name and not is_directive(then):
        return by_name[then]
    if following and (then is None or then == "continue"):
        return following
    return course.end if course.at_top or then == "end" else course.exit
