"""Do operations on a text: plan on the data, splice the text, read it again, and keep it only when it says exactly what was planned."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from dsl.edit.equal import same
from dsl.edit.follow import Tasks, refuse_locked, tasks_of
from dsl.edit.numbers import renumbered
from dsl.edit.plan import Edit, Plan, perform, plan
from dsl.edit.result import Applied, EditRefused
from dsl.edit.splice import NoPlace, Splice, Text, add_item, drop, move_item, put, rename_key, spliced
from dsl.edit.syntax import Node, aliases_in, find
from dsl.pointer import get, parent, split
from dsl.source import Source, read
from dsl.walk import Step

JSON = Any

# how to write, the finest first: pretty, greedy, anew
_HABITS: Final = ((True, False, False), (False, False, False), (True, True, False))
_LAST_HABITS: Final = ((False, False, True), (False, True, True))


@dataclass(slots=True)
class _Marks:
    """What the operations touched so far, under the names it has now."""

    named: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)  # lists that a task left: what is around them changed
    gone: dict[str, None] = field(default_factory=dict)
    followed: list[str] = field(default_factory=list)

    def add(self, done: Plan) -> None:
        """Take over what *done* touched, and rename all marks as its edits do."""
        self.named += [name for name in done.footprint if name not in self.named]
        self.followed += [name for name in done.followed if name not in self.followed]
        self.left += [done.left] if done.left else []
        for edit in done.edits:
            self._rename(edit)
        if done.new and done.new not in self.named:
            self.named.append(done.new)

    def _rename(self, edit: Edit) -> None:
        kept = []
        for name in self.named:
            now = renumbered(name, edit)
            if now is None:
                self.gone[name] = None
            else:
                kept.append(now)
        self.named = kept
        self.left = [now for name in self.left if (now := renumbered(name, edit)) is not None]
        self.followed = [now for name in self.followed if (now := renumbered(name, edit)) is not None]

    def touch(self, name: str) -> bool:
        """Tell whether the task *name* is touched: it, what is around it or what is in it changed."""
        if any(one.startswith(name + "/") for one in self.left):
            return True
        return any(name == one or name.startswith(one + "/") or one.startswith(name + "/") for one in self.named)


def apply_all(text: str, operations: Sequence[Mapping[str, JSON]]) -> Applied:
    """Return *text* with *operations* done: see `dsl.apply`."""
    marks = _Marks()
    source = _readable(text)
    for operation in operations:
        source = _one(source, operation, marks)
    names = list(tasks_of(source.data))
    footprint = tuple(dict.fromkeys([*marks.gone, *marks.named]))
    return Applied(source.text, footprint, tuple(name for name in names if not marks.touch(name)), tuple(marks.followed))


def _readable(text: str) -> Source:
    source = read(text)
    if source.problems or source.data is None:
        raise EditRefused(f"the definition cannot be read: {source.problems[0]}")
    return source


def _one(source: Source, operation: Mapping[str, JSON], marks: _Marks) -> Source:
    data = json.loads(json.dumps(source.data))  # aliases become values of their own
    done = plan(data, operation)
    if not done.edits:
        marks.add(done)
        return source
    steps = tasks_of(data)
    kept = _untouched(steps, done)
    expected = perform(data, done.edits)
    changed = _changed(source, done, expected, kept)
    if changed is None:
        steady, holder = _with_end(source, steps)
        if steady is not None:
            changed = _changed(steady, done, expected, [step for step in kept if step.reference != holder])
            done.footprint += [holder] if holder and changed else []
    changed = changed or _changed(source, done, expected, kept, _LAST_HABITS)
    if changed is None:
        raise EditRefused(f"'{operation.get('op')}' on {operation.get('reference') or 'the document'} {_why(source, done)}")
    marks.add(done)
    return changed


def _untouched(steps: Tasks, done: Plan) -> list[Step]:
    marks = _Marks(list(done.footprint), [done.left] if done.left else [])
    if done.new:
        marks.left.append(done.edits[-1].pointer)
    if done.edits[-1].kind == "move":
        marks.left.append(done.edits[-1].to)
    return [step for step in steps.values() if not marks.touch(step.reference)]


def _changed(
    source: Source, done: Plan, expected: JSON, kept: list[Step], habits: tuple[tuple[bool, bool, bool], ...] = _HABITS
) -> Source | None:
    """Return the first way to write the change that says what is *expected* and leaves the text of *kept* alone."""
    plain = Text(source.text)
    for plain.pretty, plain.greedy, plain.anew in habits:
        for splices in _ways(plain, done.edits, expected, done.task):
            if _spares(plain, splices, kept):
                result = read(spliced(source.text, splices))
                if not result.problems and same(result.data, expected):
                    return result
    return None


def _ways(text: Text, edits: list[Edit], expected: JSON, task: str) -> Iterator[list[Splice]]:
    """Yield splices for *edits*: the nearest first; then, for a value, all of what holds it, up to its *task* when it has one."""
    with suppress(NoPlace):
        yield [splice for edit in edits for splice in _splices(text, edit)]
    if len(edits) > 1 or edits[0].kind not in ("put", "drop"):
        return
    at = edits[0].pointer
    while at != task and (at := parent(at)):
        if at != task and task.startswith(at):
            return
        with suppress(NoPlace):
            yield put(text, at, get(expected, at))


def _splices(text: Text, edit: Edit) -> list[Splice]:
    match edit.kind:
        case "put":
            return put(text, edit.pointer, edit.value)
        case "drop":
            return drop(text, edit.pointer)
        case "add":
            return add_item(text, edit.pointer, edit.index, edit.value, after=edit.after)
        case "move":
            return move_item(text, edit.pointer, edit.to, edit.index, after=edit.after, value=_moved(text, edit))
    return rename_key(text, edit.pointer, edit.name)


def _moved(text: Text, edit: Edit) -> JSON:
    return get(read(text.text).data, edit.pointer)


def _spares(text: Text, splices: list[Splice], kept: list[Step]) -> bool:
    """Tell whether no splice reaches into the text of a task in *kept*."""
    for step in kept:
        place = find(text.root, split(step.reference))
        if place is None:
            continue
        start, end = place.entry.start, place.entry.end
        if any(one.start < end and one.end > start for one in splices if one.end > one.start):
            return False
        if any(start < one.start < end for one in splices if one.end == one.start):
            return False
    return True


def _with_end(source: Source, steps: Tasks) -> tuple[Source | None, str]:
    """
    Return *source* with a last line break where it ends inside a block of text, which without one would grow by it; and whose text that is.

    Raises:
        EditRefused: that task is locked.
    """
    node, pointer = Text(source.text).root, ""
    data: Any = source.data
    while node.entries and not node.flow:
        entry = node.entries[-1]
        pointer, node = f"{pointer}/{len(node.entries) - 1}", entry.value
        data = data[-1] if isinstance(data, list) else data.get(entry.name)
    header, _, content = source.text[node.body : node.end].partition("\n")
    if node.kind != "scalar" or node.end != len(source.text) or not content or header[0] not in "|>":
        return None, ""
    if "+" in header.split("#")[0] or "-" in header.split("#")[0]:
        return None, ""
    result = read(spliced(source.text, [Splice(node.body + 1, node.body + 1, "-"), Splice(node.end, node.end, "\n")]))
    holder = next((one for one in reversed(steps) if _last_of(source, one)), "")
    if holder:
        refuse_locked(steps, holder, ", and the text ends in it without a line break")
    return (result, holder) if same(result.data, source.data) else (None, "")


def _last_of(source: Source, reference: str) -> bool:
    span = source.spans.get(reference)
    return span is not None and span.end == len(source.text)


def _why(source: Source, done: Plan) -> str:
    root: Node = Text(source.text).root
    if aliases_in(root):
        return "would change something else as well, which is written by an alias (`*`): write the aliases out first"
    kind = done.edits[-1].kind
    if kind in ("put", "drop"):
        return "cannot be written there without changing something else: replace what holds it"
    return "cannot be done in this style without changing what stands beside it: write each item on lines of its own, or replace the list"
