"""Asking people: to approve, or for values."""

from __future__ import annotations

import re

from graphs.models.offline.clause import NOUN_WORD as NOUN
from graphs.models.offline.clause import Clause, Pattern, duration, row
from graphs.models.offline.text import Protected

APPROVE = r"(?:approve|confirm|sign off(?: on)?|okay|ok|decide|review|check|agree(?: to)?|release|authori[sz]e|accept|give (?:the )?(?:ok|okay|go-ahead))"  # noqa: E501
WHAT = rf"(?: (?P<what>it|them|this|that|these|those|everything|(?:the|all|all the|my|our|each|every) {NOUN}(?: {NOUN})?))?"
CONSENT = r"(?:an? |the |their |his |her )?(?:approval|permission|confirmation|consent|sign-?off|ok|okay|go-ahead|decision|release)"
NOBODY = ("someone", "somebody", "anyone", "anybody", "us", "a person", "the team", "a human")
NOT_WHO = ("it", "them", "that", "this", "to", "for", "and", "if", "not", "only", "until")


def _approve(found: re.Match[str], source: Protected) -> Clause | None:
    who = (found.groupdict().get("who") or "me").strip()
    who = "me" if who.lower() in ("my", "i") else re.sub(r"['’]s$", "", who)
    if who.lower() in NOT_WHO:
        return None
    values = {"who": person(who, source), "object": found.groupdict().get("what") or ""}
    within, other = found.groupdict().get("within"), found.groupdict().get("other")
    values |= ({"deadline": duration(within)} if within else {}) | ({"other": person(other, source)} if other else {})
    return Clause("approve", source.open(found[0]), values)


def _ask(found: re.Match[str], source: Protected) -> Clause | None:
    who = found["who"].strip()
    if who.lower() in NOT_WHO:
        return None
    what = source.value(found["what"])
    if re.search(rf"(?:^|\s){CONSENT}$", what, re.IGNORECASE):
        return None  # a decision, with words that say something about it
    yes_no = bool(found.groupdict().get("whether"))
    return Clause(
        "ask",
        source.open(found[0]),
        {"who": person(who, source), "what": what, "question": found.groupdict().get("word") or "", "boolean": yes_no},
    )


def person(who: str, source: Protected) -> str:
    """Return a person as said: "me", "Bob", "my boss", "" for anybody."""
    value = source.value(who).lstrip("@")
    return "" if value.lower() in NOBODY else value


PART = rf"(?:the |an? |his |her |their |my )?(?:{NOUN}['’]s )?{NOUN}(?: {NOUN})?"
WHO = r"me|us|@?[a-z][\w.-]*|(?:my|our|the) [a-z][\w-]*"


def _form(found: re.Match[str], source: Protected) -> Clause | None:
    """Read "ask me for the customer's name and city"."""
    parts = [re.sub(r"^(?:the|an?|his|her|their|my) ", "", part.strip()) for part in re.split(r",? and |, ", found["fields"])]
    names = [part.split()[-1].lower() for part in parts]
    if found["who"].lower() in NOT_WHO or len(set(names)) < len(names) or re.search(rf"(?:^|\s){CONSENT}$", found["fields"], re.IGNORECASE):
        return None
    return Clause("ask", source.open(found[0]), {"who": person(found["who"], source), "fields": parts})


def _ask_anybody(found: re.Match[str], source: Protected) -> Clause | None:
    what = re.sub(r"^(?:an?|the|their|his|her) ", "", found["what"], flags=re.IGNORECASE)
    if re.search(rf"(?:^|\s){CONSENT}$", found["what"], re.IGNORECASE):
        return None
    return Clause("ask", source.open(found[0]), {"who": "", "what": what, "question": "", "boolean": False})


def _either(found: re.Match[str], source: Protected) -> Clause | None:
    """Read "either Ann or Raj approves": of two named people any one decides."""
    return _approve(found, source) if found["who"][0].isupper() and found["other"][0].isupper() else None


TABLE: tuple[Pattern, ...] = (
    row(rf"(?:ask|get|have|let) {{who:who}} (?:to )?(?:{APPROVE}){WHAT} (?:within|in less than) (?P<within>{{duration}})", _approve),
    row(
        r"(?:either )?(?P<who>[a-z][\w.-]*) or (?P<other>[a-z][\w.-]*) (?:approves|has to approve|must approve|may approve|should approve|needs to approve)(?: it| them)?",  # noqa: E501
        _either,
    ),
    row(
        rf"(?:only )?(?:after|once) (?P<who>i|[a-z][\w.-]*|(?:my|the) [a-z]+) (?:approves?|has approved|have approved|approved|confirms?|has confirmed|signs? off|agrees?|has agreed){WHAT}",  # noqa: E501
        _approve,
    ),
    row(
        rf"(?:ask|get|have|let|require|wait for|wait until|await|hold until) {{who:who}}(?: has| have)? (?:to )?(?:{APPROVE}|approved|approves|confirmed|confirms){WHAT}(?: first)?",  # noqa: E501
        _approve,
    ),
    row(rf"(?:ask|check with) {{who:who}} (?:for|to give) {CONSENT}(?: (?:of|for|on) ~(?P<what>{{noun}}))?", _approve),
    row(rf"(?:get|require|need|wait for|await|ask for|request|obtain|with|after|on) {CONSENT} (?:from|of|by) {{who:who}}", _approve),
    row(
        r"(?:get|require|need|wait for|await|ask for|request|obtain|with|after) (?:(?P<who>my|[a-z][\w.-]*['’]s) )?(?:approval|permission|confirmation|consent|sign-?off|ok|okay|go-ahead)",  # noqa: E501
        _approve,
    ),
    row(
        rf"(?P<who>i|[a-z][\w.-]*|(?:my|the) [a-z]+) (?:have to|has to|must|need to|needs to|want to|wants to|should|shall|will|can)? ?(?:approve|confirm|sign off(?: on)?|approves|confirms|signs off(?: on)?){WHAT}(?: first)?",  # noqa: E501
        _approve,
    ),
    row(
        rf"(?:send|give|show|submit|present|pass|put) (?P<what>it|them|this|the [a-z]+(?: [a-z]+)?) to {{who:who}} (?:for|to) (?:{CONSENT}|{APPROVE}|review)",  # noqa: E501
        _approve,
    ),
    row(rf"(?:show|send) {{who:who}} (?P<what>the [a-z]+(?: [a-z]+)?|it|them) (?:for|to) (?:{CONSENT}|{APPROVE}|review)", _approve),
    row(r"ask {who:who} (?P<whether>whether|if) (?P<what>{prose})", _ask),
    row(r"ask {who:who} (?P<word>what|which|how many|how much|when|where|why) (?P<what>{prose})", _ask),
    row(rf"ask (?P<who>{WHO}) (?:for|about) (?P<fields>{PART}(?:(?:, and |, | and ){PART})+)", lambda f, s: _form(f, s)),
    row(r"ask {who:who} (?:for|about) ~(?P<what>{text}|{noun})", _ask),
    row(r"ask for (?P<what>(?:an? |the |their |his |her )[a-z][\w-]*(?: [a-z][\w-]*)?)", lambda f, s: _ask_anybody(f, s)),
    row(r"ask {who:who} (?:the question )?(?P<what>{text})", _ask),
)
