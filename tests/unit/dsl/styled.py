"""Random definitions, and random ways to write them down: comments, brackets, quotes, dashes, line breaks, JSON."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import strategies as st

NAMES = [
    "a",
    "b",
    "c",
    "ship",
    "notify",
    "a/b",
    "t~x",
    "naïve 𝄞",
    "on",
    "12:30",
    "two words",
    "x: y",
    "- dash",
    "#hash",
    "it's",
    "null",
    "do",
]
TEXTS = [
    ".a",
    "${ .b }",
    "PT1S",
    "x # y",
    "two\nlines",
    "lines\n  deeper\n\nend\n",
    "kept\n\n",
    "",
    " lead",
    "12",
    "true",
    "é",
    "a: b",
    "# c\nd\n",
    "~",
]
_LEAVES = [*TEXTS, 1, 2.5, True, None, [], {}, {"k/1": "v", "n": [1, {"x": "y"}]}, ["p", "q\nr"]]


def definition(rng: random.Random) -> dict[str, Any]:
    """Return a definition of valid shape (its names and expressions are not)."""
    document = {"dsl": "1.0.3", "namespace": "test", "name": "random", "version": "1.0.0"}
    data: dict[str, Any] = {"document": document}
    if rng.random() < 0.4:
        data["input"] = {"from": rng.choice(TEXTS)}
    if rng.random() < 0.3:
        data["use"] = {
            "functions": {"own": {"wait": "PT1S"}},
            "extensions": [{"log": {"extend": "all", "before": tasks(rng, 2)}}],
        }
    data["do"] = tasks(rng, 2)
    if rng.random() < 0.3:
        data["schedule"] = {"cron": "0 9 * * *"}
    return data


def tasks(rng: random.Random, depth: int) -> list[dict[str, Any]]:
    names = rng.sample(NAMES, rng.randint(1, 4))
    return [{name: task(rng, depth, names)} for name in names]


def task(rng: random.Random, depth: int, names: list[str]) -> dict[str, Any]:
    """Return a task that may go on with one of *names*."""
    kind = rng.choice(["set", "wait", "call", "switch", "raise", *(["do", "for", "try", "fork", "listen"] if depth else [])])
    done: dict[str, Any]
    match kind:
        case "set":
            done = {"set": {f"v{number}": rng.choice(_LEAVES) for number in range(rng.randint(0, 3))}}
        case "wait":
            done = {"wait": rng.choice(["PT1S", {"seconds": 3}])}
        case "call":
            done = {
                "call": rng.choice(["http", "own"]),
                "with": {"method": "post", "endpoint": "https://x.example", "body": rng.choice(_LEAVES)},
            }
        case "switch":
            cases = [{f"case{n}": {"when": ".x", "then": rng.choice([*names, "end"])}} for n in range(rng.randint(1, 3))]
            done = {"switch": cases}
        case "raise":
            done = {"raise": {"error": {"type": "https://x.example/e", "status": 500}}}
        case "do":
            done = {"do": tasks(rng, depth - 1)}
        case "for":
            done = {"for": {"each": "x", "in": ".xs"}, "do": tasks(rng, depth - 1)}
        case "try":
            done = {"try": tasks(rng, depth - 1), "catch": {"as": "e", "do": tasks(rng, depth - 1)}}
        case "fork":
            done = {"fork": {"branches": tasks(rng, depth - 1), "compete": rng.random() < 0.5}}
        case _:
            done = {"listen": {"to": {"any": [{"with": {"type": "t"}}]}}, "foreach": {"item": "i", "do": tasks(rng, depth - 1)}}
    if rng.random() < 0.3:
        done["then"] = rng.choice([*names, "end", "exit", "continue"])
    if rng.random() < 0.2:
        done["metadata"] = {"note": rng.choice(TEXTS)}
    items = list(done.items())
    rng.shuffle(items)
    return dict(items)


class Writer:
    """Writes a definition in one random style."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.comments = rng.choice([0.0, 0.3])
        self.brackets = rng.choice([0.0, 0.1, 0.4])
        self.dashes = rng.choice([0, 2])
        self.step = rng.choice([2, 2, 4])
        self.number = 0

    def text(self, data: Any) -> str:
        if self.rng.random() < 0.1:
            return json.dumps(data, indent=self.rng.choice([None, 2, 4]), ensure_ascii=self.rng.random() < 0.5) + self.rng.choice(
                ["", "\n"]
            )
        lines = ["# the head", ""] if self.comments and self.rng.random() < 0.5 else []
        lines += ["---"] if self.rng.random() < 0.2 else []
        lines += self._map(data, 0)
        end = self.rng.choice(["\n", "\n", "", "\n\n# the end\n"])
        text = "\n".join(lines) + end
        if self.rng.random() < 0.15:
            text = text.replace("\n", "\r\n")
        return ("\ufeff" if self.rng.random() < 0.1 else "") + text

    def _comment(self, indent: int) -> list[str]:
        self.number += 1
        mark = f"{' ' * indent}# comment {self.number}: -{self.rng.choice(['', chr(9), ' x'])} é"
        return self.rng.choice([[mark], ["", mark], [mark, ""], [mark, mark + " again"]])

    def _between(self, indent: int) -> list[str]:
        return self._comment(indent) if self.rng.random() < self.comments else [""] if self.rng.random() < 0.1 else []

    def _map(self, data: dict[str, Any], indent: int) -> list[str]:
        lines: list[str] = []
        for key, value in data.items():
            lines += self._between(indent)
            lines += self._pair(key, value, indent)
        return lines

    def _pair(self, key: str, value: Any, indent: int) -> list[str]:
        name, pad = self._scalar(key), " " * indent
        if self.rng.random() < 0.03:
            return [f"{pad}? {name}", f"{pad}: {self._flow(value)}"]
        return self._after(f"{pad}{name}:", value, indent)

    def _after(self, head: str, value: Any, indent: int) -> list[str]:
        """Return the lines of a value after its key."""
        side = f"   # side {self.number}" if self.rng.random() < self.comments / 2 else ""
        inside = indent + self.step
        if isinstance(value, dict) and value and self.rng.random() >= self.brackets:
            return [head + side, *self._map(value, inside)]
        if isinstance(value, list) and value and self.rng.random() >= self.brackets:
            return [head + side, *self._list(value, indent + self.dashes)]
        if isinstance(value, str) and "\n" in value and not value.startswith((" ", "\n")) and self.rng.random() < 0.7:
            return [f"{head} {self._chomp(value)}", *self._block(value, inside)]
        return [f"{head} {self._flow(value)}{side}"]

    def _chomp(self, value: str) -> str:
        return "|+" if value.endswith("\n\n") else "|" if value.endswith("\n") else "|-"

    def _block(self, value: str, indent: int) -> list[str]:
        lines = value.removesuffix("\n").split("\n")
        return [f"{' ' * indent}{line}" if line else "" for line in lines]

    def _list(self, data: list[Any], indent: int) -> list[str]:
        lines: list[str] = []
        for item in data:
            lines += self._between(indent)
            if isinstance(item, dict) and item and self.rng.random() >= self.brackets:
                first = self._map(item, indent + 2)
                starts = first[0].startswith(" " * (indent + 2)) and not first[0].lstrip().startswith("#")
                lines += [f"{' ' * indent}- {first[0][indent + 2 :]}", *first[1:]] if starts else [f"{' ' * indent}-", *first]
            else:
                lines.append(f"{' ' * indent}- {self._flow(item)}")
        return lines

    def _scalar(self, value: Any) -> str:
        plain = isinstance(value, str) and value.isascii() and value.isalpha() and value not in ("on", "null", "true")
        return str(value) if plain and self.rng.random() < 0.8 else json.dumps(value, ensure_ascii=False)

    def _flow(self, value: Any) -> str:
        if isinstance(value, dict):
            pairs = ", ".join(f"{self._scalar(key)}: {self._flow(item)}" for key, item in value.items())
            return f"{{{pairs}}}" if self.rng.random() < 0.7 else f"{{ {pairs} }}"
        if isinstance(value, list):
            return f"[{', '.join(self._flow(item) for item in value)}]"
        return self._scalar(value)


def mutated(rng: random.Random, data: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of *data* with a few tasks changed, gone, new, moved or renamed."""
    data = json.loads(json.dumps(data))
    for _ in range(rng.randint(1, 4)):
        here = rng.choice(_lists(data["do"]))
        kind = rng.choice(["change", "remove", "add", "move", "rename", "document", "then", "swap", "wrap"])
        if kind == "document":
            data[rng.choice(["title", "input", "schedule"])] = rng.choice([{"a": rng.choice(TEXTS)}, {"cron": "* * * * *"}])
        elif here:
            _mutate(rng, data, here, rng.randrange(len(here)), kind)
    return data


def _mutate(rng: random.Random, data: dict[str, Any], here: list[Any], index: int, kind: str) -> None:
    name, body = next(iter(here[index].items()))
    match kind:
        case "change":
            here[index] = {name: task(rng, 1, [name])}
        case "remove" if len(here) > 1:
            del here[index]
        case "add":
            _insert(rng, here, {rng.choice([*NAMES, "fresh"]): task(rng, 1, [name])})
        case "move" if len(here) > 1:
            there = rng.choice(_lists(data["do"]))
            if not any(there is inner for inner in _lists([here[index]])):
                item = here.pop(index)
                if not _insert(rng, there, item):
                    here.insert(index, item)
        case "rename" if not any("renamed" in item for item in here):
            here[index] = {"renamed": body}
        case "then":
            body["then"] = rng.choice(NAMES)
        case "swap":
            rng.shuffle(here)
        case "wrap":
            here[index] = {f"wrapped{rng.randint(0, 99)}": {"do": [here[index]]}}


def _insert(rng: random.Random, there: list[Any], item: dict[str, Any]) -> bool:
    """Put *item* somewhere into a list; return False when its name is taken."""
    if any(next(iter(item)) in other for other in there):
        return False
    there.insert(rng.randint(0, len(there)), item)
    return True


def _lists(items: list[Any]) -> list[list[Any]]:
    found = [items]
    for item in items:
        for body in item.values():
            for value in (body.get("do"), body.get("try"), (body.get("catch") or {}).get("do"), (body.get("fork") or {}).get("branches")):
                if isinstance(value, list):
                    found += _lists(value)
    return found


SEEDS = st.integers(0, 2**48).map(random.Random)
