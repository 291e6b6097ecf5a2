"""A difference in words, for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from dsl.catalogue import Catalogue
from dsl.diff.changes import DocumentChange, FieldChange, TaskChange
from dsl.phrases import case_words, phrase
from dsl.pointer import get, join, split
from dsl.walk import Step
from dsl.words import cron_words, joined, shortened

JSON = Any

_LONGEST: Final = 60  # characters of a value
_MOST_FIELDS: Final = 3  # of one task are told
_MOST_TASKS: Final = 6  # are named in the summary
_VERBS: Final = ("is what ", "moved ", "goes on ", "now: ")
_SAID: Final = {
    "/document/title": "the title", "/document/version": "the version", "/document/name": "the name",
    "/document/namespace": "the namespace", "/document/summary": "the summary", "/document/dsl": "the version of the language",
    "/if": "its condition", "/then": "what comes next", "/output/as": "what it keeps", "/input/from": "what it reads",
    "/metadata/parley/title": "its title", "/metadata/parley/locked": "its lock", "/metadata/title": "its title",
    "/timeout/after": "its time limit", "/with/endpoint": "the address", "/with/method": "the method", "/with/body": "what it sends",
}  # fmt: skip


def task_words(change: TaskChange, old: Step | None, new: Step | None, before: JSON, after: JSON, catalogue: Catalogue) -> str:
    """Return "'notify' now: post to …; its condition is gone"."""
    if new is None or old is None:
        step, data = (new, after) if new is not None else (old, before)
        assert step is not None
        said = phrase(step, data, catalogue)
        return f"'{change.name}' is {'new' if old is None else 'gone'}: {_lowered(said)}"
    parts = []
    if "renamed" in change.kinds:
        parts.append(f"is what '{old.name}' was")
    if "moved" in change.kinds:
        parts.append(_moved(old, new))
    if "follows" in change.kinds:
        parts.append(f"goes on with {joined([repr(field.new) for field in change.fields])}, as that is called now")
    if "changed" in change.kinds:
        parts += _changed(change, old, new, before, after, catalogue)
    said = "; ".join(parts)
    return f"'{change.name}'{' ' if said.startswith(_VERBS) else ': '}{said}"


def document_words(field: FieldChange, before: JSON, after: JSON) -> str:
    """Return "the version is now 1.1.0 (was 1.0.0)"."""
    cron = get(after, "/schedule/cron") if field.pointer in ("/schedule", "/schedule/cron") else None
    if isinstance(cron, str):
        was = get(before, "/schedule/cron")
        return f"it starts: {_lowered(cron_words(cron))}" + (f" (was {_lowered(cron_words(was))})" if isinstance(was, str) else "")
    if field.pointer == "/schedule" and field.kind == "removed":
        return "nothing starts it by itself any more"
    return field_words(field)


def summary(tasks: Sequence[TaskChange], document: Sequence[DocumentChange], untouched: int) -> str:
    """Return "3 of 8 tasks changed: 'notify' now …; 5 untouched. The version is now 1.1.0 (was 1.0.0)"."""
    if not tasks and not document:
        return "Nothing differs"
    total = len(tasks) + untouched
    parts = []
    if tasks:
        said = [change.words for change in tasks[:_MOST_TASKS]]
        said += [f"{len(tasks) - _MOST_TASKS} more"] if len(tasks) > _MOST_TASKS else []
        said += [f"{untouched} untouched"] if untouched else []
        parts.append(f"{len(tasks)} of {total} task{'s' if total != 1 else ''} changed: {'; '.join(said)}")
    else:
        parts.append(f"No task changed ({total} untouched)")
    if document:
        said = [change.words for change in document[:_MOST_TASKS]]
        said += [f"{len(document) - _MOST_TASKS} more values of the document"] if len(document) > _MOST_TASKS else []
        words = "; ".join(said)
        parts.append(words[:1].upper() + words[1:])
    return ". ".join(parts)


def field_words(field: FieldChange) -> str:
    """Return "`/with/body` is now 'x' (was 'y')"."""
    field = _inmost(field)
    name = _SAID.get(field.pointer, f"`{'.'.join(split(field.pointer))}`")
    if field.kind == "removed":
        return f"{name} is gone (was {value_words(field.old)})"
    if field.kind == "added":
        return f"{name} is new: {value_words(field.new)}"
    return f"{name} is now {value_words(field.new)} (was {value_words(field.old)})"


def _inmost(field: FieldChange) -> FieldChange:
    """Return what came or went without the mappings that only hold it."""
    pointer, old, new = field.pointer, field.old, field.new
    held = new if field.kind == "added" else old if field.kind == "removed" else None
    while isinstance(held, dict) and len(held) == 1:
        key, held = next(iter(held.items()))
        pointer = join(pointer, key)
        old, new = (None, held) if field.kind == "added" else (held, None)
    return FieldChange(pointer, field.kind, old, new)


def value_words(value: JSON) -> str:
    """Return a value, shortened; texts without quotes where they are one word."""
    if isinstance(value, str) and value and " " not in value and "\n" not in value:
        return shortened(value, _LONGEST)
    return shortened(json.dumps(value, ensure_ascii=False), _LONGEST)


def _changed(change: TaskChange, old: Step, new: Step, before: JSON, after: JSON, catalogue: Catalogue) -> list[str]:
    was, now = phrase(old, before, catalogue), phrase(new, after, catalogue)
    told = [f"now: {_lowered(now)} (was: {_lowered(was)})"] if was != now else []
    fields = [field for field in change.fields if not (told and _in_phrase(field))]
    told += [words for field in fields[:_MOST_FIELDS] for words in _told(field)]
    return told + ([f"{len(fields) - _MOST_FIELDS} more values"] if len(fields) > _MOST_FIELDS else [])


def _told(field: FieldChange) -> list[str]:
    """Return the words of a change; of the cases of a switch, which came, went and changed."""
    was, now = _cases(field.old), _cases(field.new)
    if field.pointer != "/switch" or was is None or now is None:
        return [field_words(field)]
    told = [f"the case '{name}' is gone" for name in was if name not in now]
    for name, case in now.items():
        if was.get(name) != case:
            leads = f"{case_words(case)}, then {case.get('then', 'continue')}"
            told.append(f"the case '{name}' is {'now' if name in was else 'new'}: {leads}")
    return told or ["its cases are tried in another order"]


def _cases(value: JSON) -> dict[str, dict[str, JSON]] | None:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return None
    found = {name: case for item in value for name, case in item.items() if isinstance(case, dict)}
    return found if len(found) == len(value) else None


def _in_phrase(field: FieldChange) -> bool:
    """Tell whether the phrase of a task says what this value is."""
    return split(field.pointer)[0] not in ("if", "then", "input", "output", "export", "timeout", "metadata")


def _moved(old: Step, new: Step) -> str:
    where = new.parent.name if new.parent is not None else ""
    was = old.parent.name if old.parent is not None else ""
    if where != was:
        return f"moved into '{where}'" if where else f"moved out of '{was}'"
    if new.index == 0:
        return "moved to the beginning"
    return f"moved behind '{new.siblings.names[new.index - 1]}'"


def _lowered(words: str) -> str:
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
