"""Which of several answers to one prompt are worth people's time: texts in, choice out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

GRAM = 4  # letters
ALIKE = 0.8  # of the grams of two answers in common: nobody ranks these


def varied(
    texts: Sequence[str], keep: int, marks: Sequence[float] | None = None
) -> list[int]:
    """At most so many, as different as can be, without near-duplicates and empty ones.

    With marks of a reward model the best comes first, then what differs most from those
    before it in words and mark: the best and a contrast say more than two of the best.
    Without, the two that lie farthest apart begin.
    """
    grams = [_grams(text) for text in texts]
    order = sorted(range(len(texts)), key=lambda index: -marks[index] if marks else 0)
    alive: list[int] = []
    for index in order:
        if grams[index] and all(_apart(grams, index, one) > 1 - ALIKE for one in alive):
            alive.append(index)
    if len(alive) <= keep or keep < 1:
        return alive[: max(0, keep)]
    chosen = _first(alive, grams, marks, keep)
    while len(chosen) < keep:
        left = [index for index in alive if index not in chosen]
        chosen.append(max(left, key=lambda one: _worth(one, chosen, grams, marks)))
    return chosen


def _first(
    alive: list[int],
    grams: Sequence[frozenset[str]],
    marks: Sequence[float] | None,
    keep: int,
) -> list[int]:
    if marks is not None or keep == 1:
        return alive[:1]
    pair = max(combinations(alive, 2), key=lambda two: _apart(grams, *two))
    return list(pair)


def _worth(
    one: int,
    chosen: Sequence[int],
    grams: Sequence[frozenset[str]],
    marks: Sequence[float] | None,
) -> float:
    far = min(_apart(grams, one, other) for other in chosen)
    if marks is None:
        return far
    spread = max(marks) - min(marks) or 1.0
    return far + min(abs(marks[one] - marks[other]) for other in chosen) / spread


def _apart(grams: Sequence[frozenset[str]], one: int, other: int) -> float:
    """0 where they are the same, 1 where they have nothing in common."""
    mine, theirs = grams[one], grams[other]
    return 1 - len(mine & theirs) / len(mine | theirs)


def _grams(text: str) -> frozenset[str]:
    plain = " ".join(text.casefold().split())
    if len(plain) <= GRAM:
        return frozenset([plain]) if plain else frozenset()
    return frozenset(plain[at : at + GRAM] for at in range(len(plain) - GRAM + 1))
