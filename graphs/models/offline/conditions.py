"""Conditions: "above 100 euro", "where status is open", "there are more than 10", "it is approved" — and their jq."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

from graphs.models.offline.clause import Condition, number
from graphs.models.offline.text import Protected

MORE = r"above|over|more than|greater than|higher than|bigger than|larger than|exceeding|exceeds|exceed|beyond|north of|>"
LESS = r"below|under|less than|lower than|smaller than|cheaper than|fewer than|<"
LEAST = r"at least|no less than|not less than|not below|minimum|>=|≥"
MOST = r"at most|up to|no more than|not more than|not above|maximum|<=|≤"
COMPARE = rf"(?P<op>{LEAST}|{MOST}|{MORE}|{LESS})"
UNIT = r"(?:\s?(?P<unit>euros?|eur|€|dollars?|usd|\$|pounds?|gbp|£|chf|francs|percent|%|days?|hours?|minutes?|pieces?|items?|units?|points?|kg|km))?"  # noqa: E501
NUMBER = rf"(?:€|\$|£)?(?P<value>-?\d[\d,.']*k?|zero|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|fifty){UNIT}"
FIELD = r"(?:(?:the|its|their|an?) )?(?P<field>\ue000s\d+\ue001|\.?[a-z_][\w.]*(?: (?!is\b|does\b|do\b|lies\b|dates\b|starts\b|begins\b|ends\b|older\b|more\b|over\b|above\b|below\b|under\b|between\b|are\b|was\b|of\b|has\b|not\b|contains\b|includes\b|equals\b)[a-z_]\w*)?)"  # noqa: E501
NOT_A_FIELD = {
    "ones",
    "those",
    "them",
    "it",
    "they",
    "all",
    "everything",
    "items",
    "any",
    "only",
    "this",
    "that",
    "these",
    "there",
    "i",
    "we",
    "the",
    "is",
    "are",
    "which",
    "who",
    "one",
    "with",
    "whose",
    "where",
    "having",
}
SINGULAR = {"status", "gross", "address", "class", "process", "success", "progress", "points", "days", "hours", "views", "sales"}
GLUE = re.compile(
    r"(?:(?:ones|those|that|which|who|where|whose|when|if|with|having|is|are|has|have|was|were|costs?|costing|priced|worth|valued|of|come to|amount to|the amount is)\s+)+",  # noqa: E501
    re.IGNORECASE,
)
MONEY = {
    "euro": "€",
    "euros": "€",
    "eur": "€",
    "€": "€",
    "dollar": "$",
    "dollars": "$",
    "usd": "$",
    "$": "$",
    "pound": "£",
    "pounds": "£",
    "gbp": "£",
    "£": "£",
    "chf": "CHF",
    "francs": "CHF",
}
STATES = [
    "open",
    "closed",
    "paid",
    "unpaid",
    "pending",
    "new",
    "active",
    "inactive",
    "done",
    "failed",
    "overdue",
    "shipped",
    "cancelled",
    "canceled",
    "urgent",
    "rejected",
    "delivered",
    "unread",
    "read",
    "ready",
    "late",
    "blocked",
    "resolved",
    "unresolved",
]

BARE = re.compile(rf"{COMPARE} {NUMBER}", re.IGNORECASE)
AFTER = re.compile(
    rf"{NUMBER} (?P<post>or more|and more|and above|or above|and up|or less|and less|and below|or below|or fewer)", re.IGNORECASE
)
NAMED = re.compile(rf"{FIELD} (?:is |are |was |of |has |= ?)?(?P<no>not )?{COMPARE} {NUMBER}", re.IGNORECASE)
EQUALS = re.compile(
    rf"{FIELD} (?P<op>is not|isn't|are not|does not equal|!=|is|are|equals|equal to|==|=)(?: equal to)? (?P<value>\ue000s\d+\ue001|-?\d+(?:\.\d+)?|[a-z][\w-]*)",  # noqa: E501
    re.IGNORECASE,
)
WORDS = re.compile(
    rf"{FIELD} (?P<op>contains|includes|starts with|begins with|ends with) (?P<value>\ue000s\d+\ue001|[\w-]+)", re.IGNORECASE
)
NOT_WORDS = re.compile(
    rf"{FIELD} (?:does not|do not|doesn't|don't) (?P<op>contain|include|start with|begin with|end with) (?P<value>\ue000s\d+\ue001|[\w-]+)",
    re.IGNORECASE,
)
NAMED_AFTER = re.compile(
    rf"{FIELD} (?:is |are |of |has |= ?)?(?:at )?{NUMBER} (?P<post>or more|and more|and above|or above|and up|or over|or higher|or less|and less|and below|or below|or fewer|or under|or lower)",  # noqa: E501
    re.IGNORECASE,
)
AGE = re.compile(
    rf"{FIELD} (?:is |are |was |lies |dates |were )?(?:(?P<old>older than|more than|over|longer than|before|earlier than) )?(?P<n>\d+) (?P<unit>minute|hour|day|week)s?(?P<ago> ago| old| in the past| or more ago)?",  # noqa: E501
    re.IGNORECASE,
)
EXTREME = re.compile(rf"{FIELD} (?:is|are) (?:too |very |unusually )(?P<way>high|large|big|low|small|little)", re.IGNORECASE)
BETWEEN = re.compile(
    rf"{FIELD} (?:is |are |lies )?(?:between|from) {NUMBER.replace('?P<value>', '?P<low>').replace('?P<unit>', '?:')} (?:and|to) {NUMBER}",
    re.IGNORECASE,
)
ONE_OF = re.compile(
    rf"{FIELD} (?:is|are|equals) (?:either )?(?P<values>(?:\ue000s\d+\ue001|[\w-]+)(?:(?:, (?:or )?| or )(?:\ue000s\d+\ue001|[\w-]+))+)",
    re.IGNORECASE,
)
PRESENT = re.compile(
    rf"{FIELD} (?:field )?(?:is|are) (?P<state>missing|empty|blank|not there|not given|not set|unset|set|present|not empty|not missing|given)",  # noqa: E501
    re.IGNORECASE,
)
WITH = re.compile(rf"(?:with|having) (?:an? |the )?(?P<field>[a-z_]\w*) (?P<value>\ue000s\d+\ue001|{'|'.join(STATES)})", re.IGNORECASE)
STATE = re.compile(rf"(?P<no>not )?(?P<state>{'|'.join(STATES)})", re.IGNORECASE)

SOMETHING = r"(?:(?:the|any|some|these|those) )?(?:of them|of it|(?P<about>[a-z]\w*))?"
COUNTS = (
    (re.compile(rf"there (?:is|are) (?P<op>{LEAST}|{MOST}|{MORE}|{LESS}) (?P<n>\w+)(?: {SOMETHING})?(?: left)?", re.IGNORECASE), None),
    (
        re.compile(
            rf"(?P<op>{LEAST}|{MORE}|{MOST}|{LESS}) (?P<n>\d+|one|two|three|five|ten)(?: {SOMETHING})? (?:are left|remain|are there|exist|are found)",  # noqa: E501
            re.IGNORECASE,
        ),
        None,
    ),
    (
        re.compile(
            rf"(?:there (?:is|are) (?:no|none|nothing|not any)|there (?:aren't|isn't) any)(?: {SOMETHING})?(?: left)?",
            re.IGNORECASE,
        ),
        ("==", 0),
    ),
    (
        re.compile(
            r"(?:none|nothing)(?: of them)? (?:is|are|was|were) (?:left|found|there)|none (?:remain|match)|nothing (?:remains|matches)",
            re.IGNORECASE,
        ),
        ("==", 0),
    ),
    (re.compile(r"(?:it|they|the (?:list|result|answer)) (?:is|are) empty", re.IGNORECASE), ("==", 0)),
    (re.compile(rf"there (?:is|are) (?:any|some|something|anything)(?: {SOMETHING})?(?: left)?", re.IGNORECASE), (">", 0)),
    (
        re.compile(
            r"(?:any|some|anything|something)(?: of them)? (?:is|are|was|were) (?:left|found|there)|(?:any|some) (?:remain|match)",
            re.IGNORECASE,
        ),
        (">", 0),
    ),
    (re.compile(r"(?:it|they|the (?:list|result|answer)) (?:is|are) not empty|(?:it|the list) isn't empty", re.IGNORECASE), (">", 0)),
)
SUBJECT = r"(?:(?P<about>the [a-z]\w*|my [a-z]\w*|[a-z][\w.-]*)(?:'s| is| was| has been| have| has| are)? )?"
YES = re.compile(
    rf"{SUBJECT}(?:approved?|approves|agree[sd]?|accept(?:ed|s)?|confirm(?:ed|s)?|said yes|say yes|says yes|signed off|ok|okay)(?: (?:it|them|this|that))?",  # noqa: E501
    re.IGNORECASE,
)
NO = re.compile(
    rf"{SUBJECT}(?:not approved?|do not approve|don't approve|does not approve|doesn't approve|disapproves?|reject(?:ed|s)?|refuse[sd]?|decline[sd]?|denied|denies|said no|say no|says no|disagrees?)(?: (?:it|them|this|that))?",  # noqa: E501
    re.IGNORECASE,
)
NOBODY_NAMED = ("it", "this", "that", "they", "he", "she", "these", "those", "the answer", "the request", "everything", "all")
SENSELESS = ("more", "less", "above", "below", "over", "under", "missing", "empty", "not", "up", "fewer", "higher", "lower")
Fields = Callable[[Condition], str]


def parse(text: str, source: Protected, *, whole: bool = False) -> Condition | None:
    """
    Read a condition, or nothing when any part of it is not understood.

    Args:
        whole: The condition is about the data as a whole ("if …"), so counts and approvals are meant too.
    """
    said = source.open(text).strip()
    plain = text.strip()
    single = _single(plain, said, source, whole=whole)
    if single:
        return single
    for word, kind in ((" or ", "any"), (" and ", "all")):
        for at in (found.start() for found in re.finditer(word, plain, re.IGNORECASE)):
            left = parse(plain[:at], source, whole=whole)
            right = parse(plain[at + len(word) :], source, whole=whole)
            if left and right:
                return Condition(kind, said, parts=(left, _inherit(right, left)))
    return None


def _inherit(right: Condition, left: Condition) -> Condition:
    """ "amount above 10 and below 100": the second comparison is about the same field."""
    if right.kind == "compare" and right.field is None and left.kind == "compare" and left.field is not None:
        return Condition("compare", right.said, left.field, right.op, right.value, right.unit)
    return right


def _single(text: str, said: str, source: Protected, *, whole: bool) -> Condition | None:
    if whole:
        special = _approval(text, said) or _count(text, said)
        if special:
            return special
    bare = GLUE.sub("", text, count=1) if GLUE.match(text) else text
    return (
        _special(bare, said, source)
        or _special(text, said, source)
        or _compare(bare, said, source)
        or _compare(text, said, source)
        or _equals(bare, said, source)
        or _equals(text, said, source)
        or _state(bare, said)
    )


def _approval(text: str, said: str) -> Condition | None:
    found = NO.fullmatch(text) or YES.fullmatch(text)
    if not found:
        return None
    about = found["about"] or ""
    return Condition("approved", said, value=not NO.fullmatch(text), about="" if about.lower() in NOBODY_NAMED else about)


def _count(text: str, said: str) -> Condition | None:
    for pattern, fixed in COUNTS:
        found = pattern.fullmatch(text)
        if found and fixed:
            return Condition("count", said, op=fixed[0], value=fixed[1], about=_about(found))
        if found and (found["n"].isdigit() or found["n"].lower() in "one two three four five ten"):
            return Condition("count", said, op=_operator(found["op"]), value=number(found["n"]), about=_about(found))
    return None


def _about(found: re.Match[str]) -> str:
    """Return what is counted, as said."""
    words = found.groupdict().get("about") or ""
    return "" if words.lower() in ("left", "there", "items", "entries", "results", "list", "result", "answer") else words


def called(condition: Condition, noun: str) -> Condition:
    """Return the condition with what its items were called."""
    return replace(condition, about=noun.strip())


def _compare(text: str, said: str, source: Protected) -> Condition | None:
    if found := BARE.fullmatch(text):
        return Condition("compare", said, None, _operator(found["op"]), number(found["value"]), (found["unit"] or "").lower())
    if (found := NAMED_AFTER.fullmatch(text)) and _is_field(found["field"], found[0]):
        op = ">=" if re.search("more|above|up|over|higher", found["post"], re.IGNORECASE) else "<="
        return Condition("compare", said, _field(found["field"], source), op, number(found["value"]), (found["unit"] or "").lower())
    if (found := BETWEEN.fullmatch(text)) and _is_field(found["field"], found[0]):
        name, low, high = _field(found["field"], source), number(found["low"]), number(found["value"])
        return Condition("all", said, parts=(Condition("compare", said, name, ">=", low), Condition("compare", said, name, "<=", high)))
    if found := AFTER.fullmatch(text):
        op = ">=" if re.search("more|above|up", found["post"], re.IGNORECASE) else "<="
        return Condition("compare", said, None, op, number(found["value"]), (found["unit"] or "").lower())
    if (found := NAMED.fullmatch(text)) and _is_field(found["field"], found[0]):
        op = _operator(found["op"])
        op = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}[op] if found["no"] else op
        return Condition("compare", said, _field(found["field"], source), op, number(found["value"]), (found["unit"] or "").lower())
    return None


def _special(text: str, said: str, source: Protected) -> Condition | None:
    """Read ages, "too high", and one of several values."""
    if (found := AGE.fullmatch(text)) and (found["ago"] or (found["old"] or "").lower().startswith(("older", "earlier", "longer"))):
        if NOT_A_FIELD & set(found["field"].lower().split()):
            return None
        days = int(found["n"]) * {"m": 60, "h": 3600, "d": 86400, "w": 604800}[found["unit"][0].lower()]
        return Condition("older", said, _field(found["field"], source), ">" if found["old"] else "?", days) if found["old"] else None
    if (found := EXTREME.fullmatch(text)) and not NOT_A_FIELD & set(found["field"].lower().split()):
        return Condition(
            "extreme", said, _field(found["field"], source), "<" if found["way"].lower() in ("low", "small", "little") else ">"
        )
    if (found := ONE_OF.fullmatch(text)) and not NOT_A_FIELD & set(found["field"].lower().split()):
        name, values = _field(found["field"], source), re.split(r", (?:or )?| or ", found["values"])
        parts = tuple(Condition("equals", said, name, "==", _literal(value, source)) for value in values)
        return Condition("any", said, parts=parts) if all(value.lower() not in SENSELESS for value in values) else None
    if (found := NOT_WORDS.fullmatch(text)) and not NOT_A_FIELD & set(found["field"].lower().split()):
        op = {"c": "contains", "i": "contains", "s": "startswith", "b": "startswith", "e": "endswith"}[found["op"][0].lower()]
        return Condition("text", said, _field(found["field"], source), f"not {op}", source.value(found["value"]))
    return None


def _equals(text: str, said: str, source: Protected) -> Condition | None:
    if (found := PRESENT.fullmatch(text)) and not NOT_A_FIELD & set(found["field"].lower().split()):
        there = found["state"].lower() in ("set", "present", "not empty", "not missing", "given")
        return Condition("present", said, _field(found["field"], source), value=there)
    if (found := WORDS.fullmatch(text)) and not NOT_A_FIELD & set(found["field"].lower().split()):
        op = {"c": "contains", "i": "contains", "s": "startswith", "b": "startswith", "e": "endswith"}[found["op"][0].lower()]
        return Condition("text", said, _field(found["field"], source), op, source.value(found["value"]))
    if found := WITH.fullmatch(text):
        return Condition("equals", said, found["field"], "==", source.value(found["value"]))
    found = EQUALS.fullmatch(text)
    if not found or NOT_A_FIELD & set(found["field"].lower().split()):
        return None
    op = "!=" if re.search(r"not|n't|!=", found["op"], re.IGNORECASE) else "=="
    return Condition("equals", said, _field(found["field"], source), op, _literal(found["value"], source))


def _state(text: str, said: str) -> Condition | None:
    found = STATE.fullmatch(text)
    return Condition("equals", said, None, "!=" if found["no"] else "==", found["state"].lower()) if found else None


def _is_field(words: str, clause: str) -> bool:
    """Tell "amount above 100" from "orders above 100": a plural without "is" or "are" names the items, not a field of theirs."""
    parts = words.lower().split()
    if NOT_A_FIELD & set(parts):
        return False
    plural = parts[-1].endswith("s") and parts[-1] not in SINGULAR
    return not plural or bool(re.search(r"\b(?:is|are|was|has)\b", clause[len(words) :], re.IGNORECASE))


def _field(text: str, source: Protected) -> str:
    return source.value(text).lstrip(".")


def _literal(text: str, source: Protected) -> object:
    value = source.value(text)
    if value != text:
        return value
    if value.lower() in ("true", "yes"):
        return True
    if value.lower() in ("false", "no"):
        return False
    return number(value) if re.fullmatch(r"-?\d+(?:\.\d+)?", value) else value


def _operator(words: str) -> str:
    for pattern, op in ((LEAST, ">="), (MOST, "<="), (MORE, ">"), (LESS, "<")):
        if re.fullmatch(pattern, words, re.IGNORECASE):
            return op
    raise ValueError(words)


def path(base: str, name: str) -> str:
    """Return the jq of field *name* of *base*: `.amount`, `$order.amount`, `.["unit price"]`."""
    steps = name.split(".")
    if all(re.fullmatch(r"[A-Za-z_]\w*", step) for step in steps):
        tail = "." + ".".join(steps)
        return tail if base == "." else base + tail
    return f"{base}[{json.dumps(name, ensure_ascii=False)}]" if base != "." else f".[{json.dumps(name, ensure_ascii=False)}]"


def to_jq(condition: Condition, base: str, field_of: Fields, *, strict: bool = False) -> str:
    """
    Write the condition on the value *base*; `field_of` names the fields nobody named.

    A comparison of an item without a usable number yields nothing, so `select` leaves it out; with *strict* it is an error.
    """
    if condition.kind in ("all", "any"):
        return (" and " if condition.kind == "all" else " or ").join(
            f"({to_jq(part, base, field_of, strict=strict)})" for part in condition.parts
        )
    if condition.kind == "approved":
        return ".approved" if condition.value else ".approved | not"
    if condition.kind == "count":
        return f"({base} | length) {condition.op} {condition.value}"
    where = path(base, field_of(condition))
    if condition.kind == "compare":
        return f"({where} | tonumber{'' if strict else '?'}) {condition.op} {condition.value}"
    if condition.kind == "older":
        instant = 'tostring | if test("T") then .[:19] + "Z" else .[:10] + "T00:00:00Z" end | fromdateiso8601'
        return f"({where} | {instant}{'' if strict else '?'}) < (now - {condition.value})"
    if condition.kind == "text" and condition.op.startswith("not "):
        return f"({where} | tostring | {condition.op[4:]}({json.dumps(condition.value, ensure_ascii=False)}) | not)"
    if condition.kind == "text":
        test = "contains" if condition.op == "contains" else condition.op
        return f"({where} | tostring | {test}({json.dumps(condition.value, ensure_ascii=False)}))"
    if condition.kind == "present":
        return f'({where} // "") {"!=" if condition.value else "=="} ""'
    return f"{where} {condition.op} {json.dumps(condition.value, ensure_ascii=False)}"
