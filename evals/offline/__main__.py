"""`python -m evals.offline [--only ID] [--half a|b] [--failing] [--json]`: every wish, and the table of how they went."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter

from evals.offline import verdicts
from evals.offline.verdicts import Verdict


async def played(only: str, half: str) -> dict[str, list[Verdict]]:
    """Play both lists."""
    found: dict[str, list[Verdict]] = {}
    for name, play in (("wishes", verdicts.wish), ("beyond", verdicts.beyond)):
        chosen = [entry for entry in verdicts.load(name) if (not only or entry["id"] == only) and half in ("", verdicts.half(entry["id"]))]
        found[name] = [await play(entry) for entry in chosen]
    return found


def table(found: dict[str, list[Verdict]], *, failing: bool) -> str:
    """Return what is shown: each wish on a line, then the numbers by half."""
    lines = []
    for name, results in found.items():
        lines += [f"{one.score:7} {verdicts.half(one.id)} {one.id:38} {one.why}" for one in results if not failing or one.score != "right"]
        for half in "ab":
            counts = Counter(one.score for one in results if verdicts.half(one.id) == half)
            if total := counts.total():
                lines.append(f"{name}, half {half}: {counts['right']} right, {counts['honest']} honest, {counts['wrong']} wrong of {total}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m evals.offline", description="Plays the wishes with the author that needs no model.")
    parser.add_argument("--only", default="", metavar="ID")
    parser.add_argument("--half", default="", choices=["", "a", "b"])
    parser.add_argument("--failing", action="store_true", help="show only what is not right")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = asyncio.run(played(options.only, options.half))
    scores = {name: {one.id: one.score for one in results} for name, results in found.items()}
    sys.stdout.write((json.dumps(scores, indent=1) if options.json else table(found, failing=options.failing)) + "\n")
    return int(any(one.score == "wrong" for results in found.values() for one in results))


if __name__ == "__main__":
    sys.exit(main())
