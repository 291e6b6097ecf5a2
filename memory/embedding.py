"""Texts as vectors: what an embedder is, and the one that is built in.

The built-in one hashes words, pairs of neighbouring words and pieces of words (so "shop" is near "shops" and "Bestellung" near
"Bestellungen"). It is deterministic, needs no network and no weights, and knows spelling, not meaning: synonyms need a model.

Errors::

    EmbeddingFailed          a model gave no vectors: why
"""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import Protocol

from memory.words import LITTLE, words

Vector = list[float]  # unit length; empty when there is nothing to embed


class EmbeddingFailed(Exception):
    """A model gave no vectors. Never the end of anything: what has no vector is found by its words."""


class Embedder(Protocol):
    """Makes vectors of texts. Vectors of another `model_id` cannot be compared with these."""

    @property
    def model_id(self) -> str: ...

    @property
    def dim(self) -> int:
        """Numbers in a vector; 0 when that shows with the first one."""

    @property
    def floor(self) -> float:
        """Texts less similar than this (cosine) have nothing to do with each other."""

    @property
    def local(self) -> bool:
        """Nothing is waited for."""

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return a vector for each text, in order. Raises EmbeddingFailed."""

    async def aclose(self) -> None: ...


class HashedEmbedder:
    """See the module."""

    model_id = "parley-hashed-1"
    dim = 256
    floor = 0.1
    local = True

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        found = []
        for text in texts:
            found.append(hashed(text))
            await asyncio.sleep(0)  # a long document must not keep others waiting
        return found

    async def aclose(self) -> None:
        """There is nothing to let go of."""


def hashed(text: str) -> Vector:
    """Return the unit vector of *text*, empty when it holds no word."""
    found = words(text)
    counts: dict[str, int] = {}
    for word in found:
        counts[word] = counts.get(word, 0) + 1
    sums = array("d", bytes(8 * HashedEmbedder.dim))
    for word, count in counts.items():
        weight = 1 + math.log(count)
        for index, value in _of_word(word):
            sums[index] += weight * value
    for first, second in pairwise(found):
        for index, value in _of_pair(first, second):
            sums[index] += value
    length = math.sqrt(math.fsum(value * value for value in sums))
    return [value / length for value in sums] if length else []


@lru_cache(maxsize=50_000)
def _of_word(word: str) -> tuple[tuple[int, float], ...]:
    """Return a word's part of a vector: itself, and its pieces of three and four characters, together as much."""
    marked = f"<{word}>"
    pieces = [marked[i : i + n] for n in (3, 4) for i in range(len(marked) - n + 1)] if len(word) > 3 else []
    weight = _weight(word)
    sums: dict[int, float] = {}
    for feature, value in [(f"w {word}", weight), *((f"p {piece}", weight / math.sqrt(len(pieces))) for piece in pieces)]:
        for index, sign in _places(feature):
            sums[index] = sums.get(index, 0.0) + sign * value
    return tuple(sums.items())


@lru_cache(maxsize=50_000)
def _of_pair(first: str, second: str) -> tuple[tuple[int, float], ...]:
    value = 0.4 * min(_weight(first), _weight(second))
    return tuple((index, sign * value) for index, sign in _places(f"b {first} {second}"))


def _weight(word: str) -> float:
    return 0.2 if word in LITTLE else 1.0


def _places(feature: str) -> tuple[tuple[int, float], tuple[int, float]]:
    """Return two places of a vector with a sign each: two make a collision half as bad."""
    number = int.from_bytes(blake2b(feature.encode(), digest_size=8).digest(), "big")
    dim = HashedEmbedder.dim
    return (number % dim, 1.0 if number >> 62 & 1 else -1.0), ((number >> 20) % dim, 1.0 if number >> 63 else -1.0)
