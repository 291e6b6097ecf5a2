"""What is to be held of a played wish: right, honest (asked or said to be beyond it), or wrong."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import dsl
from evals.offline.playing import CATALOGUE, Talk, turn
from evals.offline.scoring import problems

HERE = Path(__file__).parent
Wish = dict[str, Any]
NOT_UNDERSTOOD = re.compile(
    r"did not understand|is missing here|could not|no step makes|cannot|not here|found no step|read English only", re.IGNORECASE
)
NO_DESIGN = re.compile(r"something else|no runs|I design, run and watch|Tell me in your own words|no open question", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one wish went."""

    id: str
    score: str  # right | honest | wrong
    why: str = ""


def load(name: str) -> list[Wish]:
    """Return the wishes of `NAME.yaml`."""
    wishes: list[Wish] = yaml.safe_load((HERE / f"{name}.yaml").read_text())
    return wishes


def half(wish_id: str) -> str:
    """Return the half of a wish by its id: patterns are mended by looking at “a”, “b” tells how general they are."""
    return "ab"[hashlib.sha256(wish_id.encode()).digest()[0] % 2]


async def wish(entry: Wish) -> Verdict:
    """Play a wish with its changes, and hold it against what is expected."""
    talk = Talk(entry.get("given") or {})
    expect: dict[str, Any] = dict(entry["expect"])
    first = await turn(talk, entry["say"], expect.get("answers") or {}, wish=True)
    wanted = set(expect.get("questions") or [])
    if first.data is None:
        return Verdict(entry["id"], "honest", f"asked about {first.asked}" if first.asked else _line(first.said))
    if set(first.asked) != wanted:
        asked = sorted(wanted - set(first.asked))
        return (
            Verdict(entry["id"], "wrong", f"proposed without asking about {asked}")
            if asked
            else Verdict(entry["id"], "honest", f"asked about {first.asked}")
        )
    if found := _faults(first.data, expect):
        return Verdict(entry["id"], "wrong", "; ".join(found))
    for at, later in enumerate(entry.get("then") or [], 1):
        expect |= later["expect"]
        made = await turn(talk, later["say"], {}, wish=False)
        if made.data is None:
            return Verdict(entry["id"], "honest", f"then {at}: {_line(made.said)}")
        if found := _faults(made.data, expect):
            return Verdict(entry["id"], "wrong", f"then {at}: {'; '.join(found)}")
    return Verdict(entry["id"], "right")


def _faults(data: Any, expect: Mapping[str, Any]) -> list[str]:
    errors = [problem.code for problem in dsl.check(data, CATALOGUE) if problem.severity == "error"]
    return [*errors, *problems(data, expect)]


def _line(said: str) -> str:
    return re.sub(r"\s+", " ", said.split("\nWithout a language model")[0])[:230]


async def beyond(entry: Wish) -> Verdict:
    """Play a wish that must not simply be built."""
    talk = Talk(entry.get("given") or {})
    made = await turn(talk, entry["say"], {}, wish=False)
    broken = _broken(made.data, made.said, talk, entry["never"])
    if broken:
        return Verdict(entry["id"], "wrong", broken)
    ways = {entry["must"], entry.get("also_fair", entry["must"])}
    did = _manners(made.data, made.asked, made.said)
    told = made.said + " " + " ".join(draft.text + draft.summary + " ".join(draft.assumptions) for draft in talk.drafts)
    named = not entry.get("about") or any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", told, re.IGNORECASE) for word in entry["about"])
    if ways & did and named:
        return Verdict(entry["id"], "right")
    lack = "" if ways & did else f"it did {sorted(did) or 'nothing'}, not {sorted(ways)}"
    return Verdict(entry["id"], "honest", f"{lack}{'' if named else ' names none of ' + str(entry['about'])}: {_line(made.said)}")


def _manners(data: Any, asked: list[str], said: str) -> set[str]:
    """Return in which ways the reply deals with the wish."""
    did = {"ask"} if asked or any(line.rstrip().endswith("?") for line in said.split("\n")) else set[str]()
    did |= {"refuse"} if data is None and NOT_UNDERSTOOD.search(said) else set()
    return did | ({"answer"} if data is None and said and not NOT_UNDERSTOOD.search(said) and not asked else set())


def _broken(data: Any, said: str, talk: Talk, never: Mapping[str, Any]) -> str:
    """Return which thing happened that must not."""
    text = "\n".join(draft.text for draft in talk.drafts)
    if never.get("define") and data is not None:
        return "a definition was proposed"
    word = str(never.get("define-without", ""))
    if word and data is not None and word.lower() not in f"{text}\n{said}".lower():
        return f"a definition was proposed without “{word}”, and nothing said so"
    if str(never.get("repeat", "\0")) in f"{said}\n{text}":
        return f"{never['repeat']} was repeated"
    if never.get("activate") and talk.acted:
        return f"it acted: {talk.acted}"
    if data is None:
        return ""
    from evals.offline import facts, timing

    kinds, calls = set(facts.all_kinds(data)), set(facts.calls(data))
    crons = [timing.times(cron) for cron in never.get("cron", [])]
    had = [*(kinds & set(never.get("kinds", []))), *(calls & set(never.get("calls", [])))]
    if timing.times(str((data.get("schedule") or {}).get("cron", ""))) in crons:
        had.append(data["schedule"]["cron"])
    return f"there is {', '.join(had)}" if had else ""
