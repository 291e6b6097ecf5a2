"""Edits said in few words: "top 5 is enough", "Tuesdays as well", "make it a line chart", "only those where paid is true"."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

from graphs.models.offline import conditions, filters, lists, triggers
from graphs.models.offline.clause import NUMBERS, duration, number
from graphs.models.offline.notes import Notes
from graphs.models.offline.rescheduling import zone
from graphs.models.offline.scope import AS_LIST, Scope
from graphs.models.offline.targets import Target
from graphs.models.offline.text import FILLER, Protected
from graphs.models.offline.wish import Edit, Wish, set_field

N = rf"(?:\d+|{'|'.join(word for word in NUMBERS if len(word) > 2)})"
TOO = r"(?: as well| too| also|,? please)*"
LENGTH = r"(?P<time>(?:an?|\d+|one|two|three|five|ten|fifteen|twenty|thirty|half an) ?(?:seconds?|minutes?|hours?|days?|h|min|s))"
MAIL = "\ue000m\\d+\ue001"
LIST = ("get", "set", "sql")


def retouch(source: Protected, wish: Wish) -> Edit | None:
    """Read one wish that names a value by what it is; None when no row fits."""
    words = source.text.strip().rstrip(".!")
    while found := FILLER.match(words):
        words = words[found.end() :]
    words = re.sub(r"(?:,? please| again)+$", "", words, flags=re.IGNORECASE)
    for pattern, make in TABLE:
        match = pattern.fullmatch(words)
        made = make(match, source, wish) if match else None
        if made is not None:
            return made
    return None


def _pause(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    waits = [task for task in wish.tasks if task.kind == "wait"]
    if len(waits) != 1:
        return None
    amount = duration(found["time"])
    words = ", ".join(f"{count} {unit if count != 1 else unit.rstrip('s')}" for unit, count in amount.items())
    title = set_field(waits[0].reference, "/metadata/parley/title", f"Wait {words}")
    return Edit([set_field(waits[0].reference, "/wait", amount), title], f"it waits {words}")


def _top(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    count = int(number(found["n"]))
    firsts = [task for task in wish.tasks if re.search(r"\| \.\[:\d+\]", str(task.body.get("set", "")))]
    if len(firsts) != 1:
        return None
    (target,) = firsts
    text = re.sub(r"\| \.\[:\d+\]", f"| .[:{count}]", str(target.body["set"]))
    title = re.sub(rf"\b{N}\b", str(count), target.title, count=1)
    return Edit(
        [set_field(target.reference, "/set", text), set_field(target.reference, "/metadata/parley/title", title)], f"the first {count}"
    )


def _chart(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    target = wish.one([task for task in wish.tasks if task.kind == "chart"], "the chart")
    if target is None:
        return None
    kind = found["kind"].lower()
    title = re.sub(r"\b(?:bar|line|area|scatter|pie) chart", f"{kind} chart", target.title)
    fields = [set_field(target.reference, "/with/kind", kind), set_field(target.reference, "/metadata/parley/title", title)]
    return Edit(fields, f"it is a {kind} chart")


def _sentences(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    target = wish.one([task for task in wish.tasks if task.kind == "summarize"], "the summary")
    count = int(number(found["n"]))
    return Edit([set_field(target.reference, "/with/sentences", count)], f"at most {count} sentences") if target else None


def _days(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    cron = str((wish.definition.get("schedule") or {}).get("cron", "")).split()
    more = triggers.weekdays(found["days"])
    if len(cron) != 5 or more is None or not re.fullmatch(r"[\d,]+", cron[4]):
        return None
    days = sorted({*cron[4].split(","), *more.split(",")}) if "-" not in more else []
    return Edit([set_field("", "/schedule/cron", " ".join([*cron[:4], ",".join(days)]))], f"also {found['days']}") if days else None


def _recipient(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    mails = [task for task in wish.tasks if task.kind == "notify" and (task.body.get("with") or {}).get("channel") == "email"]
    target = wish.one(mails, "the e-mail")
    if target is None:
        return None
    old, new = str(target.body["with"].get("to", "")), source.value(found["mail"])
    title = set_field(target.reference, "/metadata/parley/title", target.title.replace(old, new) if old else target.title)
    return Edit([set_field(target.reference, "/with/to", new), title], f"it goes to {new}")


def _value(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    """Read "keep the ones with status waiting instead of open"."""
    name, new, old = found["field"], source.value(found["new"]), source.value(found["old"])
    before, after = f".{name} == {json.dumps(old)}", f".{name} == {json.dumps(new)}"
    places = [task for task in wish.tasks if before in str(task.body.get("set", ""))]
    if len(places) != 1:
        return None
    (target,) = places
    title = re.sub(rf"\b{re.escape(old)}\b", new, target.title)
    fields = [set_field(target.reference, "/set", str(target.body["set"]).replace(before, after))]
    return Edit([*fields, set_field(target.reference, "/metadata/parley/title", title)], f"{name} is {new} instead of {old}")


def _only(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    """Add a filter behind the last step that makes the list; what reads the list from the context reads the shorter one."""
    condition = filters._condition(found["rest"], source)
    top = [task for task in wish.tasks if task.reference.count("/") == 3]
    made: list[Target] = []
    for task in top:
        if task.kind not in LIST and task.kind != "wait":
            break
        made += [task] if task.kind in LIST else []
    if condition is None or not made or condition.kind in ("extreme", "count", "approved") or sum(task.kind == "get" for task in made) != 1:
        return None
    named = [part.field for part in condition.parts or (condition,)]
    if not all(named) or any(re.search(rf"\.{name}\b", str(task.body.get("set", ""))) for name in named for task in made):
        return None  # a field that is tested already: in the place of that test, or beside it?
    anchor, notes = made[-1], Notes(wish.answers, wish.person, wish.timezone)
    if "[:" in str(anchor.body.get("set", "")) or "length" in str(anchor.body.get("set", "")):
        return None  # "only those": before or after the first ten?
    test = conditions.to_jq(condition, ".", lambda one: lists.field_of(one, notes))
    wish.questions += notes.questions
    name = Scope(names={task.name for task in wish.tasks}).name("keep")
    words = source.open(found[0])
    body: dict[str, Any] = {
        "metadata": {"parley": {"title": words[:1].upper() + words[1:]}},
        "set": f"${{ [ ({AS_LIST})[] | select({test}) ] }}",
    }
    if "export" in anchor.body:
        body["export"] = copy.deepcopy(anchor.body["export"])
    return Edit([{"op": "add-after", "reference": anchor.reference, "name": name, "value": body}], f"only {source.open(found['rest'])}")


def _more_fields(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    """Read "add the company as well": one more field of each item."""
    name = found["field"]
    picks = [task for task in wish.tasks if re.search(r'\| \{"\w+": \.\w+(?:, "\w+": \.\w+)*\} \]', str(task.body.get("set", "")))]
    if len(picks) != 1:
        return None
    text = re.sub(r"\} \]( \})$", rf', "{name}": .{name}}} ]\1', str(picks[0].body["set"]))
    title = set_field(picks[0].reference, "/metadata/parley/title", f"{picks[0].title}, {name}")
    return Edit([set_field(picks[0].reference, "/set", text), title], f"also {name}")


def _more_asked(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    """Read "ask for the phone number too": one more field of the form."""
    target = wish.one([task for task in wish.tasks if task.kind == "ask"], "the form")
    schema = copy.deepcopy((target.body.get("with") or {}).get("schema")) if target else None
    if target is None or not isinstance(schema, dict):
        return None
    words = found["field"].strip().lower()
    key = re.sub(r"\W+", "_", words)
    schema["properties"][key] = {"type": "string", "title": words.capitalize()}
    schema["required"] = [*schema.get("required", []), key]
    return Edit([set_field(target.reference, "/with/schema", schema)], f"the form also asks for the {words}")


Make = Callable[[re.Match[str], Protected, Wish], Edit | None]


def _row(pattern: str, make: Make) -> tuple[re.Pattern[str], Make]:
    return re.compile(pattern, re.IGNORECASE), make


TABLE = (
    _row(rf"(?:make (?:it|that) |wait )?{LENGTH}(?: is| would be| are)? (?:better|enough|fine|will do|instead)", _pause),
    _row(rf"(?:make (?:it|that) )?(?:only |just )?(?:the )?(?:top|first) (?P<n>{N})(?: (?:is|are|will be) enough| instead| only)?", _top),
    _row(r"(?:make (?:it|that)|use|draw|i want) (?:a |an )?(?P<kind>bar|line|area|scatter|pie)[ -](?:chart|graph)(?: instead)?", _chart),
    _row(rf"(?:make it |use |in )?(?P<n>{N}) sentences(?: instead| are enough)?", _sentences),
    _row(rf"(?:on )?(?P<days>{triggers.DAY}(?:(?:, | and ){triggers.DAY})*)(?: as well| too| also)", _days),
    _row(rf"(?:also|and) (?:on )?(?P<days>{triggers.DAY}(?:(?:, | and ){triggers.DAY})*){TOO}", _days),
    _row(
        r"(?:use|in|take|switch to|change (?:it )?to|make it) (?P<zone>[A-Z][A-Za-z]+(?:[/ _][A-Z][A-Za-z]+)*)(?: time)(?: instead)?", zone
    ),
    _row(
        rf"(?:send|mail|e-?mail) (?:it|them|that|the (?:e-?mail|mail|list|message|report)) to (?P<mail>{MAIL}) instead(?: of {MAIL})?",
        _recipient,
    ),
    _row(rf"(?P<mail>{MAIL}) instead(?: of {MAIL})?", _recipient),
    _row(
        r"(?:keep|take|use) (?:the ones|those|the [a-z]+) (?:with|whose|where) (?P<field>[a-z_]\w*) (?:is )?(?P<new>\ue000s\d+\ue001|\w+) instead of (?P<old>\ue000s\d+\ue001|\w+)",  # noqa: E501
        _value,
    ),
    _row(r"(?:keep |take |use |post |send )?(?:only|just) (?P<rest>.+)", _only),
    _row(rf"(?:add|include) (?:the |their )?(?P<field>[a-z_]\w*){TOO}", _more_fields),
    _row(
        r"ask (?:him |her |them |me |us )?(?:also )?for (?:the |his |her |their |an? )?(?P<field>[a-z]\w*(?: [a-z]\w*)?)(?: as well| too| also)",  # noqa: E501
        _more_asked,
    ),
)
