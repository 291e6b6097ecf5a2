"""What was meant: problems of a wrong structure that come from known mistakes, told as the one mistake each of them is.

Runs only where the structure is wrong. It follows `forms.PARTS` through the definition, and where it recognises a mistake it says so
in place of everything the models made of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from dsl.checks import vocabulary
from dsl.checks.forms import MISSING, MOVED, OTHERWISE, PARTS, RENAMED, SCHEMA_WORDS
from dsl.checks.items import item_problems
from dsl.checks.shapes import shape_hint
from dsl.checks.spellings import better_hint
from dsl.kinds import KINDS, PROTOCOLS, kind_of
from dsl.nearest import nearest, quoted
from dsl.pointer import get, join, last, parent
from dsl.problems import Problem

JSON = Any

_OF_TASKS = ("if", "input", "output", "export", "timeout", "then", "metadata", "call", "with")


@dataclass(frozen=True)
class Found:
    """One recognised mistake."""

    problem: Problem
    covers: tuple[str, ...]  # what the models say at or inside these is about the same mistake
    lacks: tuple[tuple[str, str], ...] = ()  # (pointer, name): that a name is missing there follows from it too


@dataclass
class _Findings:
    found: list[Found] = field(default_factory=list)
    hints: dict[str, str] = field(default_factory=dict)  # better hints for wrong types, by pointer


def understood(data: dict[str, JSON], problems: list[Problem]) -> list[Problem]:
    """Return *problems* of the structure of *data* with every recognised mistake told once and as what it is."""
    if not problems:
        return problems
    findings = _Findings()
    _visit("top", data, "", findings)
    covered = {pointer for one in findings.found for pointer in one.covers}
    lacking = {lack for one in findings.found for lack in one.lacks}
    kept = [_hinted(one, data, findings.hints) for one in problems if not _explained(one, covered, lacking, findings.hints)]
    return [*_without_repetitions(findings.found), *_without_misspelt(kept)]


def _without_misspelt(problems: list[Problem]) -> list[Problem]:
    """Leave out that a name is missing where a misspelling of it is named."""
    unknown = [one for one in problems if one.code == "unknown-property" and one.hint.startswith("did you mean")]
    misspelt = {(parent(one.reference), name) for one in unknown for name in _quoted_in(one.hint)}
    return [
        one
        for one in problems
        if one.code != "missing-property" or all((one.reference, name) not in misspelt for name in _quoted_in(one.message))
    ]


def _explained(problem: Problem, covered: set[str], lacking: set[tuple[str, str]], hints: dict[str, str]) -> bool:
    if problem.code == "missing-property" and any((problem.reference, name) in lacking for name in _quoted_in(problem.message)):
        return True
    around = problem.reference
    while around:
        if around in covered or (around in hints and around != problem.reference):
            return True
        around = parent(around)
    return False


def _quoted_in(message: str) -> list[str]:
    return message.split("'")[1::2]


def _hinted(problem: Problem, data: JSON, hints: dict[str, str]) -> Problem:
    if problem.code == "wrong-type" and problem.reference in hints:
        return replace(problem, hint=hints[problem.reference])
    return replace(problem, hint=better_hint(problem, get(data, problem.reference)))


def _without_repetitions(found: list[Found]) -> list[Problem]:
    """Return the problems; the same mistake in several cases of a switch is one."""
    kept: dict[tuple[str, str, str], Problem] = {}
    for one in found:
        in_case = one.problem.reference.rpartition("/switch/")
        place = in_case[0] + "/switch" if in_case[1] and in_case[2].count("/") == 2 else one.problem.reference
        kept.setdefault((one.problem.code, one.problem.message, place), one.problem)
    return list(kept.values())


def _visit(part: str, value: JSON, pointer: str, findings: _Findings) -> None:
    hint = shape_hint(part, value, pointer)
    if hint is not None:
        findings.hints[pointer] = hint
        return
    if isinstance(value, list):
        _visit_list(part, value, pointer, findings)
    elif isinstance(value, dict):
        found = list(_in_task(value, pointer) if part == "task" else _in_part(part, value, pointer))
        findings.found += found
        if any(pointer in one.covers for one in found):
            return
        below = PARTS.get(part, {})
        for key, item in value.items():
            inner = below.get(key, below.get("*"))
            if part == "task" and key == "foreach" and "listen" not in value:
                inner = None
            elif part == "task" and key == "with":
                inner = value["call"] if value.get("call") in PROTOCOLS else None
            if inner:
                _visit(inner, item, join(pointer, key), findings)


def _visit_list(part: str, items: list[JSON], pointer: str, findings: _Findings) -> None:
    if part in ("tasks", "cases"):
        found = [Found(problem, covers) for problem, covers in item_problems(items, pointer, cases=part == "cases")]
        findings.found += found
        inner = "task" if part == "tasks" else "case"
        for index, item in enumerate(items):
            here = join(pointer, index)
            if isinstance(item, dict) and len(item) == 1 and not any(here in one.covers for one in found):
                name, value = next(iter(item.items()))
                _visit(inner, value, join(here, name), findings)
        return
    below = PARTS.get(part, {}).get("*")
    for index, item in enumerate(items if below else ()):
        _visit(str(below), item, join(pointer, index), findings)


def _in_task(task: dict[str, JSON], pointer: str) -> Iterator[Found]:
    kind = kind_of(task)
    if kind is None and (hint := vocabulary.old_type(task.get("type"))):
        message = f"'type: {task['type']}' is older vocabulary (DSL 0.8)"
        yield Found(_problem("old-vocabulary", join(pointer, "type"), message, hint), (pointer,))
        return
    if (
        kind is None
        and {"if", "when"} & task.keys()
        and {"then", "else"} & task.keys()
        and not task.keys() - {"if", "then", "when", "else"}
    ):
        hint = "to choose where to go on write a `switch`: `switch: [{yes: {when: …, then: NAME}}]`"
        yield Found(_problem("unknown-task", pointer, f"the task '{last(pointer)}' only says where to go on", hint), (pointer,))
        return
    parts = ["task"]
    if kind == "call" and str(task["call"]).lower() == "http":
        parts.append("call http")
    elif kind == "for":
        parts.append("loop")
    elif kind == "try":
        parts.append("try")
    its_own = {"for": {"while"}, "try": {"catch", "retry"}, "call": {"with"}}.get(kind or "", set())
    for part in parts:
        yield from _in_part(part, task, pointer, its_own if part == "task" else frozenset())


def _in_part(part: str, value: dict[str, JSON], pointer: str, but: frozenset[str] | set[str] = frozenset()) -> Iterator[Found]:
    """Yield the mistakes among the keys of one part; *but* are right in this one."""
    keys = [key for key in value if key not in but and not (part == "top" and vocabulary.in_document(key))]
    if part == "top" and "document" not in value:
        yield from _no_document(value)
        return
    yield from _renamed(part, value, keys, pointer)
    yield from _moved(part, keys, pointer)
    for key in keys:
        if key in OTHERWISE.get(part, {}):
            here = join(pointer, key)
            lacks = ((pointer, "then"),) if part == "case" else ()
            yield Found(_problem("unknown-property", here, f"'{key}' is not known here", OTHERWISE[part][key]), (here,), lacks)
    if part == "task" and kind_of(value) == "call" and value["call"] not in PROTOCOLS:
        yield from _beside_call(keys, pointer)
    if part in ("input", "output", "schema"):
        yield from _schema(part, value, pointer)


def _beside_call(keys: list[str], pointer: str) -> Iterator[Found]:
    """Arguments of a function that stand beside `call`."""
    others = {*RENAMED["task"], *MOVED["task"], *OTHERWISE["task"], *_OF_TASKS}
    stray = [key for key in keys if key not in others and key not in KINDS and not vocabulary.in_task(key)]
    if stray:
        covers = tuple(join(pointer, key) for key in stray)
        message = f"{quoted(stray)} {'does' if len(stray) == 1 else 'do'} not belong here"
        hint = f"write `with: {{{', '.join(f'{key}: …' for key in stray)}}}`"
        near = nearest(stray[0], _OF_TASKS) if len(stray) == 1 else None
        if near is None or abs(len(near) - len(stray[0])) > 1:  # else it is misspelt
            yield Found(_problem("misplaced-property", covers[0], message, hint), covers)


def _renamed(part: str, value: dict[str, JSON], keys: list[str], pointer: str) -> Iterator[Found]:
    for key in keys:
        right = RENAMED.get(part, {}).get(key)
        if right is None or (part == "task" and right == "do" and kind_of(value) not in (None, "for")):
            continue
        hint = f"remove it: `{right}` is there" if right in value else f"write `{right}` instead"
        here = join(pointer, key)
        yield Found(_problem("unknown-property", here, f"'{key}' is not known here", hint), (here,), ((pointer, right),))


def _moved(part: str, keys: list[str], pointer: str) -> Iterator[Found]:
    """Yield the keys that stand a level off, those with the same destination together."""
    together: dict[str, list[str]] = {}
    for key in keys:
        if key in MOVED.get(part, {}):
            together.setdefault(MOVED[part][key], []).append(key)
    for hint, moved in together.items():
        lacks = [(pointer if up == 0 else parent(pointer), name) for key in moved for name, up in [MISSING.get((part, key), ("", 0))]]
        if part == "loop":
            lacks += [(join(pointer, "for"), key) for key in moved]
        message = f"{quoted(moved)} {'does' if len(moved) == 1 else 'do'} not belong here"
        covers = tuple(join(pointer, key) for key in moved)
        written = ", ".join(f"{key}: …" for key in moved)
        hint = hint.replace("KEY: …", written).replace("KEY", moved[0])
        yield Found(_problem("misplaced-property", covers[0], message, hint), covers, tuple(lacks))


def _no_document(value: dict[str, JSON]) -> Iterator[Found]:
    """A definition whose name and version stand at the top."""
    moved = [key for key in value if key in ("dsl", "namespace", "name", "version", "title", "summary", "tags", "description", "id")]
    if moved:
        covers = tuple(join("", key) for key in moved)
        hint = "write `document: {dsl: '1.0.3', namespace: …, name: …, version: …}`"
        message = f"{quoted(moved)} {'belongs' if len(moved) == 1 else 'belong'} in `document`"
        yield Found(_problem("misplaced-property", covers[0], message, hint), covers, (("", "document"),))


def _schema(part: str, value: dict[str, JSON], pointer: str) -> Iterator[Found]:
    """JSON Schema where its `schema` or `document` is left out, and names of fields where a schema belongs."""
    own = {"schema": {"format", "document", "resource"}, "input": {"schema", "from"}, "output": {"schema", "as"}}[part]
    unknown = [key for key in value if key not in own and key not in RENAMED.get(part, {})]
    words = [key for key in unknown if key in SCHEMA_WORDS or (key == "document" and part != "schema")]
    if words:
        covers = tuple(join(pointer, key) for key in unknown)
        below = "…" if words[0] == "document" else f"{{{', '.join(f'{word}: …' for word in words)}}}"
        hint = f"write `document: {below}`" if part == "schema" else f"write `schema: {{document: {below}}}`"
        are = "is a word" if len(words) == 1 else "are words"
        message = f"{quoted(words)} {are} of JSON Schema, which stands under `schema: {{document: …}}`"
        yield Found(_problem("misplaced-schema", covers[0], message, hint), covers)
    elif unknown and part != "schema":
        covers = tuple(join(pointer, key) for key in unknown)
        described = isinstance(value[unknown[0]], dict) and bool(SCHEMA_WORDS & set(value[unknown[0]]))
        key = "from" if part == "input" else "as"
        of_schema = f"write `schema: {{document: {{properties: {{{unknown[0]}: …}}}}}}`"
        hint = (
            of_schema
            if described
            else f"write `{key}: {{{unknown[0]}: …}}` to shape the data, or put its schema under `schema: {{document: …}}`"
        )
        yield Found(_problem("unknown-property", covers[0], f"'{unknown[0]}' is not known here", hint), covers)


def _problem(code: str, reference: str, message: str, hint: str) -> Problem:
    return Problem(code=code, reference=reference, message=message, hint=hint)
