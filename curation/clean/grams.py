"""Words of a text with their places, and a number for each run of so many words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Scripts that put no space between words: there, each character stands for one.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
IS_UNSPACED = re.compile(rf"[{UNSPACED}]")
BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no power of it is lost modulo 2**64

Hashes = NDArray[np.uint64]


class Words(NamedTuple):
    """The words in order, folded, and where each begins and ends in the text."""

    words: list[str]
    starts: list[int]
    ends: list[int]

    def span(self, first: int, last: int) -> tuple[int, int]:
        return self.starts[first], self.ends[last]


def words_of(text: str) -> Words:
    """As `text.normalised` has them, so that case, width and marks make no difference."""
    if text.isascii():
        found = [(m.group(), *m.span()) for m in WORD.finditer(text.lower())]
    else:
        found = [
            (word, *match.span())
            for match in WORD.finditer(text)
            for word in WORD.findall(_folded(match.group()))
        ]
    if not found:
        return Words([], [], [])
    words, starts, ends = zip(*found, strict=True)
    return Words(list(words), list(starts), list(ends))


def hashes_of(words: list[str]) -> Hashes:
    """A number for each word, the same on every machine."""
    return np.fromiter((_hash_of(word) for word in words), np.uint64, count=len(words))


def grams(hashes: Hashes, length: int) -> Hashes:
    """A number for each run of `length` words; none where there are fewer words."""
    count = len(hashes) - length + 1
    if count < 1:
        return np.empty(0, np.uint64)
    rolled = hashes[:count].copy()
    for place in range(1, length):
        rolled *= BASE
        rolled += hashes[place : place + count]
    return rolled


def covered(hits: NDArray[np.bool_], length: int, words: Words) -> list[tuple[int, int]]:
    """Where in the text the runs are that were hit; runs that touch become one span."""
    spans: list[tuple[int, int]] = []
    last = -1  # word that the newest span ends with
    for first in np.flatnonzero(hits).tolist():
        start, end = words.span(first, first + length - 1)
        if spans and first <= last + 1:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
        last = first + length - 1
    return spans


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


@lru_cache(maxsize=100_000)
def _hash_of(word: str) -> int:
    raw = word.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(raw, digest_size=8).digest(), "big")
