"""Random edits on random definitions in random styles, and on every example with its comments: only the footprint changes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from dsl import EditRefused, apply, read
from dsl.edit.equal import same
from dsl.pointer import get, join, last, parent, split
from dsl.source import unpaired
from dsl.walk import Step, all_steps
from tests.cases import cases
from tests.unit.dsl.definitions import DATA
from tests.unit.dsl.official import files
from tests.unit.dsl.styled import NAMES, SEEDS, TEXTS, Writer, definition

EXAMPLES = [*sorted((DATA / "valid").glob("*.yaml")), *files("examples")]
VALUES: list[Any] = [*TEXTS, 1, 1.5, None, False, [], {}, {"a/b": [1, {"x": None}]}, ["p", {"q": "r\ns\n"}]]
KINDS = ["set-field", "new field", "remove field", "replace", "add", "remove", "move", "rename"]


@settings(max_examples=cases(100))
@given(rng=SEEDS)
def test_a_random_edit_of_a_random_definition_changes_its_footprint_only(rng: random.Random) -> None:
    _edit_and_check(Writer(rng).text(definition(rng)), rng)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_random_edits_of_an_example_change_their_footprint_only(path: Path) -> None:
    rng = random.Random(path.stem)
    done = sum(_edit_and_check(path.read_text(), rng) for _ in range(12))

    assert done > 2  # the others are refused: the only task of a list, a `then` that cannot follow


def _edit_and_check(text: str, rng: random.Random) -> bool:
    """Do one random edit on *text* and compare all else; return False when it is refused."""
    data = read(text).data
    operation, expected, named = _edit(json.loads(json.dumps(data)), rng)
    try:
        applied = apply(text, [operation])
    except EditRefused:
        return False
    assert same(read(applied.text).data, expected), operation
    _check_untouched(text, applied.text, applied.untouched)
    if _in_lines(text) and _in_lines(applied.text):
        before, after = (_outside(one, _paths(one, named)) for one in (text, applied.text))
        if "value" not in operation and operation["op"] == "set-field":  # a blank line above the field now stands below its task
            before, after = ([line for line in lines if line.strip()] for lines in (before, after))
        assert before == after or "/functions/" in operation["reference"], operation
    return True


def _check_untouched(old: str, new: str, untouched: tuple[str, ...]) -> None:
    """Every task that is said to be untouched is, to the byte."""
    before, after = dict(_items(old)), dict(_items(new))
    for reference in untouched:
        name = _name(reference)
        if name in after:
            (start, end), (was_start, was_end) = after[name], before[name]
            assert new[start:end] == old[was_start:was_end], name


def _edit(data: Any, rng: random.Random) -> tuple[dict[str, Any], Any, set[str]]:
    """Return an operation on *data*, the data it gives, and the names of the tasks it may touch."""
    steps = [step for step in all_steps(data) if "/metadata/" not in step.reference]
    step = rng.choice(steps)
    kind, value = rng.choice(KINDS), json.loads(json.dumps(rng.choice(VALUES)))
    reference, name = step.reference, _name(step.reference)
    fields = list(_fields(step.task))
    if fields and kind in ("set-field", "remove field"):
        field = rng.choice(fields)
        where, key = get(data, parent(reference + field)), last(field)
        at: Any = int(key) if isinstance(where, list) else key
        operation = {"op": "set-field", "reference": reference, "field": field}
        if kind == "set-field":
            where[at] = value
            return operation | {"value": value}, data, {name}
        if isinstance(where, list) or (len(split(field)) > 2 and split(field)[-3] == "switch"):
            where, at = (where, at) if isinstance(where, list) else (get(data, parent(parent(reference + field))), int(split(field)[-2]))
        del where[at]
        return operation, data, {name}
    if kind in ("set-field", "remove field", "new field"):
        step.task["fresh/~ one"] = value
        return {"op": "set-field", "reference": reference, "field": "fresh/~ one", "value": value}, data, {name}
    if kind == "replace":
        get(data, parent(reference))[step.name] = {"set": {"v": value}}
        return {"op": "replace", "reference": reference, "value": {"set": {"v": value}}}, data, {name}
    return _structural(kind, data, steps, step, rng)


def _structural(kind: str, data: Any, steps: list[Step], step: Step, rng: random.Random) -> tuple[dict[str, Any], Any, set[str]]:
    tasks, reference, name = get(data, step.siblings.pointer), step.reference, _name(step.reference)
    if not isinstance(tasks, list):  # a function
        step.task["then"] = "end"
        return {"op": "set-field", "reference": reference, "field": "then", "value": "end"}, data, {name}
    if kind == "add":
        body, after = {"set": {"v": rng.choice(VALUES)}}, rng.random() < 0.5
        tasks.insert(step.index + after, {"added one": body})
        operation = {"op": "add", "reference": reference, "position": "after" if after else "before", "name": "added one", "value": body}
        return operation, data, {name.rpartition(" > ")[0] + " > added one"}
    if kind == "rename":
        new = rng.choice([*NAMES, "renamed"])
        touched = {name, name.rpartition(" > ")[0] + " > " + new} | _lead(step, new, itself=True)
        get(data, parent(reference))[new] = get(data, parent(reference)).pop(step.name)
        return {"op": "rename", "reference": reference, "name": new}, data, touched
    if kind == "remove":
        touched = {name} | _lead(step, _next(step))
        del tasks[step.index]
        return {"op": "remove", "reference": reference}, data, touched
    target = rng.choice([other for other in steps if isinstance(get(data, other.siblings.pointer), list)])
    there, after = get(data, target.siblings.pointer), rng.random() < 0.5
    operation = {"op": "move", "reference": reference, "to": target.reference, "position": "after" if after else "before"}
    touched = {name, _name(join(target.siblings.pointer, 0, step.name))}
    if there is not tasks:
        touched |= _lead(step, _next(step))
    index = target.index + after
    item = tasks[step.index]
    if index not in (step.index, step.index + 1) or there is not tasks:
        there.insert(index, item)
        del tasks[step.index + (there is tasks and index <= step.index)]
    return operation, data, touched


def _next(step: Step) -> str:
    """Return where ways go on without *step*: its own `then`, else the next task, else out of the list."""
    then = step.task.get("then", "continue")
    after = step.siblings.names[step.index + 1 : step.index + 2]
    return str(then) if then != "continue" else after[0] if after else "end" if step.siblings.pointer == "/do" else "exit"


def _lead(step: Step, target: str, *, itself: bool = False) -> set[str]:
    """Let every `then` in the list that names *step* lead to *target*, its own too when *itself*; return who that touches."""
    touched = set()
    for other in step.siblings.steps:
        if other is step and not itself:
            continue
        cases = other.task.get("switch")
        items = cases if isinstance(cases, list) else []
        owners = [other.task, *(case for item in items for case in item.values() if isinstance(case, dict))]
        for owner in owners:
            if owner.get("then") == step.name:
                owner["then"] = target
                touched.add(_name(other.reference))
    return touched


def _fields(value: Any, pointer: str = "") -> Iterator[str]:
    """Yield the pointers of everything in a task that is no task, and holds none."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        at = join(pointer, key)
        inner = list(_fields(item, at))
        holds = isinstance(item, dict | list) and any(word in json.dumps(item) for word in ('"do"', '"try"', '"branches"'))
        if not holds and key not in ("do", "try", "branches"):
            yield at
            yield from inner


def _name(reference: str) -> str:
    """Return a reference without its numbers: what does not change when others come and go."""
    parts = split(reference)
    return " > ".join(part for at, part in enumerate(parts) if not (part.isdigit() and at + 1 < len(parts)))


def _paths(text: str, names: set[str]) -> list[tuple[int, int]]:
    return [span for name, span in _items(text) if name in names]


def _items(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield (name, place of its item) of every task, by PyYAML's own tree."""
    offset = 1 if text.startswith("\ufeff") else 0
    root = yaml.compose(unpaired(text)[offset:], Loader=yaml.CSafeLoader)
    for step in all_steps(read(text).data):
        node: Any = root
        for part in split(parent(step.reference)):
            node = _child(node, part)
        if node is not None and isinstance(node, yaml.MappingNode) and "/functions" not in step.reference:
            yield _name(step.reference), (node.start_mark.index + offset, _end(node, text, offset))


def _child(node: Any, part: str) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return node.value[int(part)]
    return next((value for key, value in node.value if key.value == part), None) if node is not None else None


def _end(node: Any, text: str, offset: int) -> int:
    """Return where the last scalar of *node* ends, or its closing bracket."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style:
        end = node.end_mark.index + offset
        return end if getattr(node, "style", None) not in ("|", ">") else len(text[:end].rstrip())
    final = node.value[-1]
    return _end(final[1] if isinstance(final, tuple) else final, text, offset)


def _in_lines(text: str) -> bool:
    """Tell whether every task stands on lines of its own, and nothing hangs on how the text ends."""
    return not any(mark in text for mark in ("{", "[", "|+", "\r")) and text.endswith("\n")


def _outside(text: str, items: list[tuple[int, int]]) -> list[str]:
    """Return the lines outside *items*, each with the comments directly above it and the deeper ones below it."""
    lines = text.split("\n")
    for start, end in sorted(items, reverse=True):
        first, final = text.count("\n", 0, start), text.count("\n", 0, end)
        while not lines[first].lstrip().startswith("-"):
            first -= 1
        dash = lines[first].index("-")
        while first and lines[first - 1].startswith(" " * dash + "#"):
            first -= 1
        below = final + 1
        while below < len(lines) and (not lines[below].strip() or lines[below].startswith(" " * (dash + 1))):
            bare = lines[below].strip()
            if bare and not bare.startswith("#"):
                break
            final = below if bare else final
            below += 1
        lines[first : final + 1] = []
    return lines
