"""What a new version asks of those who use the old one: callers, receivers, senders of events, whoever keeps its secrets.

Inputs may grow wider, outputs narrower; the other way round something outside may fail. A bump follows Semantic Versioning 2.0.0 §6-8:
major where somebody must change something, minor where something is new, patch for all else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dsl.diff.changes import Breaking, Bump
from dsl.diff.compare import data_of
from dsl.diff.schemas import Effect, schema_changes
from dsl.diff.versions import RANK
from dsl.edit.equal import same
from dsl.pointer import MISSING, get, join
from dsl.walk import all_steps
from dsl.words import joined, strategy_events

JSON = Any
_INPUT: Final[dict[Effect, Bump]] = {
    "required": "major", "optional": "minor", "gone": "minor", "closed": "major", "new": "minor",
    "narrower": "major", "wider": "minor", "unclear": "major",
}  # fmt: skip
_OUTPUT: Final[dict[Effect, Bump]] = {
    "required": "minor", "optional": "major", "gone": "major", "closed": "major", "new": "minor",
    "narrower": "minor", "wider": "major", "unclear": "major",
}  # fmt: skip


def changes_for_others(old: str | Mapping[str, JSON], new: str | Mapping[str, JSON]) -> tuple[Breaking, ...]:
    """Return what *new* changes for others: see `dsl.breaking`."""
    before, after = data_of(old), data_of(new)
    if same(before, after):
        return ()
    parts = (_identity, _inputs, _outputs, _emitted, _awaited, _triggers, _secrets)
    found = [change for part in parts for change in part(before, after)]
    if not found:
        found = [Breaking(code="inside", reference="", words="what it does inside differs; nobody outside has to change", bump="patch")]
    return tuple(sorted(found, key=lambda change: -RANK[change.bump]))


def _identity(old: JSON, new: JSON) -> Iterator[Breaking]:
    for key in ("namespace", "name"):
        at = f"/document/{key}"
        was, now = get(old, at), get(new, at)
        if not same(was, now):
            words = f"its {key} is now {_shown(now)} (was {_shown(was)}): whoever runs it by name must change that"
            yield Breaking(code=f"{key}-changed", reference=at, words=words, bump="major")


def _inputs(old: JSON, new: JSON) -> Iterator[Breaking]:
    yield from _schemas(old, new, "input", _INPUT)
    if not same(get(old, "/input/from"), get(new, "/input/from")):
        words = "it reads its input another way: check that callers still send what it needs"
        yield Breaking(code="input-from-changed", reference="/input/from", words=words, bump="minor")


def _outputs(old: JSON, new: JSON) -> Iterator[Breaking]:
    yield from _schemas(old, new, "output", _OUTPUT)
    was, now = get(old, "/output/as"), get(new, "/output/as")
    if same(was, now):
        return
    if isinstance(was, dict) and isinstance(now, dict):
        for name in sorted(was.keys() ^ now.keys()):
            gone = name in was
            yield Breaking(
                code="output-gone" if gone else "output-new",
                reference=join("/output/as", name),
                words=f"its output has no '{name}' any more" if gone else f"its output has '{name}' as well",
                bump="major" if gone else "minor",
            )
    elif get(old, "/output/schema") is MISSING or not same(get(old, "/output/schema"), get(new, "/output/schema")):
        words = "it makes its output another way, and no schema says what stays: check who reads it"
        yield Breaking(code="output-as-changed", reference="/output/as", words=words, bump="minor")


def _schemas(old: JSON, new: JSON, part: str, bumps: Mapping[Effect, Bump]) -> Iterator[Breaking]:
    at = f"/{part}/schema"
    was, now = get(old, at), get(new, at)
    if same(was, now):
        return
    one, other = get(old, f"{at}/document"), get(new, f"{at}/document")
    if (was is not MISSING and one is MISSING) or (now is not MISSING and other is MISSING):
        words = f"the schema of its {part} is another document, which is not read here"
        yield Breaking(code=f"{part}-unclear", reference=at, words=words, bump="major")
        return
    pointer = f"{at}/document"
    for change in schema_changes(True if one is MISSING else one, True if other is MISSING else other, pointer):
        yield Breaking(code=f"{part}-{change.effect}", reference=change.pointer, words=f"{part}: {change.words}", bump=bumps[change.effect])


def _emitted(old: JSON, new: JSON) -> Iterator[Breaking]:
    was, now = _events(old, "emit"), _events(new, "emit")
    for event, at in was.items():
        if event not in now:
            kin = [source for kind, source in now if kind == event[0]]
            words = f"it sends {_event(event)} {'from ' + joined(kin, 'or') + ' now' if kin else 'no more'}"
            yield Breaking(code="event-source-changed" if kin else "event-gone", reference=at, words=words, bump="major")
    kinds = {kind for kind, _ in was}
    for event, at in now.items():
        if event not in was and event[0] not in kinds:
            yield Breaking(code="event-new", reference=at, words=f"it sends {_event(event)} as well", bump="minor")


def _awaited(old: JSON, new: JSON) -> Iterator[Breaking]:
    was, now = _events(old, "listen"), _events(new, "listen")
    for event, at in was.items():
        if event not in now:
            yield Breaking(code="event-ignored", reference=at, words=f"it waits for {_event(event)} no more: it stays unread", bump="major")
    for event, at in now.items():
        if event not in was:
            words = f"it waits for {_event(event)}: somebody has to send it"
            yield Breaking(code="event-needed", reference=at, words=words, bump="major")


def _triggers(old: JSON, new: JSON) -> Iterator[Breaking]:
    for key, words in (("every", "at intervals"), ("cron", "at times"), ("after", "again after each run"), ("on", "by an event")):
        at = f"/schedule/{key}"
        was, now = get(old, at), get(new, at)
        if same(was, now):
            continue
        if now is MISSING:
            yield Breaking(code="trigger-gone", reference=at, words=f"it is no longer started {words} ({_shown(was)})", bump="major")
        elif was is MISSING:
            yield Breaking(code="trigger-new", reference=at, words=f"it is started {words} now ({_shown(now)})", bump="minor")
        elif key == "on":
            yield from _starting_events(was, now, at)
        else:
            said = f"it is started at other times: {_shown(now)} (was {_shown(was)})"
            yield Breaking(code="trigger-changed", reference=at, words=said, bump="minor")


def _starting_events(was: JSON, now: JSON, at: str) -> Iterator[Breaking]:
    before, after = _filters(was), _filters(now)
    gone = [event for event in before if event not in after]
    for event in gone:
        yield Breaking(code="trigger-gone", reference=at, words=f"{_event(event)} starts it no more", bump="major")
    for event in after:
        if event not in before:
            yield Breaking(code="trigger-new", reference=at, words=f"{_event(event)} starts it as well", bump="minor")
    if not gone and set(after) == set(before):
        yield Breaking(code="trigger-changed", reference=at, words="the events that start it are chosen another way", bump="major")


def _secrets(old: JSON, new: JSON) -> Iterator[Breaking]:
    was, now = _secret_names(old), _secret_names(new)
    for index, name in enumerate(now):
        if name not in was:
            words = f"it needs the secret '{name}': somebody has to give it"
            yield Breaking(code="secret-needed", reference=f"/use/secrets/{index}", words=words, bump="major")
    for index, name in enumerate(was):
        if name not in now:
            words = f"it needs the secret '{name}' no more"
            yield Breaking(code="secret-unused", reference=f"/use/secrets/{index}", words=words, bump="patch")


def _secret_names(data: JSON) -> list[str]:
    found = get(data, "/use/secrets")
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def _events(data: JSON, kind: str) -> dict[tuple[str, str], str]:
    """Return the events that tasks send or wait for, as (type, source), each with the task that is first to."""
    found: dict[tuple[str, str], str] = {}
    for step in all_steps(data):
        if kind == "emit" and step.kind == "emit":
            found.setdefault(_key(get(step.task, "/emit/event/with")), step.reference)
        elif kind == "listen" and step.kind == "listen":
            for event in _filters(get(step.task, "/listen/to")):
                found.setdefault(event, step.reference)
    return found


def _filters(strategy: JSON) -> list[tuple[str, str]]:
    return [_key(event.get("with") if isinstance(event, dict) else None) for event in strategy_events(strategy)]


def _key(event: JSON) -> tuple[str, str]:
    if not isinstance(event, dict):
        return "", ""
    return tuple(str(event[key]) if isinstance(event.get(key), str) else "" for key in ("type", "source"))  # type: ignore[return-value]


def _event(event: tuple[str, str]) -> str:
    kind, source = event
    return (f"the event '{kind}'" if kind else "an event") + (f" from {source}" if source else "")


def _shown(value: JSON) -> str:
    from dsl.diff.words import value_words

    return "nothing" if value is MISSING else value_words(value)
