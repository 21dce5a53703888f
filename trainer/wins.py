"""How often a judge prefers one model's answers to others, prompt by prompt.

Plain calculations on marks. An answer without a mark, as an empty one has none, loses.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from trainer.recipes.intervals import means, unsure

Mark = float | None
NOISE = 1e-4  # as recipes/verdicts.py: two sums of the same numbers differ by less


class Met(NamedTuple):
    """One prompt: a model's answer, and those that it is compared with."""

    group: Hashable  # its conversation
    mine: Mark
    theirs: Sequence[Mark]
    my_words: int
    their_words: Sequence[int]


def tally(met: Sequence[Met]) -> dict[str, Any] | None:
    """The share of prompts that it wins, a tie half, with its interval; and in which share
    of the decided comparisons the longer answer won. None where nothing was compared."""
    there = [one for one in met if one.theirs]
    if not there:
        return None
    shares = [_share(one) for one in there]
    groups = [one.group for one in there]
    found = means(groups, {"share": (shares, [1.0] * len(shares))})["share"]
    if found.low is not None and found.high is not None:
        low, high = unsure(found.low, found.high, len(set(groups)))
        found = found._replace(low=low, high=high)
    longer = [won for one in there for won in _longer_won(one)]
    return {
        **found._asdict(),
        "prompts": len(there),
        "ties": sum(share == 0.5 for share in shares),
        "longer_won": sum(longer) / len(longer) if longer else None,
    }


def _share(one: Met) -> float:
    """Against several answers, the mean."""
    return sum(won(one.mine, other) for other in one.theirs) / len(one.theirs)


def won(mine: Mark, theirs: Mark) -> float:
    if mine is None or theirs is None:
        return 0.5 if mine is theirs else float(theirs is None)
    return 0.5 if abs(mine - theirs) < NOISE else float(mine > theirs)


def _longer_won(one: Met) -> list[bool]:
    compared = [
        (won(one.mine, mark), one.my_words - words)
        for mark, words in zip(one.theirs, one.their_words, strict=True)
    ]
    return [(share == 1) == (by > 0) for share, by in compared if share != 0.5 and by]
