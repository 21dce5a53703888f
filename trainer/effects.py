"""What a part of the examples brought: losses with it and without it in, changes out.

Plain calculations. Beside the part itself stand as many other examples, drawn at random:
any examples that are left out may cost something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy

from trainer import chance
from trainer.chance import Asked
from trainer.recipes.intervals import Interval

WITH, WITHOUT, OTHERS = "with", "without", "others"


class Line(NamedTuple):
    """Of one category, or of all: mean losses a token, and what leaving out changed."""

    category: str
    is_all: bool
    examples: int
    kept: Interval
    without: Interval
    others: Interval | None  # without as many others
    change: Interval  # without the part; above 0 it was missed
    beyond: Interval | None  # than without as many others

    @property
    def was_missed(self) -> bool:
        return self.change.is_above

    @property
    def was_in_the_way(self) -> bool:
        return self.change.is_below


def lines(
    asked: Sequence[Asked], losses: Mapping[str, Sequence[Sequence[float]]]
) -> list[Line]:
    """`losses` by WITH, WITHOUT and, where there were any, OTHERS: by seed and answer.

    All together first, then by category.
    """
    names = [name for name in (WITH, WITHOUT, OTHERS) if name in losses]
    found = numpy.array([losses[name] for name in names])
    told = []
    for group in chance.groups(asked):
        drawn = chance.drawn(asked, found, group)
        one = numpy.eye(len(names))
        has_others = len(names) > 2
        told.append(
            Line(
                group.category,
                group.is_all,
                len(group.places),
                kept=drawn.interval(one[0]),
                without=drawn.interval(one[1]),
                others=drawn.interval(one[2]) if has_others else None,
                change=drawn.interval(one[1] - one[0]),
                beyond=drawn.interval(one[1] - one[2]) if has_others else None,
            )
        )
    return told
