"""Whether a text is much shorter or longer than what was accepted of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import quantiles
from typing import NamedTuple

from curation.clean.sighting import N_, Sighting

VERSION = 1
TEXTS_AT_LEAST = 8  # fewer say nothing of what is usual

ADVICE_SHORT = N_("This is much shorter than what was accepted here. Is all said?")
ADVICE_LONG = N_("This is much longer than what was accepted here. Can something go?")


class Usual(NamedTuple):
    """Between how many words most accepted texts have."""

    least: int
    most: int


def usual(word_counts: Sequence[int]) -> Usual | None:
    """The middle eight tenths, rounded to what people say."""
    if len(word_counts) < TEXTS_AT_LEAST:
        return None
    cuts = quantiles(word_counts, n=10, method="inclusive")
    return Usual(_rounded(cuts[0]), max(_rounded(cuts[0]), _rounded(cuts[-1])))


def seen(words: int, wanted: Usual | None) -> Iterator[Sighting]:
    """Far outside only: a short answer to a short question is a good one."""
    if wanted is None or not words:
        return
    if words * 3 < wanted.least:
        yield Sighting("length.short", VERSION, 0.4, [], ADVICE_SHORT)
    elif words > 3 * wanted.most and words > 150:
        yield Sighting("length.long", VERSION, 0.4, [], ADVICE_LONG)


def _rounded(count: float) -> int:
    step = 1 if count < 20 else 5 if count < 100 else 10 if count < 300 else 50
    return max(1, round(count / step) * step)
