"""Whether a pair of answers says anything about which of the two is better."""

from __future__ import annotations

import re
from collections.abc import Iterator

from curation.clean.sighting import N_, Sighting

VERSION = 1
ALIKE_FROM = 0.9  # share of common pieces; two good answers to "2 + 2?" have much in common
PIECE = 5  # characters
ALIKE_AT_LEAST = 40  # characters; a shorter answer may differ in the one that matters

ADVICE_EMPTY = N_("One side of the pair is empty.")
ADVICE_SAME = N_("Both sides of the pair are the same.")
ADVICE_ALIKE = N_("The two sides of the pair are nearly the same.")


def seen(chosen: str, rejected: str) -> Iterator[Sighting]:
    """One thing at most; the spans are none, for it is about both."""
    one, other = _plain(chosen), _plain(rejected)
    if not one or not other:
        yield Sighting("preference.empty", VERSION, 1.0, [], ADVICE_EMPTY)
    elif one == other:
        yield Sighting("preference.identical", VERSION, 1.0, [], ADVICE_SAME)
    elif (share := likeness(one, other)) >= ALIKE_FROM:
        yield Sighting("preference.alike", VERSION, round(share / 2, 3), [], ADVICE_ALIKE)


def is_usable(chosen: str, rejected: str) -> bool:
    """Whether something can be learned from it: two texts that are not the same."""
    one, other = _plain(chosen), _plain(rejected)
    return bool(one and other) and one != other


def likeness(one: str, other: str) -> float:
    """0 to 1: the share of runs of characters that both have."""
    if min(len(one), len(other)) < ALIKE_AT_LEAST:
        return 0.0
    a, b = _pieces(one), _pieces(other)
    return len(a & b) / len(a | b)


def _plain(text: str) -> str:
    """Spacing is no difference; marks and capitals may be: "2 - 2" is not "2 + 2"."""
    return re.sub(r"\s+", " ", text).strip()


def _pieces(text: str) -> set[str]:
    folded = text.casefold()
    return {folded[place : place + PIECE] for place in range(len(folded) - PIECE + 1)}
