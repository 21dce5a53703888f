"""How a model's answers read: how long, how varied, how often they say it again.

Plain calculations on texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

REPEATED = 3  # words in a row


class Habits(NamedTuple):
    """Means over answers; shares are from 0 to 1, none where there is nothing to count."""

    answers: int
    words: float
    distinct: float | None  # of all pairs of words how many are different ones
    repeated: float | None  # the share of an answer that says three words again
    empty: int
    ended: float | None = None  # stopped by themselves, and not at the limit


def habits(texts: Sequence[str], ended: Sequence[bool | None] = ()) -> Habits | None:
    """`ended` of those of which it is known."""
    if not texts:
        return None
    words = [text.split() for text in texts]
    pairs = [pair for said in words for pair in zip(said, said[1:], strict=False)]
    shares = [repetition(said) for said in words if len(said) >= REPEATED]
    known = [one for one in ended if one is not None]
    return Habits(
        answers=len(texts),
        words=sum(map(len, words)) / len(words),
        distinct=len(set(pairs)) / len(pairs) if pairs else None,
        repeated=sum(shares) / len(shares) if shares else None,
        empty=sum(not said for said in words),
        ended=sum(known) / len(known) if known else None,
    )


def repetition(words: Sequence[str]) -> float:
    """Which share of the runs of three words was there before, in the same answer."""
    runs = [tuple(words[at : at + REPEATED]) for at in range(len(words) - REPEATED + 1)]
    again = sum(count - 1 for count in Counter(runs).values())
    return again / len(runs) if runs else 0.0
