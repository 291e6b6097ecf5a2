"""Keeping and dropping items of a list: by a condition, by place, by order."""

from __future__ import annotations

import re

from graphs.models.offline import conditions
from graphs.models.offline.clause import Clause, Condition, Pattern, number, row
from graphs.models.offline.text import OPEN, Protected

KEEP = r"(?:only |just )?(?:keep|select|pick|take|filter|find|use|choose|want|look at)(?: only| just| out)?"
DROP = r"(?:drop|remove|discard|ignore|skip|exclude|leave out|filter out|throw away|throw out|take out|get rid of|forget)"
NOT_A_NOUN = re.compile(
    r"\b(?:me|you|by|to|that|which|where|whose|with|is|are|above|below|over|under|than|at|if|when|until|going|on|in|for|and|then|from|out)\b",
    re.IGNORECASE,
)
UP = {"oldest", "earliest", "cheapest", "lowest", "smallest", "least expensive"}
BY_DATE = {"newest", "latest", "most recent", "oldest", "earliest"}
BY_AMOUNT = {"most expensive", "highest", "largest", "biggest", "cheapest", "lowest", "smallest", "least expensive"}
WHICH = r"(?:first|top|last|newest|latest|most recent|oldest|earliest|most expensive|least expensive|highest|largest|biggest|cheapest|lowest|smallest)"  # noqa: E501
NAMES = r"(?:the |their )?(?:fields? )?(?P<names>[a-z_]\w*(?:, (?:the )?[a-z_]\w*)*,? and (?:the )?[a-z_]\w*)(?: (?:of|from|for) (?:each|every|them|all)(?: of them| one)?)?"  # noqa: E501
COUNT = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|fifty)"
FIELD = r"(?:the |their )?(?P<field>\ue000s\d+\ue001|[a-z_]\w*)"
SOME = re.compile(
    rf"(?:only |just )?(?:the )?(?:(?P<which>{WHICH})(?: (?P<n>{COUNT}))?|(?P<n2>{COUNT}) (?P<which2>{WHICH}))(?P<noun> (?!by\b)[a-z][\w-]*| of (?:them|it|the [a-z][\w-]*))?(?: by {FIELD})?",  # noqa: E501
    re.IGNORECASE,
)


def _condition(rest: str, source: Protected) -> Condition | None:
    """Read "(the ones) (that are) above 100": what names the items is the shortest beginning after which a condition follows."""
    words = rest.split(" ")
    for count in range(min(5, len(words))):
        head, tail = " ".join(words[:count]), " ".join(words[count:])
        if NOT_A_NOUN.search(head) or "," in head or OPEN in head:
            return None
        condition = conditions.parse(tail, source)
        if condition and not (condition.kind == "equals" and condition.field is None and tail == rest):
            return (
                condition if not head else conditions.called(condition, re.sub(r"^(?:only|just|for|out) ", "", head, flags=re.IGNORECASE))
            )
    return None


def _keep(found: re.Match[str], source: Protected) -> Clause | None:
    condition = _condition(found["rest"], source)
    return Clause("keep", source.open(found[0]), {"condition": condition, "drop": False}) if condition else None


def _drop_others(found: re.Match[str], source: Protected) -> Clause | None:
    """Read "drop everything unless amount > 250": what is kept is the rest."""
    clause = _keep(found, source)
    if clause is not None:
        clause.values["rest"] = True
    return clause


def _drop(found: re.Match[str], source: Protected) -> Clause | None:
    condition = _condition(found["rest"], source)
    return Clause("keep", source.open(found[0]), {"condition": condition, "drop": True}) if condition else None


def _state(drop: bool, found: re.Match[str], source: Protected) -> Clause:
    condition = Condition(
        "equals", found["state"], None, "!=" if found["no"] else "==", found["state"].lower(), about=(found["noun"] or "").strip()
    )
    return Clause("keep", source.open(found[0]), {"condition": condition, "drop": drop})


def some(words: str, source: Protected) -> Clause | None:
    """Read "the first 3", "the 5 most expensive orders", "the newest one"; None when it is none of these."""
    found = SOME.fullmatch(words.strip())
    if not found:
        return None
    which, count = (found["which"] or found["which2"]).lower(), found["n"] or found["n2"]
    if count == "one" and not found["noun"]:
        count = ""  # "the first one"
    by = found["field"] or ""
    noun = re.sub(r"^ ?of (?:the )?| ", "", found["noun"] or "")
    one = not count and noun in ("", "one")
    if not count and not one and noun.endswith("s"):
        return None  # "the oldest orders": how many?
    values = {
        "count": int(number(count)) if count else 1,
        "one": not count,
        "by": source.value(by) if by else "",  # the field to sort by; "" and a sort: to be asked
        "sort": "date" if which in BY_DATE else "amount" if which in BY_AMOUNT else "field" if by else "",
        "down": which not in UP,
        "last": which == "last",
        "noun": noun,
    }
    return Clause("first", source.open(words), values)


def _some(found: re.Match[str], source: Protected) -> Clause | None:
    return some(found["rest"], source)


def _count(found: re.Match[str], source: Protected) -> Clause:
    return Clause("count", source.open(found[0]), {"object": (found["what"] or "").lower()})


def _total(found: re.Match[str], source: Protected) -> Clause:
    return Clause("total", source.open(found[0]), {"op": (found["op"] or "sum").lower(), "field": found["field"]})


def _pick(found: re.Match[str], source: Protected) -> Clause | None:
    names = [re.sub(r"^the ", "", name) for name in re.split(r",? and |, ", found["names"])]
    if set(names) & set(conditions.STATES) or any(name[0].isupper() for name in names):
        return None  # values, not names of fields
    return Clause("pick", source.open(found[0]), {"fields": names})


def _sort(found: re.Match[str], source: Protected) -> Clause:
    way = found["down"] or found.groupdict().get("ahead") or ""
    down = bool(way) and not re.match(r"asc|low|small|old|early|cheap", way.strip(" ,("), re.IGNORECASE)
    noun = re.sub(r"^(?:the|them|it|these|those)\b ?", "", found.groupdict().get("what") or "", flags=re.IGNORECASE)
    return Clause("sort", source.open(found[0]), {"by": source.value(found["field"]), "down": down, "noun": noun})


ENDS = "highest|lowest|largest|biggest|smallest|newest|latest|oldest|earliest|cheapest|most expensive|most recent"
WAY = rf",? ?\(?(?:descending|desc|ascending|asc|(?:{ENDS})(?: ones?)?(?: first)?|(?:from )?(?:high(?:est)? to low(?:est)?|low(?:est)? to high(?:est)?|(?:newest|latest) to oldest|oldest to newest))\)?"  # noqa: E501
STATES = "|".join(conditions.STATES)
STATE = rf"(?P<no>not |non-)?(?P<state>{STATES})(?P<noun> ones| [a-z]+)?"
TABLE: tuple[Pattern, ...] = (
    row(rf"{KEEP} (?:only )?(?:the |all |all the |those |just the )?{STATE}", lambda f, s: _state(False, f, s)),
    row(rf"{DROP} (?:the |all |all the |those |any )?{STATE}", lambda f, s: _state(True, f, s)),
    row(rf"(?:only|just) (?:the |those )?{STATE}", lambda f, s: _state(False, f, s)),
    row(rf"(?:{KEEP}|only|just) (?P<rest>.+)", _some),
    row(rf"(?:sort|order)(?:ed)?(?: (?P<what>them|it|the [a-z]+|these|those))? by {FIELD}(?P<down>{WAY})?", _sort),
    row(rf"(?P<ahead>{ENDS}) first,? by {FIELD}(?P<down>{WAY})?", _sort),
    row(rf"(?:sort|order)(?: (?P<what>them|it|the [a-z]+|these|those))?,? (?P<ahead>{ENDS}) first,? by {FIELD}(?P<down>{WAY})?", _sort),
    row(rf"(?P<rest>(?:the )?(?:{WHICH} {COUNT}|{COUNT} {WHICH}))(?: (?:ones )?only)?", _some),
    row(r"count (?:~(?P<what>{noun})|them|it)(?: there are)?", _count),
    row(
        r"(?:add up|sum|sum up|calculate|compute|work out|take|get|find|determine|build)(?: the)? (?:(?P<op>sum|total|average|mean) (?:of )?)?(?:the |all |all the |their )?(?P<field>[a-z_]\w*)(?: (?:field|values?))?(?: (?:of|over) (?:them|all|all of them))?",  # noqa: E501
        lambda f, s: (
            _total(f, s) if f["op"] or (f[0].lower().startswith(("add", "sum ")) and not f[0].lower().startswith("sum up")) else None
        ),
    ),
    row(rf"(?:give me|give us|take|use|pick|i want|send me) (?:only|just) {NAMES}", _pick),
    row(
        rf"{DROP} (?:everything|all|all of them|them|those)(?: else)? (?:unless|except (?:where|when|if|for)|but) (?P<rest>.+)",
        _drop_others,
    ),
    row(rf"{KEEP} (?P<rest>.+)", _keep),
    row(rf"{DROP} (?P<rest>.+)", _drop),
    row(r"(?:only|just) (?P<rest>.+)", _keep),
)
