"""Memories to measure with: half are sentences as the built-in embedder sees them, half are random vectors around 1,000 centres.

Deterministic: the same number gives the same row.
"""

from __future__ import annotations

import random
from array import array
from functools import cache
from itertools import accumulate
from math import sqrt

from memory.embedding import HashedEmbedder, Vector, hashed

DIM = HashedEmbedder.dim
CENTRES, NOISES = 1000, 4096
SPREAD = 0.8  # length of what is added to a centre of length 1

_ACTS, _THINGS, _PLACES, _WHENS, _ENDS, _SYLLABLES = (
    line.split("|" if "|" in line else None)
    for line in """\
send fetch post check approve reject sync import export archive notify remind compare translate summarize count sort merge
orders invoices refunds shipments tickets leads contracts reports payslips reviews images backups alerts meetings tables
shop warehouse kitchen office ledger inbox portal calendar register archive board forum channel bucket queue
every morning at nine|when an order arrives|on the first of the month|every two hours|before the weekend|after the approval
and tell me|and ask first|unless it is a holiday|in both languages|with a copy to the team|but never twice|within one day
ba be bo ca ce co da de do fa fi fo ga ge go ka ke ko la le lo ma me mi mo na ne no pa pe po ra re ri ro sa se so ta te to""".splitlines()
)


@cache
def names() -> list[str]:
    """Return 20,000 made-up names; those at the front are used most."""
    made = random.Random(1)
    return ["".join(made.choice(_SYLLABLES) for _ in range(made.randint(2, 4))) for _ in range(20_000)]


@cache
def _weights() -> list[float]:
    return list(accumulate(1 / (place + 20) for place in range(len(names()))))


def sentence(number: int) -> str:
    """Return something a person could have asked to remember."""
    chosen = random.Random(number)
    first, second, third = chosen.choices(names(), cum_weights=_weights(), k=3)
    act, thing, place = chosen.choice(_ACTS), chosen.choice(_THINGS), chosen.choice(_PLACES)
    when, end = chosen.choice(_WHENS), chosen.choice(_ENDS)
    shapes = (
        f"{act} the {thing} of {first} from the {place} {when} {end}",
        f"{first} means the {place} of {second} and not {third}",
        f"{when} {act} {thing} above {chosen.randint(10, 5000)} euro to {first}@{second}.example {end}",
        f"always {end.removeprefix('and ')} before {first} and {second} {act} {thing} in the {place}",
    )
    return f"{shapes[number % len(shapes)]}, number {number}"


def _unit(values: list[float]) -> list[float]:
    length = sqrt(sum(value * value for value in values))
    return [value / length for value in values]


@cache
def _pool(count: int, seed: int) -> list[array[float]]:
    made = random.Random(seed)
    return [array("d", _unit([made.gauss(0, 1) for _ in range(DIM)])) for _ in range(count)]


def clustered(number: int) -> Vector:
    """Return a unit vector near one of the centres: its noise is the sum of three of a pool, each shifted round."""
    chosen = random.Random(-number - 1)
    centre = _pool(CENTRES, 2)[chosen.randrange(CENTRES)]
    parts = []
    for noise in chosen.choices(_pool(NOISES, 3), k=3):
        at = chosen.randrange(DIM)
        parts.append(noise[at:] + noise[:at])
    scale = SPREAD / sqrt(3)
    return _unit([c + scale * (x + y + z) for c, x, y, z in zip(centre, *parts, strict=True)])


def row(number: int) -> tuple[str, Vector]:
    """Return the text and the vector of a row."""
    text = sentence(number)
    return text, hashed(text) if number % 2 else clustered(number)
