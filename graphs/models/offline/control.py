"""Order and chance: waiting, repeating, stopping, and the words that open branches, loops and parallel parts."""

from __future__ import annotations

import re

from graphs.models.offline.clause import Clause, Pattern, duration, number, row
from graphs.models.offline.text import Protected

FAILS = r"(?:(?:if|when|whenever|in case|should) (?:it|this|that|one|anything|something|the (?:call|request|fetch|post|server|address|url|api)(?: call)?|any call|a call|a check|the check|(?:the )?(?:posting|fetching|sending|loading|getting|calling)|that request|this request|there is|an api call|an http call|this call|that call|one call|everything|either) (?:still )?(?:fails?|breaks?|does not (?:work|answer)|doesn't (?:work|answer)|goes wrong|an error|a failure|errors?|is down)|(?:on|upon|after) (?:an? |any )?(?:failure|error)s?|in case of (?:an? )?(?:failure|error)s?)"  # noqa: E501


def _wait(found: re.Match[str], source: Protected) -> Clause:
    return Clause("wait", source.open(found[0]), {"duration": duration(found["time"])})


def _retry(found: re.Match[str], source: Protected) -> Clause:
    groups = found.groupdict()
    delay = groups.get("delay")
    return Clause("retry", source.open(found[0]), {"count": int(number(groups["n"])), "delay": duration(delay) if delay else None})


def _listen(found: re.Match[str], source: Protected) -> Clause:
    return Clause("listen", source.open(found[0]), {"type": source.value(found["type"])})


def _stop(found: re.Match[str], source: Protected) -> Clause:
    return Clause("stop", source.open(found[0]))


def _fail(found: re.Match[str], source: Protected) -> Clause:
    text = found.groupdict().get("text")
    return Clause("fail", source.open(found[0]), {"text": source.value(text) if text else ""})


def _nothing(found: re.Match[str], source: Protected) -> Clause:
    return Clause("nothing", source.open(found[0]))


COUNT = r"(?P<n>(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|once|twice))(?: more)?(?: times?| retries| attempts)?"
IT = r"(?: (?:it|this|that|them|each|the (?:call|request|fetch|post|step|put|get|patch|delete)|every call|each call|all calls|failed calls|both))?"  # noqa: E501
PAUSE = r"(?:,? (?:(?:and )?(?:waiting|wait|with|every) )?(?P<delay>{duration})(?: of)?(?: in between| between| apart| delay| pause)?(?: (?:the )?(?:tries|attempts|retries|them|each))?)?"  # noqa: E501
TABLE: tuple[Pattern, ...] = (
    row(r"(?:wait|pause|sleep|hold(?: on)?|delay)(?: it| this| that)? ?(?:for |about |another )?(?P<time>{duration})", _wait),
    row(r"(?:after |in )?(?P<time>{duration})(?: later)?", _wait),
    row(
        r"(?:wait|listen|hold on) (?:for|until) (?:an? |the )?(?:event )?(?:of (?:the )?type |called |named )?(?P<type>{text}|[a-z][\w-]*(?:\.[\w-]+)+)(?: event)?(?: (?:arrives|comes in|is received|comes|happens))?",  # noqa: E501
        _listen,
    ),
    row(
        r"(?:wait|listen) (?:for|until) (?:an? |the )?event (?:of (?:the )?type |called |named )?(?P<type>{text}|{type})(?: (?:arrives|comes in|is received|comes|happens))?",  # noqa: E501
        _listen,
    ),
    row(
        rf"(?:{FAILS},? )?(?:retry|repeat|attempt|try)(?: again)?{IT}(?: again)?(?: up to| at most| max(?:imum)?)? {COUNT}(?: again)?{PAUSE}(?: {FAILS})?",  # noqa: E501
        _retry,
    ),
    row(
        rf"(?:with|use|allow|do|make)(?: up to| at most)? (?P<n>\d+|one|two|three|four|five|ten) (?:retries|attempts|tries)(?: {FAILS})?",
        _retry,
    ),
    row(
        r"(?:stop|end|finish|quit|exit|abort)(?: (?:it|there|here|the workflow|the run|this|everything|the process|right there))?|do nothing(?: else| more)?|nothing (?:else )?happens|cancel (?:it|the workflow|the run|everything)|(?:that's|that is) (?:it|all)",  # noqa: E501
        _stop,
    ),
    row(
        r"(?:fail|(?:raise|report|stop with|abort with|end with|fail with) (?:an|the) error|the run (?:must|should|shall|has to) fail)(?: (?:with|saying|:)?(?: (?:the )?(?:message|error|text))? ?{text:text})?",  # noqa: E501
        _fail,
    ),
    row(
        r"(?:go on|continue|carry on|proceed|work) with (?:whichever|the one that|whoever|the first that) (?:answers|responds|is done|comes back|is faster|is fastest)(?: first)?|(?:take|use) (?:whichever|the one that) (?:answers|responds|is faster|is fastest)(?: first)?|(?:take|use) the (?:first|fastest) answer",  # noqa: E501
        lambda f, s: Clause("race", s.open(f[0])),
    ),
    row(r"(?:thanks?|thank you|cheers|that's all|that is all|done)(?: you| very much)?", _nothing),
    row(
        r"(?:do|doing) (?:this|that|it|the following)(?: (?:for me|in this order))?|(?:the following|do the following|as follows|start)",
        _nothing,
    ),
)
FIRST = re.compile(
    r"\bfirst$|^(?:but )?(?:beforehand|before that|before this|first)\b|\b(?:beforehand|before that)$", re.IGNORECASE
)  # of an approval
NAME = r"(?:[A-Z][\w-]*|\ue000s\d+\ue001)"
LITERALS = re.compile(
    rf"(?i:for (?:each|every|all)(?: one)? of) (?:the [a-z]+ )?(?P<list>{NAME}(?:, {NAME})*,? and {NAME}),? (?P<rest>.+)"
)  # "for each of Berlin, Paris and Rome get …"
FAILURE = re.compile(FAILS, re.IGNORECASE)
IF = re.compile(r"(?P<word>if|in case|when|unless|provided)(?: that)? (?P<condition>.+)", re.IGNORECASE)
OTHERWISE = re.compile(r"(?:otherwise|else|if not|if so not|or else|in all other cases|for the rest)\b[,:]?\s*", re.IGNORECASE)
IN_ANY_CASE = re.compile(
    r"(?:in any case|either way|in both cases|afterwards in any case|whatever happens|in the end)\b[,:]?\s*", re.IGNORECASE
)
EACH = re.compile(
    r"(?:for|with) (?:each|every|all)(?: single)?(?: one)?(?: of (?:the|these|those|them))?(?: (?P<noun>(?!of\b|in\b|delete\b|put\b|patch\b|mail\b|email\b|check\b|load\b|them\b|post\b|send\b|put\b|ask\b|notify\b|tell\b|wait\b|emit\b|fetch\b|get\b|keep\b)[a-z][\w-]*))?(?: (?:of them|in (?:the list|it|them|there)|that (?:is|are) left|(?:from|at|of|in|under) (?P<url>\ue000u\d+\ue001)))?(?=$|[\s,:])[,:]?\s*|"  # noqa: E501
    r"(?:loop|go|iterate|run) (?:over|through) (?:the|all|all the|each of the|every|each)? ?(?P<noun2>[a-z][\w-]*)\b[,:]?\s*(?:and\s*)?",
    re.IGNORECASE,
)
PARALLEL = re.compile(
    r"(?:do )?(?:both )?(?:in parallel|at the same time|simultaneously|concurrently|side by side)\b[,:]?\s*", re.IGNORECASE
)
PARALLEL_END = re.compile(r"\s+(?:both )?(?:in parallel|at the same time|simultaneously|concurrently|side by side)$", re.IGNORECASE)
