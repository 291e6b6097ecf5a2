"""Three workflows that use everything a kill may tear apart, and how their effects are called in the journal.

Every request says whose it is: `?run=RUN&step=TASK&item=N`, N being the last index of the step's path, or nothing. What comes back never
reaches an output, so that a person who says "it happened" gives the run the same result as the answer would have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

JSON = Any
ITEM: Final = "chaos.item"
TOLD: Final = "chaos.told"
TOP: Final = ("orders", "desk", "family")  # those that are started
ITEMS: Final = 4  # events a desk hears
ONCE: Final = frozenset({"post", "flaky", "left", "announce", "note", "reply", "begin", "errand", "last"})
AGAIN: Final = frozenset({"load", "right", "store", "tidy"})  # GET and PUT: a kill may have them repeated
EFFECTS: Final = ONCE | AGAIN
_INDEX = re.compile(r"\[(\d+)\]")


def effect_of(path: str, reference: str) -> tuple[str, str] | None:
    """Return step and item of the effect that the execution at *path* has; None when it has none."""
    step = reference.rpartition("/")[2]
    if step not in EFFECTS:
        return None
    return step, (_INDEX.findall(path) or [""])[-1]


def definitions(base_url: str) -> dict[str, str]:
    """Return the texts of all workflows by name, what they call being at *base_url*."""
    made = {"errand": _errand(base_url), "orders": _orders(base_url), "desk": _desk(base_url), "family": _family(base_url)}
    return {name: json.dumps(definition) for name, definition in made.items()}


def _named(name: str, *do: Mapping[str, JSON]) -> dict[str, JSON]:
    return {"document": {"dsl": "1.0.3", "namespace": "chaos", "name": name, "version": "1.0.0"}, "do": list(do)}


def _effect(url: str, step: str, method: str, *, item: str = "", run: str = "$workflow.id", out: str = "$input") -> dict[str, JSON]:
    """Return a task that has one effect and outputs what *out* says of its input; *item*, *run* and *out* are expressions."""
    query = {"run": _jq(run), "step": step, **({"item": _jq(f"{item} | tostring")} if item else {})}
    options: dict[str, JSON] = {"method": method, "endpoint": {"uri": f"{url}/effect"}, "query": query}
    if method != "get":
        options["body"] = "${ . }"
    return {step: {"call": "http", "with": options, "output": {"as": _jq(out)}}}


def _jq(expression: str) -> str:
    return "${ " + expression + " }"


def _nap(name: str, milliseconds: int) -> dict[str, JSON]:
    return {name: {"wait": {"milliseconds": milliseconds}}}


def _orders(url: str) -> dict[str, JSON]:
    """A loop of posts, a fork with a wait in it, a retry, a wait, a switch, a put."""
    post = _effect(url, "post", "post", item="$at", out="$input + {sum: ($input.sum + $item)}")
    each = [post, {"count": {"set": "${ . + {n: (.n + 1)} }"}}]
    right = {"do": [_nap("rest", 400), _effect(url, "right", "put", out="{right: $input.n}")]}
    branches = [_effect(url, "left", "post", out="{left: $input.sum}"), {"branch": right}]
    failed = {"with": {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/communication"}}
    retry = {"delay": {"milliseconds": 150}, "limit": {"attempt": {"count": 50}}}
    flaky = [_effect(url, "flaky", "post", out="$input + {flaky: true}")]
    return _named(
        "orders",
        _effect(url, "load", "get", out="{sum: 0, n: 0, items: [range($input.n)]}"),
        {"loop": {"for": {"each": "item", "at": "at", "in": "${ .items }"}, "do": each}},
        {"both": {"fork": {"branches": branches}, "output": {"as": "${ $input + {both: .} }"}}},
        {"risky": {"try": flaky, "catch": {"errors": failed, "retry": retry}}},
        _nap("nap", 1200),
        {"pick": {"switch": [{"many": {"when": "${ .n > 2 }", "then": "store"}}, {"else": {"then": "short"}}]}},
        {"short": {"set": "${ . + {short: true} }"}},
        _effect(url, "store", "put"),
        {"done": {"set": {"sum": "${ .sum }", "n": "${ .n }", "both": "${ .both }", "flaky": "${ .flaky }", "short": "${ .short }"}}},
    )


def _desk(url: str) -> dict[str, JSON]:
    """Events from outside, each with an effect; a person; an event of its own that it hears."""
    own = {"subject": "${ $workflow.id }"}
    told = {"type": TOLD, "source": "https://chaos.example/desk", **own, "data": {"of": "${ .heard }"}}
    notes = [_effect(url, "note", "post", item="$at")]
    several = {"to": {"any": [{"with": {"type": ITEM, **own}}], "until": _jq(f"length >= {ITEMS}")}}
    heard = {"as": "${ {heard: ([.[].n] | sort)} }"}
    return _named(
        "desk",
        _effect(url, "announce", "post"),
        {"hear": {"listen": several, "foreach": {"item": "heard", "at": "at", "do": notes}, "output": heard}},
        {"ok": {"call": "approve:1.0.0@default", "with": {"title": "Go on?"}, "output": {"as": "${ $input + {approved: .approved} }"}}},
        {"tell": {"emit": {"event": {"with": told}}}},
        {"answer": {"listen": {"to": {"one": {"with": {"type": TOLD, **own}}}}, "output": {"as": "${ {told: .[0].of} }"}}},
        _effect(url, "reply", "post"),
        {"done": {"set": {"told": "${ .told }"}}},
    )


def _family(url: str) -> dict[str, JSON]:
    """A child workflow with effects, a race, and an effect behind both."""
    child = {
        "workflow": {"namespace": "chaos", "name": "errand", "version": "1.0.0", "input": {"parent": "${ $workflow.id }", "n": "${ .n }"}}
    }
    quick = {"do": [_nap("short", 300), {"first": {"set": {"won": "quick"}}}]}
    slow = {"do": [{"long": {"wait": {"hours": 1}}}, {"second": {"set": {"won": "slow"}}}]}
    return _named(
        "family",
        _effect(url, "begin", "post"),
        {"child": {"run": child}},
        {"race": {"fork": {"compete": True, "branches": [{"quick": quick}, {"slow": slow}]}, "output": {"as": "${ $input + . }"}}},
        _effect(url, "tidy", "put"),
        _effect(url, "last", "post"),
    )  # fmt: skip


def _errand(url: str) -> dict[str, JSON]:
    out = "$input + {did: (($input.did // []) + [$item])}"
    each = [_effect(url, "errand", "post", item="$at", run=".parent", out=out), _nap("breath", 200)]
    return _named(
        "errand",
        {"rounds": {"for": {"each": "item", "at": "at", "in": "${ [range(.n)] }"}, "do": each}},
        {"close": {"set": {"did": "${ .did }"}}},
    )
