"""Edits of values: thresholds, addresses, times, people, words, retry counts; and removals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from graphs.models.offline import conditions, rescheduling, targets, triggers
from graphs.models.offline.clause import duration, number
from graphs.models.offline.naming import place_of
from graphs.models.offline.targets import Target
from graphs.models.offline.text import FILLER, Protected
from graphs.models.offline.wish import Edit, Wish, set_field

PRE = r"(?:(?:change|set|raise|lower|increase|decrease|reduce|make|use|update|adjust|modify|move|switch|put|replace|keep|only|just|take|run|start|do|schedule|it|that|the|workflow|everything|threshold|limit|amount|minimum|maximum|value|number|bar|ones|those|orders|items|filter|for|to|be|is|at|with|should|of) )*"  # noqa: E501
COMPARISON = re.compile(r"(?P<op>>=|<=|>|<)\s*(?P<n>-?\d+(?:\.\d+)?)")
OPS = {"more": ">", "less": "<"}


Make = Callable[[re.Match[str], Protected, Wish], Edit | None]


def edit(source: Protected, wish: Wish) -> Edit | None:
    """Read one wish about values that are there; None when no row fits."""
    words = source.text.strip().rstrip(".!")
    while found := FILLER.match(words):
        words = words[found.end() :]
    words = re.sub(r"^(?:(?:no|yes|actually|well|hmm|now|but|ok|okay|and|then|please)[, ]+)+", "", words, flags=re.IGNORECASE)
    for pattern, make in TABLE:
        match = pattern.fullmatch(words)
        made = make(match, source, wish) if match else None
        if made is not None:
            return made
    return None


def _threshold(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    groups = found.groupdict()
    old = number(groups["old"]) if groups.get("old") else None
    new = number(groups["new"])
    operator = conditions._operator(groups["op"]) if groups.get("op") else None
    places = [place for place in _comparisons(wish) if old is None or place[3] == old]
    if not places:
        return None
    among = list({place[0].reference: place[0] for place in places}.values())
    meant = wish.one(among, f"the number {_plain(old) if old is not None else ''}".strip())
    target, pointer, text, value = next((place for place in places if meant is None or place[0].reference == meant.reference), places[0])
    fresh = COMPARISON.sub(lambda hit: f"{operator or hit['op']} {new}" if number(hit["n"]) == value else hit[0], text)
    operations = [set_field(target.reference, pointer, fresh)]
    title = re.sub(rf"(?<![\d.]){re.escape(_plain(value))}(?![\d.])", _plain(new), target.title)
    if title != target.title:
        operations.append(set_field(target.reference, "/metadata/parley/title", title))
    return Edit(operations, f"{_plain(value)} became {_plain(new)} in “{target.title}”")


def _alone(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    """Read "use 50", "above 50": a number alone is the threshold when the definition has just one; a time is more likely otherwise."""
    large = len(_comparisons(wish)) == 1 and number(found["new"]) > 24
    return _threshold(found, source, wish) if large or found["op"] else None


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _comparisons(wish: Wish) -> list[tuple[Target, str, str, float]]:
    """Return (task, pointer in it, expression, number) of every comparison with a number, in conditions and filters."""
    places: list[tuple[Target, str, str, float]] = []
    for target in wish.tasks:
        texts = [(f"/{key}", target.body[key]) for key in ("set", "if") if isinstance(target.body.get(key), str)]
        for index, case in enumerate(target.body.get("switch") or []):
            texts += [
                (f"/switch/{index}/{name}/when", body["when"])
                for name, body in case.items()
                if isinstance(body, dict) and isinstance(body.get("when"), str)
            ]
        for pointer, text in texts:
            places += [(target, pointer, text, number(hit["n"])) for hit in COMPARISON.finditer(text)]
    return places


def _address(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    groups = found.groupdict()
    old, new = source.url(groups["old"]) if groups.get("old") else "", source.url(groups["new"])
    calls = [target for target in wish.tasks if _endpoint(target)[0]]
    if old:
        calls = [target for target in calls if _endpoint(target)[1].rstrip("/") == old.rstrip("/")]
    else:
        meant = targets.find(groups.get("what") or "", calls)
        calls = meant or (
            [] if (groups.get("what") or "").strip() and not re.search(r"url|address|endpoint|it|them", groups["what"]) else calls
        )
    target = wish.one(calls, "the address")
    if target is None or not targets.accounts(groups.get("what") or "", target):
        return None
    pointer, before = _endpoint(target)
    operations = [set_field(target.reference, pointer, new)]
    if place_of(before) in target.title:
        operations.append(set_field(target.reference, "/metadata/parley/title", target.title.replace(place_of(before), place_of(new))))
    return Edit(operations, f"“{target.title}” now uses {new}")


def _endpoint(target: Target) -> tuple[str, str]:
    """Return (pointer, address) of a task that has one, else two empty texts."""
    with_ = target.body.get("with") if isinstance(target.body.get("with"), dict) else {}
    endpoint = (with_ or {}).get("endpoint") if target.body.get("call") == "http" else None
    if isinstance(endpoint, dict):
        return "/with/endpoint/uri", str(endpoint.get("uri", ""))
    if isinstance(endpoint, str):
        return "/with/endpoint", endpoint
    return ("/with/url", str(with_["url"])) if with_ and "url" in with_ else ("", "")


def _remove(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    words = source.open(found["what"])
    if re.fullmatch(r"(?:the )?(?:schedule|trigger|timer)", words, re.IGNORECASE):
        return Edit([set_field("", "/schedule", None)], "it is now started by hand")
    target = wish.one(targets.find(words, wish.tasks), words)
    if target is None or not targets.accounts(words, target):
        return None
    operations = [{"op": "remove", "reference": target.reference}]
    gate = _gate_after(target, wish)
    if target.kind == "approve" and gate:
        operations.insert(0, {"op": "remove", "reference": gate.reference})
    return Edit(operations, f"“{target.title}” is gone")


def _gate_after(target: Target, wish: Wish) -> Target | None:
    """Return the switch behind an approval that only asks whether it was approved."""
    stem, index, _ = target.reference.rsplit("/", 2)
    following = next(
        (
            task
            for task in wish.tasks
            if task.reference.startswith(f"{stem}/{int(index) + 1}/") and task.reference.count("/") == target.reference.count("/")
        ),
        None,
    )
    return following if following and following.kind == "switch" and ".approved" in json.dumps(following.body["switch"]) else None


def _retries(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    tries = [target for target in wish.tasks if target.kind == "try" and "retry" in (target.body.get("catch") or {})]
    count = int(number(found["n"]))
    target = wish.one(tries, "the retries") if tries else None
    if target is not None:
        return Edit([set_field(target.reference, "/catch/retry/limit/attempt/count", count)], f"up to {count} retries")
    calls = [target for target in wish.tasks if target.body.get("call") == "http"]
    meant = targets.find(source.open(found.groupdict().get("what") or ""), calls) or calls
    call = wish.one(meant, "what to retry")
    if call is None or not targets.accounts(source.open(found.groupdict().get("what") or ""), call):
        return None
    catch = {
        "errors": {"with": {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/communication"}},
        "retry": {"delay": {"seconds": 2}, "backoff": {"exponential": {}}, "limit": {"attempt": {"count": count}}},
    }
    body = {"metadata": {"parley": {"title": call.title}}, "try": [{f"{call.name}-call": call.body}], "catch": catch}
    return Edit([{"op": "replace", "reference": call.reference, "value": body}], f"“{call.title}” is retried up to {count} times")


def _assignee(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    people = [target for target in wish.tasks if target.kind in ("approve", "ask")]
    target = wish.one([task for task in people if task.kind == "approve"] or people, "who decides")
    if target is None:
        return None
    who = wish.who(source.value(found["who"]))
    operations = [
        set_field(target.reference, "/with/assignee", who),
        set_field(target.reference, "/metadata/parley/title", f"Ask {who} to approve"),
    ]
    return Edit(operations, f"{who} is asked instead")


def _pause(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    target = wish.one([task for task in wish.tasks if task.kind == "wait"], "the pause")
    if target is None:
        return None
    amount = duration(found["time"])
    words = ", ".join(f"{count} {unit if count != 1 else unit.rstrip('s')}" for unit, count in amount.items())
    return Edit(
        [set_field(target.reference, "/wait", amount), set_field(target.reference, "/metadata/parley/title", f"Wait {words}")],
        f"it waits {words}",
    )


def _words(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    target = wish.one([task for task in wish.tasks if task.kind == "notify"], "the message")
    return Edit([set_field(target.reference, "/with/text", source.value(found["text"]))], "the message has new words") if target else None


def _title(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    return Edit([set_field("", "/document/title", source.value(found["text"]).strip())], "it has a new title")


def _field(found: re.Match[str], source: Protected, wish: Wish) -> Edit | None:
    new, old = source.value(found["new"]).lstrip("."), source.value(found.groupdict().get("old") or "").lstrip(".")
    operations = []
    for target in wish.tasks:
        text = target.body.get("set")
        fresh = re.sub(rf"\.{re.escape(old)}\b", f".{new}", text) if old and isinstance(text, str) else text
        if fresh != text:
            operations.append(set_field(target.reference, "/set", fresh))
    return Edit(operations, f"the field {new} is used instead of {old}") if operations else None


N = r"-?\d[\d,.']*k?"
UNIT = r"(?:\s?(?:euros?|eur|€|dollars?|usd|\$|pounds?|£|%|percent|items?|pieces?))?"
OP = rf"(?:(?P<op>{conditions.COMPARE.removeprefix('(?P<op>').removesuffix(')')}) )"
WHO = r"(?P<who>me|\ue000m\d+\ue001|@?[a-z][\w.-]*)"
URL = r"\ue000u\d+\ue001"


def _row(pattern: str, make: Make) -> tuple[re.Pattern[str], Make]:
    return re.compile(pattern, re.IGNORECASE), make


TABLE: tuple[tuple[re.Pattern[str], Make], ...] = (
    _row(rf"{PRE}(?:from )?(?P<old>{N}){UNIT} to {OP}?(?P<new>{N}){UNIT}(?: please| instead)?", _threshold),
    _row(
        rf"{PRE}{OP}?(?P<new>{N}){UNIT},? (?:instead of|rather than|not) (?:{conditions.COMPARE.replace('?P<op>', '?:')} )?(?P<old>{N}){UNIT}",  # noqa: E501
        _threshold,
    ),
    _row(rf"{PRE}not (?P<old>{N}){UNIT},? but (?P<new>{N}){UNIT}", _threshold),
    _row(
        rf"(?:change|set|raise|lower|increase|decrease|reduce|make|update|move|adjust) (?:the )?(?:threshold|limit|amount|minimum|maximum|value|number|bar|filter|it)(?: of the [a-z ]+| for the [a-z ]+)? (?:to |be |up to |down to ){OP}?(?P<new>{N}){UNIT}(?: instead)?",  # noqa: E501
        _threshold,
    ),
    _row(
        rf"(?:the )?(?:threshold|limit|amount|minimum|maximum|bar) (?:should be|shall be|must be|is|=) {OP}?(?P<new>{N}){UNIT}(?: instead)?",  # noqa: E501
        _threshold,
    ),
    _row(
        rf"(?:keep|only keep|only|take|make it|use|just|it should be)(?: only)?(?: the)?(?: ones| those| orders| items)?(?: that are| which are)? {OP}(?P<new>{N}){UNIT}(?: instead| please)?",  # noqa: E501
        _threshold,
    ),
    _row(rf"(?:(?:use|make it|keep it|only) )?{OP}?(?P<new>{N}){UNIT}(?: please| instead)?", lambda f, s, w: _alone(f, s, w)),
    _row(rf"(?:replace|change|swap) (?P<old>{URL}) (?:with|by|to|for|into) (?P<new>{URL})", _address),
    _row(rf"use (?P<new>{URL}) instead of (?P<old>{URL})", _address),
    _row(
        rf"(?:change|set|update|make|move) (?P<what>(?:the )?[a-z' -]*?(?:url|address|endpoint|target|source)[a-z' -]*?) (?:to|be) (?P<new>{URL})(?: instead)?",  # noqa: E501
        _address,
    ),
    _row(
        rf"(?P<what>(?:fetch|get|load|read|post|send|put|delete)[a-z' ]*?) (?:to|from|at) (?P<new>{URL})(?: instead(?: of (?P<old>{URL}))?| now| from now on)",  # noqa: E501
        _address,
    ),
    _row(rf"use (?P<new>{URL})(?: for (?P<what>[a-z ]+))?(?: instead)?", _address),
    _row(
        rf"{PRE}(?:the )?(?:time |start |schedule )?(?:to |at |be |is )*(?P<time>{triggers.CLOCK})(?:,? (?:in )?(?P<zone>{triggers.ZONE}))?(?: instead(?: of .+)?| o'clock| now| please| rather)?",  # noqa: E501
        rescheduling.time,
    ),
    _row(r"(?:change|set|switch|make|use) (?:the )?time ?zone (?:to |= ?)?(?P<zone>[a-z]+(?:[/ _-][a-z]+)*?)(?: time)?", rescheduling.zone),
    _row(
        rf"(?:change|move|set|make|put) (?:the )?(?:schedule|time|start|trigger|it|start time)(?: from .+)? to (?P<time>{triggers.CLOCK})",
        rescheduling.time,
    ),
    _row(
        r"(?:change|make|set|run|start|do|schedule|let|have|execute|trigger)(?: it| the schedule| the workflow| this| the trigger| it run| it start)*(?: to| be| run)? (?P<when>(?:every|each|daily|hourly|on|at|by hand|manually|monthly|once).*?)(?: instead(?: of .+)?)?",  # noqa: E501
        rescheduling.schedule,
    ),
    _row(r"(?P<when>(?:every|each|daily|hourly|on) .+?) instead(?: of .+)?", rescheduling.schedule),
    _row(rf"only (?P<when>on {triggers.DAYLIST.replace('?P<days>', '?:')}(?:,? at {triggers.CLOCK})?)(?: please)?", rescheduling.schedule),
    _row(
        rf"(?:ask|let|have) {WHO} (?:to )?(?:approve|decide|confirm|sign off)(?: it| them| this)? instead(?: of .+)?|(?:ask|let) {WHO.replace('who', 'other')} instead(?: of .+)?",  # noqa: E501
        lambda f, s, w: _assignee(f, s, w) if f["who"] else None,
    ),
    _row(rf"{WHO} (?:should|shall|must|has to|will) (?:approve|decide|confirm)(?: it| them| this)?(?: instead(?: of .+)?)?", _assignee),
    _row(rf"(?:ask|let) {WHO} (?:instead of|not|rather than) (?:me|@?[a-z][\w.-]*)(?: to approve)?", _assignee),
    _row(rf"(?:change|set|make|switch) (?:the )?(?:approver|assignee)(?: to| be)? {WHO}", _assignee),
    _row(
        r"(?:change|set|make|raise|lower|increase|reduce|use)?\s?(?:the )?(?:number of |retry |retries |count )*(?:retries|retry count|retry|retry limit|attempts)(?: count)?(?: (?:to|from \d+ to|be|should be|is|up to|it))* (?P<n>\d+|one|two|three|four|five|six|ten)(?: times)?(?: instead(?: of .+)?)?",  # noqa: E501
        _retries,
    ),
    _row(
        r"(?:retry|try)(?: (?P<what>(?:the )?[a-z ]+?))?(?: up to| at most)? (?P<n>\d+|one|two|three|four|five|six|ten) times(?: instead(?: of .+)?| if .+| when .+)?",  # noqa: E501
        _retries,
    ),
    _row(
        r"(?:use |make it |allow )?(?P<n>\d+|one|two|three|four|five|six|ten) (?:retries|attempts|tries)(?: instead(?: of .+)?)?", _retries
    ),
    _row(
        r"(?:wait|pause|make it wait|change the (?:wait|pause|delay)(?: time)?(?: to)?|set the (?:wait|pause|delay)(?: to)?)(?: for)? (?P<time>(?:an?|\d+|one|two|three|five|ten|fifteen|twenty|thirty|half an)\s?[a-z]+)(?: instead(?: of .+)?)",  # noqa: E501
        _pause,
    ),
    _row(
        r"(?:change|set) the (?:wait|pause|delay)(?: time)? (?:from .+ )?to (?P<time>(?:an?|\d+|one|two|three|five|ten|fifteen|twenty|thirty|half an)\s?[a-z]+)",  # noqa: E501
        _pause,
    ),
    _row(
        r"(?:say|write|change the (?:message|text|words) to|the (?:message|text) should (?:be|say|read)) (?P<text>\ue000s\d+\ue001)(?: instead)?",  # noqa: E501
        _words,
    ),
    _row(
        r"(?:call it|rename (?:it|the workflow|this) (?:to|as)?|name it|change the (?:title|name) to|title it) ?(?P<text>\ue000s\d+\ue001|[\w ,&-]{3,60})",  # noqa: E501
        _title,
    ),
    _row(
        r"(?:use|take|compare|the field is|it is|it's)(?: the)?(?: field)? (?P<new>\ue000s\d+\ue001|\.?[a-z_]\w*)(?: field)?(?:,)? (?:instead of|not|rather than) (?:the )?(?P<old>\ue000s\d+\ue001|\.?[a-z_]\w*)(?: field)?",  # noqa: E501
        _field,
    ),
    _row(
        r"(?:remove|delete|drop|take out|leave out|get rid of|skip|cut|omit|do without|forget(?: about)?|no longer|no more|without|don't|do not)(?: the)? (?P<what>.+?)(?: step| task)?(?: again| please)?",  # noqa: E501
        _remove,
    ),
)
