"""How alike two texts are, by the words and runs of words that they share."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from curation.clean.languages import WORDS as SMALL_WORDS
from curation.clean.sighting import N_, Sighting
from curation.clean.text import normalised

VERSION = 1
ALIKE_FROM = 0.6
LONG_FROM = 8  # words; in fewer, one other word makes another question

ADVICE = N_("A prompt in nearly the same words is there already.")
_SMALL = frozenset().union(*SMALL_WORDS.values())


def likeness(one: str, other: str) -> float:
    """0 to 1: 1 for the same words in the same order, whatever their case and marks.

    The mean of shared words and shared pairs of neighbours. Numbers that differ make two
    texts different: "3 apples" and "5 apples" are two sums.
    """
    a, b = normalised(one).split(), normalised(other).split()
    if a == b:
        return 1.0
    if min(len(a), len(b)) < LONG_FROM or _numbers(a) != _numbers(b):
        return 0.0
    return (_shared(set(a), set(b)) + _shared(_pairs(a), _pairs(b))) / 2


def telling_words(text: str, *, at_most: int = 6) -> list[str]:
    """The words to look for it by: long ones first, for those are rare."""
    words = set(normalised(text).split()) - _SMALL
    telling = [word for word in words if len(word) > 2 and not word.isdigit()]
    return sorted(telling, key=lambda word: (-len(word), word))[:at_most]


def sighting(score: float) -> Sighting:
    return Sighting("near_duplicate", VERSION, round(score, 3), [], ADVICE)


def _numbers(words: list[str]) -> list[str]:
    return sorted(word for word in words if word.isdigit())


def _pairs(words: list[str]) -> set[tuple[str, str]]:
    return set(zip(words, words[1:], strict=False))


def _shared(a: AbstractSet[object], b: AbstractSet[object]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0
