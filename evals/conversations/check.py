"""Checks the conversations of this folder and counts them: python -m evals.conversations.check"""

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
WANTED = Counter(easy=8, medium=16, hard=8)
KINDS = frozenset(
    ["insert", "threshold", "channel", "parallel", "errors", "remove", "trigger", "question", "refuse", "contradiction", "mind"]
)


def texts(values: Any, fewest: int, most: int, what: str) -> list[str]:
    """What is wrong with a list of texts."""
    if not isinstance(values, list) or not fewest <= len(values) <= most:
        return [f"{what}: {fewest} to {most} are wanted"]
    wrong = [f"{what}: not a text: {value!r}" for value in values if not isinstance(value, str) or not value.strip()]
    return wrong or ([f"{what}: one stands there twice"] if len(set(values)) < len(values) else [])


def of_facts(facts: Any) -> list[str]:
    if not isinstance(facts, list) or not all(isinstance(fact, dict) and set(fact) == {"topic", "answer"} for fact in facts):
        return ["facts: each has a topic and an answer, nothing else"]
    return texts([fact["topic"] for fact in facts], 4, 10, "facts") + [
        f"facts: no text: {fact}" for fact in facts if not isinstance(fact["answer"], str)
    ]


def of_round(place: int, turn: dict[str, Any]) -> list[str]:
    where = f"round {place}"
    wrong = texts([turn.get("say")], 1, 1, f"{where}: say")
    if place == 1:
        extra = set(turn) - {"say", "requirements"}
        wrong += texts(turn.get("requirements"), 3, 10, f"{where}: requirements")
    else:
        extra = set(turn) - {"say", "kind", "requirements", "untouched"}
        wrong += texts(turn.get("requirements"), 1, 4, f"{where}: requirements")
        wrong += texts(turn.get("untouched"), 1, 4, f"{where}: untouched")
        wrong += [] if turn.get("kind") and set(turn["kind"]) <= KINDS else [f"{where}: kind {turn.get('kind')}"]
    return wrong + [f"{where}: unknown: {name}" for name in sorted(extra)]


def of_conversation(name: str, talk: dict[str, Any]) -> list[str]:
    """What is wrong with one conversation."""
    wrong = [] if talk.get("id") == name else [f"id {talk.get('id')} is not the file's name"]
    for field in ("domain", "persona"):
        wrong += texts([talk.get(field)], 1, 1, field)
    wrong += [] if talk.get("difficulty") in WANTED else [f"difficulty {talk.get('difficulty')}"]
    wrong += [] if talk.get("language") in {"en", "de", "es"} else [f"language {talk.get('language')}"]
    wrong += of_facts(talk.get("facts"))
    rounds = talk.get("rounds") or []
    wrong += [] if len(rounds) in (3, 4) else ["3 or 4 rounds are wanted"]
    for place, turn in enumerate(rounds, 1):
        wrong += of_round(place, turn)
    return wrong


def outside(talk: dict[str, Any]) -> list[str]:
    """Addresses that could belong to somebody: only those kept for examples are used."""
    hosts = re.findall(r"(?:https?://|@)([\w.-]+\w)", json.dumps(talk))
    return [f"host {host}" for host in sorted(set(hosts)) if not re.search(r"(^|\.)example\.(com|org)$", host)]


def counted(talks: list[dict[str, Any]]) -> list[str]:
    """The counts, one line each."""
    rounds = [turn for talk in talks for turn in talk["rounds"]]
    sizes = {
        "conversations": len(talks),
        "rounds": len(rounds),
        "requirements": sum(len(turn["requirements"]) for turn in rounds),
        "untouched": sum(len(turn.get("untouched", [])) for turn in rounds),
        "facts": sum(len(talk["facts"]) for talk in talks),
    }
    levels = Counter(talk["difficulty"] for talk in talks)
    languages = Counter(talk["language"] for talk in talks)
    kinds = Counter(kind for turn in rounds for kind in turn.get("kind", []))
    counts = [list(sizes.items()), levels.most_common(), languages.most_common(), kinds.most_common()]
    return [", ".join(f"{number} {name}" for name, number in pairs) for pairs in counts]


def main() -> int:
    talks = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}
    wrong = [f"{name}: {what}" for name, talk in talks.items() for what in of_conversation(name, talk) + outside(talk)]
    said = Counter(turn["say"] for talk in talks.values() for turn in talk["rounds"])
    wrong += [f"said twice: {text}" for text, times in said.items() if times > 1]
    levels = Counter(talk["difficulty"] for talk in talks.values())
    wrong += [f"{levels[level]} {level} instead of {number}" for level, number in WANTED.items() if levels[level] < number]
    sys.stdout.writelines(f"{line}\n" for line in wrong or counted(list(talks.values())))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
