"""The summary on a card: two or three short sentences. What leaves is told by its effect, never by a title, which is somebody's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import dsl
from dsl.call_phrases import http_target
from dsl.decided import deciders
from dsl.expressions.program import is_expression
from dsl.phrases import brief, brief_condition, catch_words, phrase
from dsl.pointer import get
from dsl.walk import Step, TaskBlock, inner_blocks, is_directive, switch_cases, title_of, top_block

Catalogue = Mapping[str, dsl.Function]
CHANGING = ("write", "irreversible", "unknown")
INSIDE_AT_MOST = 6  # steps that change nothing outside; what changes something is always told
_VERBS = """add ask build calculate call check choose collect compute convert count create decide drop fetch filter find get go join
keep leave list load look make mark note pick prepare put read remember remove set skip sort split start stop sum summarize take turn
try use wait write"""
VERBS = frozenset(_VERBS.split())
TO_NUMBER = re.compile(r"\(\s*((?:\$\w+)?(?:\.\w+)+)\s*\|\s*tonumber\??\s*\)")


@dataclass(frozen=True, slots=True)
class Told:
    """One step: "posts the orders to shop.example.com/report"."""

    text: str
    by: str  # who decides before it, "" nobody
    outside: bool  # it changes something outside
    asks: bool = False  # it is itself the question to a person


def tell(data: Any, catalogue: Catalogue, *, changed: str = "") -> dict[str, Any]:
    """
    Return `{changed, start, inside, outside, plain}` for `design/summarize`.

    `inside` are the steps that change nothing outside, in words; `outside` is one sentence on what does; `plain` is the whole summary.
    """
    told = list(_block(top_block(data), data, catalogue, _Known(data, catalogue)))
    start, more = _start(data, catalogue), [one for one in told if one.outside]
    first = f"{changed.rstrip('.')}." if changed else ""
    return {
        "changed": changed,
        "start": start,
        "inside": [one.text for one in told if not one.outside],
        "outside": " ".join([*_sentences("", more), "Nothing else is changed outside." if more else "Nothing outside is changed."]),
        "plain": " ".join(part for part in (first, *_sentences(start, _shortened(told)), _closing(more)) if part),
    }


def _closing(outside: Sequence[Told]) -> str:
    return "Nothing else is changed outside." if outside else "Nothing outside is changed."


class _Known:
    """What is looked up step by step."""

    def __init__(self, data: Any, catalogue: Catalogue) -> None:
        self.effects = {effect.reference: effect for effect in dsl.effects(data, catalogue)}
        self.by = deciders(data)

    def changes(self, step: Step) -> bool:
        at = step.reference  # what a child workflow does stands below its task
        return any(one.kind in CHANGING for place, one in self.effects.items() if place == at or place.startswith(f"{at}/"))


def _start(data: Any, catalogue: Catalogue) -> str:
    starts = [line.text for line in dsl.outline(data, catalogue) if not line.reference and line.number]
    return "; ".join(starts) or "When somebody starts it"


def _shortened(told: list[Told]) -> list[Told]:
    inside = [one for one in told if not one.outside and not one.asks]
    if len(inside) <= INSIDE_AT_MOST:
        return told
    left = inside[INSIDE_AT_MOST:]
    return [one if one is not left[0] else Told(f"does {len(left)} more steps", one.by, False) for one in told if one not in left[1:]]


def _sentences(start: str, told: Sequence[Told]) -> list[str]:
    """Return the steps as sentences, a new one where somebody's decision comes before the step, or no longer does."""
    groups: list[list[Told]] = []
    for one in told:
        if groups and groups[-1][-1].by == one.by:
            groups[-1].append(one)
        else:
            groups.append([one])
    sentences, asked = [], False
    for at, group in enumerate(groups):
        by = group[0].by
        decided = "Only then it" if asked else f"Only after {by} approved it, it"
        lead = f"{start}, it" if start and not at else decided if by else "It"
        sentences.append(f"{lead} {_row([one.text for one in group])}.")
        asked = group[-1].asks
    return sentences


def _block(block: TaskBlock | None, data: Any, catalogue: Catalogue, known: _Known) -> Iterator[Told]:
    """Yield what the tasks of one list do, in order."""
    if block is None:
        return
    ways = {target: words for target, words in _ways(block) if _only_way(target, block)}
    for step in block.steps:
        often = known.effects[step.reference].how_often if step.reference in known.effects else ""
        some = "in some cases" if often.startswith("at most once") and "if" not in step.task and not step.parent else ""
        for told in _step(step, data, catalogue, known):
            yield replace(told, text=f"{told.text} {ways.get(step.name) or ('' if told.by else some)}".strip())


def _ways(block: TaskBlock) -> Iterator[tuple[str, str]]:
    """Yield (task, when) for the tasks that a switch of the list leads to; after an approval its decision says it."""
    for step in block.steps:
        approval = any("approved" in str(case.get("when", "")) for case in switch_cases(step))
        for case in switch_cases(step):
            target, when = _target(step, case, block), case.get("when")
            words = _condition(when) if isinstance(when, str) else ""
            if target and words != "it was approved":
                yield target, f"if {words}" if words else "if it was refused" if approval else "otherwise"


def _target(step: Step, case: Any, block: TaskBlock) -> str:
    """Return the task that a case leads to, "" when it leaves the list."""
    target = str(case.get("then", "continue"))
    if target == "continue":
        return block.names[step.index + 1] if step.index + 1 < len(block.names) else ""
    return "" if is_directive(target) else target


def _only_way(target: str, block: TaskBlock) -> bool:
    """Say whether a task is reached from one place of its list only: one case leads to it, and no task goes on into it."""
    leads = [_target(step, case, block) for step in block.steps for case in switch_cases(step)]
    leads += [str(step.task["then"]) for step in block.steps if "then" in step.task]
    at = block.names.index(target) if target in block.names else 0
    before = block.steps[at - 1] if at else None
    if before is None or leads.count(target) != 1:
        return False
    if before.kind == "switch":
        return any("when" not in case for case in switch_cases(before))
    return before.kind == "raise" or before.task.get("then", "continue") not in ("continue", target)


def _condition(expression: str) -> str:
    return brief_condition(TO_NUMBER.sub(r"\1", expression))


def _each(step: Step) -> str:
    """Return what the tasks inside *step* are done for each of, "" when they are done once."""
    if step.kind == "for":
        return str(get(step.task, "/for/each") or "item")
    if step.kind == "listen" and isinstance(step.task.get("foreach"), dict):
        return str(step.task["foreach"].get("item", "event"))
    subscribed = get(step.task, "/with/subscription/foreach")
    return str(subscribed.get("item", "message")) if step.kind == "call" and isinstance(subscribed, dict) else ""


def _step(step: Step, data: Any, catalogue: Catalogue, known: _Known) -> Iterator[Told]:
    """Yield what a task and the tasks inside it do, each with when it does so: "posts the order to … for each order"."""
    inner = [list(_block(block, data, catalogue, known)) for block in inner_blocks(step)]
    by, only = known.by.get(step.reference, ""), step.task.get("if")
    when = f" if {_condition(only)}" if isinstance(only, str) else ""
    when = "" if by and when == " if it was approved" else when
    each = _each(step)
    when = f" for each {each}{when}" if each else when
    if step.kind == "switch":
        return
    for at, told in enumerate(inner):
        failing = f" if {_fails(step)}" if step.kind == "try" and at else ""
        yield from (replace(one, text=f"{one.text}{failing}{when}") for one in told[:-1])
        together = " at the same time" if step.kind == "fork" and len(told) > 1 else ""
        yield from (replace(one, text=f"{one.text}{together}{failing}{when}") for one in told[-1:])
    if not inner:
        asks = str(step.task.get("call", "")).startswith("approve:")
        yield Told(f"{_words(step, data, catalogue, known.changes(step))}{when}", by, known.changes(step), asks)


def _fails(step: Step) -> str:
    """Return "“Fetch the orders” fails with status 503"."""
    tried = next(iter(inner_blocks(step)[0].steps), None)
    return f"“{title_of(tried.name, tried.task)}” fails {catch_words(step.task)}".strip() if tried else "it fails"


def _words(step: Step, data: Any, catalogue: Catalogue, outside: bool) -> str:
    """Return what one task does: an effect and a read from the definition, the rest by its title when that says what is done."""
    does = re.sub(r"https?://", "", brief(step, data, catalogue)).partition(": ")[0]
    if step.task.get("call") == "http":
        does = _http(step, data, catalogue)
    elif not outside and step.kind in ("set", "call") and not str(step.task.get("call", "")).startswith(("approve:", "ask:")):
        title = title_of(step.name, step.task)
        does = title if title.partition(" ")[0].lower() in VERBS else does
    return _third(does)


def _http(step: Step, data: Any, catalogue: Catalogue) -> str:
    """Return "Fetch the orders from shop.example.com", "Post the orders to shop.example.com/report"."""
    method, uri = http_target(step)
    said = re.sub(r"https?://", "", phrase(step, data, catalogue))
    said = re.sub(r"`\{ ?((?:\w+: [^`,{}]+(?:, )?)+) ?\}`", lambda found: " and ".join(re.findall(r"(\w+): ", found[1])), said)
    said = re.sub(r"^(Post|Put) the data to ", r"\1 the result to ", said) if get(step.task, "/with/body") == "${ . }" else said
    if method != "GET" or is_expression(uri):
        return said if len(said) <= 120 else brief(step, data, catalogue)
    parts = urlsplit(uri)
    noun = parts.path.rstrip("/").rpartition("/")[2]
    plural = re.fullmatch(r"[a-z]{2,}(?<!s)s", noun)
    host = parts.netloc.rpartition("@")[2]
    return f"Fetch the {noun} from {host}" if plural and parts.path.count("/") == 1 and not parts.query else f"Fetch {host}{parts.path}"


def _third(words: str) -> str:
    """ "Fetch the orders" -> "fetches the orders"; the first word is a verb."""
    verb, _, rest = words.partition(" ")
    verb = verb.lower()
    ending = "es" if verb.endswith(("s", "sh", "ch", "x", "z", "o")) else "s"
    verb = f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", verb) else verb + ending
    return f"{verb} {rest}".strip()


def _row(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
